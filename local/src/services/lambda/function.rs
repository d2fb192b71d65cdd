//! A function as it is kept: one record with all that AWS keeps beside it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::names::LATEST;
use crate::kernel::{Arn, Time};

/// One function.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) arn: Arn,
    pub(crate) role: Arn,
    pub(crate) handler: String,
    pub(crate) runtime: String,
    pub(crate) description: String,
    /// In seconds.
    pub(crate) timeout: u32,
    /// In MB.
    pub(crate) memory: u32,
    pub(crate) variables: IndexMap<String, String>,
    pub(crate) logging: Logging,
    pub(crate) code: Code,
    pub(crate) architectures: Vec<String>,
    pub(crate) kms_key: Option<String>,
    pub(crate) tracing: String,
    /// In MB.
    pub(crate) storage: u32,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) modified: Time,
    pub(crate) revision: String,
    /// Concurrency that is this function's alone, and all that it gets.
    pub(crate) reserved: Option<u32>,
    /// The statements of its resource policy.
    pub(crate) statements: Vec<Value>,
    pub(crate) policy_revision: String,
    pub(crate) event_invoke: Option<EventInvoke>,
    /// A queue or topic for events that it would not take.
    pub(crate) dead_letters: Option<Arn>,
    pub(crate) url: Option<Url>,
    pub(crate) recursive_loop: String,
}

/// The binary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Code {
    /// The file's absolute path.
    pub(crate) path: String,
    /// SHA-256 as base64.
    pub(crate) sha256: String,
    pub(crate) size: u64,
}

/// `LoggingConfig`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Logging {
    #[serde(default = "text")]
    pub(crate) log_format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) application_log_level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) system_log_level: Option<String>,
    #[serde(default)]
    pub(crate) log_group: String,
}

fn text() -> String {
    "Text".to_owned()
}

/// What becomes of events that came in asynchronously.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct EventInvoke {
    pub(crate) retries: Option<u32>,
    /// In seconds.
    pub(crate) age: Option<u32>,
    pub(crate) on_success: Option<Arn>,
    pub(crate) on_failure: Option<Arn>,
    pub(crate) modified: Option<Time>,
}

/// The function's own address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Url {
    pub(crate) id: String,
    pub(crate) auth: String,
    pub(crate) cors: Option<Value>,
    pub(crate) created: Time,
    pub(crate) modified: Time,
}

impl Function {
    /// The log group that it writes to.
    pub(crate) fn log_group(&self) -> String {
        if self.logging.log_group.is_empty() {
            format!("/aws/lambda/{}", self.name)
        } else {
            self.logging.log_group.clone()
        }
    }

    /// The policy document on it, if there is one.
    pub(crate) fn policy(&self) -> Option<Value> {
        (!self.statements.is_empty())
            .then(|| json!({"Version": "2012-10-17", "Id": "default", "Statement": self.statements}))
    }

    /// The function with its version, as events about invocations name it.
    pub(crate) fn qualified(&self) -> String {
        format!("{}:{LATEST}", self.arn)
    }

    /// `FunctionConfiguration`.
    pub(crate) fn configuration(&self) -> Value {
        let mut logging = serde_json::to_value(&self.logging).unwrap_or_default();
        if let Some(logging) = logging.as_object_mut() {
            logging.insert("LogGroup".to_owned(), self.log_group().into());
        }
        let mut configuration = json!({
            "FunctionName": self.name,
            "FunctionArn": self.arn,
            "Runtime": self.runtime,
            "Role": self.role,
            "Handler": self.handler,
            "CodeSize": self.code.size,
            "Description": self.description,
            "Timeout": self.timeout,
            "MemorySize": self.memory,
            // Not RFC 3339 to the letter: Lambda's own.
            "LastModified": self.modified.rfc3339().replace('Z', "+0000"),
            "CodeSha256": self.code.sha256,
            "Version": LATEST,
            "TracingConfig": {"Mode": self.tracing},
            "RevisionId": self.revision,
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "PackageType": "Zip",
            "Architectures": self.architectures,
            "EphemeralStorage": {"Size": self.storage},
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "LoggingConfig": logging,
        });
        if let Some(members) = configuration.as_object_mut() {
            if !self.variables.is_empty() {
                members.insert("Environment".to_owned(), json!({"Variables": self.variables}));
            }
            if let Some(arn) = &self.dead_letters {
                members.insert("DeadLetterConfig".to_owned(), json!({"TargetArn": arn}));
            }
            if let Some(key) = &self.kms_key {
                members.insert("KMSKeyArn".to_owned(), json!(key));
            }
        }
        configuration
    }
}
