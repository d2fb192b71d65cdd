//! Mail, by SES: sending it, unsubscribing from it, and hearing that it bounced.
//!
//! In: what a workflow's step, a consumer or a grouper gives to the sink's function. Out: a mail, or a line of the log that
//! says why there is none. Guaranteed:
//!
//! - SES takes no idempotency token, so no mail is sent exactly once, and the flow says on which side it errs. With
//!   [`Delivery::AtMostOnce`] nothing is mailed twice; with [`Delivery::AtLeastOnce`] nothing is lost, and a mail comes
//!   twice only where the function ended between sending and recording, or SES did not answer: see `claim`.
//! - Nobody is written to who has muted the channel or the kind of event, or whose address bounced or complained.
//! - No header can be smuggled in: what comes from an event stands on one line (`header`); in HTML it is escaped.
//! - Neither an address nor what a mail says reaches the log.
//!
//! | given to the function | by |
//! | --- | --- |
//! | the event's fields side by side, `event` its type, `target` the user | a consumer |
//! | the same of a group: `id thread target event object count actors sample first last open revision`, and its key's fields | a grouper |
//! | `{"run": …, "state": {…}}`: which of its messages this is, and the state as above with what steps have added | a workflow's step |
//!
//! A group is mailed at its close: its preview (`open: true`) and its withdrawal (`withdrawn: true`) are for browsers.

mod bounces;
mod claim;
mod content;
#[cfg(test)]
mod fixtures;
mod header;
mod mailbox;
mod recipient;
mod send;
mod suppressed;
mod token;
mod unsubscribe;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cx::Invocation;
use crate::error::Error;
use crate::event_type::EventType;
use crate::panics;
use crate::template::Template;

use self::claim::{Claim, Claimed};
use self::content::{Given, Message};
use self::send::Sent;

pub use self::bounces::bounces;
pub use self::recipient::Recipients;
pub use self::unsubscribe::{Unsubscribe, unsubscribe};

/// What a mail's sink is told.
#[derive(Clone, Copy, Debug)]
pub struct Mail {
    /// The sink's name: the channel that a user mutes.
    pub sink: &'static str,
    /// The events that may come.
    pub events: &'static [EventType],
    /// Who it is from: an address, or a name and an address in angle brackets.
    pub sender: &'static str,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<&'static str>,
    /// The subject.
    pub subject: Template,
    /// The mail for readers with HTML.
    pub html: Render,
    /// The mail for readers without.
    pub text: Render,
    /// Where the address and the preferences of a user are.
    pub recipients: Recipients,
    /// What is promised.
    pub delivery: Delivery,
    /// Seconds for which the same may come again.
    pub keep: u64,
}

/// Makes a mail's text of the fields of what arrives: [`render`] with a template's type.
pub type Render = fn(&Value) -> Result<String, Error>;

/// On which side a mail errs when nobody knows whether it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is not sent again.
    AtMostOnce,
    /// It is sent again.
    AtLeastOnce,
}

/// Fills a template in. What a template needs and does not find is the flow's mistake, so nothing is tried again.
///
/// # Errors
///
/// [`Error::Reject`] names the field that is missing or of another type.
pub fn render<T: DeserializeOwned + askama::Template>(fields: &Value) -> Result<String, Error> {
    let template: T = crate::decode::from_value(fields.clone()).map_err(Error::reject)?;
    template.render().map_err(|_| Error::reject("the template could not be filled in"))
}

/// Mails what is given to a sink's function.
///
/// # Errors
///
/// [`Error::Reject`] where this can never be mailed; else another try may go well.
pub async fn mail(invocation: &Invocation, payload: Value, mail: &Mail) -> Result<Value, Error> {
    let given = Given::read(payload, mail.events)?;
    panics::caught(deliver(invocation, mail, given)).await?;
    Ok(json!({}))
}

async fn deliver(invocation: &Invocation, mail: &Mail, given: Given) -> Result<(), Error> {
    let Given::Mail { event, id } = given else {
        tracing::info!("not mailed: the group is open, or withdrawn");
        return Ok(());
    };
    let target = event.target().ok_or_else(|| Error::reject("it is for nobody: there is no `target`"))?;
    let address = match mail.recipients.find(invocation, mail.sink, &event, target).await? {
        Ok(address) => address,
        Err(why) => {
            tracing::info!(id, reason = %why, "not mailed");
            return Ok(());
        }
    };
    let message = Message::made(invocation, mail, &event, target, address, &id).await?;
    let claim = Claim::new(invocation, mail, &id);
    match claim.take().await? {
        Claimed::Mine => {}
        Claimed::Over => {
            tracing::info!(id, "not mailed: done before");
            return Ok(());
        }
    }
    match send::send(invocation, &message).await {
        Sent::Taken => {
            claim.sent().await;
            tracing::info!(id, "mailed");
            Ok(())
        }
        Sent::Refused(error) => {
            claim.release().await;
            Err(error)
        }
        Sent::Unknown(why) if mail.delivery == Delivery::AtMostOnce => {
            claim.dropped().await;
            tracing::warn!(id, reason = why, "whether it was mailed is not known: it is not mailed again");
            Ok(())
        }
        Sent::Unknown(why) => {
            claim.release().await;
            Err(Error::retry(why))
        }
    }
}
