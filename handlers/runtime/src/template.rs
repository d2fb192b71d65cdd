//! Texts with names in braces, filled in.
//!
//! In: what stands in the flow, such as `"{target}/{object}"`, taken apart by the compiler, and where the names are looked
//! up. Out: a value. Guaranteed: one name alone keeps its type; several, or one with text around it, make a text.

use serde_json::Value;

use crate::error::Error;
use crate::event_type::Arrival;

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(&'static str),
    /// The event's type; of a group, its members' type.
    Event,
    /// The event's own id.
    Id,
    /// When it happened.
    Time,
    /// Who did it.
    Actor,
    /// To what.
    Object,
    /// Whose data it is.
    Tenant,
    /// The user that it is for.
    Target,
    /// The verified caller.
    User,
    /// The time of arrival.
    Now,
    /// A part of the request's path.
    Path(&'static str),
    /// A header of the request.
    Header(&'static str),
    /// A field.
    Field(&'static str),
}

/// A template: its pieces in order.
pub type Template = &'static [Part];

/// Where names are looked up.
pub(crate) trait Names {
    /// What a name stands for; nothing where it is not there.
    fn value(&self, name: Part) -> Option<Value>;
}

impl Names for Arrival {
    fn value(&self, name: Part) -> Option<Value> {
        let roles = &self.roles;
        let field = |field: &str| self.data().get(field).cloned();
        match name {
            Part::Text(text) => Some(text.into()),
            Part::Event => field("event").or_else(|| Some(self.kind().into())),
            Part::Id => Some(roles.id.as_str().into()),
            Part::Time => Some(roles.time.to_string().into()),
            Part::Actor => roles.actor.as_deref().map(Value::from),
            Part::Object => roles.object.as_deref().map(Value::from),
            Part::Tenant => roles.tenant.as_deref().map(Value::from),
            Part::Target => self.target().map(Value::from),
            Part::Field(name) => field(name),
            Part::User | Part::Now | Part::Path(_) | Part::Header(_) => None,
        }
    }
}

/// What a template is of these names.
///
/// # Errors
///
/// [`Error::Reject`] says which name is not there.
pub(crate) fn filled(template: Template, names: &impl Names) -> Result<Value, Error> {
    let value = |part: Part| {
        names
            .value(part)
            .filter(|value| !value.is_null())
            .ok_or_else(|| Error::reject(format!("there is no `{}`", shown(part))))
    };
    if let [one] = template {
        return value(*one);
    }
    let texts = template.iter().map(|part| Ok(text(&value(*part)?))).collect::<Result<String, Error>>()?;
    Ok(texts.into())
}

/// A value as text: a text as it is, the rest as JSON.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A name as it is written between the braces.
fn shown(part: Part) -> &'static str {
    match part {
        Part::Text(text) => text,
        Part::Event => "event",
        Part::Id => "id",
        Part::Time => "time",
        Part::Actor => "actor",
        Part::Object => "object",
        Part::Tenant => "tenant",
        Part::Target => "target",
        Part::User => "user",
        Part::Now => "now",
        Part::Path(name) | Part::Header(name) | Part::Field(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Fields(Value);

    impl Names for Fields {
        fn value(&self, name: Part) -> Option<Value> {
            match name {
                Part::Text(text) => Some(text.into()),
                Part::Field(name) => self.0.get(name).cloned(),
                _ => None,
            }
        }
    }

    #[test]
    fn one_name_keeps_its_type_and_several_make_a_text() {
        let names = Fields(json!({ "n": 3, "who": "a", "none": null }));
        assert_eq!(filled(&[Part::Field("n")], &names).unwrap(), 3);
        let mixed = &[Part::Field("who"), Part::Text("/"), Part::Field("n")];
        assert_eq!(filled(mixed, &names).unwrap(), "a/3");
        assert_eq!(filled(&[], &names).unwrap(), "");
    }

    #[test]
    fn a_name_that_is_not_there_is_named() {
        let names = Fields(json!({ "none": null }));
        const MISSING: [(Template, &str); 3] = [
            (&[Part::Field("none"), Part::Text("/")], "none"),
            (&[Part::Field("x")], "x"),
            (&[Part::Target], "target"),
        ];
        for (template, missing) in MISSING {
            let error = filled(template, &names).unwrap_err();
            assert!(error.is_final() && error.to_string() == format!("there is no `{missing}`"), "{error}");
        }
    }
}
