//! What the parts of the runtime that group events are told.

use super::parts::DestinationPart;
use crate::model::{QuietAction, Ref, SampleOrder, Template};

/// A grouper: the options that hold for whoever sends to it, and for its own functions. Durations are in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct GrouperPart {
    /// Its name.
    pub name: String,
    /// The variable of its table.
    pub table: String,
    /// The variable of its queue of timers.
    pub timers: String,
    /// The variable of its queue of closed groups.
    pub out: String,
    /// The variables of the schedule group, its role and the ARN of the queue of timers.
    pub schedules: Option<(String, String, String)>,
    /// The key.
    pub key: Template,
    /// The plain fields of the key.
    pub fields: Vec<String>,
    /// When a group closes.
    pub window: WindowPart,
    /// Whether the first event is sent at once.
    pub preview: bool,
    /// The most events of a group.
    pub max: u64,
    /// That of which each value counts once.
    pub distinct: Option<Ref>,
    /// Members that a group carries.
    pub sample: Option<(u64, SampleOrder)>,
    /// Events that take others out.
    pub cancel: Vec<CancelPart>,
    /// The variables of the logs that say what was seen.
    pub seen: Vec<String>,
    /// Zone, from, to, and what becomes of a group.
    pub quiet_hours: Option<(String, u64, u64, QuietAction)>,
    /// So many in so many seconds.
    pub throttle: Option<(u64, u64)>,
    /// Seconds that whoever delivers may take.
    pub lease: u64,
}

/// When a group closes; seconds.
#[derive(Debug, Clone, PartialEq)]
pub enum WindowPart {
    /// After a pause of so long, and at most after so long.
    Session(u64, u64),
    /// After so many events, and at most after so long.
    Count(u64, u64),
    /// At an interval, and with the days of a zone.
    Tumbling(u64, Option<String>),
    /// By a cron expression, in a zone.
    Cron(String, String),
}

/// An event that takes others out, by their types' names.
#[derive(Debug, Clone, PartialEq)]
pub enum CancelPart {
    /// All of the key's open window.
    All(String),
    /// One event: by which, of which, and the field with its id.
    One(String, String, String),
}

/// What becomes of closed groups.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedPart {
    /// The function that closes them.
    pub grouper: String,
    /// The event that a group becomes, by its type's name.
    pub event: String,
    /// Where that goes.
    pub to: Vec<DestinationPart>,
    /// Where it is said that a shown group is gone.
    pub withdrawn: Vec<DestinationPart>,
}
