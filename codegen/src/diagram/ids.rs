//! Typed indices of the layout, and the one vector type they index.
//!
//! A key is only ever made by the `Per` it indexes (or by one filled to the same length), so a key
//! that misses is a bug of the layout and not of its input.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// An index that knows what it is an index of.
pub(super) trait Key: Copy + Ord {
    fn of(index: usize) -> Self;
    fn index(self) -> usize;
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) struct $name(usize);

        impl Key for $name {
            fn of(index: usize) -> Self {
                Self(index)
            }
            fn index(self) -> usize {
                self.0
            }
        }
    )*};
}

keys! {
    /// A box.
    CardId,
    /// An arrow between two boxes.
    WireId,
    /// A box or a bend of a long arrow, standing in one layer.
    CellId,
    /// A piece of an arrow between cells of neighbouring layers.
    LinkId,
    /// A column.
    LayerId,
}

/// One `T` per `K`.
#[derive(Debug, Clone)]
pub(super) struct Per<K, T> {
    items: Vec<T>,
    key: PhantomData<K>,
}

impl<K: Key, T> Per<K, T> {
    pub(super) const fn new() -> Self {
        Self { items: Vec::new(), key: PhantomData }
    }

    pub(super) fn filled(len: usize, value: T) -> Self
    where
        T: Clone,
    {
        Self { items: vec![value; len], key: PhantomData }
    }

    pub(super) fn push(&mut self, item: T) -> K {
        self.items.push(item);
        K::of(self.items.len() - 1)
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn keys(&self) -> impl DoubleEndedIterator<Item = K> + use<K, T> {
        (0..self.items.len()).map(K::of)
    }

    pub(super) fn values(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter()
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        self.items.into_iter()
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.items.iter_mut()
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (K, &T)> {
        self.items.iter().enumerate().map(|(index, item)| (K::of(index), item))
    }
}

impl<K: Key, T> FromIterator<T> for Per<K, T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self { items: items.into_iter().collect(), key: PhantomData }
    }
}

#[expect(clippy::indexing_slicing, reason = "keys come from a `Per` of the same length; see the module's header")]
impl<K: Key, T> Index<K> for Per<K, T> {
    type Output = T;

    fn index(&self, key: K) -> &T {
        &self.items[key.index()]
    }
}

#[expect(clippy::indexing_slicing, reason = "keys come from a `Per` of the same length; see the module's header")]
impl<K: Key, T> IndexMut<K> for Per<K, T> {
    fn index_mut(&mut self, key: K) -> &mut T {
        &mut self.items[key.index()]
    }
}
