//! Faults on demand: what AWS does on a bad day, decided by the seed.
//!
//! In: every call on the bus, every receive from a standard queue, every call that a function makes. Out: the
//! same, or a throttle, an internal error, a delay, an answer that is lost after its effect, a message twice or
//! out of turn, the end of a function before or after a call. Guaranteed: a call of [`Caller::Account`] meets
//! no fault, so that whoever sets up or watches a flow is never the one who is disturbed; the n-th call of an
//! operation meets the same fault in each run of one seed, whatever happens elsewhere.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::kernel::{AwsError, Call, Caller, Fate, Interceptor, Life, Moment, Outcome, Random, Service, World};
use crate::services::sqs::{Chaos, Mischief};

/// As the log names it.
const NAME: &str = "faults";

/// How often each fault strikes, from 0 (never) to 1 (always).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// The call is refused as too many, without an effect.
    pub throttle: f64,
    /// The service fails, without an effect.
    pub internal_error: f64,
    /// The call has its effect, and its caller sees a failure.
    pub lost_response: f64,
    /// The call waits for up to [`delay_ms`](Self::delay_ms) first.
    pub delay: f64,
    /// The longest delay, in milliseconds.
    pub delay_ms: u64,
    /// What a standard queue delivers stays visible, and is delivered again.
    pub duplicate: f64,
    /// A standard queue delivers any of its messages.
    pub reorder: f64,
    /// The function that calls ends before the call has an effect.
    pub crash_before: f64,
    /// The function that calls ends after the call has had its effect, and before it hears of that.
    pub crash_after: f64,
}

impl Rates {
    fn check(&self) -> Result<(), String> {
        let rates = [
            ("throttle", self.throttle),
            ("internal_error", self.internal_error),
            ("lost_response", self.lost_response),
            ("delay", self.delay),
            ("duplicate", self.duplicate),
            ("reorder", self.reorder),
            ("crash_before", self.crash_before),
            ("crash_after", self.crash_after),
        ];
        match rates.iter().find(|(_, rate)| !(0.0..=1.0).contains(rate)) {
            Some((name, rate)) => Err(format!("`{name}` is from 0 to 1, not {rate}")),
            None => Ok(()),
        }
    }
}

/// The end of a function at a place of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// The function's name.
    pub function: String,
    /// Beside which of the calls that an invocation makes: 1 is the first; 0 is the invocation itself, which ends
    /// before it begins, or after all is done.
    pub call: u32,
    /// On which side of it.
    pub when: Moment,
    /// Of how many invocations.
    #[serde(default = "once")]
    pub times: u32,
}

const fn once() -> u32 {
    1
}

/// All faults of an engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// What decides. Drawn from the world's chance if there is none.
    pub seed: Option<u64>,
    /// The rates of all that has none of its own.
    pub everywhere: Rates,
    /// By service (`sqs`), or by operation (`sqs:SendMessage`), which comes first. `lambda:Run` is an invocation.
    pub at: BTreeMap<String, Rates>,
    /// Ends of functions.
    pub crashes: Vec<Crash>,
}

/// The faults of an engine; clones are the same.
#[derive(Clone, Debug)]
pub struct Faults {
    world: World,
    state: Rc<RefCell<State>>,
}

#[derive(Debug, Default)]
struct State {
    plan: Plan,
    /// The sequence of each place, so that none depends on what happens at the others.
    sequences: BTreeMap<String, Random>,
}

impl Faults {
    /// No faults yet.
    pub fn new(world: &World) -> Self {
        Self { world: world.clone(), state: Rc::default() }
    }

    /// From now on these faults, and no others. With a seed, the sequences begin anew.
    ///
    /// # Errors
    ///
    /// What is wrong with the plan, of which nothing holds then.
    pub fn set(&self, plan: Plan) -> Result<(), String> {
        plan.everywhere.check()?;
        for (place, rates) in &plan.at {
            rates.check().map_err(|error| format!("`{place}`: {error}"))?;
            let service = place.split(':').next().unwrap_or_default();
            if !self.world.bus.has(service) {
                return Err(format!("`{place}` is no place: there is no service `{service}`"));
            }
        }
        let mut state = self.state.borrow_mut();
        if plan.seed.is_some() {
            state.sequences.clear();
        }
        state.plan = Plan { seed: plan.seed.or(state.plan.seed), ..plan };
        Ok(())
    }

    /// The faults that are still to come.
    pub fn plan(&self) -> Plan {
        self.state.borrow().plan.clone()
    }

    /// Sets the rates of all calls that have none of their own.
    pub fn everywhere(&self, rates: Rates) {
        self.state.borrow_mut().plan.everywhere = rates;
    }

    /// Sets the rates of one service (`sqs`) or one operation (`sqs:SendMessage`).
    pub fn at(&self, place: &str, rates: Rates) {
        self.state.borrow_mut().plan.at.insert(place.to_owned(), rates);
    }

    /// Ends a function at a place of its own.
    pub fn crash(&self, crash: Crash) {
        self.state.borrow_mut().plan.crashes.push(crash);
    }

    /// Ends all faults.
    pub fn none(&self) {
        let mut state = self.state.borrow_mut();
        state.plan = Plan { seed: state.plan.seed, ..Plan::default() };
    }

    fn rates(&self, service: &str, operation: &str) -> Rates {
        let plan = &self.state.borrow().plan;
        let special = plan.at.get(&format!("{service}:{operation}")).or_else(|| plan.at.get(service));
        special.copied().unwrap_or(plan.everywhere)
    }

    /// The sequence of a place.
    fn sequence(&self, place: String) -> Random {
        let mut state = self.state.borrow_mut();
        let seed = *state.plan.seed.get_or_insert_with(|| self.world.random.number());
        let mixed = place.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            // FNV-1a: the same on each machine, unlike the standard library's.
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        state.sequences.entry(place).or_insert_with(|| Random::seeded(mixed)).clone()
    }

    fn tell(&self, place: &str, what: &'static str, detail: impl FnOnce() -> Value) {
        self.world.log.tell(NAME, place, what, Outcome::Retried, detail);
    }

    /// A crash of the plan that is now; it is taken out once it has come often enough.
    fn take_crash(&self, life: &Life, moment: Moment) -> bool {
        let crashes = &mut self.state.borrow_mut().plan.crashes;
        let is_now = |crash: &Crash| {
            crash.times > 0 && crash.function == life.function() && crash.call == life.calls() && crash.when == moment
        };
        let Some(found) = crashes.iter_mut().find(|crash| is_now(crash)) else { return false };
        found.times -= 1;
        crashes.retain(|crash| crash.times > 0);
        true
    }
}

impl Interceptor for Faults {
    fn intercept(
        self: Rc<Self>,
        name: &'static str,
        service: Rc<dyn Service>,
        call: Call,
    ) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        let rates = self.rates(name, &call.operation);
        let chances = [rates.throttle, rates.internal_error, rates.lost_response, rates.delay];
        if call.caller == Caller::Account || chances.iter().all(|chance| *chance <= 0.0) {
            return service.call(call);
        }
        let place = format!("{name}:{}", call.operation);
        let random = self.sequence(place.clone());
        // All of a call's chances are drawn at once, so that calls that wait do not change those of the next.
        let [delayed, throttles, fails, loses] =
            [rates.delay, rates.throttle, rates.internal_error, rates.lost_response].map(|rate| random.happens(rate));
        let delay = random.below(rates.delay_ms.saturating_add(1));
        async move {
            let caller = call.caller.to_string();
            let tell = |what| self.tell(&place, what, || json!({"caller": caller}));
            if delayed {
                self.tell(&place, "delayed", || json!({"caller": caller, "ms": delay}));
                self.world.clock.sleep(Duration::from_millis(delay)).await;
            }
            if throttles {
                tell("throttled");
                return Err(throttled(name));
            }
            if fails {
                tell("failed");
                return Err(failed());
            }
            let answer = service.call(call).await;
            if loses {
                tell("lost_answer");
                return Err(failed());
            }
            answer
        }
        .boxed_local()
    }
}

impl Chaos for Faults {
    fn receive(&self, caller: &Caller, queue: &str) -> Mischief {
        let rates = self.rates("sqs", "ReceiveMessage");
        if *caller == Caller::Account || rates.duplicate <= 0.0 && rates.reorder <= 0.0 {
            return Mischief::None;
        }
        let random = self.sequence(format!("sqs {queue}"));
        let [duplicates, reorders] = [rates.duplicate, rates.reorder].map(|rate| random.happens(rate));
        if duplicates {
            self.tell(queue, "delivered_twice", || Value::Null);
            Mischief::Duplicate
        } else if reorders {
            self.tell(queue, "reordered", || Value::Null);
            Mischief::Shuffle
        } else {
            Mischief::None
        }
    }
}

impl Fate for Faults {
    fn strikes(&self, life: &Life, service: &str, operation: &str, moment: Moment) -> bool {
        let rates = self.rates(service, operation);
        let rate = if moment == Moment::Before { rates.crash_before } else { rates.crash_after };
        let function = life.function();
        let by_chance =
            rate > 0.0 && self.sequence(format!("{function} {service}:{operation} {moment:?}")).happens(rate);
        let strikes = self.take_crash(life, moment) || by_chance;
        if strikes {
            let detail =
                || json!({"call": life.calls(), "operation": format!("{service}:{operation}"), "when": moment});
            self.tell(function, "crashed", detail);
        }
        strikes
    }
}

/// A throttle in the words of a service.
fn throttled(service: &str) -> AwsError {
    let code = match service {
        "dynamodb" | "dynamodbstreams" => "ProvisionedThroughputExceededException",
        "lambda" | "ses" | "secretsmanager" => "TooManyRequestsException",
        "sqs" => "RequestThrottled",
        "sns" => "Throttled",
        _ => "ThrottlingException",
    };
    let status = if code == "TooManyRequestsException" { 429 } else { 400 };
    AwsError::new(code, "Rate exceeded").status(status)
}

/// A failure of a service; also what a lost answer looks like to its caller.
fn failed() -> AwsError {
    AwsError::new("InternalServerError", "The request processing has failed because of an unknown error.").status(500)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::kernel::{Clock, Place, Store};

    #[derive(Debug, Default)]
    struct Counting(Cell<u32>);

    impl Service for Counting {
        fn call(self: Rc<Self>, _: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
            self.0.set(self.0.get() + 1);
            async { Ok(Value::Null) }.boxed_local()
        }
    }

    fn caller() -> Caller {
        Caller::Service { principal: "sns.amazonaws.com", source: Place::default().arn("sns", "t") }
    }

    /// A world with one service, its count of effects, and its faults.
    fn world(seed: u64) -> (World, Rc<Counting>, Faults) {
        let clock = Clock::new(crate::kernel::Time::EPOCH);
        let world = World::new(clock, Random::seeded(seed), Store::memory(), Place::default());
        let (counting, faults) = (Rc::new(Counting::default()), Faults::new(&world));
        world.bus.put("sqs", Rc::clone(&counting) as Rc<dyn Service>);
        world.bus.intercept(Rc::new(faults.clone()));
        (world, counting, faults)
    }

    async fn codes(world: &World) -> Vec<String> {
        let mut codes = Vec::new();
        for _ in 0..200 {
            let answer = world.bus.request(caller(), "sqs", "SendMessage", Value::Null).await;
            codes.push(answer.map_or_else(|error| error.code, |_| "ok".to_owned()));
        }
        codes
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_response_has_its_effect_and_a_throttle_has_none() {
        let (world, effects, faults) = world(3);
        faults.at("sqs", Rates { lost_response: 1.0, ..Rates::default() });
        assert!(codes(&world).await.iter().all(|code| code == "InternalServerError"));
        assert_eq!(effects.0.get(), 200);
        faults.at("sqs:SendMessage", Rates { throttle: 1.0, ..Rates::default() });
        assert!(codes(&world).await.iter().all(|code| code == "RequestThrottled"));
        assert_eq!(effects.0.get(), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_seed_is_a_sequence_of_faults() {
        let rates = Rates {
            throttle: 0.2,
            internal_error: 0.2,
            lost_response: 0.2,
            delay: 0.5,
            delay_ms: 500,
            ..Rates::default()
        };
        let mut traces = Vec::new();
        for seed in [1, 1, 2] {
            let (world, effects, faults) = world(seed);
            faults.everywhere(rates);
            traces.push((codes(&world).await, effects.0.get(), world.clock.now()));
        }
        assert_eq!(traces[0], traces[1]);
        assert_ne!(traces[0], traces[2]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_account_meets_none() {
        let (world, _, faults) = world(1);
        faults.everywhere(Rates { throttle: 1.0, ..Rates::default() });
        world.bus.request(Caller::Account, "sqs", "SendMessage", Value::Null).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_happens_at_one_place_changes_nothing_at_another() {
        let mut traces = Vec::new();
        for others in [0, 7] {
            let (world, _, faults) = world(9);
            let everywhere = Rates { throttle: 0.5, ..Rates::default() };
            faults.set(Plan { seed: Some(4), everywhere, ..Plan::default() }).unwrap();
            for _ in 0..others {
                let _ = world.bus.request(caller(), "sqs", "DeleteMessage", Value::Null).await;
            }
            traces.push(codes(&world).await);
        }
        assert_eq!(traces[0], traces[1]);
    }

    #[tokio::test]
    async fn a_plan_that_cannot_be_is_refused() {
        let (_, _, faults) = world(1);
        let refused = |plan: Value| {
            let plan: Plan = serde_json::from_value(plan).unwrap();
            faults.set(plan).unwrap_err()
        };
        assert_eq!(refused(json!({"everywhere": {"delay": 1.5}})), "`delay` is from 0 to 1, not 1.5");
        assert_eq!(refused(json!({"at": {"sqs": {"reorder": -1.0}}})), "`sqs`: `reorder` is from 0 to 1, not -1");
        assert_eq!(refused(json!({"at": {"s3:Get": {}}})), "`s3:Get` is no place: there is no service `s3`");
        assert!(serde_json::from_value::<Plan>(json!({"everywhere": {"thottle": 1}})).is_err());
        assert_eq!(faults.plan(), Plan::default());
    }
}
