//! What every kind of resource is printed with: the plan by its names, ARNs, tags, and the list of what is made.

use super::parameters::Names;
use crate::cfn::services::Tag;
use crate::cfn::{DocumentError, Entries, LogicalId, Part, Pseudo, Resource, Str, Value, text};
use crate::model::Encryption;
use crate::plan::{
    Function, FunctionRef, Gateway, GatewayRef, Machine, MachineRef, Place, Plan, Queue, QueueRef, Topic, TopicRef,
};
use crate::stacks::{Identity, Layer, Placed};
use std::collections::BTreeMap;

/// What a part of this pass gives back beside what it placed.
pub(super) type Made = Result<(), DocumentError>;

/// The logical id of the customer key.
pub(super) const KEY: &str = "Key";
/// The logical id of the role by which SNS says what it could not deliver.
pub(super) const DELIVERY_ROLE: &str = "TopicDeliveryRole";
/// The logical id of the dashboard.
pub(super) const DASHBOARD: &str = "Dashboard";

/// A plan while it is printed.
pub(super) struct Scope<'a> {
    pub(super) plan: &'a Plan,
    pub(super) names: Names,
    pub(super) placed: Vec<Placed>,
    queues: BTreeMap<&'a str, &'a Queue>,
    topics: BTreeMap<&'a str, &'a Topic>,
    functions: BTreeMap<&'a str, &'a Function>,
    machines: BTreeMap<&'a str, &'a Machine>,
    gateways: BTreeMap<&'a str, &'a Gateway>,
    tags: Vec<Tag>,
    key: Str,
}

impl<'a> Scope<'a> {
    pub(super) fn new(plan: &'a Plan) -> Result<Self, DocumentError> {
        Ok(Self {
            plan,
            names: Names::new()?,
            placed: Vec::new(),
            queues: plan.queues.iter().map(|q| (q.place.logical.as_str(), q)).collect(),
            topics: plan.topics.iter().map(|t| (t.place.logical.as_str(), t)).collect(),
            functions: plan.functions.iter().map(|f| (f.place.logical.as_str(), f)).collect(),
            machines: plan.machines.iter().map(|m| (m.place.logical.as_str(), m)).collect(),
            gateways: plan.gateways.iter().map(|g| (g.place.logical.as_str(), g)).collect(),
            tags: plan.settings.tags.iter().map(|(k, v)| Tag::new(k.as_str(), v.as_str())).collect(),
            key: Value::attribute(&id(KEY)?, "Arn"),
        })
    }

    /// Adds a resource to the thing that `place` is of.
    pub(super) fn put(&mut self, layer: Layer, place: &Place, resource: Resource) {
        let identity = Identity::of(&resource);
        self.add(layer, place, resource, identity);
    }

    /// Adds a resource whose replacement would lose something, so that it needs a reason.
    pub(super) fn keep(&mut self, layer: Layer, place: &Place, resource: Resource) {
        let identity = Identity::of(&resource).stateful();
        self.add(layer, place, resource, identity);
    }

    fn add(&mut self, layer: Layer, place: &Place, resource: Resource, identity: Identity) {
        let identity = match &place.allow_replace {
            Some(reason) => identity.allow_replace(reason.as_str()),
            None => identity,
        };
        self.placed.push(Placed { resource, layer, owner: place.owner.clone(), component: place.component, identity });
    }

    /// The tags of every resource.
    pub(super) fn tags(&self) -> Vec<Tag> {
        self.tags.clone()
    }

    /// The tags of every resource, where AWS wants a map.
    pub(super) fn tag_map(&self) -> Entries<Str> {
        self.tags.iter().map(|tag| (tag.key.as_str(), tag.value.clone())).collect()
    }

    /// A name under the prefix: `${Prefix}-notify`.
    pub(super) fn named(&self, name: &str) -> Str {
        text![&self.names.prefix, "-", name]
    }

    /// The ARN of something whose name stands under the prefix.
    pub(super) fn named_arn(&self, service: &'static str, before: &str, name: &str) -> Str {
        Str::arn(service, [Part::from(before), Part::from(self.named(name))])
    }

    /// The customer key's ARN.
    pub(super) fn key(&self) -> Str {
        self.key.clone()
    }

    /// The customer key's ARN, where it encrypts the flow's data.
    pub(super) fn data_key(&self) -> Option<Str> {
        (self.plan.settings.encryption == Encryption::Customer).then(|| self.key())
    }

    pub(super) fn queue(&self, of: &QueueRef) -> Option<&'a Queue> {
        self.queues.get(of.0.as_str()).copied()
    }

    pub(super) fn topic(&self, of: &TopicRef) -> Option<&'a Topic> {
        self.topics.get(of.0.as_str()).copied()
    }

    pub(super) fn function(&self, of: &FunctionRef) -> Option<&'a Function> {
        self.functions.get(of.0.as_str()).copied()
    }

    pub(super) fn gateway(&self, of: &GatewayRef) -> Option<&'a Gateway> {
        self.gateways.get(of.0.as_str()).copied()
    }

    /// A state machine's ARN, made of its name: a machine calls functions, and functions start machines, so
    /// that a reference could close a circle.
    pub(super) fn machine_arn(&self, of: &MachineRef) -> Str {
        let name = self.machines.get(of.0.as_str()).map_or(of.0.as_str(), |m| m.name.as_str());
        self.named_arn("states", "stateMachine:", name)
    }
}

/// A logical id.
pub(super) fn id(text: &str) -> Result<LogicalId, DocumentError> {
    LogicalId::new(text)
}

/// The logical id of a part of a thing.
pub(super) fn part(of: &Place, kind: &str) -> Result<LogicalId, DocumentError> {
    LogicalId::new([of.logical.as_str(), kind].concat())
}

/// What a resource's `Arn` is.
pub(super) fn arn(logical: &str) -> Result<Str, DocumentError> {
    Ok(Value::attribute(&id(logical)?, "Arn"))
}

/// What `Ref` gives for a resource.
pub(super) fn reference(logical: &str) -> Result<Str, DocumentError> {
    Ok(Value::reference(&id(logical)?))
}

/// The place of what all of a flow share.
pub(super) fn shared(logical: &str) -> Place {
    Place { logical: logical.to_owned(), owner: "flow".to_owned(), component: 0, allow_replace: None }
}

/// The account that the stack is in, as the principal of all of its users and roles.
pub(super) fn account() -> Str {
    text!["arn:", Pseudo::Partition, ":iam::", Pseudo::AccountId, ":root"]
}

/// A text of at most so many bytes, cut between characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    let mut kept = String::with_capacity(text.len().min(most));
    for c in text.chars() {
        if kept.len() + c.len_utf8() > most {
            break;
        }
        kept.push(c);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("größer", 3), "gr");
        assert_eq!(cut("größer", 4), "grö");
    }
}
