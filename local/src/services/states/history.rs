//! `GetExecutionHistory`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::States;
use super::input::{page, read};
use crate::kernel::{AwsError, Caller};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Get {
    execution_arn: String,
    max_results: Option<u64>,
    #[serde(default)]
    reverse_order: bool,
    next_token: Option<String>,
    include_execution_data: Option<bool>,
}

impl States {
    pub(super) fn get_execution_history(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let get: Get = read(input)?;
        self.allow(caller, "GetExecutionHistory", &get.execution_arn)?;
        let execution = self.find_execution(&get.execution_arn)?;
        let (size, after) = page(get.max_results, get.next_token.as_deref(), 1000)?;
        let skip = usize::try_from(after.unwrap_or(0)).unwrap_or(usize::MAX);
        let history = execution.history.borrow();
        let bare = get.include_execution_data == Some(false);
        let numbered = history.iter().zip(1..);
        let render = |(event, id): (&super::run::HistoryEvent, u64)| event.render(id, bare);
        let events: Vec<Value> = if get.reverse_order {
            // A page is found from the end of what there was when the first page was asked for only while
            // nothing is added; AWS is no better.
            let mut all: Vec<_> = numbered.collect();
            all.reverse();
            all.into_iter().skip(skip).take(size).map(render).collect()
        } else {
            numbered.skip(skip).take(size).map(render).collect()
        };
        let behind = skip.saturating_add(events.len());
        let mut answer = json!({ "events": events });
        if behind < history.len()
            && let Some(answer) = answer.as_object_mut()
        {
            answer.insert("nextToken".to_owned(), behind.to_string().into());
        }
        Ok(answer)
    }
}
