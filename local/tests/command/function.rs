//! This program as the function of a flow. Its version is the last byte of its file; its events say what it does.

use std::io::Write;
use std::sync::Mutex;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::{Value, json};

/// Runs the function where Lambda's runtime started this program, and does not come back then.
pub(crate) fn run_if_it_is_one() {
    static ONE: Mutex<()> = Mutex::new(());
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    // The harness starts every test: the first of them is the function.
    let _only = ONE.lock();
    let version = *std::fs::read(std::env::current_exe().unwrap()).unwrap().last().unwrap();
    if version == b'c' {
        std::process::exit(3);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let version = char::from(version);
    let answer = move |event: LambdaEvent<Value>| answer(version, event.payload);
    let ended = runtime.block_on(lambda_runtime::run(service_fn(answer)));
    std::process::exit(i32::from(ended.is_err()));
}

async fn answer(version: char, event: Value) -> Result<Value, Diagnostic> {
    for record in event["Records"].as_array().into_iter().flatten() {
        let event: Value = serde_json::from_str(record["body"].as_str().unwrap_or("{}")).unwrap_or_default();
        let title = event.pointer("/data/title").and_then(Value::as_str).unwrap_or_default();
        // What `print!` writes, a test's harness keeps to itself.
        std::io::stdout().write_all(format!("version {version}: {title}\n").as_bytes()).unwrap();
        let fails = title == "poison" || title == format!("fail in {version}");
        if fails {
            return Err(Diagnostic { error_type: "Sad".to_owned(), error_message: "as asked".to_owned() });
        }
        if title == "hang" {
            std::future::pending::<()>().await;
        }
    }
    Ok(json!({"batchItemFailures": []}))
}
