//! Gateways, groupers, sinks.

use super::{
    AfterDelivery, Delivery, EventId, First, GatewayId, Name, OnFull, Pattern, QuietAction, SampleOrder, SecretId,
    Spanned, TableId, Template, To,
};
use crate::source::Span;

/// The kinds of gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayKind {
    /// API Gateway's WebSocket API.
    Websocket,
    /// API Gateway's HTTP API.
    Http,
}

/// A JSON Web Token.
#[derive(Debug, Clone)]
pub struct Jwt {
    /// Who signs it.
    pub issuer: Spanned<String>,
    /// Whom it is for.
    pub audience: Spanned<String>,
    /// The claim that is the user.
    pub user: String,
    /// The claim that is the tenant.
    pub tenant: Option<Spanned<String>>,
}

/// An API.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub about: Option<String>,
    /// Its kind.
    pub kind: GatewayKind,
    /// How callers show who they are.
    pub jwt: Jwt,
    /// The pages that browsers may call from.
    pub origins: Vec<Spanned<String>>,
    /// Why a replacement is meant.
    pub allow_replace: Option<Spanned<String>>,
}

/// When a group closes; durations in seconds.
#[derive(Debug, Clone)]
pub enum Window {
    /// After a pause.
    Session {
        /// How long nothing may come.
        gap: Spanned<u64>,
        /// The longest that a group stays open.
        at_most: Spanned<u64>,
    },
    /// At fixed intervals.
    Tumbling {
        /// The interval.
        every: Spanned<u64>,
        /// Whether it begins with the day, rather than with the epoch.
        by_day: bool,
        /// A time zone's name.
        tz: Option<Spanned<String>>,
    },
    /// At times of the clock.
    Cron {
        /// AWS's expression.
        at: Spanned<String>,
        /// A time zone's name.
        tz: Option<Spanned<String>>,
    },
    /// After a number of events.
    Count {
        /// The number.
        n: Spanned<u32>,
        /// The longest that a group stays open.
        at_most: Spanned<u64>,
    },
}

/// What a cancelling event takes out.
#[derive(Debug, Clone)]
pub enum Cancel {
    /// The key's whole open group.
    All {
        /// The cancelling event.
        by: Spanned<EventId>,
    },
    /// One event by its id.
    One {
        /// The cancelling event.
        by: Spanned<EventId>,
        /// The event that is taken out.
        of: Spanned<EventId>,
        /// The field of the cancelling event that holds its id.
        id: Spanned<String>,
    },
}

impl Cancel {
    /// The cancelling event.
    #[must_use]
    pub fn by(&self) -> Spanned<EventId> {
        match self {
            Self::All { by } | Self::One { by, .. } => *by,
        }
    }
}

/// Members that a group carries with it.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// How many.
    pub n: Spanned<u32>,
    /// Which.
    pub order: SampleOrder,
}

/// Hours in which nothing is delivered; minutes of the day.
#[derive(Debug, Clone)]
pub struct QuietHours {
    /// A time zone's name.
    pub tz: Option<Spanned<String>>,
    /// From.
    pub from: Spanned<u32>,
    /// To.
    pub to: Spanned<u32>,
    /// What they do.
    pub action: QuietAction,
}

/// At most so many in a time.
#[derive(Debug, Clone, Copy)]
pub struct Throttle {
    /// So many.
    pub n: Spanned<u32>,
    /// In so many seconds.
    pub per: Spanned<u64>,
}

/// Many events into one.
#[derive(Debug, Clone)]
pub struct Grouper {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub about: Option<String>,
    /// What events of one group have in common.
    pub key: Template,
    /// When a group closes.
    pub window: Window,
    /// When the first event is shown.
    pub first: First,
    /// The most events of one group.
    pub max: Option<Spanned<u32>>,
    /// What to do with more.
    pub on_full: OnFull,
    /// The field of which each value counts once.
    pub distinct: Option<Spanned<String>>,
    /// Members that the group carries with it.
    pub sample: Option<Sample>,
    /// Events that take others out again.
    pub cancel: Vec<Cancel>,
    /// Members for which this holds drop out.
    pub suppress_if: Option<Pattern>,
    /// What follows a delivery.
    pub after_delivery: AfterDelivery,
    /// Hours in which nothing is delivered.
    pub quiet_hours: Option<QuietHours>,
    /// At most so many groups a target.
    pub throttle: Option<Throttle>,
    /// In how many parts a hot key is kept.
    pub shards: Option<Spanned<u32>>,
    /// The event that a group becomes.
    pub emits: Spanned<EventId>,
    /// Where the group goes.
    pub to: To,
    /// Why a replacement is meant.
    pub allow_replace: Option<Spanned<String>>,
}

/// The kinds of sink.
#[derive(Debug, Clone)]
pub enum SinkKind {
    /// The user's browsers.
    Websocket {
        /// The gateway.
        gateway: Spanned<GatewayId>,
        /// Seconds that what was sent is kept.
        replay: Option<Spanned<u64>>,
    },
    /// A mail by SES.
    Email {
        /// Who it is from.
        sender: Spanned<String>,
        /// The subject.
        subject: Template,
        /// The template's name.
        template: Spanned<String>,
        /// Where answers go.
        reply_to: Option<Spanned<String>>,
        /// What is promised.
        delivery: Delivery,
    },
    /// A number in a row.
    Counter {
        /// The table.
        table: Spanned<TableId>,
        /// The row's key.
        key: Template,
        /// The row's sort key.
        sort: Option<Template>,
        /// Fields, by their places, and what is added.
        add: Vec<(Spanned<usize>, i64)>,
    },
    /// A row.
    Table {
        /// The table.
        table: Spanned<TableId>,
        /// Fields, by their places, and what they are set to.
        set: Vec<(Spanned<usize>, Template)>,
    },
    /// A signed POST.
    Webhook {
        /// The address.
        url: Spanned<String>,
        /// The secret that signs it.
        secret: Spanned<SecretId>,
        /// Further headers.
        headers: Vec<(Spanned<String>, String)>,
        /// Seconds that the other server may take.
        timeout: Option<Spanned<u64>>,
    },
    /// What could not be resolved; reported, so no later pass but `check` sees it.
    Unresolved,
}

/// Where a flow ends.
#[derive(Debug, Clone)]
pub struct Sink {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub about: Option<String>,
    /// Its kind.
    pub kind: SinkKind,
    /// Where its kind was written.
    pub span: Span,
}
