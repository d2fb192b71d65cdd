//! The local engine: runs the CloudFormation template that the compiler made, on one machine.
//!
//! In: templates, and calls of AWS's APIs over loopback or in this process. Out: what AWS would answer
//! and do. It knows nothing of the spec: names that a person uses come from the template's metadata.
//!
//! | module | is |
//! | --- | --- |
//! | [`kernel`] | time, chance, durable records, names, callers: what each service stands on |
//! | [`cloudformation`] | from templates to resources |
//! | [`services`] | AWS's services, each a state machine of its own |
//! | [`front`] | the door: loopback and the SDK in this process |
//! | [`faults`] | what AWS does on a bad day, by seed |
//! | [`issuer`] | tokens for the flow's own users |
//! | [`engine`] | all of it together |
//! | [`publish`] | an event by its name into its topics |
//! | [`server`] | the engine's main address, with its controls |
//! | [`sockets`] | the flow's own APIs on loopback |
//! | [`wire`] | AWS's protocols: from an HTTP request to a call, from an answer to a response |

pub mod cloudformation;
pub mod engine;
pub mod faults;
pub mod front;
pub mod issuer;
pub mod kernel;
pub mod publish;
pub mod server;
pub mod services;
pub mod sockets;
pub mod wire;
