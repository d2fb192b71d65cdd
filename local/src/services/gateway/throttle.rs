//! A token bucket for each stage.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::api::{Api, Stage};
use crate::kernel::Time;

/// The buckets, full at first.
#[derive(Debug, Default)]
pub(super) struct Throttle(RefCell<BTreeMap<String, Bucket>>);

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Time,
}

impl Throttle {
    /// Whether one more request fits into the stage's rate and burst.
    pub(super) fn admits(&self, api: &Api, stage: &Stage, now: Time) -> bool {
        let Some((rate, burst)) = stage.throttle else { return true };
        let mut buckets = self.0.borrow_mut();
        let key = format!("{}/{}", api.id, stage.name);
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: burst, at: now });
        bucket.tokens = (bucket.tokens + rate * now.since(bucket.at).as_secs_f64()).min(burst);
        bucket.at = now;
        let admitted = bucket.tokens >= 1.0;
        if admitted {
            bucket.tokens -= 1.0;
        }
        admitted
    }
}
