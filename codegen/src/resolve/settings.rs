//! What stands at the top of a flow: its version, its name, its settings.

use super::{Resolver, name, names};
use crate::diagnostic::Diagnostics;
use crate::model::{Alarms, ApiLogs, Architecture, Encryption, Name, Quotas, Settings, Spanned};
use crate::rules::{e030_missing, e031_name_form, e049_language_version};
use crate::source::Span;
use crate::syntax;

impl Default for Settings {
    fn default() -> Self {
        Self {
            encryption: Encryption::Customer,
            architecture: Architecture::X86_64,
            log_days: 30,
            quotas: Quotas::Large,
            api_logs: ApiLogs::Create,
            tags: Vec::new(),
        }
    }
}

/// The flow's name; reports a missing name or version.
pub(super) fn flow_name(syntax: &syntax::Flow, whole: Span, out: &mut Diagnostics) -> Name {
    let start = Span::new(whole.file, whole.start, whole.start);
    match &syntax.eventloom {
        None => out.push(e030_missing::diagnostic(
            start,
            "eventloom",
            "a flow",
            "the first line of a flow is `eventloom: 1`",
        )),
        Some(at) => {
            if let Some(version) = at.value.filter(|v| *v != 1) {
                out.push(e049_language_version::diagnostic(at.span, version));
            }
        }
    }
    let Some(at) = &syntax.flow else {
        out.push(e030_missing::diagnostic(start, "flow", "a flow", "give the flow a name: `flow: orders`"));
        return Name { text: "flow".into(), span: start, renamed_from: None, former: Vec::new() };
    };
    if let Some(text) = &at.value
        && let Some(problem) = names::problem(text, names::Case::Lower)
    {
        out.push(e031_name_form::diagnostic(at.span, text, "a flow", &problem, &None));
    }
    name(at, None)
}

/// The retentions that CloudWatch Logs knows, in days.
/// Source: Amazon CloudWatch Logs API Reference, PutRetentionPolicy.
const RETENTIONS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

impl Resolver<'_> {
    pub(super) fn settings(&mut self) {
        let syntax = self.syntax;
        self.flow.about = syntax.about.as_ref().and_then(|a| Some(Spanned::new(a.value.clone()?, a.span)));
        self.flow.alarms = syntax.alarms.as_ref().and_then(|a| {
            let alarms = a.value.as_ref()?;
            Some(Alarms { email: Spanned::new(alarms.email.value.clone()?, alarms.email.span) })
        });
        for (code, reason) in &syntax.allow {
            if let (Some(c), Some(r)) = (&code.value, &reason.value) {
                self.flow.allow.push((Spanned::new(c.clone(), code.span), Spanned::new(r.clone(), reason.span)));
            }
        }
        let Some(settings) = syntax.settings.as_ref().and_then(|s| s.value.as_ref()) else { return };
        let mut made = Settings::default();
        if let Some(v) = settings.encryption.as_ref().and_then(|a| a.value) {
            made.encryption = v;
        }
        if let Some(v) = settings.architecture.as_ref().and_then(|a| a.value) {
            made.architecture = v;
        }
        if let Some(v) = settings.quotas.as_ref().and_then(|a| a.value) {
            made.quotas = v;
        }
        if let Some(v) = settings.api_logs.as_ref().and_then(|a| a.value) {
            made.api_logs = v;
        }
        if let Some(kept) = self.optional_duration(settings.logs.as_ref()) {
            let days = u32::try_from(kept.value / 86_400).unwrap_or(u32::MAX);
            // The nearest retention that is at least as long: logs are never kept shorter than was asked.
            made.log_days = RETENTIONS.into_iter().find(|r| *r >= days).unwrap_or(3653);
        }
        for (key, value) in &settings.tags {
            if let (Some(k), Some(v)) = (&key.value, &value.value) {
                made.tags.push((Spanned::new(k.clone(), key.span), Spanned::new(v.clone(), value.span)));
            }
        }
        self.flow.settings = made;
    }
}
