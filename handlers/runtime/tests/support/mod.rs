//! Lambda, as small as a real binary can run in it: the Runtime API over loopback HTTP
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// How long anything may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(20);
const TIMEOUT_MS: u128 = 30_000;

/// What the function told the Runtime API: the path after `/2018-06-01/runtime/`, and the body.
pub(crate) struct Told {
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// A function's process under test.
pub(crate) struct Function {
    process: Child,
    told: Receiver<Told>,
}

impl Function {
    /// Starts `program` as the function `name`, for which these events are waiting.
    pub(crate) fn start(program: &str, name: &str, events: impl IntoIterator<Item = Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = listener.local_addr().unwrap().to_string();
        let (tell, told) = channel();
        let events = events.into_iter().collect();
        std::thread::spawn(move || serve(&listener, events, &tell));
        let process = Command::new(program)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api)
            .env("AWS_LAMBDA_FUNCTION_NAME", format!("flow-{name}"))
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            // The finest log there is: what stays out of it stays out of every other.
            .env("AWS_LAMBDA_LOG_LEVEL", "TRACE")
            .env("EVENTLOOM_TIMEOUT_MS", TIMEOUT_MS.to_string())
            .env("_HANDLER", name)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self { process, told }
    }

    /// The next thing that the function tells.
    pub(crate) fn told(&self) -> Told {
        self.told.recv_timeout(PATIENCE).unwrap()
    }

    /// Ends the process and returns its log, with its exit code where it ended by itself.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        self.process.kill().unwrap();
        self.log()
    }

    /// Waits until the process ends by itself.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let began = Instant::now();
        while self.process.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < PATIENCE, "the function does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
        self.log()
    }

    fn log(&mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.process.stdout.take().unwrap().read_to_string(&mut log).unwrap();
        (self.process.wait().unwrap().code(), log)
    }
}

/// One request a connection. The last `next` is never answered: that is an idle function.
fn serve(listener: &TcpListener, mut events: VecDeque<Value>, tell: &Sender<Told>) {
    let mut idle = Vec::new();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let (method, path, body) = request(&mut stream);
        if method == "POST" {
            answer(&mut stream, "202 Accepted", "", "{\"status\":\"OK\"}");
            let _ = tell.send(Told { path, body: serde_json::from_str(&body).unwrap() });
        } else if let Some(event) = events.pop_front() {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
            let headers = format!(
                "Lambda-Runtime-Aws-Request-Id: request-{}\r\nLambda-Runtime-Deadline-Ms: {}\r\n\
                 Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:111122223333:function:flow\r\n",
                events.len(),
                now + TIMEOUT_MS
            );
            answer(&mut stream, "200 OK", &headers, &event.to_string());
        } else {
            let _ = tell.send(Told { path: "next".to_owned(), body: Value::Null });
            idle.push(stream);
        }
    }
}

fn request(stream: &mut TcpStream) -> (String, String, String) {
    let mut lines = BufReader::new(stream);
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    let mut length = 0;
    loop {
        let mut header = String::new();
        lines.read_line(&mut header).unwrap();
        match header.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    let mut words = first.split(' ');
    let method = words.next().unwrap().to_owned();
    let path = words.next().unwrap().trim_start_matches("/2018-06-01/runtime/").to_owned();
    (method, path, String::from_utf8(body).unwrap())
}

fn answer(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let answer = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).unwrap();
}
