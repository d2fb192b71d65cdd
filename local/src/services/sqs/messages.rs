//! The operations on single messages: send, receive, delete, change visibility.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::chaos::Mischief;
use super::error::{expired_receipt, invalid, missing, plain, wrong_queue_type};
use super::message::{self, Attribute, Content};
use super::queue::{Ask, DEDUPE_WINDOW, Deduped, Delivered, Received, Refusal};
use super::settings::MAX_SIZE;
use super::{Held, NAME, Sqs, input};
use crate::kernel::{AwsError, Caller, Outcome, Time};

impl Sqs {
    pub(super) fn send_message(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::SendMessage = input::read(input)?;
        let held = self.granted(caller, "sqs:SendMessage", &input.queue_url)?;
        let now = self.settle(&held);
        let sent = self.send(caller, &held, now, input.entry())?;
        self.commit(&held);
        Ok(Value::Object(sent))
    }

    /// Sends one message, and says of it what the answer says.
    pub(super) fn send(
        &self,
        caller: &Caller,
        held: &Held,
        now: Time,
        entry: input::SendEntry,
    ) -> Result<Map<String, Value>, AwsError> {
        let mut queue = held.queue.borrow_mut();
        let settings = &queue.settings;
        if entry.message_body.is_empty() {
            return Err(missing("MessageBody"));
        }
        message::check_body(&entry.message_body)?;
        message::check_attributes(&entry.message_attributes)?;
        message::check_system(&entry.message_system_attributes)?;
        let most = usize::try_from(settings.max_size).unwrap_or(MAX_SIZE);
        if message::size(&entry.message_body, &entry.message_attributes) > most {
            let reason = format!("Message must be shorter than {most} bytes.");
            return Err(plain(format!("One or more parameters are invalid. Reason: {reason}")));
        }
        let delay = match entry.delay_seconds {
            Some(delay) if settings.fifo && delay != 0 => return Err(wrong_queue_type(&delay, "DelaySeconds")),
            Some(delay) if !settings.fifo => {
                let seconds = u64::try_from(delay).ok().filter(|seconds| *seconds <= 900);
                seconds.ok_or_else(|| invalid(&delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900."))?
            }
            _ => settings.delay.into(),
        };
        if let Some(group) = &entry.message_group_id {
            message::check_id("MessageGroupId", group)?;
        }
        if let Some(id) = &entry.message_deduplication_id {
            message::check_id("MessageDeduplicationId", id)?;
        }
        let group = entry.message_group_id;
        let dedupe = match (entry.message_deduplication_id, settings.fifo) {
            (Some(id), false) => return Err(wrong_queue_type(&id, "MessageDeduplicationId")),
            (None, false) => None,
            (_, true) if group.is_none() => return Err(missing("MessageGroupId")),
            (Some(id), true) => Some(id),
            (None, true) if settings.content_dedupe => Some(message::sha256_of(entry.message_body.as_bytes())),
            (None, true) => {
                return Err(plain(
                    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId \
                     provided explicitly",
                ));
            }
        };
        let body_md5 = message::md5_of(entry.message_body.as_bytes());
        let mut sent = Map::new();
        sent.insert("MD5OfMessageBody".to_owned(), body_md5.clone().into());
        let digests = [
            ("MD5OfMessageAttributes", message::md5_of_attributes(&entry.message_attributes)),
            ("MD5OfMessageSystemAttributes", message::md5_of_attributes(&entry.message_system_attributes)),
        ];
        sent.extend(digests.into_iter().filter_map(|(name, digest)| Some((name.to_owned(), digest?.into()))));

        let key = dedupe.clone().map(|id| (group.clone().filter(|_| settings.dedupe_by_group), id));
        let before = key.as_ref().and_then(|key| queue.held(key)).cloned();
        let (id, number) = if let Some(before) = before {
            (before.id, before.number)
        } else {
            let id = self.world.random.uuid();
            let mut system = entry.message_system_attributes;
            let content = Content {
                id: id.clone(),
                body: entry.message_body,
                body_md5,
                attributes: entry.message_attributes,
                trace: system.remove("AWSTraceHeader").and_then(|trace| trace.string_value),
                sender: caller.identity(&self.world.place.account),
                sent: now,
                enqueued: now,
                visible: now + Duration::from_secs(delay),
                group,
                dedupe,
                source: None,
                received_before: 0,
            };
            let number = queue.send(now, Rc::new(content));
            if let Some(key) = key {
                queue.hold(key, Deduped { id: id.clone(), number, until: now + DEDUPE_WINDOW });
            }
            self.world.log.tell(NAME, &held.name, "sent", Outcome::Done, || json!({"message": id}));
            (id, number)
        };
        sent.insert("MessageId".to_owned(), id.into());
        if queue.settings.fifo {
            sent.insert("SequenceNumber".to_owned(), sequence(number).into());
        }
        Ok(sent)
    }

    pub(super) async fn receive_message(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::ReceiveMessage = input::read(input)?;
        let held = self.granted(caller, "sqs:ReceiveMessage", &input.queue_url)?;
        let asked = Asked::new(&input, &held)?;
        let deadline = self.world.clock.now() + asked.wait;
        let leaving = Leaving(&held);
        loop {
            if held.deleted.get() {
                return Err(super::error::no_queue());
            }
            let delivered = self.try_receive(caller, &held, &asked)?;
            if !delivered.is_empty() || self.world.clock.now() >= deadline {
                drop(leaving);
                let messages: Vec<Value> = delivered.iter().map(|message| self.shown(&held, message, &input)).collect();
                return Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) });
            }
            self.wait(&held, deadline).await;
        }
    }

    /// Waits until there may be a message, at most until `deadline`. The call that waits is no work.
    async fn wait(&self, held: &Held, deadline: Time) {
        let clock = &self.world.clock;
        let visible = held.queue.borrow().next_visible();
        let _rest = self.world.activity.rest();
        tokio::select! {
            biased;
            () = held.arrived.notified() => {}
            () = async {
                match visible {
                    Some(visible) => clock.sleep_until(visible).await,
                    None => std::future::pending().await,
                }
            } => {}
            () = clock.idle_until(deadline) => {}
        }
    }

    fn try_receive(&self, caller: &Caller, held: &Held, asked: &Asked) -> Result<Vec<Delivered>, AwsError> {
        let now = self.settle(held);
        let attempt = asked.attempt.as_deref();
        let target = self.dead_letter_queue(held);
        let Received { delivered, dead, over_limit } = {
            let mut queue = held.queue.borrow_mut();
            if let Some(repeated) = attempt.and_then(|attempt| queue.repeat(attempt, now, asked.visibility)) {
                drop(queue);
                self.commit(held);
                return Ok(repeated);
            }
            let chaos = self.chaos.borrow().clone();
            let mischief = match chaos {
                Some(chaos) if !queue.settings.fifo && queue.has_visible() => chaos.receive(caller, &held.name),
                _ => Mischief::None,
            };
            let max_receives = queue.settings.redrive.as_ref().map(|redrive| redrive.max_receives);
            let max_receives = max_receives.filter(|_| target.is_some());
            let ask = Ask { most: asked.most, visibility: asked.visibility, max_receives, mischief };
            let received = queue.receive(now, ask, &self.world.random);
            if let Some(attempt) = attempt {
                queue.attempted(attempt, now, &received.delivered);
            }
            received
        };
        if let Some(target) = target.filter(|_| !dead.is_empty()) {
            self.bury(held, &target, now, &dead);
        }
        self.commit(held);
        let fifo = held.queue.borrow().settings.fifo;
        if over_limit && delivered.is_empty() && asked.wait.is_zero() && !fifo {
            let message = "The number of in flight messages for the queue has reached its limit of 120000.";
            return Err(AwsError::new("OverLimit", message).status(403));
        }
        Ok(delivered)
    }

    /// Where a queue's dead letters go, if that queue is there.
    fn dead_letter_queue(&self, held: &Held) -> Option<Rc<Held>> {
        let queue = held.queue.borrow();
        let target = self.with_arn(queue.settings.redrive.as_ref()?.target.as_str())?;
        (!std::ptr::eq(&*target, held)).then_some(target)
    }

    /// Moves dead letters. Each keeps its id and the time it was sent; the retention of a standard queue's
    /// goes on, that of a FIFO queue's begins anew.
    fn bury(&self, held: &Held, target: &Held, now: Time, dead: &[Rc<Content>]) {
        self.settle(target);
        for content in dead {
            let enqueued =
                if content.group.is_some() && target.queue.borrow().settings.fifo { now } else { content.enqueued };
            let buried =
                Content { source: Some(held.arn.to_string()), enqueued, visible: now, ..Content::clone(content) };
            target.queue.borrow_mut().send(now, Rc::new(buried));
            self.world.log.tell(
                NAME,
                &held.name,
                "dead-lettered",
                Outcome::Failed,
                || json!({"message": content.id, "to": target.name, "receives": content.received_before}),
            );
        }
        self.commit(target);
    }

    /// A message as a receiver sees it.
    fn shown(&self, held: &Held, message: &Delivered, input: &input::ReceiveMessage) -> Value {
        let Delivered { number, content, state } = message;
        let mut shown = Map::new();
        shown.insert("MessageId".to_owned(), content.id.clone().into());
        shown.insert("ReceiptHandle".to_owned(), self.handle(held, *number, state.receives).into());
        shown.insert("MD5OfBody".to_owned(), content.body_md5.clone().into());
        shown.insert("Body".to_owned(), content.body.as_str().into());
        let named = |name: &str| {
            let mut names = input.attribute_names.iter().chain(&input.message_system_attribute_names);
            names.any(|asked| asked == name || asked == "All")
        };
        let fifo = held.queue.borrow().settings.fifo;
        let first = state.first.unwrap_or(state.received);
        let system = [
            ("SenderId", Some(content.sender.clone())),
            ("SentTimestamp", Some(content.sent.millis().to_string())),
            ("ApproximateReceiveCount", Some((content.received_before + state.receives).to_string())),
            ("ApproximateFirstReceiveTimestamp", Some(first.millis().to_string())),
            ("MessageGroupId", content.group.clone()),
            ("MessageDeduplicationId", content.dedupe.clone()),
            ("SequenceNumber", fifo.then(|| sequence(*number))),
            ("AWSTraceHeader", content.trace.clone()),
            ("DeadLetterQueueSourceArn", content.source.clone()),
        ];
        let system: Map<String, Value> = system
            .into_iter()
            .filter(|(name, value)| value.is_some() && named(name))
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        if !system.is_empty() {
            shown.insert("Attributes".to_owned(), system.into());
        }
        let asked = |name: &str| input.message_attribute_names.iter().any(|pattern| matches_name(pattern, name));
        let attributes: Vec<(&String, &Attribute)> =
            content.attributes.iter().filter(|(name, _)| asked(name)).collect();
        if let Some(digest) = message::md5_of_attributes(attributes.iter().copied()) {
            shown.insert("MD5OfMessageAttributes".to_owned(), digest.into());
            let attributes: Map<String, Value> =
                attributes.into_iter().map(|(name, attribute)| (name.clone(), json!(attribute))).collect();
            shown.insert("MessageAttributes".to_owned(), attributes.into());
        }
        Value::Object(shown)
    }

    pub(super) fn delete_message(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::DeleteMessage = input::read(input)?;
        let held = self.granted(caller, "sqs:DeleteMessage", &input.queue_url)?;
        self.settle(&held);
        self.delete(&held, &input.receipt_handle)?;
        self.commit(&held);
        Ok(json!({}))
    }

    /// Deletes by a receipt. That the message is gone is no error; nor is an old receipt of a standard
    /// queue's message, which is not deleted then.
    pub(super) fn delete(&self, held: &Held, handle: &str) -> Result<(), AwsError> {
        let (number, receipt) = self.receipt(held, handle)?;
        let mut queue = held.queue.borrow_mut();
        match queue.delete(number, receipt) {
            Err(Refusal::Expired) if queue.settings.fifo => Err(expired_receipt(handle)),
            _ => Ok(()),
        }
    }

    pub(super) fn change_message_visibility(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::ChangeMessageVisibility = input::read(input)?;
        let held = self.granted(caller, "sqs:ChangeMessageVisibility", &input.queue_url)?;
        let now = self.settle(&held);
        self.change_visibility(&held, now, &input.receipt_handle, input.visibility_timeout)?;
        self.commit(&held);
        Ok(json!({}))
    }

    pub(super) fn change_visibility(
        &self,
        held: &Held,
        now: Time,
        handle: &str,
        timeout: Option<i64>,
    ) -> Result<(), AwsError> {
        let timeout = timeout.ok_or_else(|| missing("VisibilityTimeout"))?;
        let visibility = within(timeout, 0, 43_200, "VisibilityTimeout", "Must be between 0 and 43200.")?;
        let (number, receipt) = self.receipt(held, handle)?;
        let changed = held.queue.borrow_mut().change_visibility(number, receipt, now, Duration::from_secs(visibility));
        changed.map_err(|refusal| match refusal {
            Refusal::Gone => invalid(
                handle,
                "ReceiptHandle",
                "Message does not exist or is not available for visibility timeout change.",
            ),
            Refusal::Expired => expired_receipt(handle),
            Refusal::NotInFlight => {
                let code = "MessageNotInflight";
                AwsError::new(code, "The specified message isn't in flight.")
            }
            Refusal::TooLong => invalid(
                &timeout,
                "VisibilityTimeout",
                "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
            ),
        })
    }
}

/// What a receive asks for, within AWS's bounds.
struct Asked {
    most: usize,
    visibility: Duration,
    wait: Duration,
    attempt: Option<String>,
}

impl Asked {
    fn new(input: &input::ReceiveMessage, held: &Held) -> Result<Self, AwsError> {
        let queue = held.queue.borrow();
        let most = input.max_number_of_messages.unwrap_or(1);
        let most = within(most, 1, 10, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")?;
        let wait = input.wait_time_seconds.unwrap_or(queue.settings.wait.into());
        let wait = within(wait, 0, 20, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")?;
        let visibility = input.visibility_timeout.unwrap_or(queue.settings.visibility.into());
        let visibility = within(visibility, 0, 43_200, "VisibilityTimeout", "Must be >= 0 and <= 43200, if provided.")?;
        let attempt = input.receive_request_attempt_id.clone();
        if let Some(attempt) = &attempt {
            message::check_id("ReceiveRequestAttemptId", attempt)?;
            if !queue.settings.fifo {
                return Err(wrong_queue_type(attempt, "ReceiveRequestAttemptId"));
            }
        }
        let most = usize::try_from(most).unwrap_or(1);
        Ok(Self { most, visibility: Duration::from_secs(visibility), wait: Duration::from_secs(wait), attempt })
    }
}

/// A receive that ends hands on what it was woken for, and when it would have looked again.
struct Leaving<'a>(&'a Held);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.arrived.notify_one();
    }
}

fn within(value: i64, least: u64, most: u64, parameter: &str, reason: &str) -> Result<u64, AwsError> {
    let number = u64::try_from(value).ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| invalid(&value, parameter, reason))
}

/// Whether an attribute is asked for: by its name, by a prefix, or with all.
fn matches_name(pattern: &str, name: &str) -> bool {
    pattern == "All"
        || pattern == name
        || pattern.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
        || pattern == ".*"
}

/// 20 digits that grow with time.
fn sequence(number: u64) -> String {
    (10_000_000_000_000_000_000 + u128::from(number)).to_string()
}
