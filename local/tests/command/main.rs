//! The command as a person runs it: its exit codes, what it says, and that it swaps code and ends cleanly.
//!
//! The flow is a copy of `tests/flows/board`. In place of cargo stands a script that "builds" whatever file is
//! put before it: a copy of this very program, which is the function where Lambda's runtime starts it.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails should panic")]

mod function;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The longest that a test waits for what takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A flow of its own, and what stands in place of cargo.
struct Flow {
    folder: PathBuf,
}

impl Flow {
    /// A copy of the board. Every test begins with it, also in the process of a function.
    fn new(name: &str) -> Self {
        function::run_if_it_is_one();
        let folder = std::env::temp_dir().join(format!("eventloom-command-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let board = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/flows/board");
        copy(&board, &folder.join("flow"));
        let flow = Self { folder };
        let script = "#!/bin/sh\nexec cat \"$(dirname \"$0\")/built\"\n";
        fs::write(flow.folder.join("cargo"), script).unwrap();
        fs::set_permissions(flow.folder.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
        flow.build('1');
        flow
    }

    fn root(&self) -> PathBuf {
        self.folder.join("flow")
    }

    /// From now on cargo builds this version: the function with one byte more, by which it knows itself.
    fn build(&self, version: char) {
        let binary = self.folder.join(format!("binary-{version}"));
        let mut bytes = fs::read(std::env::current_exe().unwrap()).unwrap();
        bytes.push(u8::try_from(version).unwrap());
        fs::write(&binary, bytes).unwrap();
        fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
        let message = json!({"target": {"kind": ["bin"]}, "executable": binary});
        fs::write(self.folder.join("built"), format!("{message}\n")).unwrap();
    }

    /// The command with the first API on a port of its own.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        command.args(arguments).arg("--root").arg(self.root()).env("CARGO", self.folder.join("cargo"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn up(&self, arguments: &[&str]) -> Command {
        let api_port = free_port().to_string();
        self.command(&[&["--port", "0", "--api-port", &api_port], arguments].concat())
    }

    /// Publishes a job of this title and runs until nothing is left to do.
    fn until_idle(&self, title: &str, arguments: &[&str]) -> Output {
        let file = self.event(title);
        let publish = ["--publish", "JobPosted", file.to_str().unwrap(), "--until", "idle"];
        self.up(&[&publish[..], arguments].concat()).output().unwrap()
    }

    fn event(&self, title: &str) -> PathBuf {
        let file = self.folder.join("event.json");
        let event = json!({
            "job_id": "01K00000000000000000000000", "time": "2026-01-01T00:00:00.000Z", "company": "Everi",
            "title": title, "place": "office", "pay": 1,
        });
        fs::write(&file, event.to_string()).unwrap();
        file
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if entry.file_type().unwrap().is_dir() {
            if name != "target" && name != ".eventloom" {
                copy(&entry.path(), &to.join(name));
            }
        } else {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The exit code, and what was said to the person.
fn ended(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), text(&output.stderr))
}

/// What happened, as `--format json` says it.
fn happened(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A command that goes on, and the lines that it says.
struct Running {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        for pipe in [Box::new(out) as Box<dyn Read + Send>, Box::new(err)] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        Self { child, lines, said: Vec::new() }
    }

    /// Waits for a line that has this in it.
    fn until(&mut self, part: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(_) => panic!("no line with `{part}`; so far {:#?}", self.said),
            }
        }
    }

    /// Ends it. Out: its exit code, and all that it said.
    fn signal(mut self, signal: &str) -> (Option<i32>, Vec<String>) {
        let kill = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        self.until("ended; what was accepted is kept");
        let code = self.child.wait().unwrap().code();
        self.said.extend(self.lines.iter());
        (code, std::mem::take(&mut self.said))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_flow_that_comes_to_rest_ends_with_0() {
    let flow = Flow::new("rest");
    let output = flow.until_idle("Engineer", &["--memory"]);
    let (code, said) = ended(&output);
    assert_eq!(code, Some(0), "{said}{}", text(&output.stdout));
    let lines = text(&output.stdout);
    assert!(lines.contains("resources up in ") && lines.contains("board-index"), "{lines}");
}

#[test]
fn what_failed_ends_it_with_7() {
    let flow = Flow::new("failed");
    let output = flow.until_idle("poison", &["--memory"]);
    let (code, said) = ended(&output);
    assert_eq!(code, Some(7), "{said}{}", text(&output.stdout));
    assert!(said.contains(" failed, as said above"), "{said}");
}

#[test]
fn what_takes_too_long_ends_it_with_8() {
    let flow = Flow::new("late");
    let (code, said) = ended(&flow.until_idle("hang", &["--memory", "--timeout", "1"]));
    assert_eq!(code, Some(8), "{said}");
    assert!(said.contains("error: the flow was not idle after 1 s"), "{said}");
}

#[test]
fn the_clock_keeps_the_lead_of_the_jumps_that_until_idle_made() {
    let flow = Flow::new("lead");
    let last = |output: &Output| {
        let told = happened(output);
        let times: Vec<String> = told.iter().map(|told| told["at"].to_string()).collect();
        (times.first().unwrap().clone(), times.last().unwrap().clone())
    };
    // An invocation that fails is tried again after the queue's visibility timeout, which is jumped over.
    let begun = Instant::now();
    let first = last(&flow.until_idle("poison", &["--format", "json"]));
    let second = last(&flow.until_idle("Engineer", &["--format", "json"]));
    let jumped = at(&first.1) - at(&first.0);
    let real = i64::try_from(begun.elapsed().as_millis()).unwrap();
    assert!(jumped > real, "it jumped: {jumped} ms in {real} ms");
    assert!(at(&second.0) >= at(&first.1), "{first:?} {second:?}");
}

/// A moment as the log writes it, in milliseconds.
fn at(text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no moment"))
}

#[test]
fn a_port_that_is_taken_is_named_and_ends_it_with_5() {
    let flow = Flow::new("port");
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, said) = ended(&flow.command(&["--port", &port, "--memory"]).output().unwrap());
    assert_eq!(code, Some(5), "{said}");
    assert!(said.starts_with(&format!("error: cannot listen on 127.0.0.1:{port}: ")), "{said}");
    assert!(said.trim_end().ends_with("; choose another port with --port"), "{said}");
}

#[test]
fn an_apis_port_that_is_taken_is_named_and_ends_it_with_5() {
    let flow = Flow::new("api-port");
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, said) = ended(&flow.command(&["--port", "0", "--api-port", &port, "--memory"]).output().unwrap());
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains(&port) && said.contains("choose other ports with --port or --api-port"), "{said}");
}

#[test]
fn a_spec_with_an_error_ends_it_with_1_and_says_which() {
    let flow = Flow::new("spec");
    let spec = fs::read_dir(flow.root().join("spec")).unwrap().map(|entry| entry.unwrap().path());
    let spec = spec.into_iter().find(|path| path.extension().is_some_and(|kind| kind == "yaml")).unwrap();
    let broken = fs::read_to_string(&spec).unwrap().replace("handler: index_job", "handler: nobody");
    fs::write(&spec, broken).unwrap();
    let (code, said) = ended(&flow.up(&["--memory"]).output().unwrap());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("nobody") && said.contains("error"), "{said}");
}

#[test]
fn a_folder_without_a_flow_ends_it_with_3() {
    let flow = Flow::new("no-flow");
    fs::remove_dir_all(flow.root()).unwrap();
    fs::create_dir_all(flow.root()).unwrap();
    let (code, said) = ended(&flow.up(&["--memory"]).output().unwrap());
    assert_eq!(code, Some(3), "{said}");
    assert!(said.starts_with("error: "), "{said}");
}

#[test]
fn handlers_that_do_not_compile_end_it_with_4() {
    let flow = Flow::new("build");
    fs::remove_file(flow.folder.join("built")).unwrap();
    let (code, said) = ended(&flow.up(&["--memory"]).output().unwrap());
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("error: the handlers were not built"), "{said}");
}

#[test]
fn a_command_to_an_engine_that_does_not_run_ends_with_5() {
    let flow = Flow::new("nobody");
    for command in [&["clock"][..], &["faults"], &["token", "rustam"]] {
        let (code, said) = ended(&flow.command(command).output().unwrap());
        assert_eq!(code, Some(5), "{said}");
        assert!(said.starts_with("error: no engine runs the flow in "), "{said}");
    }
}

#[test]
fn sigterm_and_sigint_end_it_cleanly() {
    let flow = Flow::new("signals");
    for signal in ["-TERM", "-INT"] {
        let mut running = Running::start(flow.up(&[]));
        running.until("publish: cargo run");
        assert!(flow.root().join(".eventloom/session.json").exists());
        let another = ended(&flow.up(&[]).output().unwrap());
        assert_eq!(another.0, Some(5), "{}", another.1);
        assert!(another.1.contains("another engine runs this flow"), "{}", another.1);
        assert_eq!(running.signal(signal).0, Some(0));
        assert!(!flow.root().join(".eventloom/session.json").exists());
    }
}

#[test]
fn a_handler_that_changes_is_swapped_and_nothing_is_lost() {
    let flow = Flow::new("swap");
    let mut running = Running::start(flow.up(&["--format", "json"]));
    // In this format nothing greets: the session is there when the flow is up.
    let end = Instant::now() + PATIENCE;
    while !flow.root().join(".eventloom/session.json").exists() {
        assert!(Instant::now() < end, "it did not come up");
        std::thread::yield_now();
    }
    let publish = |title: &str| {
        let file = flow.event(title);
        let output = flow.command(&["publish", "JobPosted", file.to_str().unwrap()]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    };
    publish("before");
    running.until("version 1: before");
    // What fails is tried again by the next version.
    publish("fail in 1");
    running.until("version 1: fail in 1");
    flow.build('2');
    let handler = flow.root().join("handlers/src/index_job.rs");
    let source = fs::read_to_string(&handler).unwrap();
    fs::write(&handler, format!("{source}\n// changed\n")).unwrap();
    running.until("swapped the handlers after ");
    publish("after");
    running.until("version 2: after");
    let jumped = flow.command(&["clock", "jump", "10m"]).output().unwrap();
    assert_eq!(jumped.status.code(), Some(0));
    running.until("version 2: fail in 1");

    // What does not compile changes nothing of what runs.
    fs::remove_file(flow.folder.join("built")).unwrap();
    fs::write(&handler, source).unwrap();
    running.until("what ran goes on; waiting for the next change");
    publish("still there");
    running.until("version 2: still there");
    assert_eq!(running.signal("-TERM").0, Some(0));
}

#[test]
fn a_handler_that_only_crashes_is_told_once_and_floods_nothing() {
    let flow = Flow::new("loop");
    flow.build('c');
    let mut running = Running::start(flow.up(&["--format", "json"]));
    let end = Instant::now() + PATIENCE;
    while !flow.root().join(".eventloom/session.json").exists() {
        assert!(Instant::now() < end, "it did not come up");
        std::thread::yield_now();
    }
    let file = flow.event("crash");
    for _ in 0..30 {
        let output = flow.command(&["publish", "JobPosted", file.to_str().unwrap()]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    let line = running.until("crash_looped");
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["detail"]["times"], 3);
    assert!(line["detail"]["error"].as_str().unwrap().contains("exit status 3"), "{line}");
    // Later starts are tried one at a time.
    for _ in 0..5 {
        assert_eq!(flow.command(&["clock", "jump", "40s"]).output().unwrap().status.code(), Some(0));
        running.until(r#""what":"invoked""#);
    }
    let (code, said) = running.signal("-TERM");
    assert_eq!(code, Some(0));
    let told = |what: &str, of: &str| {
        let parts = [format!(r#""what":"{what}""#), format!(r#""resource":"{of}""#)];
        said.iter().filter(|line| parts.iter().all(|part| line.contains(part))).count()
    };
    assert_eq!(told("crash_looped", "board-index"), 1);
    // Of 30 events: what was tried, not what waits.
    assert!((3..40).contains(&told("invoked", "board-index")), "{} invocations", told("invoked", "board-index"));
}

#[test]
fn faults_are_set_and_shown() {
    let flow = Flow::new("faults");
    let mut running = Running::start(flow.up(&[]));
    running.until("publish: cargo run");
    let plan = flow.folder.join("plan.json");
    let say = |text: &str| {
        fs::write(&plan, text).unwrap();
        flow.command(&["faults", plan.to_str().unwrap()]).output().unwrap()
    };
    let set = say(r#"{"seed": 7, "crashes": [{"function": "board-index", "call": 0, "when": "before"}]}"#);
    assert_eq!(set.status.code(), Some(0), "{}", text(&set.stderr));
    let shown: Value = serde_json::from_slice(&flow.command(&["faults"]).output().unwrap().stdout).unwrap();
    assert_eq!((&shown["seed"], &shown["crashes"][0]["times"]), (&json!(7), &json!(1)));
    let file = flow.event("Engineer");
    flow.command(&["publish", "JobPosted", file.to_str().unwrap()]).output().unwrap();
    let line = running.until("Runtime exited with error: signal: killed");
    assert!(line.contains("board-index"), "{line}");
    let (code, said) = ended(&say(r#"{"everywhere": {"throttle": 2}}"#));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("`throttle` is from 0 to 1, not 2"), "{said}");
    assert_eq!(running.signal("-INT").0, Some(0));
}
