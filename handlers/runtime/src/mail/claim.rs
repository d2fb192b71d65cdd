//! Who sends a mail: of several at the same time one, and who comes later only where the flow wants it.
//!
//! A row of the runtime's table for each mail. Every conditional write asks for the row that stood in its way, and decides by
//! that: a condition that fails may have failed on one's own write, whose answer was lost.
//!
//! | found | at most once | at least once |
//! | --- | --- | --- |
//! | nothing | it is ours | it is ours |
//! | `SENT`, `DROPPED` | done | done |
//! | `SENDING`, by us | it is ours | it is ours |
//! | `SENDING`, the lease runs | waited for | waited for |
//! | `SENDING`, the lease is over | `DROPPED`: whether it was sent, nobody knows | it is ours |
//!
//! Who sends gives up before the lease is over ([`PATIENCE`]), so who takes over does not send beside it.

use std::time::Duration;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};

use super::{Delivery, Mail};
use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::item::{self, Item};
use crate::scalar::Timestamp;
use crate::state;

/// How long SES may take to answer. An estimate: it takes some tenths of a second.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);
/// By how much a lease outlives that: two clocks differ.
const SKEW: Duration = Duration::from_secs(5);

const STATE: &str = "state";
const SENDING: &str = "SENDING";
const SENT: &str = "SENT";
const DROPPED: &str = "DROPPED";

/// Whether there is something to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claimed {
    /// This claim sends it.
    Mine,
    /// Nobody sends it any more.
    Over,
}

/// What stood in the way of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Mine,
    Over,
    /// Another sends it, until then.
    Busy(Timestamp),
    /// Another, by this fence, had begun and did not say how it ended.
    Left(String),
}

/// The claim of one invocation.
pub(super) struct Claim<'a> {
    invocation: &'a Invocation,
    key: [&'a str; 3],
    fence: String,
    delivery: Delivery,
    keep: u64,
}

impl<'a> Claim<'a> {
    pub(super) fn new(invocation: &'a Invocation, mail: &'a Mail, id: &'a str) -> Self {
        // A sink is called and waited for, so that each call has a request of its own.
        let fence = crate::event::hashed(&[invocation.request_id(), mail.sink, id]);
        Self { invocation, key: ["mail", mail.sink, id], fence, delivery: mail.delivery, keep: mail.keep }
    }

    pub(super) async fn take(&self) -> Result<Claimed, Error> {
        // A mail that is begun is seen through to its record.
        if self.invocation.remaining() < PATIENCE + SKEW {
            return Err(Error::retry("too little time is left to mail it"));
        }
        loop {
            match self.put().await? {
                Found::Mine => return Ok(Claimed::Mine),
                Found::Over => return Ok(Claimed::Over),
                Found::Left(fence) => {
                    if self.give_up(&fence).await? {
                        tracing::warn!(id = self.key[2], "another had begun to mail it: it is not mailed again");
                        return Ok(Claimed::Over);
                    }
                }
                Found::Busy(until) => {
                    let wait = until.as_millis().saturating_sub(self.invocation.now().as_millis()).saturating_add(1);
                    let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
                    if wait + PATIENCE + SKEW > self.invocation.remaining() {
                        return Err(Error::retry("another invocation mails it"));
                    }
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn put(&self) -> Result<Found, Error> {
        let now = self.invocation.now();
        let lease = now.plus(PATIENCE + SKEW);
        let mut row = state::row(&self.key, now, self.keep);
        row.insert(STATE.to_owned(), AttributeValue::S(SENDING.to_owned()));
        row.insert("fence".to_owned(), AttributeValue::S(self.fence.clone()));
        row.insert("lease".to_owned(), AttributeValue::N(lease.as_millis().to_string()));
        let cx = self.invocation.cx();
        let put = cx.aws().dynamodb().put_item().table_name(cx.var(state::TABLE)?).set_item(Some(row));
        let put = match self.delivery {
            Delivery::AtMostOnce => put.condition_expression(state::ABSENT),
            Delivery::AtLeastOnce => put
                .condition_expression(format!("{} OR (#state = :sending AND lease < :now_ms)", state::ABSENT))
                .expression_attribute_names("#state", STATE)
                .expression_attribute_values(":sending", AttributeValue::S(SENDING.to_owned()))
                .expression_attribute_values(":now_ms", AttributeValue::N(now.as_millis().to_string())),
        };
        let put = put
            .expression_attribute_values(":now", state::seconds(now))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else { return Ok(Found::Mine) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                Ok(found(failed.item(), &self.fence, now, self.delivery))
            }
            _ => Err(Error::retry(sdk(&error))),
        }
    }

    /// Whether the mail that another had begun is given up: not if that other, or a third, was quicker.
    async fn give_up(&self, fence: &str) -> Result<bool, Error> {
        match self.end(DROPPED, fence).await? {
            Ended::Done => Ok(true),
            Ended::Other => Ok(false),
        }
    }

    /// The mail is sent. Where this cannot be recorded it is sent all the same.
    pub(super) async fn sent(&self) {
        self.told(SENT).await;
    }

    /// Whether the mail is sent, nobody knows, and nobody is to send it again.
    pub(super) async fn dropped(&self) {
        self.told(DROPPED).await;
    }

    async fn told(&self, state: &str) {
        match self.end(state, &self.fence).await {
            Ok(Ended::Done) => {}
            Ok(Ended::Other) => tracing::warn!(id = self.key[2], "another has taken over meanwhile"),
            Err(error) => tracing::warn!(id = self.key[2], %error, "not recorded"),
        }
    }

    async fn end(&self, to: &str, fence: &str) -> Result<Ended, Error> {
        let cx = self.invocation.cx();
        let update = cx.aws().dynamodb().update_item().table_name(cx.var(state::TABLE)?);
        let update = update
            .set_key(Some(state::key(&self.key)))
            .update_expression("SET #state = :to REMOVE lease")
            .condition_expression("fence = :fence AND #state = :sending")
            .expression_attribute_names("#state", STATE)
            .expression_attribute_values(":fence", AttributeValue::S(fence.to_owned()))
            .expression_attribute_values(":sending", AttributeValue::S(SENDING.to_owned()))
            .expression_attribute_values(":to", AttributeValue::S(to.to_owned()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = update.send().await else { return Ok(Ended::Done) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Ok(ended(failed.item(), to, fence)),
            _ => Err(Error::retry(sdk(&error))),
        }
    }

    /// The mail is not sent, and whoever comes next may send it. Where this fails, they wait for the lease.
    pub(super) async fn release(&self) {
        if let Err(error) = self.delete().await {
            tracing::warn!(id = self.key[2], %error, "the lease is left to run out");
        }
    }

    async fn delete(&self) -> Result<(), Error> {
        let cx = self.invocation.cx();
        let delete = cx.aws().dynamodb().delete_item().table_name(cx.var(state::TABLE)?);
        let delete = delete
            .set_key(Some(state::key(&self.key)))
            .condition_expression("fence = :fence AND #state = :sending")
            .expression_attribute_names("#state", STATE)
            .expression_attribute_values(":fence", AttributeValue::S(self.fence.clone()))
            .expression_attribute_values(":sending", AttributeValue::S(SENDING.to_owned()));
        match delete.send().await {
            // Whatever the condition says, the row is not ours any more.
            Err(error) if error.as_service_error().is_none_or(|e| !e.is_conditional_check_failed_exception()) => {
                Err(Error::retry(sdk(&error)))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a row was ended by this write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Done,
    Other,
}

fn ended(row: Option<&Item>, to: &str, fence: &str) -> Ended {
    let is = |name: &str, text: &str| row.and_then(|row| item::text(row, name)) == Some(text);
    if is(STATE, to) && is("fence", fence) { Ended::Done } else { Ended::Other }
}

fn found(row: Option<&Item>, fence: &str, now: Timestamp, delivery: Delivery) -> Found {
    let text = |name: &str| row.and_then(|row| item::text(row, name)).unwrap_or_default();
    if text(STATE) != SENDING {
        return Found::Over;
    }
    let lease = row.and_then(|row| item::int(row, "lease")).unwrap_or_default();
    match text("fence") {
        own if own == fence => Found::Mine,
        other if lease < now.as_millis() && delivery == Delivery::AtMostOnce => Found::Left(other.to_owned()),
        _ => Found::Busy(Timestamp::from_millis(lease)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found_in(row: serde_json::Value, delivery: Delivery) -> Found {
        found(Some(&item::item(row.as_object().unwrap())), "mine", Timestamp::from_millis(100), delivery)
    }

    #[test]
    fn ones_own_claim_whose_answer_was_lost_is_a_claim() {
        for delivery in [Delivery::AtMostOnce, Delivery::AtLeastOnce] {
            let row = json!({ "state": SENDING, "fence": "mine", "lease": 200 });
            assert_eq!(found_in(row, delivery), Found::Mine);
        }
    }

    #[test]
    fn a_lease_that_runs_is_waited_for_and_one_that_is_over_is_taken_as_the_flow_says() {
        let running = || json!({ "state": SENDING, "fence": "other", "lease": 200 });
        let over = || json!({ "state": SENDING, "fence": "other", "lease": 99 });
        let until = |millis| Found::Busy(Timestamp::from_millis(millis));
        assert_eq!(found_in(running(), Delivery::AtMostOnce), until(200));
        assert_eq!(found_in(running(), Delivery::AtLeastOnce), until(200));
        assert_eq!(found_in(over(), Delivery::AtMostOnce), Found::Left("other".to_owned()));
        // The put would have taken it: the row has changed meanwhile, and is asked again at once.
        assert_eq!(found_in(over(), Delivery::AtLeastOnce), until(99));
    }

    #[test]
    fn what_is_sent_or_given_up_stays_so() {
        for state in [SENT, DROPPED] {
            for delivery in [Delivery::AtMostOnce, Delivery::AtLeastOnce] {
                assert_eq!(found_in(json!({ "state": state, "fence": "mine" }), delivery), Found::Over);
            }
        }
    }

    #[test]
    fn an_end_that_is_recorded_already_was_ones_own_only_with_ones_own_fence() {
        let row = |state: &str, fence: &str| item::item(json!({ "state": state, "fence": fence }).as_object().unwrap());
        assert_eq!(ended(Some(&row(SENT, "mine")), SENT, "mine"), Ended::Done);
        assert_eq!(ended(Some(&row(SENT, "other")), SENT, "mine"), Ended::Other);
        assert_eq!(ended(Some(&row(DROPPED, "mine")), SENT, "mine"), Ended::Other);
        assert_eq!(ended(None, SENT, "mine"), Ended::Other);
    }
}
