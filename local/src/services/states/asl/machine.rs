//! Reading a machine, its scopes, and what all states have.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

use super::super::query::Language;
use super::finding::{Fields, Finding, Findings};
use super::{Kind, Machine, Next, Scope, State, check, choices, flow, states};

/// The most bytes of a definition ("Service quotas" of Step Functions: 1 MB).
const DEFINITION: usize = 1_048_576;
/// The most characters of a state's name.
const NAME: usize = 80;
/// How deep scopes may nest here; AWS has no number for it.
const DEPTH: usize = 50;
/// The longest timeout (the States Language's specification).
pub(in super::super) const SECONDS: u64 = 99_999_999;

/// What a definition is read with.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) findings: Findings,
    /// Of the whole machine.
    language: Language,
    pub(super) express: bool,
    names: BTreeSet<String>,
    depth: usize,
}

/// Reads a definition.
pub(in super::super) fn read(text: &str, express: bool) -> Result<Machine, Vec<Finding>> {
    let mut findings = Findings::default();
    if text.len() > DEFINITION {
        findings.add("INVALID_JSON_DESCRIPTION", "/", "the definition is larger than 1 MB");
        return Err(findings.into_vec());
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        findings.add("INVALID_JSON_DESCRIPTION", "/", error.to_string());
        std::mem::take(&mut findings).into_vec()
    })?;
    let mut fields = Fields::new(&value, "", &mut findings);
    let language = language(&mut fields, &mut findings).unwrap_or(Language::JsonPath);
    let mut reader = Reader { findings, language, express, names: BTreeSet::new(), depth: DEPTH };
    fields.text("Comment", &mut reader.findings);
    if let Some(version) = fields.text("Version", &mut reader.findings)
        && version != "1.0"
    {
        reader.findings.schema("/Version", "the only version is '1.0'");
    }
    let timeout = fields.whole("TimeoutSeconds", 1..=SECONDS, &mut reader.findings);
    let scope = reader.scope(&mut fields);
    fields.finish("a state machine", &mut reader.findings);
    if let Some(scope) = &scope {
        check::variables(scope, &mut reader.findings);
    }
    let findings = reader.findings.into_vec();
    match scope {
        Some(scope) if findings.is_empty() => Ok(Machine { scope, timeout }),
        _ => Err(findings),
    }
}

fn language(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Language> {
    match fields.text("QueryLanguage", findings)? {
        "JSONPath" => Some(Language::JsonPath),
        "JSONata" => Some(Language::Jsonata),
        other => {
            let message = format!("'{other}' is no query language: 'JSONPath' or 'JSONata'");
            findings.schema(&fields.place("QueryLanguage"), message);
            None
        }
    }
}

impl Reader {
    /// `StartAt` and `States` of an object.
    pub(super) fn scope(&mut self, fields: &mut Fields<'_>) -> Option<Scope> {
        let start_at = fields.required_text("StartAt", &mut self.findings);
        let states = fields.required("States", &mut self.findings)?;
        let at = fields.place("States");
        let Some(states) = states.as_object().filter(|states| !states.is_empty()) else {
            self.findings.schema(&at, "an object with at least one state is expected here");
            return None;
        };
        let Some(depth) = self.depth.checked_sub(1) else {
            self.findings.schema(&at, format!("states are nested more than {DEPTH} deep"));
            return None;
        };
        self.depth = depth;
        let mut read = IndexMap::new();
        let mut complete = true;
        for (name, value) in states {
            self.name(name, &at);
            match self.state(value, &format!("{at}/{name}")) {
                Some(state) => {
                    read.insert(name.clone(), state);
                }
                None => complete = false,
            }
        }
        self.depth += 1;
        let scope = Scope { start_at: start_at?.to_owned(), states: read };
        if complete {
            check::transitions(&scope, &fields.at, &mut self.findings);
        }
        complete.then_some(scope)
    }

    fn name(&mut self, name: &str, at: &str) {
        let place = format!("{at}/{name}");
        if name.is_empty() || name.chars().count() > NAME {
            self.findings.add("INVALID_STATE_NAME", &place, format!("a state's name has 1 to {NAME} characters"));
        }
        if !self.names.insert(name.to_owned()) {
            self.findings.add("DUPLICATE_STATE_NAME", &place, format!("the state name '{name}' appears twice"));
        }
    }

    fn state(&mut self, value: &Value, at: &str) -> Option<State> {
        let mut fields = Fields::new(value, at, &mut self.findings);
        let kind = fields.required_text("Type", &mut self.findings)?;
        fields.text("Comment", &mut self.findings);
        let language = self.language_of(&mut fields);
        let Some(known) = ["Task", "Choice", "Wait", "Parallel", "Map", "Pass", "Succeed", "Fail"]
            .into_iter()
            .find(|known| *known == kind)
        else {
            self.findings.schema(&fields.place("Type"), format!("'{kind}' is no type of state"));
            return None;
        };
        let kind = match known {
            "Task" => states::task(self, &mut fields, language),
            "Choice" => choices::choice(self, &mut fields, language),
            "Wait" => states::wait(self, &mut fields, language),
            "Parallel" => states::parallel(self, &mut fields),
            "Map" => states::map(self, &mut fields, language),
            "Pass" => Some(states::pass(&mut fields, language)),
            "Fail" => Some(states::fail(self, &mut fields, language)),
            _ => Some(Kind::Succeed),
        };
        let flow = flow::flow(self, &mut fields, known, language);
        let (retry, catch) = match known {
            "Task" | "Parallel" | "Map" => {
                (flow::retries(self, &mut fields), flow::catches(self, &mut fields, language))
            }
            _ => (Vec::new(), Vec::new()),
        };
        let assign = match known {
            "Succeed" | "Fail" => None,
            _ => flow::assign(self, &mut fields, language),
        };
        let next = match known {
            "Choice" | "Succeed" | "Fail" => Some(Next::End),
            _ => self.next(&mut fields),
        };
        let what = match language {
            Language::JsonPath => format!("a {known} state of JSONPath"),
            Language::Jsonata => format!("a {known} state of JSONata"),
        };
        fields.finish(&what, &mut self.findings);
        Some(State { kind: kind?, flow, next: next?, retry, catch, assign })
    }

    fn language_of(&mut self, fields: &mut Fields<'_>) -> Language {
        let own = language(fields, &mut self.findings);
        if own == Some(Language::JsonPath) && self.language == Language::Jsonata {
            let message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
            self.findings.schema(&fields.place("QueryLanguage"), message);
        }
        own.unwrap_or(self.language)
    }

    fn next(&mut self, fields: &mut Fields<'_>) -> Option<Next> {
        let end = fields.take("End");
        let next = fields.text("Next", &mut self.findings);
        match (end, next) {
            (None, Some(next)) => Some(Next::State(next.to_owned())),
            (Some(Value::Bool(true)), None) => Some(Next::End),
            _ => {
                self.findings.schema(&fields.at, "these fields are required: either 'Next', or 'End' that is true");
                None
            }
        }
    }
}
