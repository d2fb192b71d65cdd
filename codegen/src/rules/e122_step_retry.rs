//! E122: a retry or a catch stands where it means nothing, or names no error.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::each_step;
use crate::model::{Retry, Spanned, Step, StepKind};

/// A retry or a catch stands where it means nothing, or names no error.
pub(crate) const RULE: Rule = Rule {
    code: "E122",
    title: "a retry or a catch stands where it means nothing, or names no error",
    doc: r#"
An error is `timeout` (the step's or the function's), `failed`, `all`, one of Step Functions' own (`States.Timeout`, `Lambda.TooManyRequestsException`),
or one that your handler returns, in UpperCamel. `all` stands alone. A wait and a choice cannot fail: they take neither
`retry` nor `catch` nor `timeout`. A queue is tried again by SQS, after its visibility timeout: `attempts` is all that it
takes.

```yaml
# wrong
- pay: { handler: pay, catch: { errors: [States.TimeOut], next: refund } }
# right
- pay: { handler: pay, catch: { errors: [timeout, CardDeclined], next: refund } }
```

Source: AWS Step Functions Developer Guide, "Handling errors in Step Functions workflows".
"#,
    check: Check::Whole(check),
};

/// Step Functions' own errors, and those of its call of Lambda.
const KNOWN: [&str; 21] = [
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.Http.Socket",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
];

/// Our words for the most common of them.
const SHORT: [&str; 3] = ["timeout", "failed", "all"];

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for workflow in cx.flow.workflows.values() {
        if let Some(retry) = &workflow.retry {
            errors(&retry.errors, out);
        }
        each_step(&workflow.steps, &mut |s| step(s, out));
    }
    for queue in cx.flow.queues.values() {
        if let Some(span) = queue.retry.as_ref().and_then(beyond_attempts) {
            out.push(
                Diagnostic::new(
                    RULE.code,
                    span,
                    format!("queue `{}` takes `attempts` alone of a retry", queue.name.text),
                )
                .help("SQS tries again after the visibility timeout, six times the consumer's `timeout`"),
            );
        }
    }
}

/// The first setting of a retry that a queue does not know.
fn beyond_attempts(retry: &Retry) -> Option<crate::source::Span> {
    let waits = [retry.backoff, retry.max_backoff].into_iter().flatten().map(|b| b.span);
    let rate = retry.backoff_rate.map(|r| r.span);
    let errors = retry.errors.iter().map(|e| e.span);
    waits.chain(rate).chain(errors).min()
}

fn step(step: &Step, out: &mut Diagnostics) {
    if let Some(retry) = &step.retry {
        errors(&retry.errors, out);
    }
    step.catch.iter().for_each(|c| errors(&c.errors, out));
    let what = match step.kind {
        StepKind::Wait(_) | StepKind::WaitUntil(_) => "a wait",
        StepKind::Choice(_) => "a choice",
        _ => return,
    };
    let said = [
        step.retry.as_ref().map(|r| ("retry", r.span)),
        step.catch.first().map(|c| ("catch", c.next.span)),
        step.timeout.map(|t| ("timeout", t.span)),
    ];
    for (word, span) in said.into_iter().flatten() {
        out.push(
            Diagnostic::new(RULE.code, span, format!("{what} cannot fail: `{word}` means nothing on it"))
                .help("leave it out"),
        );
    }
}

fn errors(errors: &[Spanned<String>], out: &mut Diagnostics) {
    for error in errors {
        let name = error.value.as_str();
        if matches!(name, "all" | "States.ALL") && errors.len() > 1 {
            out.push(
                Diagnostic::new(RULE.code, error.span, format!("`{name}` stands alone: it holds the others"))
                    .help("leave the others out"),
            );
        } else if !is_error(name) {
            let said = Diagnostic::new(RULE.code, error.span, format!("`{name}` is no error"));
            out.push(match crate::suggest::nearest(name, SHORT.into_iter().chain(KNOWN)) {
                Some(near) => said.help(format!("did you mean `{near}`?")).replace_with(near),
                None => {
                    said.help("take `timeout`, `failed`, `all`, one of `States.`, or your handler's own in UpperCamel")
                }
            });
        }
    }
}

fn is_error(name: &str) -> bool {
    let own = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
    SHORT.contains(&name) || KNOWN.contains(&name) || own || name == "Sandbox.Timedout"
}

#[cfg(test)]
mod tests {
    use super::is_error;

    #[test]
    fn errors_are_ours_step_functions_own_or_a_handlers() {
        for right in ["timeout", "all", "States.TaskFailed", "Lambda.ServiceException", "CardDeclined"] {
            assert!(is_error(right), "{right}");
        }
        for wrong in ["States.TimeOut", "card_declined", "", "Lambda.Nothing", "card.declined"] {
            assert!(!is_error(wrong), "{wrong}");
        }
    }
}
