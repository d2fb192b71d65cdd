//! AsyncAPI 3.0: what a flow sends and receives, for people and for tools that read it.
//!
//! In: the plan and its described types. Out: `generated/asyncapi.json`. A topic is a channel that the flow
//! sends to, a queue one that it receives from, a WebSocket API both. Guaranteed: every message that goes over
//! a topic or a queue is the CloudEvent that the runtime writes; the schemas of `data` are those of
//! `generated/schemas`, their references turned to `components`.
//!
//! The specification: <https://www.asyncapi.com/docs/reference/specification/v3.0.0>. Bindings: SNS 0.1.0
//! and SQS 0.2.0, of <https://github.com/asyncapi/bindings>.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::File;
use super::describe::{Described, DescribedEvent};
use super::json::{self, Object, text};
use super::rust::docs::visible;
use super::schemas::{Schemas, id};
use crate::cfn::Tree;
use crate::model::GatewayKind;
use crate::plan::{BrowserRoute, Plan, Queue, QueueRole, Topic, TopicRole};

/// The key of the envelope's schema; no type of a spec has a dot in its name.
const ENVELOPE: &str = "cloudevents.Envelope";

/// Writes the document.
#[must_use]
pub fn file(plan: &Plan, described: &Described<'_>) -> File {
    let schemas = Schemas::new(described, "#/components/schemas/");
    let document = Writer { plan, described, reaching: reaching(plan), schemas }.document();
    File { path: "generated/asyncapi.json".into(), text: Tree::from(document).to_json() }
}

struct Writer<'a> {
    plan: &'a Plan,
    described: &'a Described<'a>,
    /// The places of the events that each queue gets, by the queue's logical id.
    reaching: BTreeMap<&'a str, BTreeSet<usize>>,
    schemas: Schemas<'a>,
}

/// A channel under way.
struct Channel {
    /// Its key: `topics.activity`.
    key: String,
    /// Its messages' keys in `components`.
    messages: Vec<String>,
    /// What it is, but for its messages.
    rest: Object,
    /// `send` and `receive`, each with its messages and what it is.
    operations: Vec<(&'static str, Vec<String>, String)>,
}

impl Writer<'_> {
    fn document(&self) -> Object {
        let plan = self.plan;
        let about = plan.about.as_deref().map(visible).filter(|about| !about.is_empty());
        let about = about.unwrap_or_else(|| format!("The flow `{}`.", plan.name));
        let info = Object::new()
            .with("title", text(&plan.name))
            .with("version", text("1.0.0"))
            .with("description", text(&about));
        let channels = self.channels();
        Object::new()
            .with("asyncapi", text("3.0.0"))
            .with("id", text(format!("urn:eventloom:{}", plan.name)))
            .with("info", info)
            .with("defaultContentType", text("application/cloudevents+json"))
            .with(
                "channels",
                channels.iter().map(|channel| (channel.key.clone(), described(channel))).collect::<Object>(),
            )
            .with("operations", channels.iter().flat_map(operations).collect::<Object>())
            .with("components", self.components(&channels))
    }

    fn channels(&self) -> Vec<Channel> {
        let topics = self.plan.topics.iter().filter(|topic| topic.role == TopicRole::Own);
        let queues = self.plan.queues.iter().filter(|queue| queue.role == QueueRole::Own);
        let mut channels: Vec<Channel> = topics.map(topic).collect();
        channels.extend(queues.map(|queue| self.queue(queue)));
        channels.extend(self.gateways());
        channels
    }

    fn queue(&self, queue: &Queue) -> Channel {
        let mut redrive = Object::new();
        if let Some((dead, receives)) = &queue.redrive
            && let Some(dead) = self.plan.queues.iter().find(|other| other.place.logical == dead.0)
        {
            let dead = Object::new().with("name", text(physical(&dead.name)));
            redrive = Object::new().with("deadLetterQueue", dead).with("maxReceiveCount", json::int(*receives));
        }
        let binding = Object::new()
            .with("name", text(physical(&queue.name)))
            .with("fifoQueue", Tree::Bool(queue.fifo))
            .with("delaySeconds", json::int(queue.delay))
            .with("visibilityTimeout", json::int(queue.visibility))
            .with("messageRetentionPeriod", json::int(queue.retention))
            .unless_empty("redrivePolicy", redrive);
        let messages = self.reaching(queue);
        Channel {
            key: queue.place.owner.clone(),
            rest: named(&queue.name, &queue.about).with(
                "bindings",
                Object::new().with("sqs", Object::new().with("queue", binding).with("bindingVersion", text("0.2.0"))),
            ),
            operations: vec![("receive", messages.clone(), format!("Handles what the queue `{}` holds.", queue.name))],
            messages,
        }
    }

    /// The messages of a queue, in the order of the events.
    fn reaching(&self, queue: &Queue) -> Vec<String> {
        let kinds = self.reaching.get(queue.place.logical.as_str());
        kinds
            .into_iter()
            .flatten()
            .filter_map(|place| self.plan.events.get(*place))
            .map(|e| e.ce_type.clone())
            .collect()
    }

    fn gateways(&self) -> impl Iterator<Item = Channel> {
        let websockets = self.plan.gateways.iter().filter(|gateway| gateway.kind == GatewayKind::Websocket);
        websockets.map(|gateway| {
            let is_here = |name: &String| gateway.place.owner.strip_prefix("gateways.") == Some(name);
            let sent = self.described.events.iter().flat_map(|event| {
                event.def.from_browser.iter().filter(|route| is_here(&route.gateway)).map(|route| request(event, route))
            });
            let sent: Vec<String> = sent.collect();
            let shown =
                self.described.events.iter().filter(|event| event.def.to_browser.iter().any(is_here)).map(delivered);
            let shown: Vec<String> = shown.collect();
            let bindings = Object::new()
                .with("ws", Object::new().with("method", text("GET")).with("bindingVersion", text("0.1.0")));
            let mut operations = Vec::new();
            if !shown.is_empty() {
                operations.push(("send", shown.clone(), "Posts to the browsers of those whom it is for.".to_owned()));
            }
            if !sent.is_empty() {
                operations.push((
                    "receive",
                    sent.clone(),
                    "Takes what browsers send, by the field `action`.".to_owned(),
                ));
            }
            Channel {
                key: gateway.place.owner.clone(),
                rest: Object::new()
                    .with("address", text("/{stage}"))
                    .with("title", text(&gateway.name))
                    .with("description", text(visible(&gateway.about)))
                    .with("parameters", parameter("stage", "The stage of the API: the stack's parameter `Stage`."))
                    .with("bindings", bindings),
                messages: shown.into_iter().chain(sent).collect(),
                operations,
            }
        })
    }

    fn components(&self, channels: &[Channel]) -> Object {
        let used: BTreeSet<&str> = channels.iter().flat_map(|channel| &channel.messages).map(String::as_str).collect();
        let mut messages: Vec<(String, Tree)> = Vec::new();
        let mut schemas: Vec<(String, Tree)> = vec![(ENVELOPE.to_owned(), envelope(&self.plan.name).into())];
        let mut members = Vec::new();
        for event in &self.described.events {
            let name = &event.def.name;
            let mut add = |key: String, message: Object| {
                if used.contains(key.as_str()) {
                    messages.push((key, message.into()));
                }
            };
            add(event.def.ce_type.clone(), self.message(event, name, reference("schemas", name)));
            if !event.shown.is_empty() {
                let shown = format!("{name}.Shown");
                let data = all_of([reference("schemas", name), reference("schemas", &shown)]);
                add(delivered(event), self.message(event, name, data));
                schemas.push((shown, self.schemas.object("What steps have added to it.", &event.shown).into()));
            }
            for route in &event.def.from_browser {
                add(request(event, route), self.request(event, route));
            }
            schemas.push((name.clone(), self.schemas.object(&event.doc, &event.members).into()));
            members.extend(event.members.iter().chain(&event.shown).cloned());
        }
        let named = self.schemas.used(&members);
        Object::new()
            .with("messages", messages.into_iter().collect::<Object>())
            .with("schemas", schemas.into_iter().collect::<Object>().and(named))
    }

    /// A CloudEvent with this data.
    fn message(&self, event: &DescribedEvent<'_>, name: &str, data: Object) -> Object {
        let own = Object::new()
            .with("type", constant(&event.def.ce_type))
            .with("dataschema", constant(&id(self.plan, event)))
            .with("data", data);
        let payload = all_of([
            reference("schemas", ENVELOPE),
            Object::new().with("type", text("object")).with("properties", own),
        ]);
        let attribute = Object::new().with("type", text("object")).with(
            "properties",
            Object::new()
                .with("type", constant(&event.def.ce_type).with("description", text("What subscriptions filter by."))),
        );
        Object::new()
            .with("name", text(name))
            .with("title", text(name))
            .with("summary", text(&event.doc))
            .with("contentType", text("application/cloudevents+json"))
            .with("correlationId", Object::new().with("location", text("$message.payload#/correlationid")))
            .with("headers", attribute)
            .with("payload", payload)
    }

    /// What a browser sends: the event's fields, without those that are set here, and the route as `action`.
    fn request(&self, event: &DescribedEvent<'_>, route: &BrowserRoute) -> Object {
        let members: Vec<_> =
            event.members.iter().filter(|member| !route.set.contains(&member.name)).cloned().collect();
        let fields = self.schemas.object(&event.doc, &members);
        let action = Object::new()
            .with("type", text("object"))
            .with(
                "properties",
                Object::new().with("action", constant(&route.route).with("description", text("The route."))),
            )
            .with("required", json::texts(["action"]));
        Object::new()
            .with("name", text(&event.def.name))
            .with("title", text(format!("{} by {}", event.def.name, route.route)))
            .with("summary", text(&event.doc))
            .with("contentType", text("application/json"))
            .with("payload", all_of([action, fields]))
    }
}

fn topic(topic: &Topic) -> Channel {
    let ordering = Object::new()
        .with("type", text(if topic.fifo { "FIFO" } else { "standard" }))
        .with("contentBasedDeduplication", Tree::Bool(false));
    let binding = Object::new()
        .with("name", text(physical(&topic.name)))
        .with("ordering", ordering)
        .with("bindingVersion", text("0.1.0"));
    Channel {
        key: topic.place.owner.clone(),
        rest: named(&topic.name, &topic.about).with("bindings", Object::new().with("sns", binding)),
        operations: vec![("send", topic.carries.clone(), format!("Publishes to the topic `{}`.", topic.name))],
        messages: topic.carries.clone(),
    }
}

/// The places of the events that each queue gets, from its topics and from workflows that send to it.
fn reaching(plan: &Plan) -> BTreeMap<&str, BTreeSet<usize>> {
    let places: BTreeMap<&str, usize> =
        plan.events.iter().enumerate().map(|(at, e)| (e.ce_type.as_str(), at)).collect();
    let topics: BTreeMap<&str, &Topic> =
        plan.topics.iter().map(|topic| (topic.place.logical.as_str(), topic)).collect();
    let mut found: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for subscription in &plan.subscriptions {
        let passes = |kind: &&String| match &subscription.filter {
            Some(filter) => filter.types.is_empty() || filter.types.contains(*kind),
            None => true,
        };
        let carried = topics.get(subscription.topic.0.as_str()).into_iter().flat_map(|topic| &topic.carries);
        let kinds = carried.filter(passes).filter_map(|kind| places.get(kind.as_str()));
        found.entry(&subscription.queue.0).or_default().extend(kinds);
    }
    for machine in &plan.machines {
        for queue in &machine.sends {
            found
                .entry(&queue.0)
                .or_default()
                .extend(machine.accepts.iter().filter_map(|name| places.get(name.as_str())));
        }
    }
    found
}

/// A resource whose name has the stack's prefix.
fn named(name: &str, about: &str) -> Object {
    Object::new()
        .with("address", text(physical(name)))
        .with("title", text(name))
        .with("description", text(visible(about)))
        .with("parameters", parameter("prefix", "What all names begin with: the stack's parameter `Prefix`."))
}

fn physical(name: &str) -> String {
    format!("{{prefix}}-{name}")
}

fn parameter(name: &'static str, about: &str) -> Object {
    Object::new().with(name, Object::new().with("description", text(about)))
}

/// The key of a message as browsers get it: what steps have added included.
fn delivered(event: &DescribedEvent<'_>) -> String {
    if event.shown.is_empty() { event.def.ce_type.clone() } else { format!("{}.shown", event.def.name) }
}

/// The key of a message that browsers send.
fn request(event: &DescribedEvent<'_>, route: &BrowserRoute) -> String {
    format!("{}.{}.{}", event.def.name, route.gateway, route.route)
}

fn described(channel: &Channel) -> Tree {
    let messages = channel.messages.iter().map(|key| (key.clone(), reference("messages", key).into()));
    channel.rest.clone().unless_empty("messages", messages.collect::<Object>()).into()
}

fn operations(channel: &Channel) -> impl Iterator<Item = (String, Tree)> {
    channel.operations.iter().map(|(action, messages, about)| {
        let at = |key: &String| {
            Object::new().with("$ref", text(format!("#/channels/{}/messages/{key}", channel.key))).into()
        };
        let operation = Object::new()
            .with("action", text(*action))
            .with("channel", Object::new().with("$ref", text(format!("#/channels/{}", channel.key))))
            .with("summary", text(about))
            .unless_empty("messages", Tree::List(messages.iter().map(at).collect()));
        (format!("{action}.{}", channel.key), operation.into())
    })
}

/// The CloudEvents envelope, as the runtime writes it.
fn envelope(flow: &str) -> Object {
    let string = |about: &str| Object::new().with("description", text(about)).with("type", text("string"));
    let properties = Object::new()
        .with("specversion", constant("1.0"))
        .with("id", string("The identity of the event: a producer that repeats it repeats this."))
        .with("source", constant(&format!("urn:eventloom:{flow}")))
        .with("type", string("The event's type."))
        .with("time", string("When it happened.").with("format", text("date-time")))
        .with("datacontenttype", constant("application/json"))
        .with("dataschema", string("The name of the schema of `data`."))
        .with("traceparent", string("The W3C trace context."))
        .with("correlationid", string("What the log lines of one user action share."))
        .with("tenant", string("Whose data it is."))
        .with("conversation", string("The conversation that numbers it: `inbox`, or a field and its value."))
        .with(
            "sequence",
            Object::new()
                .with("description", text("Its place in the conversation: 1, 2, …"))
                .with("type", text("integer"))
                .with("minimum", json::int(1)),
        )
        .with("data", Object::new().with("description", text("The event itself.")));
    Object::new()
        .with("description", text("A CloudEvent 1.0 in structured JSON."))
        .with("type", text("object"))
        .with("properties", properties)
        .with("required", json::texts(["specversion", "id", "source", "type", "time", "data"]))
}

fn constant(value: &str) -> Object {
    Object::new().with("type", text("string")).with("const", text(value))
}

fn reference(kind: &str, key: &str) -> Object {
    Object::new().with("$ref", text(format!("#/components/{kind}/{key}")))
}

fn all_of<const N: usize>(parts: [Object; N]) -> Object {
    Object::new().with("allOf", Tree::List(parts.into_iter().map(Tree::from).collect()))
}
