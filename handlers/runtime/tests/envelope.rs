//! The CloudEvents envelope: what is sent, and what is taken and refused.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's helpers fail the test")]

use runtime::{DecodeError, Envelope, Event, Timestamp, Ulid, decode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Liked {
    id: Ulid,
    time: Timestamp,
    liker: String,
}

impl Event for Liked {
    const FLOW: &'static str = "everi";
    const TYPE: &'static str = "Liked";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn time(&self) -> Timestamp {
        self.time
    }

    fn tenant(&self) -> Option<String> {
        Some("acme".to_owned())
    }
}

fn liked() -> Liked {
    Liked {
        id: Ulid::new("01J9ZC1X8Q4T5W6Y7Z8A9B0C1D").unwrap(),
        time: "2026-01-01T00:00:00Z".parse().unwrap(),
        liker: "agshin".to_owned(),
    }
}

fn sent() -> Value {
    serde_json::to_value(Envelope::of(liked()).correlated("c-1")).unwrap()
}

fn with(field: &str, value: Value) -> String {
    let mut sent = sent();
    sent[field] = value;
    sent.to_string()
}

fn refusal(body: &str) -> String {
    decode::<Liked>(body).unwrap_err().to_string()
}

#[test]
fn an_event_is_sent_as_structured_json() {
    let said = json!({
        "specversion": "1.0",
        // printf 'everi\0Liked\00001J9ZC1X8Q4T5W6Y7Z8A9B0C1D' | sha256sum | cut -c1-32
        "id": "fcf361be701ee738641b04b265cf2132",
        "source": "urn:eventloom:everi",
        "type": "Liked",
        "time": "2026-01-01T00:00:00.000Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:eventloom:everi:Liked",
        "correlationid": "c-1",
        "tenant": "acme",
        "data": { "id": "01J9ZC1X8Q4T5W6Y7Z8A9B0C1D", "time": "2026-01-01T00:00:00.000Z", "liker": "agshin" },
    });
    assert_eq!(sent(), said);
}

#[test]
fn what_is_sent_is_taken_back_whole() {
    let decoded = decode::<Liked>(&sent().to_string()).unwrap();
    assert_eq!(decoded, Envelope::of(liked()).correlated("c-1"));
}

#[test]
fn a_producers_retry_makes_the_same_id_whatever_its_trace() {
    assert_eq!(Envelope::of(liked()).traced("00-1").id, Envelope::of(liked()).traced("00-2").id);
}

#[test]
fn fields_of_a_later_version_are_accepted() {
    assert!(decode::<Liked>(&with("partitionkey", json!("p"))).is_ok());
}

#[test]
fn what_is_no_event_of_the_queue_is_refused_by_name() {
    let refused = [
        ("not json".to_owned(), "the body is not JSON: wrong at line 1, column 2"),
        ("[]".to_owned(), "`.` is no object"),
        (json!({ "specversion": "1.0", "type": "Liked" }).to_string(), "`.` lacks the field `id`"),
        (with("specversion", json!("0.3")), "CloudEvents version `0.3` is not known here; this is version 1.0"),
        (with("type", json!("Loved")), "event type `Loved` is not handled here; handled: Liked"),
        (
            with("datacontenttype", json!("text/xml")),
            "content type `text/xml` is not known here; it is `application/json`",
        ),
        (with("time", json!("now")), "`time` is no RFC 3339 time"),
        (with("data", json!({ "liker": 1 })), "`data.liker` is not a string"),
    ];
    for (body, said) in refused {
        assert_eq!(refusal(&body), said);
    }
}

#[test]
fn an_unknown_type_is_repeated_only_in_part() {
    let error = decode::<Liked>(&with("type", json!("x".repeat(10_000)))).unwrap_err();
    assert!(matches!(error, DecodeError::UnknownType { .. }) && error.to_string().len() < 200);
}
