//! Attributes, values and items of the group table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ids::Id;

/// An attribute of an item. All of them stand here, with the item that has them and their unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// HEAD: the open window. MARK: the window that the event belongs to.
    Epoch,
    /// HEAD: the events of the open window. THR: the groups that were let through.
    Ids,
    /// HEAD: when the open window closes if nothing more comes; milliseconds.
    SoftDue,
    /// HEAD: when the open window closes whatever comes; milliseconds.
    HardDue,
    /// HEAD: the last window for which a timer was sent.
    TimerEpoch,
    /// HEAD: the event that the preview of the open window shows.
    Lead,
    /// HEAD: the events of a window that was rotated out and is not written down yet.
    Prev,
    /// HEAD: that window.
    PrevEpoch,
    /// HEAD: that window's lead, or the text `none`.
    PrevLead,
    /// HEAD: the partition of the sweep's index.
    Bucket,
    /// HEAD: when the sweep looks at it; milliseconds, the sort key of the sweep's index.
    SweepAt,
    /// All: when DynamoDB may delete the item; seconds, DynamoDB's own unit for it.
    Ttl,
    /// MARK: the head whose window `epoch` is.
    Head,
    /// MARK: whether the event was cancelled.
    Dead,
    /// MARK: the member as JSON.
    Payload,
    /// GRP: the members, those for which `suppress_if` held among them: if they come again, they are known.
    Members,
    /// GRP: what is sent, as JSON.
    Content,
    /// GRP: whether no member is left to tell of.
    Empty,
    /// GRP: whether a preview was sent, or may have been.
    Previewed,
    /// DLV: `sending`, `sent` or `dropped`.
    State,
    /// DLV: counts the owners.
    Fence,
    /// DLV: who is sending.
    Owner,
    /// DLV: until when nobody else may; milliseconds.
    Lease,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 23] = [
        Self::Epoch,
        Self::Ids,
        Self::SoftDue,
        Self::HardDue,
        Self::TimerEpoch,
        Self::Lead,
        Self::Prev,
        Self::PrevEpoch,
        Self::PrevLead,
        Self::Bucket,
        Self::SweepAt,
        Self::Ttl,
        Self::Head,
        Self::Dead,
        Self::Payload,
        Self::Members,
        Self::Content,
        Self::Empty,
        Self::Previewed,
        Self::State,
        Self::Fence,
        Self::Owner,
        Self::Lease,
    ];

    /// Its name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Ids => "ids",
            Self::SoftDue => "soft_due",
            Self::HardDue => "hard_due",
            Self::TimerEpoch => "timer_epoch",
            Self::Lead => "lead",
            Self::Prev => "prev",
            Self::PrevEpoch => "prev_epoch",
            Self::PrevLead => "prev_lead",
            Self::Bucket => "bucket",
            Self::SweepAt => "sweep_at",
            Self::Ttl => "ttl",
            Self::Head => "head",
            Self::Dead => "dead",
            Self::Payload => "payload",
            Self::Members => "members",
            Self::Content => "content",
            Self::Empty => "empty",
            Self::Previewed => "previewed",
            Self::State => "state",
            Self::Fence => "fence",
            Self::Owner => "owner",
            Self::Lease => "lease",
        }
    }

    /// The attribute of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attribute| attribute.name() == name)
    }
}

/// A value of an attribute, in those of DynamoDB's types that are used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// `S`
    Text(Arc<str>),
    /// `N`
    Number(u64),
    /// `B` of 16 bytes.
    Id(Id),
    /// `BS` of 16 bytes each. DynamoDB knows no empty set, and neither does the protocol.
    Ids(BTreeSet<Id>),
}

impl Value {
    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// An item without its key.
pub type Item = BTreeMap<Attribute, Value>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_is_found_by_its_name() {
        for attribute in Attribute::ALL {
            assert_eq!(Attribute::named(attribute.name()), Some(attribute));
        }
        assert_eq!(Attribute::named("pk"), None);
    }
}
