//! Parameters: what a template declares, and the values that it is given.
//!
//! In: a declaration, and a text or none. Out: the parameter's value. Guaranteed: a value fulfils every
//! constraint of its declaration.

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::problem::{Place, Problems, shown};

/// The longest value of a parameter: "CloudFormation quotas".
const LONGEST: usize = 4096;

/// A parameter, as a template declares it.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    kind: Kind,
    default: Option<String>,
    pattern: Option<Regex>,
    allowed: Option<Vec<String>>,
    length: (Option<f64>, Option<f64>),
    value: (Option<f64>, Option<f64>),
    /// What a value must be, in the template's own words.
    constraint: Option<String>,
    secret: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    String,
    Number,
    Numbers,
    Texts,
}

impl Parameter {
    /// Reads a declaration; what is wrong with it is a problem at `place`.
    pub(super) fn read(json: &Value, place: &mut Place, problems: &mut Problems<'_>) -> Option<Self> {
        let Some(members) = json.as_object() else {
            problems.add(place, "a parameter is an object");
            return None;
        };
        let mut reader = Reader { members, place, problems, sound: true };
        let kind = reader.kind();
        let allowed = reader.list("AllowedValues");
        let read = Self {
            kind: kind.unwrap_or(Kind::String),
            default: reader.scalar("Default"),
            pattern: reader.pattern(),
            allowed,
            length: (reader.number("MinLength"), reader.number("MaxLength")),
            value: (reader.number("MinValue"), reader.number("MaxValue")),
            constraint: reader.scalar("ConstraintDescription"),
            secret: reader.scalar("NoEcho").is_some_and(|text| text == "true"),
        };
        reader.scalar("Description");
        reader.rest();
        reader.sound.then_some(read)
    }

    /// The value for what is given, or for the default. The error is CloudFormation's.
    pub(super) fn value(&self, name: &str, given: Option<&str>) -> Result<Value, String> {
        let Some(text) = given.or(self.default.as_deref()) else {
            return Err(format!("Parameters: [{name}] must have values"));
        };
        let refused = |plain: String| match &self.constraint {
            Some(constraint) => format!("Parameter {name} failed to satisfy constraint: {constraint}"),
            None => plain,
        };
        if text.len() > LONGEST {
            return Err(format!("Parameter '{name}' must contain at most {LONGEST} bytes"));
        }
        let parts: Vec<&str> = match self.kind {
            Kind::String | Kind::Number => vec![text],
            Kind::Numbers | Kind::Texts => text.split(',').map(str::trim).collect(),
        };
        for part in &parts {
            self.check(name, part).map_err(refused)?;
        }
        Ok(match self.kind {
            Kind::String | Kind::Number => Value::from(text),
            Kind::Numbers | Kind::Texts => Value::from(parts),
        })
    }

    fn check(&self, name: &str, text: &str) -> Result<(), String> {
        let shown = if self.secret { "****" } else { text };
        if matches!(self.kind, Kind::Number | Kind::Numbers) {
            let Some(number) = text.trim().parse().ok().filter(|number: &f64| number.is_finite()) else {
                return Err(format!("Parameter '{name}' must be a number, not `{shown}`"));
            };
            if let (Some(least), _) = self.value
                && number < least
            {
                return Err(format!("Parameter '{name}' must be a number not less than {least}"));
            }
            if let (_, Some(most)) = self.value
                && number > most
            {
                return Err(format!("Parameter '{name}' must be a number not greater than {most}"));
            }
        }
        let length = u32::try_from(text.chars().count()).map_or(f64::INFINITY, f64::from);
        if let (Some(least), _) = self.length
            && length < least
        {
            return Err(format!("Parameter '{name}' must contain at least {least} characters"));
        }
        if let (_, Some(most)) = self.length
            && length > most
        {
            return Err(format!("Parameter '{name}' must contain at most {most} characters"));
        }
        if let Some(pattern) = &self.pattern
            && !pattern.is_match(text)
        {
            return Err(format!("Parameter '{name}' must match its pattern, which `{shown}` does not"));
        }
        match &self.allowed {
            Some(allowed) if !allowed.iter().any(|allowed| allowed == text) => {
                Err(format!("Parameter '{name}' must be one of AllowedValues, which `{shown}` is not"))
            }
            _ => Ok(()),
        }
    }
}

/// What a declaration may have.
const MEMBERS: [&str; 11] = [
    "Type",
    "AllowedValues",
    "Default",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "ConstraintDescription",
    "NoEcho",
    "Description",
];

/// A declaration as it is read.
struct Reader<'a, 'b> {
    members: &'a Map<String, Value>,
    place: &'a mut Place,
    problems: &'a mut Problems<'b>,
    sound: bool,
}

impl Reader<'_, '_> {
    fn wrong(&mut self, member: &str, what: impl Into<String>) {
        self.sound = false;
        let problems = &mut *self.problems;
        self.place.member(member, |place| problems.add(place, what));
    }

    fn kind(&mut self) -> Option<Kind> {
        match self.scalar("Type").as_deref() {
            Some("String") => Some(Kind::String),
            Some("Number") => Some(Kind::Number),
            Some("List<Number>") => Some(Kind::Numbers),
            Some("CommaDelimitedList") => Some(Kind::Texts),
            Some(other) => {
                let what = format!("the local engine does not have parameters of the type `{}`", shown(other));
                self.wrong("Type", what);
                None
            }
            None => {
                self.wrong("Type", "every parameter has a type");
                None
            }
        }
    }

    fn scalar(&mut self, member: &str) -> Option<String> {
        let value = self.members.get(member)?;
        let text = scalar(value);
        if text.is_none() {
            self.wrong(member, "is a text, a number or a boolean");
        }
        text
    }

    fn number(&mut self, member: &str) -> Option<f64> {
        let text = self.scalar(member)?;
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        if number.is_none() {
            self.wrong(member, "is a number");
        }
        number
    }

    fn list(&mut self, member: &str) -> Option<Vec<String>> {
        let list = self.members.get(member)?.as_array().map(|list| list.iter().map(scalar).collect());
        let texts: Option<Vec<String>> = list.flatten();
        if texts.is_none() {
            self.wrong(member, "is a list of texts");
        }
        texts
    }

    fn pattern(&mut self) -> Option<Regex> {
        let pattern = self.scalar("AllowedPattern")?;
        // A pattern is for the whole value.
        match Regex::new(&format!("^(?:{pattern})$")) {
            Ok(regex) => Some(regex),
            Err(error) => {
                self.wrong("AllowedPattern", format!("the local engine cannot read the pattern: {error}"));
                None
            }
        }
    }

    fn rest(&mut self) {
        let members = self.members;
        for unknown in members.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
            self.wrong(unknown, "parameters have no such member");
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: &Value) -> Result<Parameter, Vec<String>> {
        let mut found = Vec::new();
        let mut problems = Problems::new("main", &mut found);
        let parameter = Parameter::read(json, &mut Place::of(["Parameters", "P"]), &mut problems);
        parameter.ok_or_else(|| found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_value_is_given_or_the_default() {
        let parameter = read(&json!({"Type": "String", "Default": "dev"})).unwrap();
        assert_eq!(parameter.value("P", None), Ok(json!("dev")));
        assert_eq!(parameter.value("P", Some("prod")), Ok(json!("prod")));
        let needed = read(&json!({"Type": "String"})).unwrap();
        assert_eq!(needed.value("P", None), Err("Parameters: [P] must have values".into()));
    }

    #[test]
    fn lists_are_split_at_commas() {
        let texts = read(&json!({"Type": "CommaDelimitedList"})).unwrap();
        assert_eq!(texts.value("P", Some("a, b,c")), Ok(json!(["a", "b", "c"])));
        let numbers = read(&json!({"Type": "List<Number>", "MaxValue": 5})).unwrap();
        assert_eq!(numbers.value("P", Some("1,5")), Ok(json!(["1", "5"])));
        assert!(numbers.value("P", Some("1,6")).is_err());
    }

    #[test]
    fn a_value_that_breaks_a_constraint_is_refused_in_cloudformations_words() {
        for (declaration, value, reason) in [
            (json!({"Type": "Number"}), "ten", "Parameter 'P' must be a number, not `ten`"),
            (json!({"Type": "Number"}), "NaN", "Parameter 'P' must be a number, not `NaN`"),
            (json!({"Type": "Number", "MinValue": "2"}), "1", "Parameter 'P' must be a number not less than 2"),
            (json!({"Type": "Number", "MaxValue": 2}), "3", "Parameter 'P' must be a number not greater than 2"),
            (json!({"Type": "String", "MinLength": 1}), "", "Parameter 'P' must contain at least 1 characters"),
            (json!({"Type": "String", "MaxLength": 1}), "ab", "Parameter 'P' must contain at most 1 characters"),
            (
                json!({"Type": "String", "AllowedValues": ["a", 1]}),
                "b",
                "Parameter 'P' must be one of AllowedValues, which `b` is not",
            ),
            (
                json!({"Type": "String", "AllowedPattern": "[a-z]+"}),
                "a1",
                "Parameter 'P' must match its pattern, which `a1` does not",
            ),
            (
                json!({"Type": "String", "NoEcho": true, "AllowedPattern": "[a-z]+"}),
                "S3CRET",
                "Parameter 'P' must match its pattern, which `****` does not",
            ),
            (
                json!({"Type": "String", "AllowedPattern": "x|y", "ConstraintDescription": "x or y"}),
                "xz",
                "Parameter P failed to satisfy constraint: x or y",
            ),
        ] {
            assert_eq!(read(&declaration).unwrap().value("P", Some(value)), Err(reason.to_owned()), "{declaration}");
        }
        let any = read(&json!({"Type": "String"})).unwrap();
        assert!(any.value("P", Some(&"x".repeat(4097))).is_err());
    }

    #[test]
    fn a_declaration_that_is_wrong_says_where() {
        let found = read(&json!({
            "Type": "AWS::EC2::VPC::Id", "Default": [], "AllowedPattern": "(?=x)", "MinLength": "one", "Colour": "red",
        }));
        let found = found.unwrap_err().join("\n");
        for (place, what) in [
            ("Type", "the local engine does not have parameters of the type `AWS::EC2::VPC::Id`"),
            ("Default", "is a text, a number or a boolean"),
            ("AllowedPattern", "the local engine cannot read the pattern"),
            ("MinLength", "is a number"),
            ("Colour", "parameters have no such member"),
        ] {
            assert!(found.contains(&format!("main: Parameters.P.{place}: {what}")), "{found}");
        }
        assert_eq!(read(&json!(7)).unwrap_err(), ["main: Parameters.P: a parameter is an object"]);
    }
}
