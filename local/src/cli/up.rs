//! The flow on this machine, from its compile to Ctrl-C.
//!
//! Guaranteed: a spec or a handler that does not compile changes nothing of what runs; a new binary takes over
//! between two invocations, and nothing that was accepted is lost.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use local::cloudformation::{Deployed, Sources, Stacks};
use local::engine::{Engine, Settings};
use local::front::{Limits, Origins, serve};
use local::issuer::Issuer;
use local::kernel::{Clock, Outcome, Place, Random, Store, StoreError, World};
use local::publish::{Topic, publish};
use local::server::{AHEAD, Server, keep_lead};
use local::services::gateway::Lifetimes;
use local::sockets::Sockets;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use super::arguments::{Arguments, Format};
use super::build::build;
use super::lines::Lines;
use super::remote::document;
use super::state::{Session, State};
use super::stop::Stop;
use super::watch::Files;

/// How often the flow's files are looked at.
const LOOK: Duration = Duration::from_millis(300);

/// How long all must be quiet before the flow counts as idle.
const CALM: Duration = Duration::from_millis(25);

/// Runs the flow until Ctrl-C, or until it is idle where that was asked for.
pub(crate) fn up(arguments: &Arguments) -> Result<(), Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| Stop::Refused(why.to_string()))?;
    let tasks = LocalSet::new();
    let ended = tasks.block_on(&runtime, async {
        let mut terminate = signal(SignalKind::terminate()).map_err(|why| Stop::Refused(why.to_string()))?;
        let interrupted = async {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        };
        tokio::select! {
            ended = run(arguments) => ended,
            () = interrupted => {
                eprintln!("ended; what was accepted is kept{}", if arguments.memory { " nowhere (--memory)" } else { "" });
                Ok(())
            }
        }
    });
    // Tasks end before the runtime that they wait on.
    drop(tasks);
    ended
}

async fn run(arguments: &Arguments) -> Result<(), Stop> {
    let listener = TcpListener::bind(("127.0.0.1", arguments.port)).await;
    let listener = listener.map_err(|why| Stop::Port(arguments.port, why))?;
    let address = listener.local_addr().map_err(|why| Stop::Port(arguments.port, why))?;
    let state = State::open(&arguments.root, arguments.fresh)?;

    compile(arguments)?;
    let seen = Files::of(&arguments.root);
    let binary = build(&arguments.root).await?;
    let code = state.keep(&binary)?;
    state.forget_all_but(&code);

    let start = Instant::now();
    let random = Random::seeded(seed());
    let issuer = if arguments.memory { Issuer::new(&random) } else { state.issuer(&random)? };
    let store = if arguments.memory { Store::memory() } else { Store::open(&state.database())? };
    let place = Place { endpoint: format!("http://{address}").into(), ..Place::default() };
    let world = World::new(clock(&store)?, random, store, place);
    let first_port = arguments.api_port.unwrap_or_else(|| address.port().saturating_add(1));
    let settings = Settings { issuer: Some(issuer), lifetimes: Lifetimes::default(), first_port: Some(first_port) };
    let engine = Engine::start_with(world, settings)?;
    let token = engine.world().random.hex(32);
    let server = Server::new(engine.clone(), &token);
    let answer = server.clone();
    tokio::task::spawn_local(serve(listener, Limits::default(), move |request| {
        let server = answer.clone();
        async move { server.answer(request).await }
    }));

    let stacks = Stacks::load(engine.world())?;
    let flow = Flow { arguments, engine: engine.clone(), server, stacks };
    let deployed = flow.deploy(&code).await?;
    let origins = Origins::Loopback(arguments.origins.clone().into());
    let sockets = Rc::new(Sockets::new(Rc::clone(engine.gateway()), Limits { origins, ..Limits::default() }));
    sockets.renew().await?;
    state.announce(&Session { authority: address.to_string(), token })?;
    greet(arguments, &engine, &deployed, start.elapsed());

    let failures = Rc::new(Cell::new(0_u32));
    let (lines, count) = (Lines::new(arguments.format), Rc::clone(&failures));
    engine.world().log.listen(move |happening| {
        if happening.outcome == Outcome::Failed {
            count.set(count.get() + 1);
        }
        lines.print(happening);
    });
    flow.publish(&deployed).await?;
    tokio::select! {
        idle = idle(&engine, arguments), if arguments.until.is_some() => {
            idle?;
            match failures.get() {
                0 => Ok(()),
                1 => Err(Stop::Failures("1 thing".to_owned())),
                several => Err(Stop::Failures(format!("{several} things"))),
            }
        }
        stopped = flow.follow(&state, &sockets, seen, code), if !arguments.no_watch => stopped,
        stopped = follow_apis(&engine, &sockets) => stopped,
    }
}

/// Compiles the spec and says what is to be said of it.
fn compile(arguments: &Arguments) -> Result<(), Stop> {
    use std::io::IsTerminal;
    let flow = codegen::cli::flow(&arguments.root, arguments.spec.as_deref(), std::io::stderr().is_terminal())?;
    eprint!("{}", flow.diagnostics);
    let summary = flow.summary.ok_or(Stop::Spec)?;
    if flow.changed {
        eprint!("{summary}");
    }
    Ok(())
}

/// The system's clock, as far ahead as the last run's was: what waits for a moment waits for the same one.
fn clock(store: &Store) -> Result<Clock, StoreError> {
    let clock = Clock::system();
    let ahead = store.table(AHEAD).load::<u64>()?;
    clock.jump(ahead.first().map_or(Duration::ZERO, |(_, ms)| Duration::from_millis(*ms)));
    Ok(clock)
}

/// A seed that no other run has.
fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}

/// The flow that is up.
struct Flow<'a> {
    arguments: &'a Arguments,
    engine: Engine,
    server: Server,
    stacks: Stacks,
}

impl Flow<'_> {
    /// Brings the stacks to what the templates say, with this binary behind the functions.
    async fn deploy(&self, code: &Path) -> Result<Deployed, Stop> {
        let sources = Sources::read(&self.arguments.root.join("generated"))?;
        let endpoint = &self.engine.world().place.endpoint;
        let given = [
            ("CodeBucket", "eventloom".to_owned()),
            ("CodeKey", code.display().to_string()),
            ("JwksUrl", format!("{endpoint}/.well-known/jwks.json")),
        ];
        let declared = sources.parameters();
        let given = given.into_iter().filter(|(name, _)| declared.contains(*name));
        let mut parameters: BTreeMap<String, String> = given.map(|(name, value)| (name.to_owned(), value)).collect();
        parameters.extend(self.arguments.parameters.iter().cloned());
        let deployed = self.stacks.deploy(&sources, &parameters).await?;
        for left in &deployed.left {
            eprintln!("warning: {left}");
        }
        self.server.ready(topics(&deployed));
        Ok(deployed)
    }

    /// Publishes what the command line says.
    async fn publish(&self, deployed: &Deployed) -> Result<(), Stop> {
        let (pairs, _) = self.arguments.publish.as_chunks::<2>();
        for [event, file] in pairs {
            let published = publish(self.engine.world(), &topics(deployed), event, document(Path::new(file))?).await;
            published.map_err(|error| Stop::Refused(error.to_string()))?;
        }
        Ok(())
    }

    /// Rebuilds and swaps whenever a file of the flow changes.
    async fn follow(&self, state: &State, sockets: &Sockets, mut seen: Files, mut code: PathBuf) -> Result<(), Stop> {
        loop {
            tokio::time::sleep(LOOK).await;
            let now = Files::of(&self.arguments.root);
            if now == seen {
                continue;
            }
            seen = now;
            match self.renew(state, sockets, &code).await {
                Ok(new) => code = new,
                Err(stop) => {
                    if let Some(said) = stop.said() {
                        eprintln!("error: {said}");
                    }
                    eprintln!("what ran goes on; waiting for the next change");
                }
            }
        }
    }

    /// Out: the binary that runs now.
    async fn renew(&self, state: &State, sockets: &Sockets, code: &Path) -> Result<PathBuf, Stop> {
        let start = Instant::now();
        compile(self.arguments)?;
        let new = state.keep(&build(&self.arguments.root).await?)?;
        self.deploy(&new).await?;
        sockets.renew().await?;
        if new != *code {
            eprintln!("swapped the handlers after {:.1} s", start.elapsed().as_secs_f64());
        }
        Ok(new)
    }
}

/// The topics of the flow, by the metadata of their resources.
fn topics(deployed: &Deployed) -> Vec<Topic> {
    let of_topics = deployed.resources.iter().filter(|resource| resource.kind == "AWS::SNS::Topic");
    let topics = of_topics.filter_map(|resource| {
        let about = resource.metadata.get("Eventloom")?;
        let carries = about.get("carries")?.as_array()?;
        Some(Topic {
            name: about.get("name")?.as_str()?.to_owned(),
            arn: resource.physical_id.clone(),
            carries: carries.iter().filter_map(|event| Some(event.as_str()?.to_owned())).collect(),
        })
    });
    topics.collect()
}

/// Serves APIs as they come and go.
async fn follow_apis(engine: &Engine, sockets: &Sockets) -> Result<(), Stop> {
    loop {
        engine.gateway().changed().await;
        sockets.renew().await?;
    }
}

/// Waits until nothing is left to do, and jumps over what is only waited for.
async fn idle(engine: &Engine, arguments: &Arguments) -> Result<(), Stop> {
    let world = engine.world();
    let rest = async {
        loop {
            world.activity.quiet().await;
            let begun = world.activity.begun();
            tokio::time::sleep(CALM).await;
            if !world.activity.is_quiet() || world.activity.begun() != begun {
                continue;
            }
            match world.clock.next_work() {
                Some(moment) => {
                    world.clock.jump_to(moment);
                    // With what is done then, or before: no record is of a time that the next run has not reached.
                    keep_lead(world);
                }
                None => return world.store.durable().await.map_err(Stop::from),
            }
        }
    };
    let late = |_| Stop::Late(arguments.timeout);
    tokio::time::timeout(Duration::from_secs(arguments.timeout), rest).await.map_err(late)?
}

/// Says where everything is.
fn greet(arguments: &Arguments, engine: &Engine, deployed: &Deployed, took: Duration) {
    if arguments.format == Format::Json {
        return;
    }
    let endpoint = &engine.world().place.endpoint;
    println!("{} resources up in {:.2} s", deployed.resources.len(), took.as_secs_f64());
    println!(
        "  AWS        {endpoint}  (region {}, account {})",
        engine.world().place.region,
        engine.world().place.account
    );
    let key = engine.credentials(local::kernel::Caller::Account);
    println!("             AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={}", key.access_key, key.secret_key);
    for api in engine.gateway().served() {
        let scheme = if api.websocket { "ws" } else { "http" };
        for stage in &api.stages {
            let path = if stage == "$default" { "" } else { stage };
            println!("  {:<10} {scheme}://{}/{path}", api.name, api.authority);
        }
    }
    let events: BTreeSet<String> = topics(deployed).into_iter().flat_map(|topic| topic.carries).collect();
    if let Some(event) = events.first() {
        let root = if arguments.root == Path::new(".") {
            String::new()
        } else {
            format!(" --root {}", arguments.root.display())
        };
        println!("publish: cargo run -p local --{root} publish {event} event.json");
        println!("events:  {}", events.into_iter().collect::<Vec<_>>().join(", "));
    }
}
