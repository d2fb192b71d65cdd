//! The table, as values: items, reads, and conditional writes of one item.
//!
//! A write is data. [`render`] makes DynamoDB's expressions of it, [`evaluate`] applies it to a plain
//! item: what runs in production and what the explorer searches is one and the same value.
//!
//! | module | is |
//! | --- | --- |
//! | [`value`] | attributes, values, items |
//! | [`mod@write`] | clauses and conditions |
//! | [`evaluate`] | what a write makes of an item |
//! | [`render`] | a write in DynamoDB's words |

pub mod evaluate;
pub mod render;
pub mod value;
pub mod write;

pub use value::{Attribute, Item, Value};
pub use write::{Change, Condition, Operand, Update, Write};
