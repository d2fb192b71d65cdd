//! What goes into a function and what comes out: JSON, as bytes and as a value, each made at most once.

use std::cell::OnceCell;

use bytes::Bytes;
use serde_json::Value;

/// A JSON document. A process takes it as bytes, a function in this process as a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payload {
    bytes: OnceCell<Bytes>,
    value: OnceCell<Value>,
}

impl Payload {
    pub(crate) fn from_value(value: Value) -> Self {
        Self { value: OnceCell::from(value), bytes: OnceCell::new() }
    }

    pub(crate) fn from_bytes(bytes: Bytes) -> Self {
        Self { bytes: OnceCell::from(bytes), value: OnceCell::new() }
    }

    /// The document's text; a payload always has one of both.
    pub(crate) fn bytes(&self) -> &Bytes {
        self.bytes.get_or_init(|| {
            let value = self.value.get().unwrap_or(&Value::Null);
            // A `Value` has text keys only, so that it can always be written.
            serde_json::to_vec(value).unwrap_or_default().into()
        })
    }

    /// The document; an error if the bytes are no JSON.
    pub(crate) fn value(&self) -> Result<&Value, serde_json::Error> {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        // An empty body is what a function answers that has nothing to say.
        let bytes = self.bytes();
        let value = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(bytes)? };
        Ok(self.value.get_or_init(|| value))
    }

    /// The document, without a copy.
    pub(crate) fn into_value(self) -> Result<Value, serde_json::Error> {
        self.value()?;
        Ok(self.value.into_inner().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bytes_and_value_say_the_same() {
        let value = json!({"b": [1, 2.5], "a": null});
        let written = Payload::from_value(value.clone());
        assert_eq!(written.bytes(), br#"{"b":[1,2.5],"a":null}"#.as_slice());
        let read = Payload::from_bytes(written.bytes().clone());
        assert_eq!(read.value().unwrap(), &value);
        assert_eq!(read.into_value().unwrap(), value);
    }

    #[test]
    fn nothing_is_null_and_other_text_is_an_error() {
        assert_eq!(Payload::from_bytes(Bytes::new()).value().unwrap(), &Value::Null);
        assert!(Payload::from_bytes(Bytes::from_static(b"{")).value().is_err());
        assert!(Payload::from_bytes(Bytes::from_static(b"\"\xff\"")).value().is_err());
        assert!(Payload::from_bytes(Bytes::from_static(b"1e999")).value().is_err());
        assert!(Payload::from_bytes("[".repeat(100_000).into()).value().is_err());
    }
}
