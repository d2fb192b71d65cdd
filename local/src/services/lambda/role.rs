//! The role of a function, as Lambda takes it on.
//!
//! Guaranteed: nothing is done under a role that does not trust `lambda.amazonaws.com`.

use super::errors::invalid;
use super::function::Function;
use crate::kernel::{Arn, AwsError, Caller, World};

/// Who takes on the roles of functions.
pub(super) const PRINCIPAL: &str = "lambda.amazonaws.com";

/// Lambda's words for a role that does not trust it.
const REFUSED: &str = "The role defined for the function cannot be assumed by Lambda.";

/// Whom a function calls as. Lambda says for which function it takes the role on.
pub(crate) fn assume(world: &World, function: &Function) -> Result<Caller, AwsError> {
    taken_on(world, &function.arn, &function.role, &function.name).map_err(|error| {
        let message = format!("{REFUSED} ({})", error.message);
        AwsError::new("AccessDeniedException", message).status(403).with("Type", "User")
    })
}

/// Whether a function can have this role.
pub(super) fn check(world: &World, function: &Arn, role: &Arn) -> Result<(), AwsError> {
    let assumed = taken_on(world, function, role, function.name());
    assumed.map(|_| ()).map_err(|error| invalid(format!("{REFUSED} ({})", error.message)))
}

fn taken_on(world: &World, function: &Arn, role: &Arn, session: &str) -> Result<Caller, AwsError> {
    world.guard.assume(&Caller::Service { principal: PRINCIPAL, source: function.clone() }, role, session)
}
