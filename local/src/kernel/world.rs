//! What a service is made with.

use std::rc::Rc;

use super::{Activity, Arn, Bus, Clock, Guard, Keys, Lives, Log, Random, Store};

/// Where the engine says it is: a region and an account that exist nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `eu-west-1`.
    pub region: Rc<str>,
    /// Twelve digits.
    pub account: Rc<str>,
    /// `http://127.0.0.1:4566`: where the engine's AWS API is, without a slash at its end.
    pub endpoint: Rc<str>,
}

impl Place {
    /// `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE` here.
    #[expect(clippy::missing_panics_doc, clippy::expect_used, reason = "the text has all six parts")]
    pub fn arn(&self, service: &str, resource: &str) -> Arn {
        let text = format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account);
        Arn::parse(&text).expect("an ARN of six parts is an ARN")
    }
}

impl Default for Place {
    fn default() -> Self {
        Self {
            region: Rc::from("eu-west-1"),
            account: Rc::from("000000000000"),
            endpoint: Rc::from("http://127.0.0.1:4566"),
        }
    }
}

/// What a service is made with; clones are the same world.
#[derive(Clone, Debug)]
pub struct World {
    /// The one clock.
    pub clock: Clock,
    /// The one source of chance.
    pub random: Random,
    /// The durable records.
    pub store: Store,
    /// Region, account and address.
    pub place: Place,
    /// The other services.
    pub bus: Bus,
    /// Authorization.
    pub guard: Guard,
    /// Whether anything goes on.
    pub activity: Activity,
    /// Where to tell what happens.
    pub log: Log,
    /// The keys that clients sign with.
    pub keys: Keys,
    /// The sandboxes of functions.
    pub lives: Lives,
}

impl World {
    /// A world without services, in which all is allowed.
    pub fn new(clock: Clock, random: Random, store: Store, place: Place) -> Self {
        let activity = Activity::default();
        let bus = Bus::new(store.clone(), activity.clone());
        let log = Log::new(clock.clone());
        let keys = Keys::new(random.clone());
        Self { clock, random, store, place, bus, guard: Guard::default(), activity, log, keys, lives: Lives::default() }
    }

    /// A world of virtual time (under a paused runtime) from 2026-01-01 on, which keeps nothing and draws
    /// its chance from `seed`: what a test or a simulation stands on.
    pub fn simulated(seed: u64) -> Self {
        let clock = Clock::new(super::Time::from_millis(1_767_225_600_000));
        Self::new(clock, Random::seeded(seed), Store::memory(), Place::default())
    }
}
