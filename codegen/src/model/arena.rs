//! Things by their typed ids.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A place in an [`Arena`].
pub trait Id: Copy {
    /// The id of this place.
    fn from_index(index: u32) -> Self;
    /// The place of this id.
    fn index(self) -> usize;
}

/// Things in the order in which they were written, each found by its id.
#[derive(Debug, Clone)]
pub struct Arena<I, T> {
    things: Vec<T>,
    ids: PhantomData<I>,
}

impl<I, T> Default for Arena<I, T> {
    fn default() -> Self {
        Self { things: Vec::new(), ids: PhantomData }
    }
}

impl<I: Id, T> Arena<I, T> {
    /// Adds a thing and says its id.
    pub fn push(&mut self, thing: T) -> I {
        let id = I::from_index(u32::try_from(self.things.len()).unwrap_or(u32::MAX));
        self.things.push(thing);
        id
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.things.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    /// All things, with their ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (I, &T)> {
        self.things.iter().enumerate().map(|(i, t)| (I::from_index(i as u32), t))
    }

    /// All things.
    pub fn values(&self) -> std::slice::Iter<'_, T> {
        self.things.iter()
    }

    /// All things, to be changed.
    pub fn values_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.things.iter_mut()
    }

    /// All ids.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = I> + use<I, T> {
        (0..self.things.len()).map(|i| I::from_index(i as u32))
    }
}

impl<I: Id, T> Index<I> for Arena<I, T> {
    type Output = T;

    #[expect(clippy::indexing_slicing, reason = "ids are made by `push` of the same arena only")]
    fn index(&self, id: I) -> &T {
        &self.things[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for Arena<I, T> {
    #[expect(clippy::indexing_slicing, reason = "ids are made by `push` of the same arena only")]
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.things[id.index()]
    }
}
