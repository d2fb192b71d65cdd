//! A function as a process of its own: the real binary, with the environment that Lambda gives it.
//!
//! Guaranteed: the process gets no variable of ours but the documented ones, signs with its own role's key,
//! and does not outlive its sandbox; its last words are read before its death is told.

use std::process::{ExitStatus, Stdio};
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::{JoinHandle, spawn_local};

use super::NAME;
use super::function::Function;
use super::names::LATEST;
use super::output::{LINE, Output};
use super::payload::Payload;
use super::runtime_api::{Api, Served, serve};
use super::sandbox::{FunctionError, Invocation, RUN, Sandbox};
use crate::kernel::{Caller, Credentials, Keys, Life, Lived, Moment, World};

/// How long a process may take to ask for its first invocation (Lambda Developer Guide, "Init phase").
const INIT: Duration = Duration::from_secs(10);
/// How long the pipes of a process that died are read on, which a child of its own may hold open.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Starts a function's process, which signs as `caller`, and waits until it is ready for its first invocation.
pub(super) async fn launch(
    world: &World,
    function: &Function,
    caller: Caller,
    output: Rc<Output>,
) -> Result<Box<dyn Sandbox>, FunctionError> {
    let entrypoint = |error: &dyn std::fmt::Display| {
        FunctionError::new(
            "Runtime.InvalidEntrypoint",
            format!("RequestId: {} Error: `{}` cannot be started: {error}", world.random.uuid(), function.code.path),
        )
    };
    let api = Rc::new(Api::default());
    let server = serve(Rc::clone(&api)).await.map_err(|error| entrypoint(&error))?;
    let key = Key { credentials: world.keys.give(caller), keys: world.keys.clone() };
    let lived = world.lives.begin(&function.name, Some(&key.credentials.access_key));
    let child = command(world, function, &server, &key.credentials).spawn().map_err(|error| entrypoint(&error))?;
    let watch = spawn_local(watch(world.clone(), child, lived.life().clone(), Rc::clone(&api), output));
    let process = Process { api: Rc::clone(&api), _server: server, watch, lived, _key: key };
    let ready = tokio::select! {
        biased;
        ready = api.ready() => ready,
        () = world.clock.sleep(INIT) => Err(FunctionError::new(
            "Sandbox.Timedout",
            format!("Error: the function did not ask for an invocation within {} seconds", INIT.as_secs()),
        )),
    };
    ready.map(|()| -> Box<dyn Sandbox> { Box::new(process) })
}

fn command(world: &World, function: &Function, server: &Served, credentials: &Credentials) -> Command {
    let path = std::path::Path::new(&function.code.path);
    let root = path.parent().unwrap_or(path);
    let stream = format!("{}/[{LATEST}]{}", day(world), world.random.hex(32));
    let mut command = Command::new(path);
    command
        .env_clear()
        .envs(&function.variables)
        .env("_HANDLER", &function.handler)
        .env("AWS_LAMBDA_FUNCTION_NAME", &function.name)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory.to_string())
        .env("AWS_LAMBDA_FUNCTION_VERSION", LATEST)
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", function.log_group())
        .env("AWS_LAMBDA_LOG_STREAM_NAME", stream)
        .env("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{}", server.port))
        .env("AWS_LAMBDA_LOG_FORMAT", &function.logging.log_format)
        .env("AWS_REGION", &*world.place.region)
        .env("AWS_DEFAULT_REGION", &*world.place.region)
        .env("AWS_ENDPOINT_URL", &*world.place.endpoint)
        .env("AWS_ACCESS_KEY_ID", &credentials.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &credentials.secret_key)
        .env("LAMBDA_TASK_ROOT", root)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin")
        .env("LANG", "en_US.UTF-8")
        .env("TZ", ":UTC")
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(token) = &credentials.session_token {
        command.env("AWS_SESSION_TOKEN", token);
    }
    if let Some(level) = &function.logging.application_log_level {
        command.env("AWS_LAMBDA_LOG_LEVEL", level);
    }
    command
}

/// `2026/01/31`, as log streams begin.
fn day(world: &World) -> String {
    world
        .clock
        .now()
        .rfc3339()
        .chars()
        .take(10)
        .map(|character| if character == '-' { '/' } else { character })
        .collect()
}

/// Waits until the process ends, by itself or because its life must.
async fn ended(child: &mut Child, life: &Life) -> std::io::Result<ExitStatus> {
    tokio::select! {
        biased;
        status = child.wait() => return status,
        () = life.ended() => {}
    }
    child.start_kill()?;
    child.wait().await
}

/// Reads what the process writes until it ends, and tells its death.
async fn watch(world: World, mut child: Child, life: Life, api: Rc<Api>, output: Rc<Output>) {
    let read = futures_util::future::join(
        lines(child.stdout.take(), Rc::clone(&api), Rc::clone(&output)),
        lines(child.stderr.take(), Rc::clone(&api), output),
    );
    let ended = ended(&mut child, &life);
    tokio::pin!(read, ended);
    let status = tokio::select! {
        biased;
        // The process may close its pipes and live on.
        _ = &mut read => None,
        status = &mut ended => Some(status),
    };
    let status = match status {
        None => ended.await,
        Some(status) => {
            let until = world.clock.now() + LAST_WORDS;
            tokio::select! {
                biased;
                _ = &mut read => {}
                () = world.clock.idle_until(until) => {}
            }
            status
        }
    };
    api.died(&status.map_or_else(|error| error.to_string(), exit));
}

fn exit(status: ExitStatus) -> String {
    if status.success() {
        return "Runtime exited without providing a reason".to_owned();
    }
    match signal(status) {
        Some(signal) => format!("Runtime exited with error: signal: {signal}"),
        // `exit status: 1` here, `exit status 1` in Lambda.
        None => format!("Runtime exited with error: {}", status.to_string().replace(": ", " ")),
    }
}

/// The signal that ended a process, in the words of Lambda, which are Go's.
#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<String> {
    use std::os::unix::process::ExitStatusExt;
    let core = if status.core_dumped() { " (core dumped)" } else { "" };
    let name = match status.signal()? {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        other => return Some(format!("signal {other}{core}")),
    };
    Some(format!("{name}{core}"))
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<String> {
    None
}

/// Reads a pipe line by line; a line that is too long is cut into several.
async fn lines(pipe: Option<impl AsyncRead + Unpin>, api: Rc<Api>, output: Rc<Output>) {
    let Some(pipe) = pipe else { return };
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    loop {
        let (used, ended) = match reader.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(buffer) => {
                let room = LINE.saturating_sub(line.len()).max(1);
                let part = buffer.get(..room.min(buffer.len())).unwrap_or(buffer);
                let end = part.iter().position(|byte| *byte == b'\n');
                let taken = end.map_or(part, |end| part.get(..end).unwrap_or(part));
                line.extend_from_slice(taken);
                (taken.len() + usize::from(end.is_some()), end.is_some())
            }
        };
        reader.consume(used);
        if ended || line.len() >= LINE {
            output.write(&api.request_id(), &line);
            line.clear();
        }
    }
    if !line.is_empty() {
        output.write(&api.request_id(), &line);
    }
}

/// A process that runs. Dropped, it is killed, and its key opens nothing any more.
#[derive(Debug)]
struct Process {
    api: Rc<Api>,
    _server: Served,
    /// Owns the child, which is killed when it is dropped.
    watch: JoinHandle<()>,
    lived: Lived,
    _key: Key,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// The role's key of one process.
#[derive(Debug)]
struct Key {
    credentials: Credentials,
    keys: Keys,
}

impl Drop for Key {
    fn drop(&mut self) {
        self.keys.revoke(&self.credentials.access_key);
    }
}

impl Sandbox for Process {
    fn invoke<'a>(&'a self, invocation: &'a Invocation) -> LocalBoxFuture<'a, Result<Payload, FunctionError>> {
        async {
            let life = self.lived.life();
            self.api.expect(&invocation.context.request_id);
            if life.is_struck(NAME, RUN, Moment::Before) {
                return Err(self.api.dead().await);
            }
            let result = self.api.invoke(invocation).await;
            life.rest();
            if life.is_struck(NAME, RUN, Moment::After) {
                return Err(self.api.dead().await);
            }
            result
        }
        .boxed_local()
    }

    fn is_alive(&self) -> bool {
        self.api.is_alive()
    }
}
