//! Making one resource as it is to be.
//!
//! In: a resource's evaluated properties, and what is on record. Out: calls, one resource's record. Guaranteed:
//! stopped between any two calls and run again, it ends the same; a service's own fault is tried again.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::names;
use super::plan::{Decision, decide, fits};
use super::records::{Record, Records, State, key};
use super::template::Resource;
use super::types::{self, Before, Calls, Cx, Kind, Made, Make, Properties, Refused};
use crate::kernel::{Outcome, World};

/// How often a call is tried that fails for the service's own fault, as the SDKs do.
const TRIES: u32 = 5;
/// The longest wait before the second try; each wait may be twice as long as the one before.
const WAIT: Duration = Duration::from_millis(100);

/// What a stack's resources are made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Maker<'a> {
    pub(super) world: &'a World,
    pub(super) records: &'a Records,
    /// The stack's path, and its name.
    pub(super) path: &'a str,
    pub(super) stack: &'a str,
}

impl Maker<'_> {
    /// Makes a resource, or changes it, or puts another in its place. The error is a text for a person.
    pub(super) async fn bring(
        &self,
        logical: &str,
        resource: &Resource,
        wanted: Properties,
    ) -> Result<Rc<Record>, String> {
        let found = self.records.get(&key(self.path, logical));
        let decision = decide(resource.kind, found.as_deref(), &wanted);
        match found {
            Some(record) if decision == Decision::Keep && is_same(&record, resource) => Ok(record),
            found => {
                let found = found.map(Rc::unwrap_or_clone);
                self.change(logical, resource, wanted, found, decision).await.map(Rc::new)
            }
        }
    }

    async fn change(
        &self,
        logical: &str,
        resource: &Resource,
        wanted: Properties,
        mut found: Option<Record>,
        decision: Decision,
    ) -> Result<Record, String> {
        let (kind, key) = (resource.kind, key(self.path, logical));
        if decision == Decision::Retype {
            return Err(format!(
                "Update of resource type is not permitted. The new template modifies resource type of the following \
                 resources: [{logical}]"
            ));
        }
        if decision == Decision::Abandon
            && let Some(record) = found.take()
        {
            self.abandon(logical, &record).await?;
            self.records.take(&key);
        }
        let Some(mut record) = found else {
            let back = self.come_back(&key, kind, &wanted);
            return self
                .settle(logical, resource, wanted, back, &|record| self.records.put(&key, record.clone()))
                .await;
        };
        // What was begun to take its place is used, or goes.
        let begun = record.next.take().map(|next| *next);
        if decision != Decision::Replace {
            if let Some(begun) = begun {
                self.records.leave(&key, begun, false);
                self.records.put(&key, record.clone());
            }
            return self
                .settle(logical, resource, wanted, Some(record), &|record| {
                    self.records.put(&key, record.clone());
                })
                .await;
        }
        let begun = match begun {
            Some(begun) if fits(kind, &begun, &wanted) => Some(begun),
            other => {
                if let Some(other) = other {
                    self.abandon(logical, &other).await?;
                    self.records.put(&key, record.clone());
                }
                self.come_back(&key, kind, &wanted)
            }
        };
        let old = record;
        let beside = |next: &Record| {
            let mut both = old.clone();
            both.next = Some(Box::new(next.clone()));
            self.records.put(&key, both);
        };
        let next = self.settle(logical, resource, wanted, begun, &beside).await?;
        self.tell(logical, "replaced", Outcome::Done, "");
        let retained = old.retain_replaced;
        self.records.leave(&key, old, retained);
        self.records.put(&key, next.clone());
        Ok(next)
    }

    /// Takes away what was never completed, so that its name is free; nothing needs it yet.
    async fn abandon(&self, logical: &str, record: &Record) -> Result<(), String> {
        match types::kind(&record.kind) {
            Some(kind) => self.delete(logical, kind, record).await.map_err(|refused| refused.to_string()),
            None => Ok(()),
        }
    }

    /// What was to go and is wanted again, because the deployment that took it out was never completed.
    fn come_back(&self, of: &str, kind: &Kind, wanted: &Properties) -> Option<Record> {
        let leaving = self.records.leaving();
        let back = leaving
            .iter()
            .find(|(_, leaving)| key(&leaving.stack, &leaving.logical) == of && fits(kind, &leaving.record, wanted));
        back.and_then(|(key, _)| self.records.left(key)).map(|leaving| leaving.record)
    }

    /// Makes a resource from what is there of it, if anything; `put` keeps its record.
    async fn settle(
        &self,
        logical: &str,
        resource: &Resource,
        wanted: Properties,
        found: Option<Record>,
        put: &dyn Fn(&Record),
    ) -> Result<Record, String> {
        let kind = resource.kind;
        let decision = decide(kind, found.as_ref(), &wanted);
        let mut record = match found {
            Some(record) => record,
            None => self.begin(logical, kind, &wanted)?,
        };
        (record.retain, record.retain_replaced) = (resource.retain, resource.retain_replaced);
        record.metadata = resource.metadata.clone();
        if let Make::Inert(..) = kind.make
            && let Some(given) = names::given(kind, &wanted)
        {
            given.clone_into(&mut record.name);
        }
        let name = record.name.clone();
        let cx = Cx { world: self.world, name: &name, properties: &wanted };
        match &kind.make {
            Make::Inert(_, make) => record.made = make(&cx),
            Make::Stack => {}
            Make::Calls(calls) => {
                let before = Before { all: record.state == State::Making, maybe: record.maybe.clone() };
                if !matches!(decision, Decision::Keep | Decision::Note) {
                    if !record.maybe.contains(&wanted) {
                        record.maybe.push(wanted.clone());
                    }
                    if record.state == State::Made {
                        record.state = State::Changing;
                    }
                    put(&record);
                }
                let (made, what) = match decision {
                    Decision::Create => (self.create(calls, &cx, None).await, "created"),
                    Decision::Resume => (self.create(calls, &cx, Some(before)).await, "created"),
                    Decision::Update => (self.update(calls, &cx, &record.made, &before).await, "updated"),
                    _ => (Ok(record.made.clone()), ""),
                };
                match made {
                    Ok(made) => record.made = made,
                    Err(refused) => {
                        let refused = refused.to_string();
                        self.tell(logical, "failed", Outcome::Failed, &refused);
                        return Err(refused);
                    }
                }
                if !what.is_empty() {
                    self.tell(logical, what, Outcome::Done, kind.name);
                }
            }
        }
        (record.state, record.maybe) = (State::Made, vec![wanted]);
        put(&record);
        Ok(record)
    }

    /// The record of a resource that is not there yet.
    fn begin(&self, logical: &str, kind: &Kind, wanted: &Properties) -> Result<Record, String> {
        let name = names::name(kind, wanted, self.stack, logical, &self.world.random);
        if let (Make::Calls(_), Some(identity)) = (&kind.make, names::identity(kind, &name, wanted)) {
            self.check_free(logical, kind, &name, &identity)?;
        }
        Ok(Record {
            kind: kind.name.to_owned(),
            state: State::Making,
            name,
            made: Made::default(),
            maybe: Vec::new(),
            order: self.records.next_order(),
            retain: false,
            retain_replaced: false,
            metadata: serde_json::Value::Null,
            next: None,
        })
    }

    /// Refuses a name that another resource has, or that has to go first.
    fn check_free(&self, logical: &str, kind: &Kind, name: &str, identity: &str) -> Result<(), String> {
        let mut holder = None;
        self.records.each(|key, record| {
            let properties = record.maybe.last();
            let same = record.kind == kind.name
                && properties.and_then(|properties| names::identity(kind, &record.name, properties)).as_deref()
                    == Some(identity);
            if same {
                holder.get_or_insert_with(|| key.to_owned());
            }
        });
        match holder {
            None => Ok(()),
            Some(holder) if holder == key(self.path, logical) => Err(format!(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {name} \
                 and update the stack again."
            )),
            Some(holder) => Err(format!("the name `{name}` is taken by `{holder}`, which would go only after this")),
        }
    }

    /// Makes a resource; with `before` there may be some of it already.
    async fn create(&self, calls: &Calls, cx: &Cx<'_>, before: Option<Before>) -> Result<Made, Refused> {
        let mut before = before;
        let mut tried = 0;
        loop {
            let made = match &before {
                None => (calls.create)(cx).await,
                Some(before) => match (calls.find)(cx).await {
                    Ok(Some(made)) => (calls.update)(cx, &made, before).await,
                    Ok(None) => (calls.create)(cx).await,
                    Err(refused) => Err(refused),
                },
            };
            match made {
                Err(refused) if self.again(&refused, &mut tried).await => {
                    // What failed may have had its effect.
                    before.get_or_insert_with(|| Before { all: true, maybe: vec![cx.properties.clone()] });
                }
                made => return made,
            }
        }
    }

    async fn update(&self, calls: &Calls, cx: &Cx<'_>, made: &Made, before: &Before) -> Result<Made, Refused> {
        let mut tried = 0;
        loop {
            match (calls.update)(cx, made, before).await {
                Err(refused) if self.again(&refused, &mut tried).await => {}
                made => return made,
            }
        }
    }

    /// Takes away what is on record.
    pub(super) async fn delete(&self, logical: &str, kind: &Kind, record: &Record) -> Result<(), Refused> {
        let Make::Calls(calls) = &kind.make else { return Ok(()) };
        let properties = record.maybe.last().cloned().unwrap_or_default();
        let cx = Cx { world: self.world, name: &record.name, properties: &properties };
        let mut tried = 0;
        loop {
            match take_away(calls, &cx, record).await {
                Err(refused) if self.again(&refused, &mut tried).await => {}
                Ok(()) => {
                    self.tell(logical, "deleted", Outcome::Done, kind.name);
                    return Ok(());
                }
                Err(refused) => {
                    self.tell(logical, "failed", Outcome::Failed, &refused.to_string());
                    return Err(refused);
                }
            }
        }
    }

    /// Waits before the next try, if there is one.
    async fn again(&self, refused: &Refused, tried: &mut u32) -> bool {
        *tried += 1;
        if !refused.may_pass() || *tried >= TRIES {
            return false;
        }
        let most = WAIT.saturating_mul(2_u32.saturating_pow(*tried - 1));
        self.world.clock.sleep(most.mul_f64(self.world.random.fraction())).await;
        true
    }

    fn tell(&self, logical: &str, what: &'static str, outcome: Outcome, detail: &str) {
        let resource = key(self.path, logical);
        self.world.log.tell("cloudformation", &resource, what, outcome, || json!({ "detail": detail }));
    }
}

/// Whether a resource is as the template has it beside its properties.
fn is_same(record: &Record, resource: &Resource) -> bool {
    record.next.is_none()
        && (record.retain, record.retain_replaced) == (resource.retain, resource.retain_replaced)
        && record.metadata == resource.metadata
}

async fn take_away(calls: &Calls, cx: &Cx<'_>, record: &Record) -> Result<(), Refused> {
    let made = match record.made.id.is_empty() {
        true => (calls.find)(cx).await?,
        false => Some(record.made.clone()),
    };
    match made {
        Some(made) => (calls.delete)(cx, &made).await,
        None => Ok(()),
    }
}
