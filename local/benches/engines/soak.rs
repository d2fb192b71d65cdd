//! The soak: full load for a long time, and memory that stays flat.

use std::time::{Duration, Instant};

use crate::process::Process;
use crate::stack::Stack;

/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(10);
/// Records that may wait: full load is as much as the functions take, not as much as a queue holds.
const WAITING: usize = 3000;
/// How much more the last third may hold than the second: what an allocator's chance comes to.
const GROWTH: f64 = 1.05;
const SILENCE: Duration = Duration::from_secs(20);

/// Whether the memory was flat: the first third of the time is for warming up.
pub(crate) async fn soak(command: &str, duration: Duration) -> bool {
    let (process, place) = Process::start(command).await;
    let mut stack = Stack::up(&place).await;
    let (began, mut looked, mut published) = (Instant::now(), Instant::now(), 0);
    let mut samples = Vec::new();
    while began.elapsed() < duration {
        if stack.behind(published) < WAITING {
            published += stack.publish_ten().await;
        } else {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            samples.push(process.resident_mib());
            let (seconds, memory) = (began.elapsed().as_secs(), process.resident_mib());
            println!("{seconds:>5} s {published:>10} events {memory:>8.1} MiB");
        }
    }
    stack.heard(3 * published, SILENCE).await;
    process.end().await;
    let third = samples.len() / 3;
    let most = |samples: &[f64]| samples.iter().copied().fold(0.0, f64::max);
    let (before, after) = (most(&samples[third..2 * third]), most(&samples[2 * third..]));
    let flat = third > 0 && after <= before * GROWTH;
    let said = if flat { "flat" } else { "FAILED: it grows, or the time was too short to say" };
    println!("{published} events to three functions each; most memory {before:.1} MiB, then {after:.1} MiB: {said}");
    flat
}
