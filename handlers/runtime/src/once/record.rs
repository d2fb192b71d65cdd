//! The record of a work, and what follows from one that is there.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::item::{self, Item};
use crate::scalar::Timestamp;

/// The attribute that says how far the work is.
pub(super) const STATE: &str = "state";
/// Somebody works on it, until the lease ends.
pub(super) const IN_PROGRESS: &str = "INPROGRESS";
/// It is done, and this was the answer.
pub(super) const COMPLETED: &str = "COMPLETED";

/// A record, as far as it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    state: String,
    fence: String,
    lease: Option<i64>,
    answer: Option<String>,
}

/// Who works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claimed {
    /// This claim.
    Mine,
    /// Nobody any more: it was answered so.
    Done(String),
    /// Another, until then.
    Busy(Option<Timestamp>),
}

/// Whose answer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// This claim's.
    Mine,
    /// That of another, who had taken over.
    Other(String),
    /// None yet: another has taken over, and works.
    Lost,
}

impl Record {
    pub(super) fn in_progress(fence: &str, lease: Timestamp) -> Self {
        let lease = Some(lease.as_millis());
        Self { state: IN_PROGRESS.to_owned(), fence: fence.to_owned(), lease, answer: None }
    }

    pub(super) fn of(item: Option<&Item>) -> Self {
        let text = |name: &str| item.and_then(|item| item::text(item, name)).map(str::to_owned);
        Self {
            state: text(STATE).unwrap_or_default(),
            fence: text("fence").unwrap_or_default(),
            lease: item.and_then(|item| item::int(item, "lease")),
            answer: text("answer"),
        }
    }

    pub(super) fn attributes(self) -> Item {
        let texts = [(STATE, Some(self.state)), ("fence", Some(self.fence)), ("answer", self.answer)];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), AttributeValue::S(text?))));
        let lease = self.lease.map(|lease| ("lease".to_owned(), AttributeValue::N(lease.to_string())));
        texts.chain(lease).collect()
    }

    /// A claim did not get through, and this was there: was it the claim itself, whose answer was lost?
    pub(super) fn claimed_by(self, fence: &str) -> Claimed {
        match (self.state.as_str(), self.answer) {
            (COMPLETED, Some(answer)) => Claimed::Done(answer),
            (IN_PROGRESS, _) if self.fence == fence => Claimed::Mine,
            _ => Claimed::Busy(self.lease.map(Timestamp::from_millis)),
        }
    }

    /// An answer did not get through, and this was there: was it the answer itself?
    pub(super) fn kept_by(self, fence: &str) -> Kept {
        match (self.state.as_str(), self.answer) {
            (COMPLETED, Some(_)) if self.fence == fence => Kept::Mine,
            (COMPLETED, Some(answer)) => Kept::Other(answer),
            _ => Kept::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(fence: &str) -> Record {
        let state = COMPLETED.to_owned();
        Record { state, fence: fence.to_owned(), lease: None, answer: Some("1".to_owned()) }
    }

    #[test]
    fn a_record_comes_back_from_its_attributes() {
        for record in [Record::in_progress("f", Timestamp::from_millis(7)), completed("f")] {
            assert_eq!(Record::of(Some(&record.clone().attributes())), record);
        }
    }

    #[test]
    fn ones_own_claim_whose_answer_was_lost_is_a_claim() {
        let record = Record::in_progress("mine", Timestamp::from_millis(7));
        assert_eq!(record.clone().claimed_by("mine"), Claimed::Mine);
        assert_eq!(record.claimed_by("other"), Claimed::Busy(Some(Timestamp::from_millis(7))));
        assert_eq!(completed("other").claimed_by("mine"), Claimed::Done("1".to_owned()));
        assert_eq!(Record::of(None).claimed_by("mine"), Claimed::Busy(None));
    }

    #[test]
    fn a_slow_first_owner_takes_the_seconds_answer_and_does_not_overwrite_it() {
        assert_eq!(completed("mine").kept_by("mine"), Kept::Mine);
        assert_eq!(completed("other").kept_by("mine"), Kept::Other("1".to_owned()));
        assert_eq!(Record::in_progress("other", Timestamp::from_millis(7)).kept_by("mine"), Kept::Lost);
        assert_eq!(Record::of(None).kept_by("mine"), Kept::Lost);
    }
}
