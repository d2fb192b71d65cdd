//! Commands to an engine that runs.

use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use http::Method;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};

use super::arguments::{Arguments, Change};
use super::state::Session;
use super::stop::Stop;

/// Publishes an event.
pub(crate) fn publish(arguments: &Arguments, event: &str, file: &Path) -> Result<(), Stop> {
    let document = document(file)?;
    let published = post(arguments, "publish", &json!({"event": event, "document": document}))?;
    let topics = published.get("topics").and_then(Value::as_array).into_iter().flatten();
    let topics: Vec<&str> = topics.filter_map(Value::as_str).collect();
    println!("published {} to {}", text(&published, "id"), topics.join(", "));
    Ok(())
}

/// Prints a token.
pub(crate) fn token(arguments: &Arguments, user: &str, claims: &[(String, String)]) -> Result<(), Stop> {
    let mut members = Map::new();
    members.insert("sub".to_owned(), user.into());
    for (name, value) in claims {
        let value = serde_json::from_str(value).unwrap_or_else(|_| value.clone().into());
        members.insert(name.clone(), value);
    }
    let minted = post(arguments, "token", &Value::Object(members))?;
    println!("{}", text(&minted, "token"));
    Ok(())
}

/// Shows the faults that are to come, or sets them.
pub(crate) fn faults(arguments: &Arguments, file: Option<&Path>) -> Result<(), Stop> {
    let plan = match file {
        Some(file) => post(arguments, "faults", &document(file)?)?,
        None => ask(arguments, Method::GET, "faults", &Value::Null)?,
    };
    println!("{plan:#}");
    Ok(())
}

/// Shows the clock, or changes it.
pub(crate) fn clock(arguments: &Arguments, change: &Option<Change>) -> Result<(), Stop> {
    let body = match change {
        None => json!({}),
        Some(Change::Pause) => json!({"pause": true}),
        Some(Change::Resume) => json!({"resume": true}),
        Some(Change::Jump { by }) => json!({"jump_ms": u64::try_from(by.as_millis()).unwrap_or(u64::MAX)}),
    };
    let clock = post(arguments, "clock", &body)?;
    let state = if clock.get("paused") == Some(&Value::Bool(true)) { ", paused" } else { "" };
    println!("{}{state}", text(&clock, "now"));
    Ok(())
}

/// A JSON document from a file, or from the standard input for `-`.
pub(crate) fn document(file: &Path) -> Result<Value, Stop> {
    let failed = |why| Stop::File { doing: "read", path: file.to_owned(), why };
    let text = if file == Path::new("-") {
        let mut text = Vec::new();
        std::io::stdin().lock().read_to_end(&mut text).map_err(failed)?;
        text
    } else {
        std::fs::read(file).map_err(failed)?
    };
    serde_json::from_slice(&text).map_err(|error| Stop::Refused(format!("{}: {error}", file.display())))
}

/// Tells the engine of the flow.
fn post(arguments: &Arguments, control: &str, body: &Value) -> Result<Value, Stop> {
    ask(arguments, Method::POST, control, body)
}

/// Asks the engine of the flow.
fn ask(arguments: &Arguments, method: Method, control: &str, body: &Value) -> Result<Value, Stop> {
    let session = Session::of(&arguments.root)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| Stop::Refused(why.to_string()))?;
    let gone = |_| Stop::NotRunning(arguments.root.clone());
    let (status, answer) = runtime.block_on(send(&session, method, control, body)).map_err(gone)?;
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    if status == 200 {
        return Ok(answer);
    }
    Err(Stop::Refused(format!("the engine refused: {}", text(&answer, "message"))))
}

/// A member that is a text.
fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer.get(name).and_then(Value::as_str).unwrap_or_default()
}

async fn send(
    session: &Session,
    method: Method,
    control: &str,
    body: &Value,
) -> Result<(u16, Bytes), Box<dyn std::error::Error + Send + Sync>> {
    let stream = tokio::net::TcpStream::connect(&session.authority).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = hyper::Request::builder()
        .method(method)
        .uri(format!("/_eventloom/{control}"))
        .header("host", &session.authority)
        .header("authorization", format!("Bearer {}", session.token))
        .body(Full::new(Bytes::from(body.to_string())))?;
    let answer = async {
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>((status, body))
    };
    tokio::select! {
        answer = answer => Ok(answer?),
        ended = connection => Err(ended.err().map_or_else(|| "the engine hung up".into(), Into::into)),
    }
}
