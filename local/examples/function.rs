//! The smallest function that the engine's tests run as a real process: its event says what it does.

use std::io::Write;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if std::env::var("_HANDLER").as_deref() == Ok("never-starts") {
        eprintln!("this function never starts");
        std::process::exit(3);
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
    match payload.get("do").and_then(Value::as_str) {
        Some("fail") => Err(Diagnostic { error_type: "Sad".to_owned(), error_message: "as asked".to_owned() }),
        Some("exit") => {
            eprintln!("\u{1b}[31mlast words");
            std::process::exit(7)
        }
        Some("hang") => {
            std::future::pending::<()>().await;
            Ok(Value::Null)
        }
        Some("log") => {
            println!("to stdout");
            eprint!("to stderr, without an end of line");
            let _ = std::io::stderr().flush();
            Ok(Value::Null)
        }
        Some("large") => {
            let size = payload.get("size").and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
            Ok("x".repeat(size.unwrap_or_default()).into())
        }
        _ => {
            let variables: serde_json::Map<String, Value> =
                std::env::vars().map(|(name, value)| (name, value.into())).collect();
            let left = SystemTime::UNIX_EPOCH
                .checked_add(Duration::from_millis(context.deadline))
                .unwrap_or(SystemTime::UNIX_EPOCH)
                .duration_since(SystemTime::now())
                .unwrap_or(Duration::ZERO);
            Ok(json!({
                "event": payload,
                "pid": std::process::id(),
                "invocations": invocations,
                "variables": variables,
                "request_id": context.request_id,
                "arn": context.invoked_function_arn,
                "client": context.client_context,
                "seconds_left": left.as_secs(),
                "deadline": context.deadline,
            }))
        }
    }
}
