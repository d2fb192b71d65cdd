//! The states of a machine, from the plan's steps.

use std::collections::BTreeSet;

use super::condition::condition;
use super::envelope::Sender;
use super::repeats;
use crate::asl::jsonata::{Expr, Variable};
use crate::asl::{
    Assign, BackoffRate, Catch, Choice, ChoiceRule, Comment, ErrorName, Flowing, Jitter, Map, OrExpr, Parallel, Pass,
    Processing, Resource, Retry, Scope, State, StateName, States, Substitution, Succeed, Task, Text, Until, Value,
    Wait,
};
use crate::plan::{CatchPlan, KnownBy, Machine, Plan, QueueRef, RetryPlan, StepKindPlan, StepPlan, TopicRef};

/// The longest wait. Source: <https://states-language.net/spec.html#wait-state>.
const LONGEST: u64 = 99_999_999;

/// Of what a map that packs gives to each of its runs: the state, and the place of the entry in the list.
const STATE: &str = "state";
const ENTRY: &str = "entry";

/// What the state goes on with where nothing is added to it.
fn unchanged() -> Option<Value> {
    Some(Expr::input().into())
}

/// Writes the scopes of one machine.
pub(super) struct Writer<'p> {
    plan: &'p Plan,
    sender: Sender<'p>,
    /// The names of all states, those included that this makes; names are unique in the whole machine.
    names: BTreeSet<String>,
    /// What tells one run of the scope from another: the entries of the maps around it, and the rounds of the loops.
    run: Vec<Expr>,
    /// How many variables there are: names are unique in the whole machine.
    variables: usize,
}

/// One scope while it is written.
struct Open {
    /// The name of the state with which a choice or a catch ends it.
    end: String,
    /// Whether any did.
    ended: bool,
    /// The variable that counts how often the step at hand has come already; none for one that comes once.
    round: Option<Variable>,
}

impl Open {
    /// Where a choice or a catch goes on; to the scope's end for none.
    fn target(&mut self, next: Option<&String>) -> StateName {
        match next {
            Some(next) => StateName::new(next),
            None => {
                self.ended = true;
                StateName::new(&self.end)
            }
        }
    }
}

impl<'p> Writer<'p> {
    /// One for this machine.
    pub(super) fn new(plan: &'p Plan, machine: &Machine) -> Self {
        let mut names = BTreeSet::new();
        gather(&machine.steps, &mut names);
        Self { plan, sender: Sender::new(plan, &machine.accepts), names, run: Vec::new(), variables: 0 }
    }

    /// The states of a list of steps. A choice or a catch that leads to the end gets a state for it; so does the
    /// beginning, where the messages that leave the scope must be told apart.
    pub(super) fn scope(&mut self, steps: &[StepPlan]) -> Scope {
        self.scope_of(steps, false)
    }

    /// The states of a list of steps; within a map that packs what it gives, the beginning unpacks.
    fn scope_of(&mut self, steps: &[StepPlan], packed: bool) -> Scope {
        // Inner scopes choose another name, whether or not this one is needed.
        let mut open = Open { end: self.unique("end"), ended: false, round: None };
        let begin = StateName::new(self.unique("begin"));
        let outer = self.run.len();
        let mut known = Assign::default();
        if packed {
            let entry = self.variable("entry");
            known.set(&entry, Expr::input().field(ENTRY));
            self.run.push(Expr::variable(&entry));
        }
        let again = repeats::again(steps);
        let mut states = States::new();
        for (step, again) in steps.iter().zip(again) {
            open.round = (again && repeats::sends(step)).then(|| self.variable("round"));
            if let Some(round) = &open.round {
                known.set(round, Expr::int(0));
            }
            let state = self.state(step, &mut open);
            states.push(StateName::new(&step.name), state);
        }
        self.run.truncate(outer);
        if open.ended || steps.is_empty() {
            states.push(StateName::new(&open.end), Succeed::default());
        }
        let mut start_at = StateName::new(steps.first().map_or(&open.end, |first| &first.name));
        if !known.is_empty() {
            let pass = Pass {
                comment: Some(Comment::new("Tells what is sent now from what is sent at other times.")),
                output: packed.then(|| Expr::input().field(STATE).into()),
                assign: known,
                flowing: Flowing::Next(std::mem::replace(&mut start_at, begin.clone())),
            };
            states.push(begin, pass);
        }
        Scope { start_at, states }
    }

    /// A name that no state has yet.
    fn unique(&mut self, word: &str) -> String {
        let name = (1..)
            .map(|n| if n == 1 { word.to_owned() } else { format!("{word}_{n}") })
            .find(|name| !self.names.contains(name))
            .unwrap_or_default();
        self.names.insert(name.clone());
        name
    }

    fn variable(&mut self, word: &str) -> Variable {
        self.variables += 1;
        #[expect(clippy::expect_used, reason = "a word and a number are the name of a variable")]
        Variable::new(&format!("{word}_{}", self.variables)).expect("a word and a number")
    }

    fn state(&mut self, step: &StepPlan, open: &mut Open) -> State {
        let comment =
            Some(Comment::new(&crate::emit::rust::docs::visible(&step.about))).filter(|_| !step.about.is_empty());
        let flowing = step.next.as_ref().map_or(Flowing::End, |next| Flowing::Next(StateName::new(next)));
        let wait = |until| {
            State::from(Wait {
                comment: comment.clone(),
                until,
                output: None,
                assign: Default::default(),
                flowing: flowing.clone(),
            })
        };
        match &step.kind {
            StepKindPlan::Call { function, adds, known } => {
                // What tells this run from all others, those of other executions too.
                let run = || {
                    let execution = Expr::context().path(["Execution", "Id"]);
                    let apart = |all: Expr, part: Expr| all.concat(Expr::text("/")).concat(part);
                    self.sent(step, open).into_iter().fold(execution, apart)
                };
                let known = match known {
                    KnownBy::Nothing => None,
                    KnownBy::Run => Some(run()),
                    KnownBy::Message => Some(self.sender.id(&self.sent(step, open))),
                };
                let payload = match known {
                    Some(known) => Value::object([("run", known.into()), ("state", Expr::input().into())]),
                    None => Expr::input().into(),
                };
                let output = Expr::merge([Expr::input(), Expr::result().field("Payload")]);
                Task {
                    comment,
                    timeout_seconds: step.timeout.map(|seconds| OrExpr::Plain(seconds.into())),
                    retry: retries(&step.retry),
                    catch: catches(&step.catch, open),
                    output: if *adds { Some(output.into()) } else { unchanged() },
                    assign: next_round(open),
                    ..Task::invoke(substitution(&function.0), payload, flowing)
                }
                .into()
            }
            StepKindPlan::Publish(topic) => {
                let arguments = self.publish(topic, &self.sent(step, open));
                self.send(step, open, comment, flowing, Resource::SnsPublish, arguments)
            }
            StepKindPlan::Enqueue(queue) => {
                let arguments = self.enqueue(queue, &self.sent(step, open));
                self.send(step, open, comment, flowing, Resource::SqsSendMessage, arguments)
            }
            StepKindPlan::Wait(seconds) => {
                let seconds = u32::try_from((*seconds).min(LONGEST)).unwrap_or(u32::MAX);
                wait(Until::Seconds(OrExpr::Plain(seconds)))
            }
            StepKindPlan::WaitUntil(field) => wait(Until::Timestamp(Text::from(Expr::input().field(field)))),
            StepKindPlan::Choice(cases) => {
                let choices = cases.iter().map(|(when, next)| ChoiceRule {
                    condition: condition(when),
                    output: None,
                    assign: Default::default(),
                    next: open.target(next.as_ref()),
                });
                let choices = choices.collect();
                let default = Some(open.target(step.next.as_ref()));
                Choice { comment, choices, default, output: None, assign: Default::default() }.into()
            }
            StepKindPlan::Parallel(branches) => {
                let outer = self.run.len();
                self.run.extend(open.round.as_ref().map(Expr::variable));
                let branches = branches.iter().map(|branch| self.scope(branch)).collect();
                self.run.truncate(outer);
                Parallel {
                    comment,
                    arguments: None,
                    branches,
                    retry: retries(&step.retry),
                    catch: catches(&step.catch, open),
                    output: Some(Expr::result().merged().into()),
                    assign: next_round(open),
                    flowing,
                }
                .into()
            }
            StepKindPlan::Map { over, entry, concurrency, steps } => {
                let item = Expr::context().path(["Map", "Item", "Value"]);
                let with_entry = Expr::merge([Expr::input(), Expr::object([(entry, item)])]);
                let packed = repeats::sends(step);
                // Only here does the map say which entry it is at, so a message within takes it from the state.
                let index = || Expr::context().path(["Map", "Item", "Index"]);
                let given = if packed { Expr::object([(STATE, with_entry), (ENTRY, index())]) } else { with_entry };
                let outer = self.run.len();
                self.run.extend(open.round.as_ref().map(Expr::variable));
                let scope = self.scope_of(steps, packed);
                self.run.truncate(outer);
                Map {
                    comment,
                    // An array, whatever the path leads to: JSONata would unpack a single entry.
                    items: Some(Expr::array([Expr::input().field(over)]).into()),
                    item_selector: Some(given.into()),
                    max_concurrency: Some(OrExpr::Plain(*concurrency)),
                    processing: Processing::Inline(scope),
                    retry: retries(&step.retry),
                    catch: catches(&step.catch, open),
                    output: unchanged(),
                    assign: next_round(open),
                    flowing,
                }
                .into()
            }
        }
    }

    /// A task of another service; what it answers is let go.
    fn send(
        &self,
        step: &StepPlan,
        open: &mut Open,
        comment: Option<Comment>,
        flowing: Flowing,
        resource: Resource,
        arguments: Value,
    ) -> State {
        Task {
            comment,
            resource,
            arguments: Some(arguments),
            timeout_seconds: step.timeout.map(|seconds| OrExpr::Plain(seconds.into())),
            heartbeat_seconds: None,
            retry: retries(&step.retry),
            catch: catches(&step.catch, open),
            output: unchanged(),
            assign: next_round(open),
            flowing,
        }
        .into()
    }

    /// What tells what a step sends from all else that the workflow sends of the same event: the step, and its runs.
    fn sent(&self, step: &StepPlan, open: &Open) -> Vec<Expr> {
        let round = open.round.as_ref().map(Expr::variable);
        std::iter::once(Expr::text(&step.name)).chain(self.run.iter().cloned()).chain(round).collect()
    }

    /// The attribute `type` is what SNS filters by.
    fn publish(&self, topic: &TopicRef, sent: &[Expr]) -> Value {
        let fifo = self.plan.topics.iter().any(|planned| planned.reference() == *topic && planned.fifo);
        let mut arguments = vec![
            ("TopicArn", substitution(&topic.0).into()),
            ("Message", self.sender.message(sent).into()),
            ("MessageAttributes", self.attributes()),
        ];
        if fifo {
            arguments.extend(self.ordered(sent));
        }
        Value::object(arguments)
    }

    /// The attribute is there as it is on a message that came through a topic with raw delivery.
    fn enqueue(&self, queue: &QueueRef, sent: &[Expr]) -> Value {
        let fifo = self.plan.queues.iter().any(|planned| planned.reference() == *queue && planned.fifo);
        let mut arguments = vec![
            ("QueueUrl", substitution(&queue.0).into()),
            ("MessageBody", self.sender.message(sent).into()),
            ("MessageAttributes", self.attributes()),
        ];
        if fifo {
            arguments.extend(self.ordered(sent));
        } else {
            // A standard queue serves its groups fairly, so that no tenant waits for another.
            arguments.extend(self.sender.tenant().map(|tenant| ("MessageGroupId", tenant.into())));
        }
        Value::object(arguments)
    }

    fn attributes(&self) -> Value {
        let kind = Value::object([("DataType", Value::text("String")), ("StringValue", self.sender.kind().into())]);
        Value::object([("type", kind)])
    }

    /// What keeps order and drops repeats in FIFO topics and queues.
    fn ordered(&self, sent: &[Expr]) -> impl Iterator<Item = (&'static str, Value)> {
        let group = self.sender.order().map(|group| ("MessageGroupId", group.into()));
        group.into_iter().chain([("MessageDeduplicationId", self.sender.id(sent).into())])
    }
}

/// A step is done: the next time it comes is another. One that failed and comes again is the same once more, for
/// what it sent may have arrived.
fn next_round(open: &Open) -> Assign {
    let mut assign = Assign::default();
    if let Some(round) = &open.round {
        assign.set(round, Expr::variable(round).successor());
    }
    assign
}

fn gather(steps: &[StepPlan], names: &mut BTreeSet<String>) {
    for step in steps {
        names.insert(step.name.clone());
        match &step.kind {
            StepKindPlan::Parallel(branches) => branches.iter().for_each(|branch| gather(branch, names)),
            StepKindPlan::Map { steps, .. } => gather(steps, names),
            _ => {}
        }
    }
}

fn substitution(logical: &str) -> Substitution {
    #[expect(clippy::expect_used, reason = "logical ids are made of letters and digits by `lower`")]
    Substitution::new(logical).expect("a logical id is letters and digits")
}

/// No entry after one of `States.ALL`, which takes every error that is left, would ever be looked at.
fn errors<'a, T>(entries: &'a [T], of: impl Fn(&'a T) -> &'a [String]) -> Vec<(&'a T, Vec<ErrorName>)> {
    let mut made = Vec::new();
    for entry in entries {
        let names: Vec<ErrorName> = of(entry).iter().map(|name| error(name)).collect();
        if names.contains(&ErrorName::All) {
            made.push((entry, vec![ErrorName::All]));
            break;
        }
        if !names.is_empty() {
            made.push((entry, names));
        }
    }
    made
}

fn retries(plans: &[RetryPlan]) -> Vec<Retry> {
    errors(plans, |plan| &plan.errors)
        .into_iter()
        .map(|(plan, error_equals)| {
            // A longest wait that is not longer than the first leaves every wait at the first.
            let longest = plan.max_delay.filter(|longest| *longest > plan.interval);
            let backoff = if plan.max_delay.is_some() && longest.is_none() { 1.0 } else { plan.backoff };
            Retry {
                error_equals,
                interval_seconds: Some(plan.interval.max(1)),
                max_attempts: Some(plan.attempts),
                backoff_rate: BackoffRate::new(backoff.clamp(1.0, 1000.0)).ok(),
                max_delay_seconds: longest,
                jitter_strategy: Some(if plan.jitter { Jitter::Full } else { Jitter::None }),
            }
        })
        .collect()
}

/// The state goes on as it was: what failed has added nothing.
fn catches(plans: &[CatchPlan], open: &mut Open) -> Vec<Catch> {
    errors(plans, |plan| &plan.errors)
        .into_iter()
        .map(|(plan, error_equals)| Catch {
            error_equals,
            output: unchanged(),
            assign: Default::default(),
            next: open.target(plan.next.as_ref()),
        })
        .collect()
}

fn error(name: &str) -> ErrorName {
    let known = [
        ErrorName::All,
        ErrorName::TaskFailed,
        ErrorName::Timeout,
        ErrorName::QueryEvaluationError,
        ErrorName::ExceedToleratedFailureThreshold,
    ];
    known.into_iter().find(|known| known.as_str() == name).unwrap_or_else(|| ErrorName::Reported(name.to_owned()))
}
