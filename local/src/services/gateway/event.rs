//! The events that functions get: `requestContext` and what stands beside it.

use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::kernel::Time;

/// Headers as an event has them: each with its last value, and each with all of them.
pub(super) fn headers(headers: &HeaderMap) -> (Value, Value) {
    let (mut single, mut multi) = (Map::new(), Map::new());
    for name in headers.keys() {
        let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        let Some(last) = values.last() else { continue };
        let name = canonical(name.as_str());
        single.insert(name.clone(), json!(last));
        multi.insert(name, json!(values));
    }
    (Value::Object(single), Value::Object(multi))
}

/// A header's name with capitals, as WebSocket events have them: `Sec-WebSocket-Protocol`.
fn canonical(name: &str) -> String {
    let word = |word: &str| {
        if word == "websocket" {
            return "WebSocket".to_owned();
        }
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

/// The query's parameters: each with its last value, and each with all of them.
pub(super) fn query(query: &str) -> (Map<String, Value>, Map<String, Value>) {
    let (mut single, mut multi) = (Map::new(), Map::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        single.insert(name.to_string(), json!(value));
        if let Value::Array(values) = multi.entry(name.into_owned()).or_insert_with(|| json!([])) {
            values.push(json!(value));
        }
    }
    (single, multi)
}

/// `25/Nov/2026:06:31:52 +0000`, as `requestTime` is written.
pub(crate) fn request_time(now: Time) -> String {
    let stamp = jiff::Timestamp::from_millisecond(now.millis()).unwrap_or_default();
    stamp.strftime("%d/%b/%Y:%H:%M:%S %z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_headers_have_their_capitals() {
        assert_eq!(canonical("sec-websocket-protocol"), "Sec-WebSocket-Protocol");
        assert_eq!(canonical("origin"), "Origin");
    }

    #[test]
    fn a_request_time_is_a_log_time() {
        assert_eq!(request_time(Time::from_millis(1_769_860_800_007)), "31/Jan/2026:12:00:00 +0000");
    }
}
