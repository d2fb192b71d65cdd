//! Engines that come one after the other on one file, as after a kill.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use local::engine::Engine;
use local::kernel::{Caller, Clock, Place, Random, Store, Time, World};
use tokio::task::LocalSet;

use crate::world::{Test, sdk};

/// The file, and how many engines there were.
pub(crate) struct Restarts {
    path: PathBuf,
    lives: Cell<u64>,
}

impl Restarts {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("eventloom-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self { path: folder.join("engine.sqlite"), lives: Cell::new(0) }
    }

    /// Runs `test` in an engine on the file, which then ends without a farewell. In real time, since a commit
    /// is made on a thread of its own, on a clock that only a jump moves.
    pub(crate) fn live<F: Future<Output = ()>>(&self, test: impl FnOnce(Test) -> F) {
        let life = self.lives.replace(self.lives.get() + 1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let clock = Clock::new(Time::from_millis(1_767_225_600_000) + Duration::from_secs(life));
            clock.pause();
            let world = World::new(clock, Random::seeded(life), Store::open(&self.path).unwrap(), Place::default());
            let engine = Engine::start(world).unwrap();
            let sdk = sdk(&engine, &engine.credentials(Caller::Account));
            test(Test { engine, sdk }).await;
        });
    }
}
