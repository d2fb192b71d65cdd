//! The Lambda Runtime API: what a process asks for its invocations, on a loopback port of its own.
//!
//! In: HTTP requests of one process, none of which is trusted. Out: invocations, one at a time; answers and
//! errors back to who invoked. A request with another `Host`, or one from a browser, is refused: no page
//! that is open meanwhile gets an event.
//!
//! Source: "Using the Lambda runtime API for custom runtimes" in the Lambda Developer Guide.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, JoinSet, spawn_local};

use super::payload::Payload;
use super::sandbox::{Context, FunctionError, Invocation};

/// The largest answer of a function: 6 MB and a little, as AWS's own error says.
const ANSWER: usize = 6_291_556;
/// A body of this size is not even read to its end.
const ABSURD: usize = 8 * ANSWER;

/// What one process and its sandbox share.
#[derive(Debug, Default)]
pub(super) struct Api {
    state: RefCell<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The process has asked for its first invocation.
    ready: bool,
    /// Why there will be no invocation any more.
    dead: Option<FunctionError>,
    /// What the next `next` gets.
    given: Option<(Context, Bytes)>,
    /// The invocation that runs, or ran last.
    request_id: String,
    answer: Option<oneshot::Sender<Result<Payload, FunctionError>>>,
}

impl Api {
    /// Waits until the process asks for its first invocation, or will not.
    pub(super) async fn ready(&self) -> Result<(), FunctionError> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let state = self.state.borrow();
                if let Some(error) = &state.dead {
                    return Err(error.clone());
                }
                if state.ready {
                    return Ok(());
                }
            }
            changed.await;
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        self.state.borrow().dead.is_none()
    }

    /// The invocation that what is written now belongs to.
    pub(super) fn request_id(&self) -> String {
        self.state.borrow().request_id.clone()
    }

    /// Gives the process an invocation and waits for its answer.
    pub(super) async fn invoke(&self, invocation: &Invocation) -> Result<Payload, FunctionError> {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.state.borrow_mut();
            if let Some(error) = &state.dead {
                return Err(error.clone());
            }
            state.request_id.clone_from(&invocation.context.request_id);
            state.given = Some((invocation.context.clone(), invocation.payload.bytes().clone()));
            state.answer = Some(answer);
        }
        self.changed.notify_waiters();
        answered.await.unwrap_or_else(|_| Err(FunctionError::new("Runtime.ExitError", "the sandbox has ended")))
    }

    /// The process has ended.
    pub(super) fn died(&self, reason: &str) {
        let message = format!("RequestId: {} Error: {reason}", self.request_id());
        self.die(FunctionError::new("Runtime.ExitError", message));
    }

    fn die(&self, error: FunctionError) {
        let answer = {
            let mut state = self.state.borrow_mut();
            // What it said itself is better than that it ended.
            state.dead.get_or_insert(error.clone());
            state.answer.take()
        };
        if let Some(answer) = answer {
            let _ = answer.send(Err(error));
        }
        self.changed.notify_waiters();
    }

    /// Waits for the next invocation. One that was not fetched stays for who asks again.
    async fn next(&self) -> (Context, Bytes) {
        self.state.borrow_mut().ready = true;
        self.changed.notify_waiters();
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(given) = self.state.borrow_mut().given.take() {
                return given;
            }
            changed.await;
        }
    }

    /// Answers the invocation that runs; false if it is another.
    fn answer(&self, request_id: &str, result: Result<Payload, FunctionError>) -> bool {
        let answer = {
            let mut state = self.state.borrow_mut();
            if state.request_id == request_id { state.answer.take() } else { None }
        };
        // Who invoked may have given up meanwhile: the process has done its part.
        let Some(answer) = answer else { return false };
        let _ = answer.send(result);
        true
    }
}

/// A server that runs; dropped, it ends with its connections.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) port: u16,
    accepting: AbortHandle,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Serves the API to one process.
pub(super) async fn serve(api: Rc<Api>) -> std::io::Result<Served> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let host: Rc<str> = format!("127.0.0.1:{port}").into();
    let accepting = spawn_local(async move {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                accepted = listener.accept() => accepted,
                Some(_) = connections.join_next() => continue,
            };
            // A connection that could not be accepted is the client's to open again.
            let Ok((stream, _)) = accepted else {
                tokio::task::yield_now().await;
                continue;
            };
            connections.spawn_local(connection(stream, Rc::clone(&api), Rc::clone(&host)));
        }
    });
    Ok(Served { port, accepting: accepting.abort_handle() })
}

async fn connection(stream: TcpStream, api: Rc<Api>, host: Rc<str>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let (api, host) = (Rc::clone(&api), Rc::clone(&host));
        async move { Ok::<_, Infallible>(respond(&api, &host, request).await) }
    });
    // A connection that breaks is the process's end, or its retry.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

type Response = http::Response<Full<Bytes>>;

async fn respond(api: &Api, host: &str, request: http::Request<Incoming>) -> Response {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let from_browser = header("origin").is_some() || header("sec-fetch-site").is_some();
    if header("host").as_deref() != Some(host) || from_browser {
        return error(StatusCode::FORBIDDEN, "Forbidden", "this is the runtime API of a function's process");
    }
    let Some(path) = request.uri().path().strip_prefix("/2018-06-01/runtime/").map(str::to_owned) else {
        return error(StatusCode::NOT_FOUND, "NotFound", "the local engine has the runtime API alone, no extensions");
    };
    let kind = header("lambda-runtime-function-error-type");
    let streams = header("lambda-runtime-function-response-mode").is_some_and(|mode| mode == "streaming");
    match (request.method(), path.split('/').collect::<Vec<_>>().as_slice()) {
        (&Method::GET, ["invocation", "next"]) => {
            let (context, event) = api.next().await;
            invocation(&context, event)
        }
        (&Method::POST, ["invocation", id, "response"]) => {
            let result = match body(request).await {
                Some(_) if streams => {
                    let message = "the local engine has no streamed responses";
                    Err(FunctionError::new("Function.StreamedResponse", message))
                }
                Some(answer) => Ok(Payload::from_bytes(answer)),
                None => Err(FunctionError::new(
                    "Function.ResponseSizeTooLarge",
                    format!("Response payload size exceeded maximum allowed payload size ({ANSWER} bytes)."),
                )),
            };
            let too_large = result.is_err() && !streams;
            match api.answer(id, result) {
                true if too_large => {
                    let message = format!("Exceeded maximum allowed payload size ({ANSWER} bytes).");
                    error(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
                }
                true => accepted(),
                false => error(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
            }
        }
        (&Method::POST, ["invocation", id, "error"]) => {
            let payload = Payload::from_bytes(body(request).await.unwrap_or_default());
            match api.answer(id, Err(FunctionError::reported(kind.as_deref(), payload))) {
                true => accepted(),
                false => error(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
            }
        }
        (&Method::POST, ["init", "error"]) => {
            let payload = Payload::from_bytes(body(request).await.unwrap_or_default());
            api.die(FunctionError::reported(kind.as_deref(), payload));
            accepted()
        }
        _ => error(StatusCode::NOT_FOUND, "NotFound", "the runtime API has no such path"),
    }
}

/// The body; `None` if it is too large. It is read to its end nevertheless, so that the process gets its
/// answer instead of a broken connection.
async fn body(request: http::Request<Incoming>) -> Option<Bytes> {
    let mut body = request.into_body();
    let mut read = Vec::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        size += data.len();
        if size > ABSURD {
            return None;
        }
        if size <= ANSWER {
            read.extend_from_slice(&data);
        }
    }
    (size <= ANSWER).then(|| read.into())
}

fn invocation(context: &Context, event: Bytes) -> Response {
    let mut response = http::Response::new(Full::new(event));
    let mut set = |name: &'static str, value: &str| {
        // Ids, numbers and ARNs are always what a header may hold; the client's context is JSON text.
        if let Ok(value) = http::HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set("content-type", "application/json");
    set("lambda-runtime-aws-request-id", &context.request_id);
    set("lambda-runtime-deadline-ms", &context.deadline.millis().to_string());
    set("lambda-runtime-invoked-function-arn", &context.function_arn);
    set("lambda-runtime-trace-id", &context.trace_id);
    if let Some(client) = &context.client_context {
        set("lambda-runtime-client-context", client);
    }
    response
}

fn accepted() -> Response {
    respond_json(StatusCode::ACCEPTED, &serde_json::json!({"status": "OK"}))
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    respond_json(status, &serde_json::json!({"errorType": kind, "errorMessage": message}))
}

fn respond_json(status: StatusCode, body: &serde_json::Value) -> Response {
    let mut response = http::Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}
