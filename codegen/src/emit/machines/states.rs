//! The states of a machine, from the plan's steps.

use std::collections::BTreeSet;

use super::condition::condition;
use super::envelope::Sender;
use crate::asl::jsonata::Expr;
use crate::asl::{
    BackoffRate, Catch, Choice, ChoiceRule, Comment, ErrorName, Flowing, Jitter, Map, OrExpr, Parallel, Processing,
    Resource, Retry, Scope, State, StateName, States, Substitution, Succeed, Task, Text, Until, Value, Wait,
};
use crate::plan::{CatchPlan, Machine, Plan, QueueRef, RetryPlan, StepKindPlan, StepPlan, TopicRef};

/// The longest wait. Source: <https://states-language.net/spec.html#wait-state>.
const LONGEST: u64 = 99_999_999;

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
    /// Whether the scope stands within a map.
    mapped: bool,
}

/// One scope while it is written.
struct Open {
    /// The name of the state with which a choice or a catch ends it.
    end: String,
    /// Whether any did.
    ended: bool,
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
        Self { plan, sender: Sender::new(plan, &machine.accepts), names, mapped: false }
    }

    /// The states of a list of steps. A choice or a catch that leads to the end gets a state for it.
    pub(super) fn scope(&mut self, steps: &[StepPlan]) -> Scope {
        let end = (1..)
            .map(|n| if n == 1 { "end".to_owned() } else { format!("end_{n}") })
            .find(|name| !self.names.contains(name))
            .unwrap_or_default();
        let mut open = Open { end, ended: false };
        // Inner scopes choose another name, whether or not this one is needed.
        self.names.insert(open.end.clone());
        let mut states = States::new();
        for step in steps {
            let state = self.state(step, &mut open);
            states.push(StateName::new(&step.name), state);
        }
        if open.ended || steps.is_empty() {
            states.push(StateName::new(&open.end), Succeed::default());
        }
        Scope { start_at: StateName::new(steps.first().map_or(&open.end, |first| &first.name)), states }
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
            StepKindPlan::Call { function, adds } => {
                let output = Expr::merge([Expr::input(), Expr::result().field("Payload")]);
                Task {
                    comment,
                    timeout_seconds: step.timeout.map(|seconds| OrExpr::Plain(seconds.into())),
                    retry: retries(&step.retry),
                    catch: catches(&step.catch, open),
                    output: if *adds { Some(output.into()) } else { unchanged() },
                    ..Task::invoke(substitution(&function.0), Expr::input().into(), flowing)
                }
                .into()
            }
            StepKindPlan::Publish(topic) => self.send(step, open, comment, flowing, "sns:publish", self.publish(topic)),
            StepKindPlan::Enqueue(queue) => {
                self.send(step, open, comment, flowing, "sqs:sendMessage", self.enqueue(queue))
            }
            StepKindPlan::Start(machine) => {
                let arguments = Value::object([
                    ("StateMachineArn", substitution(&machine.0).into()),
                    ("Name", self.execution_name().into()),
                    ("Input", Expr::input().into()),
                ]);
                let State::Task(mut task) = self.send(step, open, comment, flowing, "states:startExecution", arguments)
                else {
                    return Succeed::default().into();
                };
                // A try whose answer was lost has started it: the name says that it is the same one.
                task.catch.insert(
                    0,
                    Catch {
                        error_equals: vec![ErrorName::Reported("StepFunctions.ExecutionAlreadyExistsException".into())],
                        output: unchanged(),
                        assign: Default::default(),
                        next: open.target(step.next.as_ref()),
                    },
                );
                task.into()
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
            StepKindPlan::Parallel(branches) => Parallel {
                comment,
                arguments: None,
                branches: branches.iter().map(|branch| self.scope(branch)).collect(),
                retry: retries(&step.retry),
                catch: catches(&step.catch, open),
                output: Some(Expr::result().merged().into()),
                assign: Default::default(),
                flowing,
            }
            .into(),
            StepKindPlan::Map { over, entry, concurrency, steps } => {
                let item = Expr::context().path(["Map", "Item", "Value"]);
                let with_entry = Expr::merge([Expr::input(), Expr::object([(entry, item)])]);
                let outer = std::mem::replace(&mut self.mapped, true);
                let scope = self.scope(steps);
                self.mapped = outer;
                Map {
                    comment,
                    // An array, whatever the path leads to: JSONata would unpack a single entry.
                    items: Some(Expr::array([Expr::input().field(over)]).into()),
                    item_selector: Some(with_entry.into()),
                    max_concurrency: Some(OrExpr::Plain(*concurrency)),
                    processing: Processing::Inline(scope),
                    retry: retries(&step.retry),
                    catch: catches(&step.catch, open),
                    output: unchanged(),
                    assign: Default::default(),
                    flowing,
                }
                .into()
            }
            StepKindPlan::Succeed => Succeed { comment, output: None }.into(),
        }
    }

    /// A task of another service; what it answers is let go.
    fn send(
        &self,
        step: &StepPlan,
        open: &mut Open,
        comment: Option<Comment>,
        flowing: Flowing,
        integration: &str,
        arguments: Value,
    ) -> State {
        Task {
            comment,
            resource: Resource::Arn(format!("arn:aws:states:::{integration}")),
            arguments: Some(arguments),
            timeout_seconds: step.timeout.map(|seconds| OrExpr::Plain(seconds.into())),
            heartbeat_seconds: None,
            retry: retries(&step.retry),
            catch: catches(&step.catch, open),
            output: unchanged(),
            assign: Default::default(),
            flowing,
        }
        .into()
    }

    /// The attribute `type` is what SNS filters by.
    fn publish(&self, topic: &TopicRef) -> Value {
        let fifo = self.plan.topics.iter().any(|planned| planned.reference() == *topic && planned.fifo);
        let mut arguments = vec![
            ("TopicArn", substitution(&topic.0).into()),
            ("Message", self.sender.message().into()),
            ("MessageAttributes", self.attributes()),
        ];
        if fifo {
            arguments.extend(self.ordered());
        }
        Value::object(arguments)
    }

    /// The attribute is there as it is on a message that came through a topic with raw delivery.
    fn enqueue(&self, queue: &QueueRef) -> Value {
        let fifo = self.plan.queues.iter().any(|planned| planned.reference() == *queue && planned.fifo);
        let mut arguments = vec![
            ("QueueUrl", substitution(&queue.0).into()),
            ("MessageBody", self.sender.message().into()),
            ("MessageAttributes", self.attributes()),
        ];
        if fifo {
            arguments.extend(self.ordered());
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
    fn ordered(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let group = self.sender.order().map(|group| ("MessageGroupId", group.into()));
        group.into_iter().chain([("MessageDeduplicationId", self.sender.id().into())])
    }

    /// The name of an execution that is started here: the same for every try, and another for every entry of
    /// a map. A name has at most 80 characters, so it is a hash.
    fn execution_name(&self) -> Expr {
        let nul = || Expr::text("\0");
        let here =
            Expr::context().path(["Execution", "Id"]).concat(nul()).concat(Expr::context().path(["State", "Name"]));
        let whole = if self.mapped {
            here.concat(nul()).concat(Expr::context().path(["Map", "Item", "Index"]).string())
        } else {
            here
        };
        whole.sha256().first_characters(32)
    }
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
