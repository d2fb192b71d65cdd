//! Events, tables, topics.

use super::{EventId, Field, GrouperId, Name, Spanned, TableId};

/// A role of an event: built in, or one of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The built-in `id` or `time`.
    BuiltIn,
    /// The field at this place of the event's fields.
    Field(Spanned<usize>),
}

/// Where an event's type comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It stands under `events:`.
    Declared,
    /// It is what a grouper emits.
    Grouper(GrouperId),
}

/// Something that can happen.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its name, UpperCamel.
    pub name: Name,
    /// Where its type comes from.
    pub origin: Origin,
    /// What it says.
    pub about: Option<String>,
    /// Its fields, without the built-in `id` and `time`.
    pub fields: Vec<Field>,
    /// Its identity.
    pub id: Role,
    /// When it happened.
    pub time: Role,
    /// Who did it; a field.
    pub actor: Option<Spanned<usize>>,
    /// To what it was done: a field, or [`Role::BuiltIn`] for its own id.
    pub object: Option<Role>,
    /// The conversation.
    pub order_by: Option<Spanned<usize>>,
    /// The tenant.
    pub tenant: Option<Spanned<usize>>,
}

impl Event {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The field in a role.
    #[must_use]
    pub fn field_at(&self, place: Option<Spanned<usize>>) -> Option<&Field> {
        place.and_then(|p| self.fields.get(p.value))
    }

    /// The name of the field in a role, or of the built-in one.
    #[must_use]
    pub fn role_name<'a>(&'a self, role: Role, built_in: &'a str) -> &'a str {
        match role {
            Role::BuiltIn => built_in,
            Role::Field(place) => self.fields.get(place.value).map_or(built_in, |f| f.name.as_str()),
        }
    }
}

/// The layout of a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// The fields that the spec names.
    Own,
    /// One event a row.
    Event,
    /// One user's preferences a row.
    Preferences,
}

/// A global secondary index.
#[derive(Debug, Clone)]
pub struct Index {
    /// Its name.
    pub name: Spanned<String>,
    /// Its partition key: a field.
    pub key: Spanned<usize>,
    /// Its sort key: a field.
    pub sort: Option<Spanned<usize>>,
    /// Whether a lookup made it necessary, rather than the spec's `indexes:`.
    pub inferred: bool,
}

/// A DynamoDB table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// What it holds.
    pub about: Option<String>,
    /// The layout of its rows.
    pub rows: Rows,
    /// Its fields; of a layout that the runtime knows, those of the layout.
    pub fields: Vec<Field>,
    /// Its partition key: a field.
    pub key: Spanned<usize>,
    /// Its sort key: a field.
    pub sort: Option<Spanned<usize>>,
    /// Its indexes: the spec's, then the inferred ones.
    pub indexes: Vec<Index>,
    /// The field after which a row may be deleted.
    pub expires: Option<Spanned<usize>>,
    /// Why a replacement is meant.
    pub allow_replace: Option<Spanned<String>>,
}

impl Table {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// Whether the table's own key serves these fields.
    #[must_use]
    pub fn serves(&self, fields: &[usize]) -> bool {
        fields.is_empty() || covers(self.key, self.sort, fields)
    }

    /// The place of the index that serves these fields.
    #[must_use]
    pub fn index_of(&self, fields: &[usize]) -> Option<usize> {
        self.indexes.iter().position(|i| covers(i.key, i.sort, fields))
    }

    /// The name of the field at a place.
    #[must_use]
    pub fn field_name(&self, place: Spanned<usize>) -> &str {
        self.fields.get(place.value).map_or("", |f| f.name.as_str())
    }
}

/// Whether a key serves fields: it must be among them, and what else is asked for must be its sort key.
fn covers(key: Spanned<usize>, sort: Option<Spanned<usize>>, fields: &[usize]) -> bool {
    fields.contains(&key.value) && fields.iter().all(|f| *f == key.value || sort.is_some_and(|s| s.value == *f))
}

/// A secret.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub about: Option<String>,
    /// Why a replacement is meant.
    pub allow_replace: Option<Spanned<String>>,
}

/// What is known of a target.
#[derive(Debug, Clone)]
pub struct Recipients {
    /// The table with a row for each user.
    pub table: Spanned<TableId>,
    /// Its field with the mail address.
    pub email: Option<Spanned<usize>>,
    /// The table of preferences.
    pub preferences: Option<Spanned<TableId>>,
}

/// An SNS topic.
#[derive(Debug, Clone)]
pub struct Topic {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub about: Option<String>,
    /// The events that it carries.
    pub carries: Vec<Spanned<EventId>>,
    /// Whether it is a FIFO topic.
    pub fifo: Spanned<bool>,
    /// Why a replacement is meant.
    pub allow_replace: Option<Spanned<String>>,
}
