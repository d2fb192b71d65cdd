//! What a field or a type is, in a line.

use super::{Held, Scalar};
use crate::plan::{EventDef, FieldDef};

/// Where an inline type was written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Where<'a> {
    /// As a field.
    Field {
        /// The event or the object.
        owner: &'a str,
        /// The field.
        field: &'a str,
    },
    /// Within a list or a map that a field holds.
    FieldEntry {
        /// The event or the object.
        owner: &'a str,
        /// The field.
        field: &'a str,
    },
    /// As what a type stands for, which is never lifted but for what is within it.
    Type {
        /// The type.
        name: &'a str,
    },
    /// As what a handler returns.
    Answer {
        /// The name that it would have.
        of: &'a str,
    },
}

impl Where<'_> {
    /// Within a list or a map that stands here.
    pub(super) fn entry(self) -> Self {
        match self {
            Where::Field { owner, field } => Where::FieldEntry { owner, field },
            other => other,
        }
    }

    /// The doc line of a type that is lifted from here.
    pub(super) fn doc(self) -> String {
        match self {
            Where::Field { owner, field } => format!("The field `{field}` of `{owner}`."),
            Where::FieldEntry { owner, field } => format!("An entry of the field `{field}` of `{owner}`."),
            Where::Type { name } => format!("An entry of `{name}`."),
            Where::Answer { of } => format!("A value of `{of}`."),
        }
    }
}

/// The spec's own words on one line, or these.
pub(super) fn or(about: Option<&str>, otherwise: impl FnOnce() -> String) -> String {
    about.map(line).filter(|text| !text.is_empty()).unwrap_or_else(otherwise)
}

/// Words of the spec as one line that is fit for any comment: white space made one space, characters that
/// are not seen or that turn the direction of writing left out. A `#` at its start is escaped, since it
/// would make the line a heading, and with schemars a title.
#[must_use]
pub fn line(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let before = made.len();
        if before > 0 {
            made.push(' ');
        }
        let start = made.len();
        made.extend(word.chars().filter(|c| !is_invisible(*c)));
        if made.len() == start {
            made.truncate(before);
        }
    }
    if made.starts_with('#') {
        made.insert(0, '\\');
    }
    made
}

/// Zero-width characters, and those that reorder what a reader sees.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// What a field is by its role in an event; nothing where it says it itself, or has none.
pub(super) fn role(event: &EventDef, field: &FieldDef) -> Option<String> {
    if field.about.as_deref().is_some_and(|about| !line(about).is_empty()) {
        return None;
    }
    let is = |role: &Option<String>| role.as_ref() == Some(&field.name);
    let said = if event.id == field.name {
        "The event's own id."
    } else if event.time == field.name {
        "When it happened."
    } else if is(&event.actor) {
        "Who did it."
    } else if is(&event.object) {
        "What it was done to."
    } else if is(&event.tenant) {
        "Whose data it is."
    } else if is(&event.order_by) {
        "The conversation that it belongs to."
    } else {
        return None;
    };
    Some(said.to_owned())
}

/// What is held, in a sentence: "Each a `Line`. May be absent."
pub(super) fn sentence(held: &Held) -> String {
    match held {
        Held::Optional(inner) => format!("{} May be absent.", sentence(inner)),
        Held::List(inner, _) => format!("Each {}.", noun(inner)),
        Held::Map(inner) => format!("By name, each {}.", noun(inner)),
        Held::Scalar(_) | Held::Named(_) => {
            let noun = noun(held);
            let mut chars = noun.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            format!("{}{}.", first.into_iter().collect::<String>(), chars.as_str())
        }
    }
}

fn noun(held: &Held) -> String {
    match held {
        Held::Scalar(scalar) => match scalar {
            Scalar::Text => "a text",
            Scalar::Int => "a whole number",
            Scalar::Number => "a number",
            Scalar::Decimal => "a decimal number",
            Scalar::Bool => "true or false",
            Scalar::Timestamp => "a time",
            Scalar::Date => "a date",
            Scalar::Ulid => "a ULID",
            Scalar::Uuid => "a UUID",
            Scalar::Email => "an email address",
            Scalar::Url => "a URL",
            Scalar::Json => "any JSON",
        }
        .to_owned(),
        // A `U` sounds like "you" in the names that there are: `UserId`, `UpdateLiked`.
        Held::Named(name) if name.starts_with(['A', 'E', 'I', 'O']) => format!("an `{name}`"),
        Held::Named(name) => format!("a `{name}`"),
        Held::List(inner, _) => format!("a list, each {}", noun(inner)),
        Held::Map(inner) => format!("a map, each {}", noun(inner)),
        Held::Optional(inner) => format!("{} or nothing", noun(inner)),
    }
}

/// `update_id` to `UpdateId`.
pub(super) fn camel(name: &str) -> String {
    name.split('_').fold(String::with_capacity(name.len()), |mut made, word| {
        let mut chars = word.chars();
        made.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        made.push_str(chars.as_str());
        made
    })
}
