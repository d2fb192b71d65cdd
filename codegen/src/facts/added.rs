//! The fields that a workflow's steps have added to an event.
//!
//! Every step has a state of its own, which is nearly that of the step before: what states share stands in memory
//! once, or a workflow of hundreds of steps would take gigabytes.

use crate::model::Field;
use std::sync::Arc;

/// Added fields, each name once, in the order of the names. A copy costs nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Added(Arc<Vec<Arc<Field>>>);

impl Added {
    /// The fields.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.into_iter()
    }

    /// The field of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.0.get(self.place(name).ok()?).map(AsRef::as_ref)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether two are the same, but for places in the spec.
    pub(super) fn same(&self, other: &Self) -> bool {
        let same = |(a, b): (&Field, &Field)| a.name == b.name && a.ty == b.ty;
        Arc::ptr_eq(&self.0, &other.0) || self.len() == other.len() && self.iter().zip(other).all(same)
    }

    /// Adds a field; in the place of one of the same name.
    pub(super) fn insert(&mut self, field: Field) {
        self.put(Arc::new(field));
    }

    /// Adds all fields of `other`.
    pub(super) fn extend(&mut self, other: &Self) {
        if !Arc::ptr_eq(&self.0, &other.0) {
            other.0.iter().for_each(|field| self.put(Arc::clone(field)));
        }
    }

    fn put(&mut self, field: Arc<Field>) {
        match self.place(&field.name) {
            Ok(at) if self.0.get(at).is_some_and(|there| Arc::ptr_eq(there, &field)) => {}
            Ok(at) => {
                if let Some(slot) = Arc::make_mut(&mut self.0).get_mut(at) {
                    *slot = field;
                }
            }
            Err(at) => Arc::make_mut(&mut self.0).insert(at, field),
        }
    }

    /// Keeps what `other` has too, with the same type.
    pub(super) fn meet(&mut self, other: &Self) {
        let both = |field: &Field| other.get(&field.name).is_some_and(|f| f.ty == field.ty);
        if !Arc::ptr_eq(&self.0, &other.0) && !self.iter().all(both) {
            Arc::make_mut(&mut self.0).retain(|field| both(field));
        }
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|field| field.name.as_str().cmp(name))
    }
}

impl<'a> IntoIterator for &'a Added {
    type Item = &'a Field;
    type IntoIter = std::iter::Map<std::slice::Iter<'a, Arc<Field>>, fn(&'a Arc<Field>) -> &'a Field>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Type;
    use crate::source::Span;

    fn field(name: &str, ty: Type) -> Field {
        Field { name: name.into(), span: Span::default(), ty, about: None, pii: false, default: None }
    }

    fn added(fields: &[(&str, Type)]) -> Added {
        let mut added = Added::default();
        fields.iter().for_each(|(name, ty)| added.insert(field(name, ty.clone())));
        added
    }

    #[test]
    fn of_two_ways_what_both_have_with_one_type_is_left() {
        let mut one = added(&[("b", Type::Bool), ("a", Type::Json), ("c", Type::Json)]);
        one.meet(&added(&[("a", Type::Json), ("b", Type::Json), ("d", Type::Json)]));
        assert_eq!(one.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn a_copy_that_grows_leaves_the_other_as_it_was_and_shares_its_fields() {
        let before = added(&[("a", Type::Json)]);
        let mut after = before.clone();
        after.insert(field("b", Type::Json));
        assert_eq!((before.len(), after.len()), (1, 2));
        assert!(std::ptr::eq(before.get("a").unwrap(), after.get("a").unwrap()));
    }
}
