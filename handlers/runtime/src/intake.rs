//! What a caller sends, as an event: shared by every source that somebody calls.
//!
//! In: a request whose caller is verified. Out: the event, or why there is none. Guaranteed: a field that is `set` never
//! comes from the caller; the event is of its type, and holds nothing that its type does not; what `allow` asks for is
//! there.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cx::Invocation;
use crate::error::Error;
use crate::event_type::{Arrival, EventType};
use crate::lookup::Lookup;
use crate::scalar::Timestamp;
use crate::template::{Names, Part, Template, filled};

/// How a source makes its event.
#[derive(Clone, Copy, Debug)]
pub struct Intake {
    /// The event.
    pub event: EventType,
    /// The field that is its identity, where that is the built-in one: made here if the caller does not say it.
    pub own_id: Option<&'static str>,
    /// The field that says when it happened: now, if nothing says it.
    pub time: &'static str,
    /// Fields that are set here.
    pub set: &'static [Set],
    /// The row that must be there.
    pub allow: Option<Lookup>,
}

/// A field, and what it is set to.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// The field.
    pub field: &'static str,
    /// Its value.
    pub value: Template,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The verified caller; none where nobody calls.
    pub user: Option<String>,
    /// The caller's tenant, as verified.
    pub tenant: Option<String>,
    /// The time of arrival.
    pub now: Timestamp,
    /// Parts of the path, by their names.
    pub path: BTreeMap<String, String>,
    /// Headers, by their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// What the caller says.
    pub body: Map<String, Value>,
    /// The event's id where nothing says one: a ULID that is the same whenever the request is repeated.
    pub id: String,
}

/// Why a request becomes no event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The event would not be of its type.
    #[error("{0}")]
    Invalid(String),
    /// The caller may not.
    #[error("not allowed")]
    Forbidden,
    /// It could not be found out.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Names for Request {
    fn value(&self, name: Part) -> Option<Value> {
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        match name {
            Part::Text(text) => Some(text.into()),
            Part::User => text(&self.user),
            Part::Tenant => text(&self.tenant),
            Part::Now => Some(self.now.to_string().into()),
            Part::Path(name) => self.path.get(name).map(|value| value.as_str().into()),
            Part::Header(name) => self.headers.get(&name.to_ascii_lowercase()).map(|value| value.as_str().into()),
            Part::Field(name) => self.body.get(name).cloned(),
            Part::Id => Some(self.id.as_str().into()),
            Part::Event | Part::Time | Part::Actor | Part::Object | Part::Target => None,
        }
    }
}

/// The names of `allow`: the request's, and those of the event that it became.
struct Became<'a>(&'a Request, &'a Arrival);

impl Names for Became<'_> {
    fn value(&self, name: Part) -> Option<Value> {
        match name {
            Part::User | Part::Now | Part::Path(_) | Part::Header(_) => self.0.value(name),
            Part::Tenant => self.0.value(name).or_else(|| self.1.value(name)),
            other => self.1.value(other),
        }
    }
}

impl Intake {
    /// The event of a request, held against its type; whether it is allowed is not asked.
    ///
    /// # Errors
    ///
    /// [`Refused::Invalid`] names the field.
    pub fn made(&self, request: &Request) -> Result<Arrival, Refused> {
        let invalid = |error: &dyn ToString| Refused::Invalid(error.to_string());
        let mut data = request.body.clone();
        for set in self.set {
            data.shift_remove(set.field);
        }
        for set in self.set {
            let value = filled(set.value, request).map_err(|error| invalid(&error))?;
            data.insert(set.field.to_owned(), value);
        }
        if let Some(id) = self.own_id {
            data.entry(id).or_insert_with(|| request.id.as_str().into());
        }
        data.entry(self.time).or_insert_with(|| request.now.to_string().into());
        self.event.event(Value::Object(data)).map_err(|error| invalid(&error))
    }

    /// Whether the caller may send this event: the row that the flow asks for is there.
    ///
    /// # Errors
    ///
    /// [`Refused::Forbidden`], or [`Refused::Failed`] where it could not be found out.
    pub async fn allowed(&self, invocation: &Invocation, request: &Request, event: &Arrival) -> Result<(), Refused> {
        let Some(lookup) = &self.allow else { return Ok(()) };
        match lookup.is_there(invocation, &Became(request, event)).await? {
            true => Ok(()),
            false => Err(Refused::Forbidden),
        }
    }
}

/// Crockford's base 32. <https://github.com/ulid/spec>
const DIGITS: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P',
    'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// A ULID of this time whose other 80 bits are a hash of `of`: always the same for the same.
pub(crate) fn ulid(time: Timestamp, of: &[&str]) -> String {
    let hash = u128::from_str_radix(&crate::event::hashed(of), 16).unwrap_or_default();
    let millis = u128::from(time.as_millis().unsigned_abs()) & ((1 << 48) - 1);
    let bits = (millis << 80) | (hash >> 48);
    let digit = |place: u32| DIGITS.get(usize::try_from((bits >> (5 * place)) & 31).unwrap_or(0)).copied();
    (0..26).rev().filter_map(digit).collect()
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::event::Event;
    use crate::scalar::Ulid;

    #[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
    struct Said {
        id: Ulid,
        time: Timestamp,
        sender: String,
        text: String,
    }

    impl Event for Said {
        const FLOW: &'static str = "chat";
        const TYPE: &'static str = "Said";

        fn id(&self) -> String {
            self.id.to_string()
        }

        fn time(&self) -> Timestamp {
            self.time
        }

        fn actor(&self) -> Option<String> {
            Some(self.sender.clone())
        }
    }

    const INTAKE: Intake = Intake {
        event: EventType::of::<Said>(),
        own_id: Some("id"),
        time: "time",
        set: &[Set { field: "sender", value: &[Part::User] }],
        allow: None,
    };

    fn request(body: Value) -> Request {
        let now = Timestamp::from_millis(1_767_225_600_000);
        Request {
            user: Some("rustam".to_owned()),
            tenant: None,
            now,
            path: BTreeMap::new(),
            headers: BTreeMap::new(),
            body: body.as_object().unwrap().clone(),
            id: ulid(now, &["request"]),
        }
    }

    #[test]
    fn who_sends_is_the_verified_caller_whatever_the_body_says() {
        let event = INTAKE.made(&request(json!({ "text": "hi", "sender": "somebody else" }))).unwrap();
        assert_eq!(event.data()["sender"], "rustam");
        let mut nobody = request(json!({ "text": "hi", "sender": "somebody else" }));
        nobody.user = None;
        assert_eq!(INTAKE.made(&nobody).unwrap_err().to_string(), "there is no `user`");
    }

    #[test]
    fn what_the_type_does_not_have_is_left_behind() {
        let event = INTAKE.made(&request(json!({ "text": "hi", "target": "victim", "event": "Other" }))).unwrap();
        assert_eq!((event.target(), event.data().get("event")), (None, None));
    }

    #[test]
    fn an_id_and_a_time_are_made_where_nothing_says_them_and_are_the_same_again() {
        let request = request(json!({ "text": "hi" }));
        let event = INTAKE.made(&request).unwrap();
        assert_eq!(event, INTAKE.made(&request).unwrap());
        assert_eq!(
            (&event.data()["id"], &event.data()["time"]),
            (&json!(request.id), &json!("2026-01-01T00:00:00.000Z"))
        );
    }

    #[test]
    fn a_wrong_field_is_named() {
        let refused = INTAKE.made(&request(json!({ "text": 3 }))).unwrap_err();
        assert_eq!(refused.to_string(), "`data.text` is not a string");
    }

    #[test]
    fn a_made_ulid_is_one_and_begins_with_its_time() {
        let made = ulid(Timestamp::from_millis(1_767_225_600_000), &["a"]);
        assert!(Ulid::new(made.clone()).is_ok(), "{made}");
        assert!(made.starts_with("01KDVDNA00"), "{made}");
        assert_ne!(made, ulid(Timestamp::from_millis(1_767_225_600_000), &["b"]));
    }
}
