//! The handlers of the flow: one file each, which `cargo run -p codegen` begins and you write.

pub mod index_job;
pub mod judge_job;
pub mod keep_remote_job;
pub mod praise_job;
pub mod remind_company;
pub mod tidy_up;
