//! From the bytes of a file to values with places, through three steps that never stop at the first mistake.
//!
//! 1. [`text`]: bytes to UTF-8 text.
//! 2. [`read()`]: text to a [`Node`], the tree of scalars, lists and maps. What YAML offers and the language does
//!    not (aliases, tags, merge keys, several documents) is refused here, and the traps of YAML are caught.
//! 3. [`parse`]: a tree to any type that derives `Deserialize`. [`At`] gives a value its place and is where
//!    reading goes on after a mistake; [`Forms`] reads a setting that may be text, a list or a map.
//!
//! Guaranteed: bounded time and memory for any input; every diagnostic is one of [`codes::ENTRIES`].

mod at;
mod by_case;
pub mod codes;
mod de;
mod forms;
mod kinded;
mod literal;
mod merge;
mod plain;
mod read;
mod text;
mod tree;

pub use at::At;
pub use by_case::ByCase;
pub use de::parse;
pub use forms::{Forms, Never};
pub use kinded::Kinded;
pub use literal::Literal;
pub use merge::{Added, overlay};
pub use read::{DEPTH, NODES, read};
pub use text::{BYTES, text};
pub(crate) use text::{is_control, is_invisible, readable};
pub use tree::{Kind, Node};
