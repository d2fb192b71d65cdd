//! CloudFormation's templates: so far their intrinsic functions.
//!
//! In: the JSON of a template's values. Out: those values without functions. Nothing here makes a resource.

pub mod evaluate;
pub mod expression;
