//! The properties of the resources that a flow becomes, one file per service.
//!
//! In: nothing. Out: one struct per resource type and per part of one, with CloudFormation's own property
//! names in Rust's spelling, and enums for enumerated values. Guaranteed: what CloudFormation requires has
//! to be given to build the struct; what is optional is `None` or empty until set. Each file links to the
//! AWS pages that say what its properties mean.
#![expect(
    missing_docs,
    reason = "properties and their values bear AWS's names; the pages that each file links to say what they mean"
)]

pub mod apigateway;
pub mod apigatewayv2;
pub mod cloudformation;
pub mod cloudwatch;
pub mod dynamodb;
pub mod iam;
pub mod kms;
pub mod lambda;
pub mod logs;
pub mod scheduler;
pub mod secretsmanager;
pub mod ses;
pub mod sns;
pub mod sqs;
pub mod stepfunctions;

use serde::Serialize;

use super::Str;

/// A struct of properties: what is required, what is optional, and what is a list or a map and may be
/// empty. With a type's name, it is a resource; without, a part of one.
macro_rules! properties {
    ($(
        $(#[$meta:meta])*
        $name:ident $(= $kind:literal)? {
            $(required { $( $(#[$rm:meta])* $req:ident : $rty:ty ),+ $(,)? })?
            $(optional { $( $(#[$om:meta])* $opt:ident : $oty:ty ),+ $(,)? })?
            $(many { $( $(#[$mm:meta])* $many:ident : $mty:ty ),+ $(,)? })?
        }
    )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $name {
            $($( $(#[$rm])* pub $req: $rty, )+)?
            $($( $(#[$om])* pub $opt: Option<$oty>, )+)?
            $($( $(#[$mm])* pub $many: $mty, )+)?
        }

        $crate::cfn::services::constructor! {
            $name [$($($req: $rty),+)?] [$($($opt),+)?] [$($($many),+)?]
        }

        $(impl $crate::cfn::Properties for $name {
            const TYPE: &'static str = $kind;
        })?
    )* };
}
use properties;

/// `new` with what is required; `default` where nothing is.
macro_rules! constructor {
    ($name:ident [] [$($opt:ident),*] [$($many:ident),*]) => {
        impl Default for $name {
            fn default() -> Self {
                Self { $($opt: None,)* $($many: Default::default(),)* }
            }
        }
    };
    ($name:ident [$($req:ident : $rty:ty),+] [$($opt:ident),*] [$($many:ident),*]) => {
        impl $name {
            /// With what is required; the rest is absent.
            #[must_use]
            pub fn new($($req: impl Into<$rty>),+) -> Self {
                Self { $($req: $req.into(),)+ $($opt: None,)* $($many: Default::default(),)* }
            }
        }
    };
}
use constructor;

/// An enumerated value of a property, with what is written for it.
macro_rules! values {
    ($($name:ident { $($variant:ident = $text:literal),+ $(,)? })*) => { $(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
        pub enum $name {
            $(#[serde(rename = $text)] $variant,)+
        }
    )* };
}
use values;

/// A tag of a resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    pub key: String,
    pub value: Str,
}

impl Tag {
    /// A tag of this key and value.
    #[must_use]
    pub fn new(key: impl Into<String>, value: impl Into<Str>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}
