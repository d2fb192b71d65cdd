//! The engine: all services in one world, and the door to them.

use crate::front::{Client, Front, client};
use crate::kernel::{Caller, Credentials, StoreError, World};
use crate::services;
use crate::services::lambda::Functions;

/// A running engine.
#[derive(Clone, Debug)]
pub struct Engine {
    world: World,
    front: Front,
    functions: Functions,
}

impl Engine {
    /// Starts every service in `world`. Must be called within a [`tokio::task::LocalSet`], whose tasks the
    /// engine is.
    pub fn start(world: World) -> Result<Self, StoreError> {
        let functions = Functions::default();
        let mut protocols = std::collections::BTreeMap::new();
        for started in services::start(&world, &functions)? {
            world.bus.put(started.name, started.service);
            protocols.extend(started.protocol.map(|protocol| (started.name, protocol)));
        }
        let front = Front::new(protocols, world.keys.clone(), world.bus.clone(), world.random.clone());
        Ok(Self { world, front, functions })
    }

    /// The world that it runs in.
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The door, for what serves requests.
    pub const fn front(&self) -> &Front {
        &self.front
    }

    /// A key to sign with.
    pub fn credentials(&self, caller: Caller) -> Credentials {
        self.world.keys.give(caller)
    }

    /// The Lambda functions that run in this process instead of a binary of their own.
    pub const fn functions(&self) -> &Functions {
        &self.functions
    }

    /// An HTTP client for SDK clients in this process.
    pub fn client(&self) -> Client {
        client(self.front.clone())
    }
}
