//! What a queue needs to reach many browsers at once.

use crate::aws::limits;
use crate::facts::is_browser;
use crate::model::{Flow, Queue, Quotas, Target};

/// Members of one connection shard. A page of a shard's rows stays below DynamoDB's 1 MB a query.
const SHARD: u64 = 250;
/// Shards of one worker.
const SHARDS_PER_WORKER: u64 = 5;
/// Sockets of one worker that are enough for a few thousand posts a second, and the most.
const SOCKETS: (u32, u32) = (64, 128);
/// Seconds that one post takes, its answer included: a round trip within the region and API Gateway's own work.
const POST_SECONDS: f64 = 0.025;
/// Targets where the spec expects no number.
pub const LOOKED_UP_TARGETS: u64 = 1_000;
/// Seconds that the way to the first post takes with warm functions: publish, SNS to SQS, a waiting poller, the
/// resolver's query, and its call of the workers. A budget, which the alarm on `within` holds to account.
pub const PATH_SECONDS: f64 = 0.3;

/// How much an account may post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Posts a second, sustained.
    pub rate: u64,
    /// Posts beyond that, out of a full bucket.
    pub burst: u64,
}

/// The account's quota of posts, by the setting `quotas`.
#[must_use]
pub fn quota(flow: &Flow) -> Quota {
    match flow.settings.quotas {
        Quotas::Large => Quota { rate: limits::GATEWAY_REQUESTS_LARGE, burst: limits::GATEWAY_BURST_LARGE },
        Quotas::Small => Quota { rate: limits::GATEWAY_REQUESTS_SMALL, burst: limits::GATEWAY_BURST_SMALL },
    }
}

/// A plan of a fan-out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FanOut {
    /// The most targets of one event.
    pub targets: u64,
    /// Events a second; none where the spec expects none.
    pub rate: Option<f64>,
    /// What the account may post.
    pub quota: Quota,
    /// Connection shards of the largest group.
    pub shards: u64,
    /// Workers that are called at once.
    pub workers: u64,
    /// Posts at the same time of one worker.
    pub sockets: u32,
    /// The sustained posts a second of one worker's token bucket, so that all keep within the quota.
    pub worker_rate: u64,
    /// The size of one worker's token bucket.
    pub worker_burst: u64,
    /// Provisioned pollers, at least and at most; only where a promise is to be kept.
    pub pollers: Option<(u32, u32)>,
    /// Seconds from the event's time to the last post, with a full bucket.
    pub seconds: f64,
    /// Posts a second over time; none where the spec expects no rate.
    pub sustained: Option<f64>,
}

/// Whether a queue's events are posted to the browsers of a looked-up group.
#[must_use]
pub fn is_fan_out(flow: &Flow, queue: &Queue) -> bool {
    let looked_up = queue.targets.iter().flat_map(|t| &t.by_event).any(|(_, t)| matches!(t, Target::Lookup(_)));
    looked_up && queue.to.iter().flat_map(|to| to.destinations()).any(|d| is_browser(flow, d.value))
}

/// Seconds that so many posts take with a full bucket.
#[must_use]
pub fn posts_seconds(posts: u64, quota: Quota) -> f64 {
    posts.saturating_sub(quota.burst) as f64 / quota.rate.max(1) as f64
}

/// The plan of a queue's fan-out; none where it is none.
#[must_use]
pub fn fan_out(flow: &Flow, queue: &Queue) -> Option<FanOut> {
    if !is_fan_out(flow, queue) {
        return None;
    }
    let targets = queue.expect.targets.map_or(LOOKED_UP_TARGETS, |t| t.value);
    let rate = queue.expect.rate.map(|r| r.value.per_second());
    Some(plan(targets, rate, quota(flow), queue.within.is_some()))
}

fn plan(targets: u64, rate: Option<f64>, quota: Quota, promised: bool) -> FanOut {
    let shards = targets.div_ceil(SHARD).max(1);
    let workers = shards.div_ceil(SHARDS_PER_WORKER);
    let each = targets.div_ceil(workers);
    let paced = posts_seconds(targets, quota);
    let posting = |sockets: u32| each as f64 * POST_SECONDS / f64::from(sockets);
    // More sockets help only where the sockets are slower than the quota.
    let sockets = if posting(SOCKETS.0) <= paced.max(0.25) { SOCKETS.0 } else { SOCKETS.1 };
    let seconds = PATH_SECONDS + paced.max(posting(sockets));
    let pollers = promised.then(|| {
        let busy = rate.unwrap_or(1.0).max(1.0) * seconds;
        let needed = (busy / limits::MAPPING_POLLER_INVOKES as f64).ceil().min(1e6) as u64;
        let least = needed.clamp(limits::MAPPING_POLLERS_LEAST, limits::MAPPING_POLLERS_MINIMUM_MOST);
        let most = (least * 10).min(limits::MAPPING_POLLERS_MAXIMUM_MOST);
        (u32::try_from(least).unwrap_or(u32::MAX), u32::try_from(most).unwrap_or(u32::MAX))
    });
    FanOut {
        targets,
        rate,
        quota,
        shards,
        workers,
        sockets,
        worker_rate: (quota.rate / workers).max(1),
        worker_burst: (quota.burst / workers).max(1),
        pollers,
        seconds,
        sustained: rate.map(|r| r * targets as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: Quota = Quota { rate: 10_000, burst: 5_000 };
    const SMALL: Quota = Quota { rate: 2_500, burst: 1_250 };

    #[test]
    fn ten_thousand_members_once_a_second_fit_into_a_second_of_a_large_region() {
        let plan = plan(10_000, Some(1.0), LARGE, true);
        assert_eq!((plan.shards, plan.workers), (40, 8));
        assert!(plan.seconds < 1.0, "{}", plan.seconds);
        assert_eq!(plan.sustained, Some(10_000.0));
        assert_eq!(plan.pollers, Some((2, 20)));
    }

    #[test]
    fn ten_thousand_members_take_seconds_in_a_small_region_and_two_thousand_do_not() {
        assert!(plan(10_000, Some(1.0), SMALL, true).seconds > 3.0);
        assert!(plan(2_500, Some(1.0), SMALL, true).seconds < 1.0);
    }

    #[test]
    fn a_small_group_needs_one_worker_and_a_queue_without_a_promise_no_pollers() {
        let plan = plan(3, None, LARGE, false);
        assert_eq!((plan.shards, plan.workers, plan.pollers), (1, 1, None));
        assert_eq!(plan.worker_rate, 10_000);
    }

    #[test]
    fn no_expectation_overflows() {
        let plan = plan(u64::MAX, Some(1e300), LARGE, true);
        assert!(plan.seconds.is_finite());
        assert_eq!(plan.pollers, Some((200, 2_000)));
    }
}
