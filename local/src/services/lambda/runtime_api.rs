//! The Lambda Runtime API: what a process asks for its invocations, on a loopback port of its own.
//!
//! In: HTTP requests of one process, none of which is trusted. Out: invocations, one at a time; answers and
//! errors back to who invoked. A request with another `Host`, or one from a browser, is refused: no page
//! that is open meanwhile gets an event.
//!
//! Source: "Using the Lambda runtime API for custom runtimes" in the Lambda Developer Guide.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, spawn_local};

use super::payload::Payload;
use super::sandbox::{ANSWER, Context, FunctionError, Invocation};
use crate::front::{self, Limits};
use crate::wire::{Request, Response};

/// A body of this size is not even read to its end; one that is only too large is answered for.
const ABSURD: usize = 8 * ANSWER;
const JSON: &str = "application/json";

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
        self.die(FunctionError::exited(&self.request_id(), reason));
    }

    /// What is written from now on belongs to this invocation, whether or not the process gets it.
    pub(super) fn expect(&self, request_id: &str) {
        request_id.clone_into(&mut self.state.borrow_mut().request_id);
    }

    /// Waits until the process has ended; why it did.
    pub(super) async fn dead(&self) -> FunctionError {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(error) = &self.state.borrow().dead {
                return error.clone();
            }
            changed.await;
        }
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
    let limits = Limits { body: ABSURD, ..Limits::default() };
    let answer = move |request| {
        let api = Rc::clone(&api);
        async move { respond(&api, request).await }
    };
    let accepting = spawn_local(front::serve(listener, limits, answer));
    Ok(Served { port, accepting: accepting.abort_handle() })
}

async fn respond(api: &Api, request: Request) -> Response {
    let Some(path) = request.path.strip_prefix("/2018-06-01/runtime/") else {
        return error(404, "NotFound", "the local engine has the runtime API alone, no extensions");
    };
    let reported = || {
        let kind = request.header("lambda-runtime-function-error-type");
        FunctionError::reported(kind, Payload::from_bytes(request.body.clone()))
    };
    match (request.method.as_str(), path.split('/').collect::<Vec<_>>().as_slice()) {
        ("GET", ["invocation", "next"]) => {
            let (context, event) = api.next().await;
            invocation(&context, event)
        }
        ("POST", ["invocation", id, "response"]) => {
            let streams = request.header("lambda-runtime-function-response-mode") == Some("streaming");
            let too_large = request.body.len() > ANSWER;
            let result = if streams {
                Err(FunctionError::new("Function.StreamedResponse", "the local engine has no streamed responses"))
            } else if too_large {
                Err(FunctionError::too_large())
            } else {
                Ok(Payload::from_bytes(request.body.clone()))
            };
            match api.answer(id, result) {
                true if too_large => {
                    let message = format!("Exceeded maximum allowed payload size ({ANSWER} bytes).");
                    error(413, "RequestEntityTooLarge", &message)
                }
                answered => said(answered),
            }
        }
        ("POST", ["invocation", id, "error"]) => said(api.answer(id, Err(reported()))),
        ("POST", ["init", "error"]) => {
            api.die(reported());
            said(true)
        }
        _ => error(404, "NotFound", "the runtime API has no such path"),
    }
}

fn invocation(context: &Context, event: Bytes) -> Response {
    // Ids, numbers and ARNs are always what a header may hold; the client's context is JSON text.
    let response = Response::new(200, JSON, event)
        .header("lambda-runtime-aws-request-id", &context.request_id)
        .header("lambda-runtime-deadline-ms", &context.deadline.millis().to_string())
        .header("lambda-runtime-invoked-function-arn", &context.function_arn)
        .header("lambda-runtime-trace-id", &context.trace_id);
    match &context.client_context {
        Some(client) => response.header("lambda-runtime-client-context", client),
        None => response,
    }
}

/// The response to an answer, which was that of the invocation that runs, or not.
fn said(answered: bool) -> Response {
    if answered {
        Response::new(202, JSON, r#"{"status":"OK"}"#)
    } else {
        error(400, "InvalidRequestID", "Invalid request ID")
    }
}

fn error(status: u16, kind: &str, message: &str) -> Response {
    Response::new(status, JSON, serde_json::json!({"errorType": kind, "errorMessage": message}).to_string())
}
