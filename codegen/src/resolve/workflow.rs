//! Workflows and their steps.

use super::handling::{number, spanned};
use super::tables::flag;
use super::{Resolver, name, text};
use crate::model::{Catch, Destination, MapStep, Spanned, Step, StepKind, Workflow};
use crate::rules::{e030_missing, e046_step_form, e056_empty_list};
use crate::syntax;
use crate::yaml::{At, Forms};

impl Resolver<'_> {
    pub(super) fn workflows(&mut self) {
        for (key, workflow) in &self.syntax.workflows {
            let Some(workflow) = &workflow.value else { continue };
            let steps = match &workflow.steps {
                Some(steps) => self.steps(steps),
                None => {
                    let help = "give it steps: `steps: [ - name: { handler: … } ]`";
                    self.report(e030_missing::diagnostic(key.span, "steps", "a workflow", help));
                    Vec::new()
                }
            };
            let retry = workflow.retry.as_ref().and_then(|r| self.retry(r));
            let timeout = self.optional_duration(workflow.timeout.as_ref());
            let expect = self.expect(workflow.expect.as_ref());
            self.flow.workflows.push(Workflow {
                name: name(key, workflow.renamed_from.as_ref()),
                about: text(workflow.about.as_ref()),
                steps,
                retry,
                timeout,
                express: flag(workflow.express.as_ref(), key.span),
                expect,
            });
        }
    }

    fn steps(&mut self, at: &At<syntax::Steps>) -> Vec<Step> {
        let Some(list) = &at.value else { return Vec::new() };
        if list.is_empty() {
            self.report(e056_empty_list::diagnostic(at.span, "steps"));
        }
        let mut made = Vec::new();
        for item in list {
            let Some(map) = &item.value else { continue };
            if map.len() != 1 {
                self.report(e046_step_form::one_name(item.span));
            }
            for (key, step) in map {
                self.name_form(key, "a step");
                if key.value.as_deref() == Some("end") {
                    self.report(e046_step_form::called_end(key.span));
                }
                let Some(step_name) = &key.value else { continue };
                let Some(step) = &step.value else { continue };
                made.push(self.step(Spanned::new(step_name.clone(), key.span), step));
            }
        }
        made
    }

    fn step(&mut self, name: Spanned<String>, step: &syntax::Step) -> Step {
        let kinds = [
            step.handler.is_some(),
            step.send.is_some(),
            step.wait.is_some(),
            step.choice.is_some(),
            step.parallel.is_some(),
            step.map.is_some(),
        ];
        let kind = if kinds.iter().filter(|k| **k).count() == 1 {
            self.step_kind(step)
        } else {
            self.report(e046_step_form::one_kind(name.span));
            None
        };
        let catch = match step.catch.as_ref().and_then(|c| c.value.as_ref()) {
            None => Vec::new(),
            Some(syntax::Catch(Forms::Map(one))) => vec![self.catch(one)],
            Some(syntax::Catch(Forms::List(list))) => {
                list.iter().filter_map(|c| c.value.as_ref()).map(|c| self.catch(c)).collect()
            }
            Some(syntax::Catch(Forms::Text(never))) => match *never {},
        };
        Step {
            name,
            kind: kind.unwrap_or(StepKind::Unresolved),
            next: step.next.as_ref().and_then(|n| Some(Spanned::new(n.value.clone()?, n.span))),
            catch,
            retry: step.retry.as_ref().and_then(|r| self.retry(r)),
            timeout: self.optional_duration(step.timeout.as_ref()),
        }
    }

    fn catch(&mut self, one: &syntax::CatchOne) -> Catch {
        Catch {
            errors: spanned(one.errors.as_ref()),
            next: Spanned::new(one.next.value.clone().unwrap_or_default(), one.next.span),
        }
    }

    fn step_kind(&mut self, step: &syntax::Step) -> Option<StepKind> {
        if let Some(handler) = &step.handler {
            return self.handler(handler).map(StepKind::Handler);
        }
        if let Some(send) = &step.send {
            let found = self.find(send, "a sink, a topic or a queue", |m| match m {
                super::names::Meaning::To(
                    to @ (Destination::Sink(_) | Destination::Topic(_) | Destination::Queue(_)),
                ) => Some(to),
                _ => None,
            });
            return found.map(StepKind::Send);
        }
        if let Some(wait) = &step.wait {
            return match &wait.value.as_ref()?.0 {
                Forms::Text(text) => {
                    self.duration(&At { span: wait.span, value: Some(text.clone()) }).map(StepKind::Wait)
                }
                Forms::Map(until) => {
                    Some(StepKind::WaitUntil(Spanned::new(until.until.value.clone()?, until.until.span)))
                }
                Forms::List(never) => match *never {},
            };
        }
        if let Some(choice) = &step.choice {
            let cases = choice.value.as_ref()?;
            if cases.is_empty() {
                self.report(e056_empty_list::diagnostic(choice.span, "choice"));
            }
            let made = cases.iter().filter_map(|c| c.value.as_ref()).map(|case| {
                let when = self.pattern(&case.when);
                (when, Spanned::new(case.next.value.clone().unwrap_or_default(), case.next.span))
            });
            return Some(StepKind::Choice(made.collect()));
        }
        if let Some(parallel) = &step.parallel {
            let branches = parallel.value.as_ref()?;
            if branches.len() < 2 {
                self.report(e046_step_form::few_branches(parallel.span));
            }
            return Some(StepKind::Parallel(branches.iter().map(|b| self.steps(b)).collect()));
        }
        let map = step.map.as_ref()?.value.as_ref()?;
        self.name_form(&map.entry, "a field");
        Some(StepKind::Map(Box::new(MapStep {
            over: Spanned::new(map.over.value.clone()?, map.over.span),
            entry: Spanned::new(map.entry.value.clone()?, map.entry.span),
            concurrency: number(map.concurrency.as_ref()),
            steps: self.steps(&map.steps),
        })))
    }
}
