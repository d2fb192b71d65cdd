//! Intrinsic functions: from a template's JSON to expressions.
//!
//! In: JSON. Out: an [`Expression`], in which every function that CloudFormation has and this engine
//! reads is a variant of its own. Guaranteed: a function that is not known, or not of the documented form, is
//! a text that says so, never data.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

/// A value of a template, before its functions are evaluated.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A text, a number, a boolean.
    Literal(Value),
    /// A list, item by item.
    List(Vec<Expression>),
    /// An object, member by member.
    Map(IndexMap<String, Expression>),
    /// A parameter's value, or a resource's physical id.
    Ref(String),
    /// A resource and its attribute.
    GetAtt(String, String),
    /// A text's pieces, and the function's own variables.
    Sub(Vec<Piece>, BTreeMap<String, Expression>),
    /// What stands between, and the parts.
    Join(String, Box<Expression>),
    /// A condition, what is if it holds, and what is if not.
    If(String, Box<(Expression, Expression)>),
    /// An index and a list.
    Select(Box<(Expression, Expression)>),
    /// What stands between, and the whole.
    Split(String, Box<Expression>),
    /// A mapping and its two keys.
    FindInMap(Box<[Expression; 3]>),
    /// A text, encoded.
    Base64(Box<Expression>),
    /// The name of another stack's export.
    ImportValue(Box<Expression>),
    /// Whether two values are the same.
    Equals(Box<(Expression, Expression)>),
    /// Whether all hold.
    And(Vec<Expression>),
    /// Whether one holds.
    Or(Vec<Expression>),
    /// Whether it does not hold.
    Not(Box<Expression>),
    /// Whether a condition of this name holds.
    Condition(String),
}

/// A piece of the text of `Fn::Sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text as it stands.
    Text(String),
    /// `${Name}`: a variable of the function's own, a parameter, a pseudo parameter or a resource.
    Name(String),
    /// `${Resource.Attribute}`.
    Attribute(String, String),
}

/// What an expression is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference<'a> {
    /// A parameter, pseudo parameter or resource.
    Name(&'a str),
    /// A resource and its attribute.
    Attribute(&'a str, &'a str),
    /// A condition.
    Condition(&'a str),
    /// An entry of the section Mappings.
    Mapping(&'a str),
}

/// What CloudFormation has and this engine does not.
const UNKNOWN: &[&str] = &["Fn::Cidr", "Fn::ForEach", "Fn::GetAZs", "Fn::Length", "Fn::ToJsonString", "Fn::Transform"];

impl Expression {
    /// The expression of a value.
    pub fn parse(json: &Value) -> Result<Self, String> {
        match json {
            Value::Object(map) => match map.iter().next() {
                Some((key, value)) if map.len() == 1 && (key == "Ref" || key.starts_with("Fn::")) => {
                    Self::function(key, value)
                }
                _ => map
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), Self::parse(value)?)))
                    .collect::<Result<_, _>>()
                    .map(Self::Map),
            },
            Value::Array(list) => list.iter().map(Self::parse).collect::<Result<_, _>>().map(Self::List),
            Value::Null => Err("null values are not allowed in templates".to_owned()),
            scalar => Ok(Self::Literal(scalar.clone())),
        }
    }

    /// The expression of a condition, in which `{"Condition": "Name"}` stands for another one.
    pub fn parse_condition(json: &Value) -> Result<Self, String> {
        let function = json.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next());
        let Some((key, value)) = function else {
            return Err("a condition is one function".to_owned());
        };
        let many = || match value {
            Value::Array(list) if (2..=10).contains(&list.len()) => list.iter().map(Self::parse_condition).collect(),
            _ => Err(format!("`{key}` takes a list of 2 to 10 conditions")),
        };
        match key.as_str() {
            "Fn::And" => many().map(Self::And),
            "Fn::Or" => many().map(Self::Or),
            "Fn::Not" => match value.as_array().map(Vec::as_slice) {
                Some([condition]) => Ok(Self::Not(Box::new(Self::parse_condition(condition)?))),
                _ => Err("`Fn::Not` takes a list of one condition".to_owned()),
            },
            "Fn::Equals" => match value.as_array().map(Vec::as_slice) {
                Some([left, right]) => Ok(Self::Equals(Box::new((Self::parse(left)?, Self::parse(right)?)))),
                _ => Err("`Fn::Equals` takes a list of two values".to_owned()),
            },
            "Condition" => match value {
                Value::String(name) => Ok(Self::Condition(name.clone())),
                _ => Err("`Condition` takes the name of a condition".to_owned()),
            },
            other => Err(format!("`{other}` is no function of a condition")),
        }
    }

    fn function(name: &str, value: &Value) -> Result<Self, String> {
        let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let text = value.as_str();
        match (name, list, text) {
            ("Ref", _, Some(name)) => Ok(Self::Ref(name.to_owned())),
            ("Fn::GetAtt", [Value::String(resource), Value::String(attribute)], _) => {
                Ok(Self::GetAtt(resource.clone(), attribute.clone()))
            }
            ("Fn::GetAtt", _, Some(path)) if path.contains('.') => {
                let (resource, attribute) = path.split_once('.').unwrap_or_default();
                Ok(Self::GetAtt(resource.to_owned(), attribute.to_owned()))
            }
            ("Fn::Sub", _, Some(text)) => Ok(Self::Sub(pieces(text)?, BTreeMap::new())),
            ("Fn::Sub", [Value::String(text), Value::Object(variables)], _) => {
                let variables = variables.iter().map(|(name, value)| Ok((name.clone(), Self::parse(value)?)));
                Ok(Self::Sub(pieces(text)?, variables.collect::<Result<_, String>>()?))
            }
            ("Fn::Join", [Value::String(by), parts], _) => Ok(Self::Join(by.clone(), Box::new(Self::parse(parts)?))),
            ("Fn::If", [Value::String(condition), yes, no], _) => {
                Ok(Self::If(condition.clone(), Box::new((Self::parse(yes)?, Self::parse(no)?))))
            }
            ("Fn::Select", [index, list], _) => Ok(Self::Select(Box::new((Self::parse(index)?, Self::parse(list)?)))),
            ("Fn::Split", [Value::String(by), text], _) => Ok(Self::Split(by.clone(), Box::new(Self::parse(text)?))),
            ("Fn::FindInMap", [map, first, second], _) => {
                Ok(Self::FindInMap(Box::new([Self::parse(map)?, Self::parse(first)?, Self::parse(second)?])))
            }
            ("Fn::Base64", _, _) => Ok(Self::Base64(Box::new(Self::parse(value)?))),
            ("Fn::ImportValue", _, _) => Ok(Self::ImportValue(Box::new(Self::parse(value)?))),
            ("Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals", ..) => {
                Err(format!("`{name}` stands only in the section Conditions"))
            }
            (name, ..) if UNKNOWN.contains(&name) => {
                Err(format!("the local engine does not have the function `{name}`"))
            }
            (
                "Ref" | "Fn::GetAtt" | "Fn::Sub" | "Fn::Join" | "Fn::If" | "Fn::Select" | "Fn::Split" | "Fn::FindInMap",
                ..,
            ) => Err(format!("`{name}` is not of its documented form")),
            _ => Err(format!("there is no function `{name}`")),
        }
    }

    /// Calls `visit` with all that the expression refers to.
    pub fn references<'a>(&'a self, visit: &mut dyn FnMut(Reference<'a>)) {
        match self {
            Self::Literal(_) => {}
            Self::List(parts) | Self::And(parts) | Self::Or(parts) => {
                parts.iter().for_each(|part| part.references(visit));
            }
            Self::Map(map) => map.values().for_each(|value| value.references(visit)),
            Self::Ref(name) => visit(Reference::Name(name)),
            Self::GetAtt(resource, attribute) => visit(Reference::Attribute(resource, attribute)),
            Self::Sub(pieces, variables) => {
                for piece in pieces {
                    match piece {
                        Piece::Name(name) if !variables.contains_key(name) => visit(Reference::Name(name)),
                        Piece::Attribute(resource, attribute) => visit(Reference::Attribute(resource, attribute)),
                        Piece::Text(_) | Piece::Name(_) => {}
                    }
                }
                variables.values().for_each(|value| value.references(visit));
            }
            Self::If(condition, branches) => {
                visit(Reference::Condition(condition));
                branches.0.references(visit);
                branches.1.references(visit);
            }
            Self::Select(pair) | Self::Equals(pair) => {
                pair.0.references(visit);
                pair.1.references(visit);
            }
            Self::FindInMap(keys) => {
                if let [Self::Literal(Value::String(map)), ..] = keys.as_ref() {
                    visit(Reference::Mapping(map));
                }
                keys.iter().for_each(|key| key.references(visit));
            }
            Self::Join(_, inner)
            | Self::Split(_, inner)
            | Self::Base64(inner)
            | Self::ImportValue(inner)
            | Self::Not(inner) => {
                inner.references(visit);
            }
            Self::Condition(name) => visit(Reference::Condition(name)),
        }
    }
}

/// The text of `Fn::Sub` in pieces; `${!Name}` is the text `${Name}`.
fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        literal.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            return Err(format!("`{text}` has a `${{` without its `}}`"));
        };
        rest = after;
        if let Some(written) = name.strip_prefix('!') {
            literal.push_str("${");
            literal.push_str(written);
            literal.push('}');
            continue;
        }
        let name = name.trim();
        if name.is_empty() {
            return Err(format!("`{text}` has a `${{}}` without a name"));
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut literal)));
        }
        pieces.push(match name.split_once('.') {
            Some((resource, attribute)) => Piece::Attribute(resource.to_owned(), attribute.to_owned()),
            None => Piece::Name(name.to_owned()),
        });
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    Ok(pieces)
}
