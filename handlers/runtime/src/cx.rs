//! What a function knows: once per cold start ([`Cx`]), and once per invocation ([`Invocation`]).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use lambda_runtime::Context;
use tokio::time::Instant;

use crate::aws::Clients;
use crate::browser::Kept;
use crate::error::Error;
use crate::scalar::Timestamp;
use crate::secret::Secrets;

/// The environment variable, set by the generated template, that holds the function's timeout in
/// milliseconds. Lambda tells a function its deadline but not its timeout, and `now` needs both.
pub const TIMEOUT: &str = "EVENTLOOM_TIMEOUT_MS";

/// What stays the same from a cold start on: the function's name, its configuration and its clients. Cheap to
/// clone.
#[derive(Clone)]
pub struct Cx(Arc<Inner>);

struct Inner {
    function: String,
    timeout: Duration,
    env: BTreeMap<String, String>,
    aws: Clients,
    browser: Kept,
    secrets: Secrets,
}

/// The environment of the process does not say what a function must know.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CxError {
    /// Not set at all.
    #[error("the environment variable `{0}` is not set")]
    Unset(&'static str),
    /// Not a whole number of milliseconds.
    #[error("the environment variable `{TIMEOUT}` is no whole number of milliseconds")]
    Timeout,
}

impl Cx {
    /// The context of the function `function`, from the variables that the template sets and the configuration of its
    /// clients: [`aws::config`](crate::aws::config), or a test's.
    ///
    /// # Errors
    ///
    /// Names the variable that is missing or wrong.
    pub fn new(function: impl Into<String>, env: BTreeMap<String, String>, aws: SdkConfig) -> Result<Self, CxError> {
        let timeout = env.get(TIMEOUT).ok_or(CxError::Unset(TIMEOUT))?;
        let timeout = Duration::from_millis(timeout.parse().map_err(|_| CxError::Timeout)?);
        Ok(Self(Arc::new(Inner {
            function: function.into(),
            timeout,
            env,
            aws: Clients::new(aws),
            browser: Kept::default(),
            secrets: Secrets::default(),
        })))
    }

    /// The function's name, as the flow has it.
    pub fn function(&self) -> &str {
        &self.0.function
    }

    /// A variable of the function's environment: what its `env:` in the flow says.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.0.env.get(name).map(String::as_str)
    }

    /// A variable that the template sets for the function's part of the runtime: a table's name, a queue's URL.
    ///
    /// # Errors
    ///
    /// Names the variable that is not there.
    pub fn var(&self, name: &str) -> Result<&str, Error> {
        self.env(name).ok_or_else(|| Error::retry(format!("the environment variable `{name}` is not set")))
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.0.secrets
    }

    /// The AWS SDK's clients.
    pub fn aws(&self) -> &Clients {
        &self.0.aws
    }

    /// What the functions of browsers keep.
    pub(crate) fn kept(&self) -> &Kept {
        &self.0.browser
    }
}

/// The environment holds credentials.
impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx")
            .field("function", &self.0.function)
            .field("timeout", &self.0.timeout)
            .finish_non_exhaustive()
    }
}

/// One invocation: its clock, its deadline, and the context of its function.
#[derive(Clone, Debug)]
pub struct Invocation {
    cx: Cx,
    request_id: String,
    began: Instant,
    began_at: Timestamp,
}

impl Invocation {
    /// The invocation begins now. Its clock starts at the deadline less the timeout, whatever the
    /// system clock says, so that a test's clock reaches a real binary.
    pub fn new(cx: &Cx, context: &Context) -> Self {
        let deadline = i64::try_from(context.deadline).unwrap_or(i64::MAX);
        let timeout = i64::try_from(cx.0.timeout.as_millis()).unwrap_or(i64::MAX);
        Self {
            cx: cx.clone(),
            request_id: context.request_id.clone(),
            began: Instant::now(),
            began_at: Timestamp::from_millis(deadline.saturating_sub(timeout)),
        }
    }

    /// The time. Use this and not the system clock.
    pub fn now(&self) -> Timestamp {
        self.began_at.plus(self.began.elapsed())
    }

    /// How long until Lambda ends the invocation.
    pub fn remaining(&self) -> Duration {
        self.cx.0.timeout.saturating_sub(self.began.elapsed())
    }

    /// Lambda's id of this invocation.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// What the function knows since its cold start.
    pub fn cx(&self) -> &Cx {
        &self.cx
    }
}
