//! CloudFormation's limits, and how far the compiler goes towards them.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>, read on
//! 2026-10-02. The aims lie below the limits so that what stays in its stack has room to grow.

use super::error::StackError;

/// Resources in one template.
pub const TEMPLATE_RESOURCES: usize = 500;
/// Bytes of one template, given by its URL.
pub const TEMPLATE_BYTES: usize = 1_000_000;
/// Parameters of one template.
pub const TEMPLATE_PARAMETERS: usize = 200;
/// Outputs of one template.
pub const TEMPLATE_OUTPUTS: usize = 200;
/// Resources in one operation on a root and all that is nested in it.
pub const OPERATION_RESOURCES: usize = 2_500;

/// Resources up to which one template takes everything, and to which a nested one is filled.
pub const AIM_RESOURCES: usize = 400;
/// Bytes to which a template is filled.
pub const AIM_BYTES: usize = 900_000;
/// Parameters, and outputs, to which a nested template is filled.
pub const AIM_VALUES: usize = 150;
/// Resources of a root to which whole components are added.
pub const AIM_ROOT: usize = 2_000;
/// Resources of a root up to which components that live there may grow.
pub const AIM_GROWN_ROOT: usize = 2_350;
/// Resources in a root's own template up to which shared ones go there, once it has nested stacks.
pub const AIM_SHARED: usize = 440;

/// Refuses what is over a limit.
pub(super) fn check(stack: &str, what: &'static str, count: usize, limit: usize) -> Result<(), StackError> {
    if count <= limit { Ok(()) } else { Err(StackError::OverLimit { stack: stack.to_owned(), what, count, limit }) }
}
