//! Faults on demand: what AWS does on a bad day, decided by the seed.
//!
//! In: every call on the bus. Out: the same call, or a throttle, an internal error, a delay, or an answer
//! that is lost after its effect. Guaranteed: a call of [`Caller::Account`] meets no fault, so that
//! whoever sets up or watches a flow is never the one who is disturbed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kernel::{AwsError, Call, Caller, Clock, Interceptor, Random, Service};

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
}

/// The faults of an engine; clones are the same.
#[derive(Clone, Debug)]
pub struct Faults {
    clock: Clock,
    random: Random,
    rates: Rc<RefCell<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    everywhere: Rates,
    /// By service, or by `service:Operation`, which comes first.
    special: BTreeMap<String, Rates>,
}

impl Faults {
    /// No faults yet; those to come are drawn from `random`.
    pub fn new(clock: Clock, random: Random) -> Self {
        Self { clock, random, rates: Rc::default() }
    }

    /// Sets the rates of all calls that have none of their own.
    pub fn everywhere(&self, rates: Rates) {
        self.rates.borrow_mut().everywhere = rates;
    }

    /// Sets the rates of one service (`sqs`) or one operation (`sqs:SendMessage`).
    pub fn at(&self, place: &str, rates: Rates) {
        self.rates.borrow_mut().special.insert(place.to_owned(), rates);
    }

    /// Ends all faults.
    pub fn none(&self) {
        *self.rates.borrow_mut() = Table::default();
    }

    fn rates(&self, service: &str, operation: &str) -> Rates {
        let table = self.rates.borrow();
        let special = table.special.get(&format!("{service}:{operation}")).or_else(|| table.special.get(service));
        special.copied().unwrap_or(table.everywhere)
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
        if call.caller == Caller::Account || rates == Rates::default() {
            return service.call(call);
        }
        async move {
            if self.random.happens(rates.delay) {
                self.clock.sleep(Duration::from_millis(self.random.below(rates.delay_ms + 1))).await;
            }
            if self.random.happens(rates.throttle) {
                return Err(throttled(name));
            }
            if self.random.happens(rates.internal_error) {
                return Err(failed());
            }
            let answer = service.call(call).await;
            if self.random.happens(rates.lost_response) {
                return Err(failed());
            }
            answer
        }
        .boxed_local()
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
    use crate::kernel::{Place, Store, World};

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
        let world = World::new(clock.clone(), Random::seeded(seed), Store::memory(), Place::default());
        let (counting, faults) = (Rc::new(Counting::default()), Faults::new(clock, Random::seeded(seed)));
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
        let rates = Rates { throttle: 0.2, internal_error: 0.2, lost_response: 0.2, delay: 0.5, delay_ms: 500 };
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
}
