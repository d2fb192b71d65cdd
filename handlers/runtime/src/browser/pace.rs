//! A token bucket: so many posts a second, and a burst beyond.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The pace of a function's posts, kept from one invocation to the next.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<Option<Bucket>>);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// How many may go at once; below zero, how many wait.
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn full(burst: f64, now: Instant) -> Self {
        Self { tokens: burst, at: now }
    }

    /// Takes one. Out: how long to wait before it may be used.
    fn take(&mut self, rate: f64, burst: f64, now: Instant) -> Duration {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * rate;
        self.tokens = (self.tokens + gained).min(burst) - 1.0;
        self.at = now;
        Duration::from_secs_f64((-self.tokens / rate).max(0.0))
    }
}

impl Pace {
    /// Waits until one more post may go.
    pub(super) async fn wait(&self, rate: f64, burst: f64) {
        let now = Instant::now();
        let pause = {
            let mut bucket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            bucket.get_or_insert_with(|| Bucket::full(burst, now)).take(rate, burst, now)
        };
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
        let now = Instant::now();
        let mut bucket = Bucket::full(3.0, now);
        let waits: Vec<u128> = (0..6).map(|_| bucket.take(10.0, 3.0, now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 100, 200, 300]);
        assert_eq!(bucket.take(10.0, 3.0, now + Duration::from_secs(60)), Duration::ZERO, "full again");
    }

    #[test]
    fn a_bucket_holds_no_more_than_its_burst() {
        let now = Instant::now();
        let mut bucket = Bucket::full(2.0, now);
        let later = now + Duration::from_secs(3600);
        let waits: Vec<u128> = (0..3).map(|_| bucket.take(1.0, 2.0, later).as_millis()).collect();
        assert_eq!(waits, [0, 0, 1000]);
    }
}
