//! Plans for the emitters' tests.

use crate::diagnostic::{Diagnostics, Severity};
use crate::plan::Plan;
use crate::{Input, check, lower};

/// The plan of a flow that is right.
pub(super) fn plan(spec: &str) -> Plan {
    let templates = ["notice.html", "notice.txt", "unread.html", "unread.txt"].map(str::to_owned).into();
    let input = Input { path: "spec/flow.yaml".into(), bytes: spec.as_bytes().to_vec(), templates, ..Input::default() };
    let checked = check(&input);
    let errors: Vec<_> = checked.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let (flow, facts) = checked.flow.unwrap();
    lower::lower(&flow, &facts, "spec/flow.yaml", &mut Diagnostics::default())
}

/// The plan of the reference flow.
pub(super) fn everi() -> Plan {
    plan(include_str!("../../../spec/everi.yaml"))
}
