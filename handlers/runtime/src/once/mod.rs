//! A user's handler, once for each event.
//!
//! In: what the work is about, and the work. Out: its answer, or that of whoever did it before. Guaranteed, as long as the
//! record lives: of several at the same time one works, and the others come again later; a finished work is not begun
//! again; who was too slow, so that another took over, overwrites nothing.
//!
//! Not guaranteed, since nobody can: that a handler which crashes in its midst has done nothing. It is called again.

mod record;

use std::time::Duration;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::record::{Claimed, Kept, Record};
use crate::consumer::MARGIN;
use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::panics;
use crate::state;

/// How long a work is remembered.
#[derive(Clone, Copy, Debug)]
pub struct Once {
    /// Seconds for which the same event may come again.
    pub keep: u64,
}

/// What to do where another works on it, or has crashed while it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Fail: it comes again later than a lease lasts.
    None,
    /// Wait, as long as this invocation may: whoever calls tries but a few times, and soon.
    UntilTheLeaseEnds,
}

/// By how much a lease outlives the invocation that holds it: two clocks differ.
const SKEW: Duration = Duration::from_secs(5);

/// Runs `work` unless it was done before. `about` is what it is about: the same text for the same work, and for no other of
/// this function.
pub(crate) async fn once<T: Serialize + DeserializeOwned>(
    invocation: &Invocation,
    once: &Once,
    about: &str,
    patience: Patience,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let claim = Claim::new(invocation, once, about);
    let mut claimed = claim.take().await?;
    while let (Claimed::Busy(Some(until)), Patience::UntilTheLeaseEnds) = (&claimed, patience) {
        let millis = until.as_millis().saturating_sub(invocation.now().as_millis()).saturating_add(1);
        let wait = Duration::from_millis(u64::try_from(millis).unwrap_or(1));
        // A lease that outlasts this invocation is waited for by the next: tries that fail at once would soon be used up.
        let wait = wait.min(invocation.remaining().saturating_sub(MARGIN));
        if wait.is_zero() {
            break;
        }
        tracing::info!(
            seconds = wait.as_secs(),
            "another invocation works on it, or has crashed: waiting for its lease"
        );
        tokio::time::sleep(wait).await;
        claimed = claim.take().await?;
    }
    match claimed {
        Claimed::Mine => {}
        Claimed::Done(response) => {
            tracing::info!("done before: answered from the record");
            return read(&response);
        }
        Claimed::Busy(_) => return Err(Error::retry("another invocation works on it")),
    }
    match panics::caught(work).await {
        Ok(answer) => {
            let response = serde_json::to_string(&answer).map_err(Error::reject)?;
            match claim.keep(&response).await? {
                Kept::Mine => Ok(answer),
                Kept::Other(response) => read(&response),
                Kept::Lost => Err(Error::retry("another invocation has taken over")),
            }
        }
        Err(error) => {
            // Whoever comes next need not wait for the lease; where this fails, they do.
            if let Err(error) = claim.release().await {
                tracing::warn!(%error, "the lease is left to run out");
            }
            Err(error)
        }
    }
}

fn read<T: DeserializeOwned>(response: &str) -> Result<T, Error> {
    // Of another version of the handler: what it answered is nothing to this one.
    serde_json::from_str(response).map_err(|_| Error::reject("the stored answer is not of the handler's type"))
}

struct Claim<'a> {
    invocation: &'a Invocation,
    key: [&'a str; 3],
    fence: String,
    keep: u64,
}

impl<'a> Claim<'a> {
    fn new(invocation: &'a Invocation, once: &Once, about: &'a str) -> Self {
        // Within one invocation, nobody but a repetition of the SDK claims the same twice.
        let fence = crate::event::hashed(&[invocation.request_id(), about]);
        Self { invocation, key: ["once", invocation.cx().function(), about], fence, keep: once.keep }
    }

    async fn take(&self) -> Result<Claimed, Error> {
        let now = self.invocation.now();
        let lease = now.plus(self.invocation.remaining() + SKEW);
        let mut row = state::row(&self.key, now, self.keep);
        row.extend(Record::in_progress(&self.fence, lease).attributes());
        let cx = self.invocation.cx();
        let put = cx.aws().dynamodb().put_item().table_name(cx.var(state::TABLE)?).set_item(Some(row));
        let put = put
            .condition_expression(format!("{} OR (#state = :working AND lease < :now_ms)", state::ABSENT))
            .expression_attribute_names("#state", record::STATE)
            .expression_attribute_values(":now", state::seconds(now))
            .expression_attribute_values(":now_ms", AttributeValue::N(now.as_millis().to_string()))
            .expression_attribute_values(":working", AttributeValue::S(record::IN_PROGRESS.to_owned()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else { return Ok(Claimed::Mine) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                Ok(Record::of(failed.item()).claimed_by(&self.fence))
            }
            _ => Err(Error::retry(sdk(&error))),
        }
    }

    async fn keep(&self, response: &str) -> Result<Kept, Error> {
        let cx = self.invocation.cx();
        let update = cx.aws().dynamodb().update_item().table_name(cx.var(state::TABLE)?);
        let update = update
            .set_key(Some(state::key(&self.key)))
            .update_expression("SET #state = :done, answer = :answer REMOVE lease")
            .condition_expression("fence = :fence AND #state = :working")
            .expression_attribute_names("#state", record::STATE)
            .expression_attribute_values(":fence", AttributeValue::S(self.fence.clone()))
            .expression_attribute_values(":working", AttributeValue::S(record::IN_PROGRESS.to_owned()))
            .expression_attribute_values(":done", AttributeValue::S(record::COMPLETED.to_owned()))
            .expression_attribute_values(":answer", AttributeValue::S(response.to_owned()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = update.send().await else { return Ok(Kept::Mine) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                Ok(Record::of(failed.item()).kept_by(&self.fence))
            }
            _ => Err(Error::retry(sdk(&error))),
        }
    }

    async fn release(&self) -> Result<(), Error> {
        let cx = self.invocation.cx();
        let delete = cx.aws().dynamodb().delete_item().table_name(cx.var(state::TABLE)?);
        let delete = delete
            .set_key(Some(state::key(&self.key)))
            .condition_expression("fence = :fence AND #state = :working")
            .expression_attribute_names("#state", record::STATE)
            .expression_attribute_values(":fence", AttributeValue::S(self.fence.clone()))
            .expression_attribute_values(":working", AttributeValue::S(record::IN_PROGRESS.to_owned()));
        // Whatever the condition says, the record is not ours any more.
        match delete.send().await {
            Err(error) if error.as_service_error().is_none_or(|e| !e.is_conditional_check_failed_exception()) => {
                Err(Error::retry(sdk(&error)))
            }
            _ => Ok(()),
        }
    }
}
