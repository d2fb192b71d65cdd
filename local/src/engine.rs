//! The engine: all services in one world, and the door to them.

use std::rc::Rc;

use crate::faults::Faults;
use crate::front::{Client, Front, client};
use crate::issuer::Issuer;
use crate::kernel::{Caller, Credentials, StoreError, World};
use crate::services;
use crate::services::gateway::{Gateway, Lifetimes};
use crate::services::lambda::Functions;

/// What an engine may be started with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Who makes the tokens of the flow's users; drawn from the world's chance if there is none.
    pub issuer: Option<Issuer>,
    /// How long WebSocket connections live.
    pub lifetimes: Lifetimes,
    /// The port of the first of the flow's APIs, and the others behind it; without it they have names that
    /// nothing resolves.
    pub first_port: Option<u16>,
}

/// A running engine.
#[derive(Clone, Debug)]
pub struct Engine {
    world: World,
    front: Front,
    functions: Functions,
    gateway: Rc<Gateway>,
    issuer: Issuer,
    faults: Faults,
}

impl Engine {
    /// Starts every service in `world`. Must be called within a [`tokio::task::LocalSet`], whose tasks the
    /// engine is.
    pub fn start(world: World) -> Result<Self, StoreError> {
        Self::start_with(world, Settings::default())
    }

    /// As [`start`](Self::start), with settings of one's own.
    pub fn start_with(world: World, settings: Settings) -> Result<Self, StoreError> {
        let functions = Functions::default();
        let faults = Faults::new(&world);
        let issuer = settings.issuer.unwrap_or_else(|| Issuer::new(&world.random));
        let gateway = Gateway::start(&world, issuer.clone(), settings.lifetimes, settings.first_port)?;
        let mut protocols = std::collections::BTreeMap::new();
        for started in services::start(&world, &functions, &gateway, &faults)? {
            world.bus.put(started.name, started.service);
            protocols.extend(started.protocol.map(|protocol| (started.name, protocol)));
        }
        world.bus.intercept(Rc::new(faults.clone()));
        world.lives.put(Rc::new(faults.clone()));
        let front = Front::new(protocols, &world);
        Ok(Self { world, front, functions, gateway, issuer, faults })
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

    /// The flow's own APIs, for what serves them.
    pub const fn gateway(&self) -> &Rc<Gateway> {
        &self.gateway
    }

    /// Who makes the tokens of the flow's users.
    pub const fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The faults that calls meet; none until they are set.
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// An HTTP client for SDK clients in this process.
    pub fn client(&self) -> Client {
        client(self.front.clone())
    }
}
