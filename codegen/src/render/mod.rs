//! Diagnostics as people and as tools read them.
//!
//! In: the files and what was found in them. Out: text. Guaranteed: the same text for the same diagnostics, of no
//! terminal's width; nothing that a file holds reaches a terminal as a control character.

mod human;
mod inert;
mod json;
mod lines;

pub use human::human;
pub use json::{json, json_failure};
