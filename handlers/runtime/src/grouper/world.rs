//! The protocol's questions, answered by AWS.
//!
//! In: a step. Out: that it is done, or why its message comes again.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use grouping::{Answer, Ask, Config, Fault, Id, Next, Run, Step};

use super::config::{Closed, Grouper};
use super::member::Payload;
use super::{messages, outgoing, table};
use crate::browser;
use crate::cx::Invocation;
use crate::error::Error;

/// Members that are asked about at the same time.
const AT_ONCE: usize = 10;

/// Where a grouper's steps are taken.
pub(super) struct World<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) grouper: &'static Grouper,
    /// What becomes of closed groups, for whoever delivers them.
    pub(super) closed: Option<&'static Closed>,
}

impl World<'_> {
    /// Takes a step to its end.
    pub(super) async fn run(&self, step: Step, config: &Arc<Config>) -> Result<(), Error> {
        let now = u64::try_from(self.invocation.now().as_millis()).unwrap_or_default();
        let (mut run, mut next) = Run::start(step, now, config);
        loop {
            match next {
                Next::Ask(ask) => next = run.answer(self.answer(ask).await?),
                Next::End(Ok(())) => return Ok(()),
                Next::End(Err(fault)) => return Err(failed(&fault)),
            }
        }
    }

    async fn answer(&self, ask: Ask) -> Result<Answer, Error> {
        // Boxed, for a call of AWS is large, and a batch has many of these at once.
        let (invocation, grouper) = (self.invocation, self.grouper);
        Ok(match ask {
            Ask::Read(keys) => Answer::Items(Box::pin(table::read(invocation, grouper, &keys)).await?),
            Ask::Write(write) => Box::pin(table::write(invocation, grouper, &write)).await?,
            Ask::Find { bucket, until } => {
                Answer::Found(Box::pin(table::find(invocation, grouper, bucket, until)).await?)
            }
            Ask::Send(message) => {
                Box::pin(messages::send(invocation, grouper, &message)).await?;
                Answer::Done
            }
            Ask::Judge(members) => Answer::Judged(Box::pin(self.seen(members)).await?),
            Ask::Deliver(group) => {
                let closed = self.closed.ok_or_else(|| Error::retry("nothing is delivered here"))?;
                Box::pin(outgoing::deliver(invocation, closed, &group)).await?;
                Answer::Done
            }
        })
    }

    /// Those that their target has seen.
    async fn seen(&self, members: Vec<(Id, Arc<str>)>) -> Result<BTreeSet<Id>, Error> {
        let asked = members.into_iter().map(|(id, payload)| async move {
            let payload: Payload = serde_json::from_str(&payload).map_err(Error::reject)?;
            let Some(place) = payload.place else { return Ok(None) };
            let (user, entry) =
                ((place.tenant.as_deref(), place.user.as_str()), (place.conversation.as_str(), place.sequence));
            for log in self.grouper.seen {
                if browser::has_seen(self.invocation.cx(), log, user, entry).await? {
                    return Ok(Some(id));
                }
            }
            Ok::<_, Error>(None)
        });
        let asked: Vec<_> = asked.collect();
        let seen: Vec<Option<Id>> = stream::iter(asked).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(seen.into_iter().flatten().collect())
    }
}

/// Whatever it is, another try may go well, but of content that cannot be read.
fn failed(fault: &Fault) -> Error {
    match fault {
        Fault::Content(_) => Error::reject(fault),
        _ => Error::retry(fault),
    }
}
