//! CloudFormation templates as typed documents.
//!
//! In: property structs, one file per service under [`services`], whose fields are CloudFormation's own,
//! so that a misspelled property does not compile. Out: [`Template`]s and their text. Guaranteed:
//!
//! - **User text stays text.** Everything passes one gate, [`to_tree`], which refuses literal maps that
//!   CloudFormation would read as an intrinsic (`{"Fn::ImportValue": …}`) and literal text that it would
//!   resolve (`{{resolve:…}}`), and names the place. Intrinsics exist only as [`Intrinsic`] values, which
//!   no data can spell. Text with a `$` never stands under `Fn::Sub`.
//! - **Same document, same bytes.** Struct fields keep their order, numbers are written as given, and
//!   nothing iterates over a hash map.
//! - **What is absent is not written.** `None` and empty lists of a struct leave no trace: CloudFormation
//!   refuses `null`.

mod condition;
mod error;
mod id;
mod policy;
mod print;
mod serialize;
pub mod services;
mod template;
#[cfg(test)]
mod tests;
mod tree;
mod value;

pub use condition::{Assertion, Condition, Expr, Rule};
pub use error::{DocumentError, Problem};
pub use id::{ConditionName, LogicalId, ParameterName};
pub use policy::{Effect, Operator, PolicyDocument, Principal, Statement, Test};
pub use serialize::to_tree;
pub use template::{
    DeletionPolicy, Output, Parameter, ParameterType, Properties, Resource, Template, UpdateReplacePolicy,
};
pub use tree::{Attribute, Entries, Intrinsic, Pseudo, Tree};
pub use value::{Part, Str, Value};

pub use crate::text;
