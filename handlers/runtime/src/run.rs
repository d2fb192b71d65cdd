//! `main` of the multi-call binary: from the process's environment to Lambda's loop.
//!
//! Guaranteed: a function that this binary cannot run ends the process, with a line that names it,
//! before an event is asked for.

use std::collections::BTreeMap;
use std::process::{ExitCode, Termination};

use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde_json::Value;
use tokio::runtime::Runtime as Tokio;
use tracing::Instrument;

use crate::cx::{Cx, CxError};
use crate::error::Error;
use crate::{aws, init_error, log, panics};

/// Whether a function can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// `dispatch` knows it.
    Ready,
    /// It needs a part of the runtime, by this name, that this version does not have.
    Absent(&'static str),
}

/// How the process ends.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Exit {
    /// Lambda asked for no more: 0.
    #[error("ended")]
    Ended,
    /// The Runtime API failed, or the process could not set itself up: 1.
    #[error("the Lambda Runtime API failed: {0}")]
    Failed(String),
    /// Started by hand, outside Lambda: 2.
    #[error(
        "this is the binary of the flow's Lambda functions: Lambda starts it, or the local engine \
         (`cargo run -p local`); functions: {0}"
    )]
    Outside(String),
    /// The environment lacks something: 3.
    #[error(transparent)]
    Environment(#[from] CxError),
    /// There is no such function in the flow: 4.
    #[error("no function `{0}` in this binary; functions: {1}")]
    Unknown(String, String),
    /// The function needs what this version of the runtime does not have: 5.
    #[error("function `{0}` needs the {1}, which this version of the runtime does not have")]
    Absent(String, &'static str),
}

impl Exit {
    /// The process's exit code.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Ended => 0,
            Self::Failed(_) => 1,
            Self::Outside(_) => 2,
            Self::Environment(_) => 3,
            Self::Unknown(..) => 4,
            Self::Absent(..) => 5,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

/// The variables without which `lambda_runtime` panics.
const NEEDED: [&str; 4] =
    ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "_HANDLER"];

/// Runs the function that `_HANDLER` names until Lambda ends the process. Return it from `main`.
///
/// `functions` is every function of the flow, and `dispatch` runs those that are ready.
pub fn run(
    functions: &[(&str, Start)],
    dispatch: impl AsyncFn(&Cx, LambdaEvent<Value>) -> Result<Value, Error>,
) -> Exit {
    let env: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let names = || functions.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let Some(api) = env.get("AWS_LAMBDA_RUNTIME_API").cloned() else {
        let exit = Exit::Outside(names());
        eprintln!("{exit}");
        return exit;
    };
    log::start(env.get("AWS_LAMBDA_LOG_LEVEL").map(String::as_str));
    panics::log_panics();
    let exit = match start(functions, names, env) {
        Ok((tokio, cx)) => serve(&tokio, &cx, dispatch),
        Err(exit) => {
            // The log line below is the record; that Lambda hears it too is a courtesy.
            let _ = init_error::report(&api, "Eventloom.Start", &exit.to_string());
            exit
        }
    };
    match exit {
        Exit::Ended => tracing::info!("{exit}"),
        _ => tracing::error!(code = exit.code(), "{exit}"),
    }
    exit
}

fn start(
    functions: &[(&str, Start)],
    names: impl Fn() -> String,
    env: BTreeMap<String, String>,
) -> Result<(Tokio, Cx), Exit> {
    if let Some(unset) = NEEDED.into_iter().find(|name| !env.contains_key(*name)) {
        return Err(CxError::Unset(unset).into());
    }
    let function = env.get("_HANDLER").cloned().unwrap_or_default();
    match functions.iter().find(|(name, _)| *name == function) {
        Some((_, Start::Ready)) => {}
        Some((_, Start::Absent(part))) => return Err(Exit::Absent(function, part)),
        None => return Err(Exit::Unknown(function, names())),
    }
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let tokio = tokio.map_err(|error| Exit::Failed(error.to_string()))?;
    let aws = tokio.block_on(aws::on_lambda());
    let cx = Cx::new(function, env, aws)?;
    Ok((tokio, cx))
}

fn serve(tokio: &Tokio, cx: &Cx, dispatch: impl AsyncFn(&Cx, LambdaEvent<Value>) -> Result<Value, Error>) -> Exit {
    let dispatch = &dispatch;
    let service = service_fn(move |event: LambdaEvent<Value>| {
        let span = tracing::info_span!(
            "invocation",
            function = cx.function(),
            request_id = event.context.request_id,
            trace = event.context.xray_trace_id,
        );
        async move {
            // `lambda_runtime` would log a panic's text, so none reaches it.
            let answer = panics::caught(dispatch(cx, event)).await;
            if let Err(error) = &answer {
                tracing::error!(error = error.name(), reason = %error, "the invocation failed");
            }
            answer
        }
        .instrument(span)
    });
    match tokio.block_on(Runtime::new(service).run()) {
        Ok(()) => Exit::Ended,
        Err(error) => Exit::Failed(error.to_string()),
    }
}
