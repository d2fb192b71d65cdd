//! What holds whatever happens: a flow is run once for each place at which it could be cut off.

use super::flow::{self, Flow, Root};
use super::sdk::Side;

/// Runs with other chance each; more are for a release build.
pub(crate) const SEEDS: u64 = 10;

/// Runs `story` with a crash on each side of each AWS call that the functions make, one a run, and wants it to hold each
/// time. Returns how many crashes there were.
pub(crate) fn crashing_everywhere(root: Root, story: impl AsyncFn(&Flow) -> bool) -> usize {
    let mut calls = 0;
    flow::run(root, async |flow: Flow| {
        assert!(story(&flow).await, "it does not even hold without a crash");
        calls = flow.crash.calls();
    });
    let mut crashes = 0;
    for place in 0..calls {
        for side in [Side::Before, Side::After] {
            flow::run(root, async |flow: Flow| {
                flow.crash.at(place, side);
                assert!(story(&flow).await, "after a crash {side:?} call {place} of {calls}");
                assert!(flow.crash.struck());
                crashes += 1;
            });
        }
    }
    crashes
}
