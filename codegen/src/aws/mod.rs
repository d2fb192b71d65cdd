//! What AWS takes and what it does not: its numbers, in one table.

pub mod limits;
