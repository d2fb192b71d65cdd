//! What a map does with its items: within its own execution, or each in one of its own.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::{OrExpr, Scope};

/// What a [`Map`](super::Map) does with each item, and where. Only a distributed map tolerates failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processing {
    /// Within this execution: at most 40 at once, and all of it in one history.
    Inline(Scope),
    /// Each in an execution of its own.
    Distributed {
        /// What is done with each.
        scope: Scope,
        /// The kind of those executions.
        workload: Workload,
        /// How many may fail; none where left out.
        tolerated: Option<Tolerated>,
    },
}

/// The kind of a distributed map's executions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Workload {
    /// Up to a year, exactly once.
    Standard,
    /// Up to five minutes, at least once.
    Express,
}

/// How many items of a distributed map may fail before the map fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tolerated {
    /// This many.
    Count(OrExpr<u32>),
    /// This share: 0 to 100.
    Percentage(OrExpr<u8>),
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ItemProcessor<'a> {
    processor_config: ProcessorConfig,
    #[serde(flatten)]
    scope: &'a Scope,
}

#[derive(Serialize)]
#[serde(tag = "Mode", rename_all = "UPPERCASE")]
enum ProcessorConfig {
    Inline,
    Distributed {
        #[serde(rename = "ExecutionType")]
        workload: Workload,
    },
}

impl Processing {
    /// What is done with each item.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        match self {
            Self::Inline(scope) | Self::Distributed { scope, .. } => scope,
        }
    }
}

impl Serialize for Processing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (processor_config, tolerated) = match self {
            Self::Inline(_) => (ProcessorConfig::Inline, None),
            Self::Distributed { workload, tolerated, .. } => {
                (ProcessorConfig::Distributed { workload: *workload }, tolerated.as_ref())
            }
        };
        let mut map = serializer.serialize_map(None)?;
        match tolerated {
            Some(Tolerated::Count(count)) => map.serialize_entry("ToleratedFailureCount", count)?,
            Some(Tolerated::Percentage(share)) => map.serialize_entry("ToleratedFailurePercentage", share)?,
            None => {}
        }
        map.serialize_entry("ItemProcessor", &ItemProcessor { processor_config, scope: self.scope() })?;
        map.end()
    }
}
