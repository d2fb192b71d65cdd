//! An event type for the tests beside the code.

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::event_type::EventType;
use crate::scalar::Timestamp;

/// A group, as far as mail looks at it.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Closed {
    id: String,
    event: String,
    target: String,
    revision: u64,
    open: bool,
}

impl Event for Closed {
    const FLOW: &'static str = "everi";
    const TYPE: &'static str = "Closed";

    fn id(&self) -> String {
        self.id.clone()
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }
}

/// The events of the sink.
pub(super) const CLOSED: &[EventType] = &[EventType::of::<Closed>()];
