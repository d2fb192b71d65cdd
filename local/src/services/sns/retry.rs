//! How long to wait before a delivery is tried again.
//!
//! Source: "Amazon SNS message delivery retries" in the Developer Guide, for endpoints that AWS manages:
//! 3 retries at once, 2 after a second each, 10 with exponential backoff from 1 to 20 seconds, and 100,000
//! every 20 seconds: 23 days.

use std::time::Duration;

use crate::kernel::{AwsError, Random};

const AT_ONCE: u32 = 3;
const PRE_BACKOFF: u32 = 2;
const BACKOFF: u32 = 10;
const POST_BACKOFF: u32 = 100_000;
const SHORTEST: f64 = 1.0;
const LONGEST: f64 = 20.0;

/// How long to wait before retry number `retry`, from 1; `None` if that is one too many.
pub(super) fn delay(retry: u32, random: &Random) -> Option<Duration> {
    let before_backoff = AT_ONCE + PRE_BACKOFF;
    if retry <= AT_ONCE {
        return Some(Duration::ZERO);
    }
    if retry <= before_backoff {
        return Some(Duration::from_secs(1));
    }
    if retry > before_backoff + BACKOFF + POST_BACKOFF {
        return None;
    }
    let step = f64::from((retry - before_backoff - 1).min(BACKOFF - 1)) / f64::from(BACKOFF - 1);
    let seconds = SHORTEST * (LONGEST / SHORTEST).powf(step);
    // AWS applies jitter, and does not say which: up to a tenth less.
    Some(Duration::from_secs_f64(seconds * (1.0 - 0.1 * random.fraction())))
}

/// Whether another try may help: the endpoint's service failed or is busy. What a caller did wrong (a
/// missing queue, a permission) stays wrong.
pub(super) fn may_help(error: &AwsError) -> bool {
    let busy = error.status == 429 || error.code.contains("Throttl") || error.code == "TooManyRequestsException";
    busy || error.is_server_fault() && error.status != 501
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phases_are_those_of_aws() {
        let random = Random::seeded(1);
        let delays: Vec<f64> = (1..=16).map(|retry| delay(retry, &random).unwrap().as_secs_f64()).collect();
        assert_eq!(delays[..5], [0.0, 0.0, 0.0, 1.0, 1.0]);
        assert!(delays[5] > 0.9 && delays[5] <= 1.0);
        assert!(delays[5..14].iter().zip(&delays[6..15]).all(|(shorter, longer)| shorter < longer), "{delays:?}");
        assert!(delays[15] >= 18.0 && delays[15] <= 20.0);
        assert!(delay(100_015, &random).is_some());
        assert_eq!(delay(100_016, &random), None);
    }

    #[test]
    fn only_what_may_help_is_tried_again() {
        assert!(may_help(&AwsError::internal("x")));
        assert!(may_help(&AwsError::new("RequestThrottled", "x")));
        assert!(!may_help(&AwsError::new("QueueDoesNotExist", "x")));
        assert!(!may_help(&AwsError::unsupported("sqs", "SendMessage")));
    }
}
