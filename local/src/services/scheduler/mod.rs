//! EventBridge Scheduler: calls a target once, at a rate, or by the calendar.
//!
//! In: its operations, and the clock. Out: calls of other services, as the schedule's role. Guaranteed: a
//! schedule that was accepted is called for each time that it is due, over a restart too, at least once;
//! what cannot be delivered goes to its dead-letter queue when its retry policy is exhausted.
//!
//! | module | is |
//! | --- | --- |
//! | `input` | what a schedule is made of, and its bounds |
//! | `expression`, `cron` | when it is due |
//! | `target` | the call that it means |
//! | `groups`, `schedules` | the operations |
//! | `due` | the clock: who is due, and what was missed |
//! | `deliver` | the call, its retries and its dead letters |
//!
//! **Time.** A one-time schedule is work that the engine waits for; one that recurs is background. When the
//! clock jumps over many due times of one schedule, or the engine was not running, each is delivered, as
//! AWS would have done meanwhile, but no more than the newest hundred.
//!
//! Inert, that is kept and shown but without effect: `KmsKeyArn` and tags.

mod deliver;
mod due;
mod expression;
mod groups;
mod input;
mod schedules;
mod target;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::future::{FutureExt, LocalBoxFuture};
use serde_json::{Value, json};
use tokio::sync::Notify;

use self::deliver::Delivery;
use self::due::Line;
use self::groups::Group;
use self::input::invalid;
use self::schedules::Schedule;
use crate::kernel::{Access, AwsError, Call, Caller, Service, StoreError, Table, World};
use crate::wire::{Protocol, Rest, Route};

/// As ARNs and signatures name it.
pub const NAME: &str = "scheduler";

const SCHEDULE: &str = "/schedules/{Name}";
const GROUP: &str = "/schedule-groups/{Name}";
const TAGS: &str = "/tags/{ResourceArn}";

/// How clients call it.
pub const PROTOCOL: Protocol = Protocol::Rest(Rest {
    routes: &[
        Route::new("CreateSchedule", "POST", SCHEDULE),
        Route::new("UpdateSchedule", "PUT", SCHEDULE),
        Route { query: &[("groupName", "GroupName")], ..Route::new("GetSchedule", "GET", SCHEDULE) },
        Route {
            query: &[("groupName", "GroupName"), ("clientToken", "ClientToken")],
            ..Route::new("DeleteSchedule", "DELETE", SCHEDULE)
        },
        Route {
            query: &[
                ("ScheduleGroup", "GroupName"),
                ("NamePrefix", "NamePrefix"),
                ("State", "State"),
                ("NextToken", "NextToken"),
                ("MaxResults", "MaxResults"),
            ],
            ..Route::new("ListSchedules", "GET", "/schedules")
        },
        Route::new("CreateScheduleGroup", "POST", GROUP),
        Route::new("GetScheduleGroup", "GET", GROUP),
        Route { query: &[("clientToken", "ClientToken")], ..Route::new("DeleteScheduleGroup", "DELETE", GROUP) },
        Route {
            query: &[("NamePrefix", "NamePrefix"), ("NextToken", "NextToken"), ("MaxResults", "MaxResults")],
            ..Route::new("ListScheduleGroups", "GET", "/schedule-groups")
        },
        Route::new("TagResource", "POST", TAGS),
        Route { lists: &[("TagKeys", "TagKeys")], ..Route::new("UntagResource", "DELETE", TAGS) },
        Route::new("ListTagsForResource", "GET", TAGS),
    ],
});

/// The service.
#[derive(Debug)]
pub struct Scheduler {
    world: World,
    tables: Tables,
    groups: RefCell<BTreeMap<String, Group>>,
    /// By group and name, as `default/morning`.
    schedules: RefCell<BTreeMap<String, Rc<Schedule>>>,
    line: RefCell<Line>,
    /// The line has another beginning.
    changed: Notify,
}

#[derive(Debug)]
struct Tables {
    groups: Table,
    schedules: Table,
    deliveries: Table,
}

/// Loads the records, goes on with what was being delivered, and waits for what is due.
pub fn start(world: &World) -> Result<Rc<Scheduler>, StoreError> {
    let tables = Tables {
        groups: world.store.table("scheduler.groups"),
        schedules: world.store.table("scheduler.schedules"),
        deliveries: world.store.table("scheduler.deliveries"),
    };
    let schedules = tables.schedules.load::<Schedule>()?;
    let scheduler = Rc::new(Scheduler {
        groups: RefCell::new(tables.groups.load()?.into_iter().collect()),
        schedules: RefCell::new(schedules.into_iter().map(|(key, schedule)| (key, Rc::new(schedule))).collect()),
        line: RefCell::default(),
        changed: Notify::new(),
        world: world.clone(),
        tables,
    });
    scheduler.begin();
    for (execution, delivery) in scheduler.tables.deliveries.load::<Delivery>()? {
        let busy = Some(world.activity.begin());
        tokio::task::spawn_local(deliver::deliver(Rc::clone(&scheduler), execution, delivery, busy));
    }
    tokio::task::spawn_local(due::run(Rc::clone(&scheduler)));
    Ok(scheduler)
}

impl Scheduler {
    fn answer(&self, call: Call) -> Result<Value, AwsError> {
        let Call { caller, operation, input } = call;
        match operation.as_str() {
            "CreateSchedule" => self.create_schedule(&caller, input),
            "UpdateSchedule" => self.update_schedule(&caller, input),
            "GetSchedule" => self.get_schedule(&caller, input),
            "DeleteSchedule" => self.delete_schedule(&caller, input),
            "ListSchedules" => self.list_schedules(&caller, input),
            "CreateScheduleGroup" => self.create_group(&caller, input),
            "GetScheduleGroup" => self.get_group(&caller, input),
            "DeleteScheduleGroup" => self.delete_group(&caller, input),
            "ListScheduleGroups" => self.list_groups(&caller, input),
            "TagResource" => self.tag(&caller, input),
            "UntagResource" => self.untag(&caller, input),
            "ListTagsForResource" => self.list_tags(&caller, input),
            other => Err(AwsError::unsupported(NAME, other)),
        }
    }

    fn check(&self, caller: &Caller, operation: &str, resource: &str) -> Result<(), AwsError> {
        let action = format!("{NAME}:{operation}");
        self.judge(&Access { caller, action: &action, resource, policy: None, context: &[] })
    }

    fn judge(&self, access: &Access<'_>) -> Result<(), AwsError> {
        self.world.guard.check(access).map_err(|mut error| {
            if error.code == "AccessDenied" {
                "AccessDeniedException".clone_into(&mut error.code);
            }
            error
        })
    }

    fn arn(&self, resource: &str) -> String {
        self.world.place.arn(NAME, resource).to_string()
    }
}

impl Service for Scheduler {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        async move { self.answer(call) }.boxed_local()
    }
}

fn missing(what: &str, name: &str) -> AwsError {
    AwsError::new("ResourceNotFoundException", format!("{what} {name} does not exist.")).status(404)
}

fn conflict(message: String) -> AwsError {
    AwsError::new("ConflictException", message).status(409)
}

/// A page of a list: `items` in the order of their keys, behind the key that a token holds.
fn page<T>(
    name: &str,
    items: impl Iterator<Item = (String, T)>,
    most: Option<&Value>,
    token: Option<&str>,
    show: impl Fn(T) -> Value,
) -> Result<Value, AwsError> {
    let most = match most {
        None | Some(Value::Null) => 100,
        // By wire it is a text.
        Some(most) => {
            let most = most.as_u64().or_else(|| most.as_str()?.parse().ok());
            let most = most.filter(|most| (1..=100).contains(most));
            most.ok_or_else(|| {
                invalid(
                    "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must have \
                     value between 1 and 100",
                )
            })?
        }
    };
    let mut rest = items.skip_while(|(key, _)| token.is_some_and(|token| key.as_str() <= token)).peekable();
    let mut shown = Vec::new();
    let mut last = None;
    for (key, item) in rest.by_ref().take(usize::try_from(most).unwrap_or(100)) {
        shown.push(show(item));
        last = Some(key);
    }
    let next = last.filter(|_| rest.peek().is_some());
    let mut answer = json!({ name: shown });
    if let (Some(next), Some(members)) = (next, answer.as_object_mut()) {
        members.insert("NextToken".to_owned(), next.into());
    }
    Ok(answer)
}
