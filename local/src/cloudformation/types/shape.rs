//! What a property may be, and what a change of it does.
//!
//! In: a value, or an expression that will be one. Out: the value in the form that operations take it in
//! (CloudFormation takes `"30"` for 30), or what is wrong with it.

use serde_json::{Map, Number, Value};

use super::super::expression::Expression;
use super::super::problem::{Place, Problems, shown};

/// A property of a type, or a member within one.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Property {
    pub(in super::super) name: &'static str,
    pub(in super::super) required: bool,
    pub(in super::super) effect: Effect,
    pub(in super::super) shape: Shape,
}

/// What a change of a property does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Effect {
    /// The resource is changed in its place.
    Update,
    /// Another resource is made, and then this one goes.
    Replace,
    /// Nothing, for this reason.
    Inert(&'static str),
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Shape {
    /// A text; numbers and booleans are written as such.
    Text,
    /// A number, or the text of one.
    Number,
    /// A boolean, or the text of one.
    Flag,
    /// Whatever the service reads itself.
    Json,
    /// A list of texts.
    Texts,
    /// Names of the user's own, with texts.
    Entries,
    /// An object of these members.
    Members(&'static [Property]),
    /// A list of objects of these members.
    Items(&'static [Property]),
}

impl Property {
    const fn new(name: &'static str, effect: Effect, shape: Shape) -> Self {
        Self { name, required: false, effect, shape }
    }

    pub(super) const fn update(name: &'static str, shape: Shape) -> Self {
        Self::new(name, Effect::Update, shape)
    }

    pub(super) const fn replace(name: &'static str, shape: Shape) -> Self {
        Self::new(name, Effect::Replace, shape)
    }

    pub(super) const fn inert(name: &'static str, shape: Shape, why: &'static str) -> Self {
        Self::new(name, Effect::Inert(why), shape)
    }

    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// `Tags` as most types have them.
pub(super) const TAGS: Shape =
    Shape::Items(&[Property::update("Key", Shape::Text), Property::update("Value", Shape::Text)]);

/// Finds what is wrong with an expression before it has a value: names that are not known, members that are
/// missing, and literals of another form.
pub(in super::super) fn check(shape: Shape, expression: &Expression, place: &mut Place, problems: &mut Problems<'_>) {
    match (shape, expression) {
        (shape, Expression::If(_, branches)) => {
            place.member("Fn::If", |place| {
                place.item(1, |place| check(shape, &branches.0, place, problems));
                place.item(2, |place| check(shape, &branches.1, place, problems));
            });
        }
        (Shape::Members(properties), Expression::Map(members)) => {
            check_members(properties, members.iter(), "this object", place, problems);
        }
        (Shape::Items(_) | Shape::Texts, Expression::List(items)) => {
            let item = match shape {
                Shape::Items(properties) => Shape::Members(properties),
                _ => Shape::Text,
            };
            for (index, expression) in items.iter().enumerate() {
                place.item(index, |place| check(item, expression, place, problems));
            }
        }
        (Shape::Entries, Expression::Map(members)) => {
            for (name, expression) in members {
                place.member(name, |place| check(Shape::Text, expression, place, problems));
            }
        }
        (shape, Expression::Literal(value)) => {
            if let Err(what) = scalar(shape, value) {
                problems.add(place, what);
            }
        }
        (Shape::Json, _) => {}
        (shape, Expression::Map(_) | Expression::List(_)) => problems.add(place, expected(shape)),
        // What a function gives is seen when it is evaluated.
        _ => {}
    }
}

/// As [`check`], for the members of an object, or a resource's properties.
pub(in super::super) fn check_members<'a>(
    properties: &[Property],
    members: impl Iterator<Item = (&'a String, &'a Expression)> + Clone,
    of: &str,
    place: &mut Place,
    problems: &mut Problems<'_>,
) {
    for (name, expression) in members.clone() {
        place.member(name, |place| match properties.iter().find(|property| property.name == name) {
            Some(property) => check(property.shape, expression, place, problems),
            None => {
                problems.add(&*place, format!("the local engine does not have `{}` of {of}", shown(name)));
            }
        });
    }
    for property in properties.iter().filter(|property| property.required) {
        if !members.clone().any(|(name, _)| name == property.name) {
            problems.add(&*place, format!("{of} needs `{}`", property.name));
        }
    }
}

/// A value in its form; what is wrong with it is a problem.
pub(in super::super) fn formed(shape: Shape, value: Value, place: &mut Place, problems: &mut Problems<'_>) -> Value {
    match (shape, value) {
        (Shape::Members(properties), Value::Object(members)) => {
            let formed = members.into_iter().map(|(name, value)| {
                let known = properties.iter().find(|property| property.name == name);
                let value = place.member(&name, |place| match known {
                    Some(property) => formed(property.shape, value, place, problems),
                    // It was found when the template was checked, unless a function made the object.
                    None => {
                        problems.add(&*place, format!("the local engine does not have `{}`", shown(&name)));
                        value
                    }
                });
                (name, value)
            });
            Value::Object(formed.collect())
        }
        (Shape::Items(_) | Shape::Texts, Value::Array(items)) => {
            let item = match shape {
                Shape::Items(properties) => Shape::Members(properties),
                _ => Shape::Text,
            };
            let items = items.into_iter().enumerate();
            Value::Array(
                items.map(|(index, value)| place.item(index, |place| formed(item, value, place, problems))).collect(),
            )
        }
        (Shape::Entries, Value::Object(members)) => {
            let formed = members.into_iter().map(|(name, value)| {
                let value = place.member(&name, |place| formed(Shape::Text, value, place, problems));
                (name, value)
            });
            Value::Object(formed.collect::<Map<_, _>>())
        }
        (Shape::Json, value) => value,
        (shape, value) => scalar(shape, &value).unwrap_or_else(|what| {
            problems.add(&*place, what);
            value
        }),
    }
}

fn scalar(shape: Shape, value: &Value) -> Result<Value, String> {
    let formed = match (shape, value) {
        (Shape::Json, value) => Some(value.clone()),
        (Shape::Text, Value::String(_)) | (Shape::Number, Value::Number(_)) | (Shape::Flag, Value::Bool(_)) => {
            Some(value.clone())
        }
        (Shape::Text, Value::Number(number)) => Some(number.to_string().into()),
        (Shape::Text, Value::Bool(flag)) => Some(flag.to_string().into()),
        (Shape::Number, Value::String(text)) => number(text).map(Value::Number),
        (Shape::Flag, Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" => Some(true.into()),
            "false" => Some(false.into()),
            _ => None,
        },
        _ => None,
    };
    formed.ok_or_else(|| expected(shape).to_owned())
}

fn number(text: &str) -> Option<Number> {
    let whole = text.parse::<i64>().ok().map(Number::from);
    whole.or_else(|| Number::from_f64(text.parse().ok()?))
}

const fn expected(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "a text is expected",
        Shape::Number => "a number is expected",
        Shape::Flag => "`true` or `false` is expected",
        Shape::Texts => "a list of texts is expected",
        Shape::Items(_) => "a list of objects is expected",
        Shape::Json => "a value is expected",
        Shape::Entries | Shape::Members(_) => "an object is expected",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: &[Property] = &[
        Property::update("Text", Shape::Text).required(),
        Property::update("Number", Shape::Number),
        Property::update("Flag", Shape::Flag),
        Property::update("Texts", Shape::Texts),
        Property::update("Entries", Shape::Entries),
        Property::update("Inner", Shape::Members(&[Property::update("Deep", Shape::Text)])),
        Property::update("Items", Shape::Items(&[Property::update("Deep", Shape::Text)])),
    ];

    fn made(value: Value) -> (Value, Vec<String>) {
        let mut found = Vec::new();
        let mut problems = Problems::new("main", &mut found);
        let value = formed(Shape::Members(FIELDS), value, &mut Place::of(["P"]), &mut problems);
        (value, found.iter().map(ToString::to_string).collect())
    }

    fn checked(value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        let mut problems = Problems::new("main", &mut found);
        let expression = Expression::parse(value).unwrap();
        check(Shape::Members(FIELDS), &expression, &mut Place::of(["P"]), &mut problems);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn texts_of_numbers_and_booleans_become_what_they_say() {
        let (value, problems) = made(json!({"Text": 7, "Number": "30", "Flag": "True", "Texts": ["a", 1, false]}));
        assert_eq!(value, json!({"Text": "7", "Number": 30, "Flag": true, "Texts": ["a", "1", "false"]}));
        assert_eq!(problems, [""; 0]);
        assert_eq!(made(json!({"Number": "0.5"})).0, json!({"Number": 0.5}));
    }

    #[test]
    fn a_value_of_another_form_is_a_problem_at_its_place() {
        let wrong = json!({
            "Text": [], "Number": "many", "Flag": "yes", "Texts": "a", "Entries": {"a": {}}, "Inner": {"Deep": {}},
            "Items": [{"Deep": "x"}, {"Deep": []}],
        });
        let expected = [
            "main: P.Text: a text is expected",
            "main: P.Number: a number is expected",
            "main: P.Flag: `true` or `false` is expected",
            "main: P.Texts: a list of texts is expected",
            "main: P.Entries.a: a text is expected",
            "main: P.Inner.Deep: a text is expected",
            "main: P.Items[1].Deep: a text is expected",
        ];
        assert_eq!(made(wrong.clone()).1, expected);
        assert_eq!(checked(&wrong), expected);
    }

    #[test]
    fn names_that_are_not_known_are_found_before_there_are_values() {
        let wrong = json!({
            "Inner": {"Fn::If": ["C", {"Deeep": 1}, {"Ref": "AWS::NoValue"}]},
            "Colour": {"Ref": "P"},
        });
        assert_eq!(
            checked(&wrong),
            [
                "main: P.Inner.Fn::If[1].Deeep: the local engine does not have `Deeep` of this object",
                "main: P.Colour: the local engine does not have `Colour` of this object",
                "main: P: this object needs `Text`",
            ]
        );
    }
}
