//! Functions as real processes, in real time: the engine starts this very binary as the function.
//!
//! Time passes as it does, so nothing here waits for it: what takes long is jumped over on the engine's clock.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails should panic")]

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use local::engine::Engine;
use local::faults::Crash;
use local::front::{Limits, serve};
use local::kernel::{AwsError, Caller, Clock, Happening, Moment, Place, Random, Store, Time, World};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, LocalSet, spawn_local};

/// Where the engine's clock begins: not where the machine's is.
const BEGINNING: Time = Time::from_millis(4_000_000_000_000);

/// Every test is here, also in the process of a function, in which the first of them is the function and the
/// others wait until it ends.
fn run<F: Future<Output = ()>>(test: impl FnOnce(Rc<Test>) -> F) {
    static FUNCTION: Mutex<()> = Mutex::new(());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        let _only = FUNCTION.lock();
        let ended = runtime.block_on(function());
        std::process::exit(i32::from(ended.is_err()));
    }
    LocalSet::new().block_on(&runtime, async {
        let clock = Clock::new(BEGINNING);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap()).into();
        let place = Place { endpoint, ..Place::default() };
        let world = World::new(clock, Random::seeded(1), Store::memory(), place);
        let told: Rc<RefCell<Vec<Happening>>> = Rc::default();
        let heard = Rc::clone(&told);
        world.log.listen(move |happening| heard.borrow_mut().push(happening.clone()));
        let engine = Engine::start(world.clone()).unwrap();
        let front = engine.front().clone();
        spawn_local(serve(listener, Limits::default(), move |request| {
            let front = front.clone();
            async move { front.answer(request).await }
        }));
        let policy = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let trust = json!({
            "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
        });
        let all = json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"});
        for (operation, input) in [
            ("CreateRole", json!({"RoleName": "orders", "AssumeRolePolicyDocument": policy(trust)})),
            ("PutRolePolicy", json!({"RoleName": "orders", "PolicyName": "all", "PolicyDocument": policy(all)})),
        ] {
            world.bus.request(Caller::Account, "iam", operation, input).await.unwrap();
        }
        test(Rc::new(Test { world, told, engine })).await;
    });
}

/// The function: its event says what it does.
async fn function() -> Result<(), lambda_runtime::Error> {
    match std::env::var("_HANDLER").as_deref() {
        Ok("never-starts") => {
            eprint!("this function never starts");
            std::process::exit(3);
        }
        Ok("hangs") => loop {
            std::thread::park();
        },
        _ => {}
    }
    let mut invocations = 0;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        invocations += 1;
        answer(event, invocations)
    }))
    .await
}

async fn answer(event: LambdaEvent<Value>, invocations: u32) -> Result<Value, Diagnostic> {
    let LambdaEvent { payload, context } = event;
    match payload["do"].as_str() {
        Some("fail") => Err(Diagnostic { error_type: "Sad".to_owned(), error_message: "as asked".to_owned() }),
        Some("exit") => {
            // What `print!` writes, a test's harness keeps to itself.
            std::io::stderr().write_all(b"\x1b[31mlast words").unwrap();
            std::process::exit(7)
        }
        Some("hang") => {
            std::io::stdout().write_all(b"hanging\n").unwrap();
            std::future::pending().await
        }
        Some("log") => {
            std::io::stdout().write_all(b"to stdout\n").unwrap();
            std::io::stderr().write_all(b"to stderr\n").unwrap();
            Ok(Value::Null)
        }
        Some("large") => Ok("x".repeat(usize::try_from(payload["size"].as_u64().unwrap()).unwrap()).into()),
        // Until the other side hangs up.
        Some("wait") => {
            let mut stream = TcpStream::connect(payload["address"].as_str().unwrap()).unwrap();
            stream.read_to_end(&mut Vec::new()).unwrap();
            Ok(std::env::args().next().into())
        }
        Some("send") => {
            let sqs = sqs();
            let send = || sqs.send_message().queue_url("http://x/000000000000/out").message_body("x").send();
            std::io::stdout().write_all(b"sending\n").unwrap();
            send().await.unwrap();
            send().await.unwrap();
            Ok(Value::Null)
        }
        Some("probe") => Ok(probe(&context.request_id).into()),
        _ => Ok(json!({
            "event": payload,
            "pid": std::process::id(),
            "path": std::env::args().next(),
            "invocations": invocations,
            "variables": std::env::vars().collect::<std::collections::BTreeMap<_, _>>(),
            "request_id": context.request_id,
            "arn": context.invoked_function_arn,
            "deadline": context.deadline,
        })),
    }
}

/// A client as a handler has it: from what its environment says.
fn sqs() -> aws_sdk_sqs::Client {
    let variable = |name: &str| std::env::var(name).unwrap();
    let keys = Credentials::new(
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
        Some(variable("AWS_SESSION_TOKEN")),
        None,
        "environment",
    );
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(variable("AWS_REGION")))
        .endpoint_url(variable("AWS_ENDPOINT_URL"))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .build();
    aws_sdk_sqs::Client::new(&sdk)
}

/// What the runtime API says to requests that no runtime makes: their status codes.
fn probe(request_id: &str) -> Vec<u16> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let runtime = "/2018-06-01/runtime";
    let of_another = format!("POST {runtime}/invocation/{}/response", request_id.replace('-', "0"));
    let next = format!("GET {runtime}/invocation/next");
    let requests = [
        ("GET /2020-01-01/extension/event/next".to_owned(), api.as_str(), ""),
        (format!("GET {runtime}/invocation"), &api, ""),
        (of_another, &api, ""),
        (next.clone(), "rebound.example:80", ""),
        (next, &api, "origin: http://page.example\r\n"),
    ];
    let status = |(request, host, headers): (String, &str, &str)| {
        let mut stream = TcpStream::connect(&api).unwrap();
        let head = "connection: close\r\ncontent-length: 0\r\n\r\n";
        write!(stream, "{request} HTTP/1.1\r\nhost: {host}\r\n{headers}{head}").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response.split(' ').nth(1).unwrap().parse().unwrap()
    };
    requests.into_iter().map(status).collect()
}

struct Test {
    world: World,
    told: Rc<RefCell<Vec<Happening>>>,
    engine: Engine,
}

impl Test {
    async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        self.world.bus.request(Caller::Account, "lambda", operation, input).await
    }

    async fn create(&self, handler: &str, path: &Path) {
        let input = json!({
            "FunctionName": "orders", "Role": "arn:aws:iam::000000000000:role/orders", "Runtime": "provided.al2023",
            "Handler": handler, "Timeout": 30, "Code": {"S3Bucket": "eventloom", "S3Key": path},
            "Environment": {"Variables": {"STAGE": "test"}},
        });
        self.call("CreateFunction", input).await.unwrap();
    }

    /// The function's answer, or its error.
    async fn invoke(&self, event: Value) -> Result<Value, Value> {
        let mut answer = self.call("Invoke", json!({"FunctionName": "orders", "Payload": event})).await.unwrap();
        let payload = answer["Payload"].take();
        if answer.get("FunctionError").is_some() { Err(payload) } else { Ok(payload) }
    }

    /// An invocation that goes on meanwhile.
    fn begin(self: &Rc<Self>, event: Value) -> JoinHandle<Result<Value, Value>> {
        let test = Rc::clone(self);
        spawn_local(async move { test.invoke(event).await })
    }

    /// Waits until this was told, for the `number`th time.
    async fn told(&self, what: &str, line: &str, number: usize) -> Happening {
        loop {
            let told = self.told.borrow().iter().filter(|told| told.what == what).cloned().collect::<Vec<_>>();
            let mut told = told.into_iter().filter(|told| line.is_empty() || told.detail["line"] == line);
            if let Some(told) = told.nth(number - 1) {
                return told;
            }
            tokio::task::yield_now().await;
        }
    }
}

fn binary() -> PathBuf {
    std::env::current_exe().unwrap()
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("eventloom-process-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The same binary at another path.
fn link(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    // Across file systems there is no link.
    std::fs::hard_link(binary(), &path).or_else(|_| std::fs::copy(binary(), &path).map(|_| ())).unwrap();
    path
}

#[test]
fn a_process_gets_its_event_its_environment_and_the_engines_time() {
    run(|test| async move {
        test.create("orders_handler", &binary()).await;
        let answer = test.invoke(json!({"order": "ä"})).await.unwrap();
        assert_eq!(answer["event"], json!({"order": "ä"}));
        assert_eq!(answer["arn"], "arn:aws:lambda:eu-west-1:000000000000:function:orders");
        let left = answer["deadline"].as_i64().unwrap() - BEGINNING.millis();
        assert!((30_000..90_000).contains(&left), "{left} ms from the beginning of the engine's time");

        let variables = answer["variables"].as_object().unwrap();
        for (name, value) in [
            ("STAGE", "test"),
            ("_HANDLER", "orders_handler"),
            ("AWS_LAMBDA_FUNCTION_NAME", "orders"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/orders"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL", &*test.world.place.endpoint),
            ("TZ", ":UTC"),
        ] {
            assert_eq!(variables[name], value, "{name}");
        }
        assert!(variables.get("HOME").is_none() && variables.get("CARGO_MANIFEST_DIR").is_none(), "{variables:?}");
        let (credentials, caller) = test.world.keys.find(variables["AWS_ACCESS_KEY_ID"].as_str().unwrap()).unwrap();
        assert_eq!(caller.identity("000000000000"), "arn:aws:sts::000000000000:assumed-role/orders/orders");
        assert_eq!(variables["AWS_SECRET_ACCESS_KEY"], credentials.secret_key);
        assert_eq!(variables["AWS_SESSION_TOKEN"], credentials.session_token.unwrap());
    });
}

#[test]
fn a_warm_process_is_used_again_and_ends_when_nobody_needs_it() {
    run(|test| async move {
        test.create("orders", &binary()).await;
        let first = test.invoke(json!({})).await.unwrap();
        let second = test.invoke(json!({})).await.unwrap();
        assert_eq!((&first["pid"], &second["invocations"]), (&second["pid"], &json!(2)));

        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let waits = test.begin(json!({"do": "wait", "address": listener.local_addr().unwrap().to_string()}));
        let held = listener.accept().await.unwrap();
        let beside = test.invoke(json!({})).await.unwrap();
        assert_ne!(beside["pid"], first["pid"]);
        drop(held);
        waits.await.unwrap().unwrap();
        assert_eq!(test.invoke(json!({})).await.unwrap()["pid"], first["pid"], "it was used last");

        let key = first["variables"]["AWS_ACCESS_KEY_ID"].as_str().unwrap();
        test.world.clock.jump(Duration::from_secs(4 * 60));
        assert_eq!(test.invoke(json!({})).await.unwrap()["pid"], first["pid"]);
        test.world.clock.jump(Duration::from_secs(6 * 60));
        while test.world.keys.find(key).is_some() {
            tokio::task::yield_now().await;
        }
        assert_ne!(test.invoke(json!({})).await.unwrap()["pid"], first["pid"]);
    });
}

#[test]
fn what_a_process_does_wrong_is_its_invocations_error() {
    run(|test| async move {
        test.create("orders", &binary()).await;
        let pid = test.invoke(json!({})).await.unwrap()["pid"].clone();
        let error = test.invoke(json!({"do": "fail"})).await.unwrap_err();
        assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("Sad"), &json!("as asked")));
        let error = test.invoke(json!({"do": "large", "size": 7 << 20})).await.unwrap_err();
        assert_eq!(error["errorType"], "Function.ResponseSizeTooLarge");
        assert!(test.invoke(json!({"do": "large", "size": 6_000_000})).await.is_ok());
        let after = test.invoke(json!({})).await.unwrap();
        assert_eq!(after["pid"], pid, "none of these ends a process");

        let error = test.invoke(json!({"do": "exit"})).await.unwrap_err();
        assert_eq!(error["errorType"], "Runtime.ExitError");
        let message = error["errorMessage"].as_str().unwrap();
        assert!(message.ends_with("Error: Runtime exited with error: exit status 7"), "{message}");
        // Its last words came before, without what a terminal would obey.
        assert!(test.told.borrow().iter().any(|told| told.detail["line"] == "\u{fffd}[31mlast words"));
        assert_ne!(test.invoke(json!({})).await.unwrap()["pid"], pid);
        let key = after["variables"]["AWS_ACCESS_KEY_ID"].as_str().unwrap();
        assert!(test.world.keys.find(key).is_none(), "the key of a process ends with it");
    });
}

#[test]
fn a_process_is_killed_before_or_after_the_effect_of_any_call() {
    run(|test| async move {
        let sqs = |operation: &'static str, input: Value| {
            let bus = test.world.bus.clone();
            async move { bus.request(Caller::Account, "sqs", operation, input).await.unwrap() }
        };
        sqs("CreateQueue", json!({"QueueName": "out"})).await;
        test.create("orders", &binary()).await;
        let mut expected = 0;
        let places = [
            (0, Moment::Before, 0),
            (1, Moment::Before, 0),
            (1, Moment::After, 1),
            (2, Moment::Before, 1),
            (2, Moment::After, 2),
            (0, Moment::After, 2),
        ];
        let mut pids = Vec::new();
        for (call, when, sent) in places {
            let place = format!("{when:?} {call}");
            // The process that will be killed is warm.
            let pid = test.invoke(json!({})).await.unwrap()["pid"].as_u64().unwrap();
            test.engine.faults().crash(Crash { function: "orders".to_owned(), call, when, times: 1 });
            let error = test.invoke(json!({"do": "send"})).await.unwrap_err();
            assert_eq!(error["errorType"], "Runtime.ExitError", "{place}");
            let message = error["errorMessage"].as_str().unwrap();
            assert!(message.starts_with("RequestId: ") && !message.starts_with("RequestId:  "), "{message}");
            assert!(message.ends_with(" Error: Runtime exited with error: signal: killed"), "{place}: {message}");
            expected += sent;
            let asked = json!({"QueueUrl": "out", "AttributeNames": ["All"]});
            let count = sqs("GetQueueAttributes", asked).await["Attributes"]["ApproximateNumberOfMessages"].clone();
            assert_eq!(count, expected.to_string(), "{place}");
            pids.push(pid);
        }
        pids.dedup();
        assert_eq!(pids.len(), places.len(), "each was another process");
        // Its last words were heard.
        assert_eq!(test.told.borrow().iter().filter(|told| told.detail["line"] == "sending").count(), 5);
        test.invoke(json!({"do": "send"})).await.unwrap();
        assert!(test.world.activity.is_quiet());
    });
}

#[test]
fn a_process_that_takes_too_long_is_ended() {
    run(|test| async move {
        test.create("orders", &binary()).await;
        let pid = test.invoke(json!({})).await.unwrap()["pid"].clone();
        let hangs = test.begin(json!({"do": "hang"}));
        test.told("logged", "hanging", 1).await;
        test.world.clock.jump(Duration::from_secs(30));
        let error = hangs.await.unwrap().unwrap_err();
        assert_eq!(error["errorType"], "Sandbox.Timedout");
        assert_ne!(test.invoke(json!({})).await.unwrap()["pid"], pid);
    });
}

#[test]
fn what_a_process_writes_is_told_and_answered_to_who_asks() {
    run(|test| async move {
        test.create("orders", &binary()).await;
        let input = json!({"FunctionName": "orders", "LogType": "Tail", "Payload": {"do": "log"}});
        let tail = test.call("Invoke", input).await.unwrap()["LogResult"].take();
        let tail = String::from_utf8(STANDARD.decode(tail.as_str().unwrap()).unwrap()).unwrap();
        assert!(tail.contains("\nto stdout\n") && tail.contains("\nto stderr\n"), "{tail}");
        let told = test.told("logged", "to stdout", 1).await;
        assert_eq!(told.resource, "orders");
        let logs = test.call("eventloom:GetLogs", json!({"FunctionName": "orders", "Limit": 2})).await.unwrap();
        assert_eq!(logs["Lines"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn a_function_that_only_crashes_waits_until_its_code_is_another() {
    run(|test| async move {
        // Time stands: only another function lets one start that has to wait.
        test.world.clock.pause();
        let folder = folder("crash");
        test.create("never-starts", &link(&folder, "one")).await;
        for _ in 0..3 {
            let error = test.invoke(json!({})).await.unwrap_err();
            assert_eq!(error["errorType"], "Runtime.ExitError");
            assert!(error["errorMessage"].as_str().unwrap().ends_with("exit status 3"), "{error}");
        }
        let told = test.told("crash_looped", "", 1).await;
        assert_eq!((&told.detail["times"], &told.detail["next_start_in_seconds"]), (&json!(3), &json!(1)));

        let waits = test.begin(json!({}));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!waits.is_finished());
        let update = json!({"FunctionName": "orders", "Handler": "starts"});
        test.call("UpdateFunctionConfiguration", update).await.unwrap();
        assert_eq!(waits.await.unwrap().unwrap()["variables"]["_HANDLER"], "starts");
    });
}

#[test]
fn a_process_that_never_asks_for_work_is_ended() {
    run(|test| async move {
        test.create("hangs", &binary()).await;
        let waits = test.begin(json!({}));
        // The harness says what it begins with before it hangs.
        test.told("logged", "", 1).await;
        test.world.clock.jump(Duration::from_secs(10));
        assert_eq!(waits.await.unwrap().unwrap_err()["errorType"], "Sandbox.Timedout");
    });
}

#[test]
fn a_binary_that_is_gone_is_named() {
    run(|test| async move {
        let folder = folder("gone");
        let path = link(&folder, "bootstrap");
        test.create("orders", &path).await;
        std::fs::remove_file(&path).unwrap();
        let error = test.invoke(json!({})).await.unwrap_err();
        assert_eq!(error["errorType"], "Runtime.InvalidEntrypoint");
        assert!(error["errorMessage"].as_str().unwrap().contains(path.to_str().unwrap()), "{error}");
    });
}

#[test]
fn new_code_takes_over_while_the_old_one_ends_its_work() {
    run(|test| async move {
        let folder = folder("swap");
        let (old, new) = (link(&folder, "old"), link(&folder, "new"));
        test.create("orders", &old).await;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let waits = test.begin(json!({"do": "wait", "address": listener.local_addr().unwrap().to_string()}));
        let held = listener.accept().await.unwrap();
        let update = json!({"FunctionName": "orders", "S3Bucket": "eventloom", "S3Key": new});
        test.call("UpdateFunctionCode", update).await.unwrap();
        assert_eq!(test.invoke(json!({})).await.unwrap()["path"], json!(new));
        drop(held);
        assert_eq!(waits.await.unwrap().unwrap(), json!(old));
        let (one, two) = (test.begin(json!({})), test.begin(json!({})));
        for answer in [one.await.unwrap().unwrap(), two.await.unwrap().unwrap()] {
            assert_eq!(answer["path"], json!(new), "a sandbox of the old code is not used again");
        }
    });
}

#[test]
fn the_runtime_api_serves_its_runtime_alone() {
    run(|test| async move {
        test.create("orders", &binary()).await;
        assert_eq!(test.invoke(json!({"do": "probe"})).await.unwrap(), json!([404, 404, 400, 403, 403]));
    });
}

#[test]
fn new_code_takes_over_a_queue_and_nothing_in_it_is_lost() {
    run(|test| async move {
        let call = |service: &'static str, operation: &'static str, input: Value| {
            let bus = test.world.bus.clone();
            async move { bus.request(Caller::Account, service, operation, input).await.unwrap() }
        };
        call("sqs", "CreateQueue", json!({"QueueName": "orders"})).await;
        let folder = folder("queue");
        test.create("orders", &link(&folder, "old")).await;
        let source = "arn:aws:sqs:eu-west-1:000000000000:orders";
        let mapping = json!({"FunctionName": "orders", "EventSourceArn": source, "BatchSize": 1});
        call("lambda", "CreateEventSourceMapping", mapping).await;
        let send =
            |body: u32| call("sqs", "SendMessage", json!({"QueueUrl": "orders", "MessageBody": body.to_string()}));
        for body in 0..20 {
            send(body).await;
        }
        test.told("invoked", "", 1).await;
        let update = json!({"FunctionName": "orders", "S3Bucket": "eventloom", "S3Key": link(&folder, "new")});
        call("lambda", "UpdateFunctionCode", update).await;
        for body in 20..40 {
            send(body).await;
        }
        test.told("invoked", "", 40).await;
        let failed = |told: &&Happening| told.what == "invoked" && told.outcome != local::kernel::Outcome::Done;
        assert_eq!(test.told.borrow().iter().find(failed), None);
        let ask = || call("sqs", "GetQueueAttributes", json!({"QueueUrl": "orders", "AttributeNames": ["All"]}));
        while ask().await["Attributes"]["ApproximateNumberOfMessagesNotVisible"] != "0" {}
        assert_eq!(ask().await["Attributes"]["ApproximateNumberOfMessages"], "0");
    });
}
