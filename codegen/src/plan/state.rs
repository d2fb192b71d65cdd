//! Tables and secrets.

use super::{Place, TableRef};

/// The type of a key attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeType {
    /// `S`
    String,
    /// `N`
    Number,
    /// `B`
    Binary,
}

/// A key attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAttribute {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: AttributeType,
}

/// What a stream record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamView {
    /// The row as it is now.
    NewImage,
    /// The row as it was and as it is.
    NewAndOldImages,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobalIndex {
    /// Its name.
    pub name: String,
    /// Its partition key.
    pub key: KeyAttribute,
    /// Its sort key.
    pub sort: Option<KeyAttribute>,
    /// Whether it holds keys only, rather than whole rows.
    pub keys_only: bool,
}

/// What a table is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableRole {
    /// One of the spec's.
    Own,
    /// A grouper's open and closed groups.
    Groups,
    /// A gateway's connections.
    Connections,
    /// The log of a websocket sink's conversations.
    Log,
    /// The flow's markers, idempotency and deliveries.
    Runtime,
}

/// A DynamoDB table: on demand, encrypted, with point-in-time recovery and deletion protection, retained.
#[derive(Debug, Clone)]
pub struct Table {
    /// Where it belongs.
    pub place: Place,
    /// Its name in the spec, or of the part of the runtime that it serves.
    pub name: String,
    /// What it holds.
    pub about: String,
    /// What it is for.
    pub role: TableRole,
    /// Its partition key.
    pub key: KeyAttribute,
    /// Its sort key.
    pub sort: Option<KeyAttribute>,
    /// Its indexes.
    pub indexes: Vec<GlobalIndex>,
    /// What its stream holds; none for no stream.
    pub stream: Option<StreamView>,
    /// The attribute, a number of seconds, after which a row may be deleted.
    pub ttl: Option<String>,
}

impl Table {
    /// A reference to it.
    #[must_use]
    pub fn reference(&self) -> TableRef {
        TableRef(self.place.logical.clone())
    }
}

/// A secret in Secrets Manager, retained.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Where it belongs.
    pub place: Place,
    /// Its name in the spec.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Whether CloudFormation makes a random value (what the runtime signs with), rather than a person.
    pub generated: bool,
}
