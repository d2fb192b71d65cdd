//! The handlers of the flow: one file each, which `cargo run -p codegen` begins and you write.

pub mod ask_reviewer;
pub mod call_supplier;
pub mod find_low_stock;
pub mod judge_return;
pub mod pay_back;
pub mod pick_line;
pub mod print_label;
pub mod release_order;
pub mod reorder;
pub mod reserve_stock;
pub mod take_payment;
