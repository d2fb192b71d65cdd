//! The handlers of the flow: one file each, which `cargo run -p codegen` begins and you write.

pub mod find_commenters;
pub mod render_notice;
