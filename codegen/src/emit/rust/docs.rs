//! What the generated code says of each thing: one line a type and a field, which is its schema's description.
//!
//! In: the plan. Out: lines for doc comments. Guaranteed: whatever a spec's `about` holds, its line is one
//! line, ends no comment, begins no block of code, and neither links nor opens a tag.

use crate::plan::{EventDef, FieldDef, Shape, TypeDef};

/// What a type is.
pub(crate) fn of_type(flow: &str, def: &TypeDef) -> String {
    said(def.about.as_deref()).unwrap_or_else(|| format!("The type `{}` of the flow `{flow}`.", def.name))
}

/// What an event says.
pub(crate) fn of_event(flow: &str, def: &EventDef) -> String {
    said(def.about.as_deref()).unwrap_or_else(|| format!("The event `{}` of the flow `{flow}`.", def.name))
}

/// What a field of an event is: the spec's words, or its first role, or its type.
pub(crate) fn of_event_field(event: &EventDef, field: &FieldDef) -> String {
    let is = |role: &Option<String>| role.as_deref() == Some(field.name.as_str());
    let role = if event.id == field.name {
        "The event's own id."
    } else if event.time == field.name {
        "When it happened."
    } else if is(&event.actor) {
        "Who did it."
    } else if is(&event.object) {
        "What it was done to."
    } else if is(&event.order_by) {
        "The conversation whose order is kept."
    } else if is(&event.tenant) {
        "Whose data it is."
    } else {
        return of_field(field, &event.name);
    };
    said(field.about.as_deref()).unwrap_or_else(|| role.to_owned())
}

/// What a field of an object is; `owner` is the generated type that has it.
pub(crate) fn of_field(field: &FieldDef, owner: &str) -> String {
    let name = format!("{owner}{}", super::text::upper_camel(&field.name));
    said(field.about.as_deref()).unwrap_or_else(|| of_shape(&field.shape, &name))
}

/// What a value of a shape is; `name` is the generated type's where the shape has no name of its own.
fn of_shape(shape: &Shape, name: &str) -> String {
    match shape {
        Shape::Optional(inner) => match &**inner {
            Shape::Optional(_) => of_shape(inner, name),
            inner => format!("{} May be absent.", of_shape(inner, name)),
        },
        Shape::List(inner, _) => format!("Each {}.", noun(inner, &format!("{name}Item"))),
        Shape::Map(inner) => format!("By name, each {}.", noun(inner, &format!("{name}Value"))),
        other => {
            let noun = noun(other, name);
            let mut chars = noun.chars();
            let first: String = chars.next().map(|c| c.to_ascii_uppercase()).into_iter().collect();
            format!("{first}{}.", chars.as_str())
        }
    }
}

fn noun(shape: &Shape, name: &str) -> String {
    match shape {
        constrained if is_constrained(constrained) => article(name),
        Shape::String { .. } => "a text".into(),
        Shape::Int(_) => "a whole number".into(),
        Shape::Number(_) => "a number".into(),
        Shape::Decimal => "a decimal number".into(),
        Shape::Bool => "true or false".into(),
        Shape::Timestamp => "a time".into(),
        Shape::Date => "a day".into(),
        Shape::Ulid => "a ULID".into(),
        Shape::Uuid => "a UUID".into(),
        Shape::Email => "an address of email".into(),
        Shape::Url => "a URL".into(),
        Shape::Json => "any JSON".into(),
        Shape::Named(name) | Shape::Enum { name, .. } | Shape::Object { name, .. } => article(name),
        Shape::List(inner, _) => format!("a list, each {}", noun(inner, &format!("{name}Item"))),
        Shape::Map(inner) => format!("a map, each {}", noun(inner, &format!("{name}Value"))),
        Shape::Optional(inner) => format!("{} or nothing", noun(inner, name)),
    }
}

/// Whether a scalar has constraints, so that it is a type of its own.
pub(crate) fn is_constrained(shape: &Shape) -> bool {
    match shape {
        Shape::String { length, pattern } => length.min.is_some() || length.max.is_some() || pattern.is_some(),
        Shape::Int(bounds) => bounds.min.is_some() || bounds.max.is_some(),
        Shape::Number(bounds) => bounds.min.is_some() || bounds.max.is_some(),
        _ => false,
    }
}

/// A type's name with its article: "an `OrderPlaced`".
pub(crate) fn article(name: &str) -> String {
    // A name with a U is mostly read as "a user".
    let an = name.starts_with(['A', 'E', 'I', 'O']);
    format!("{} `{name}`", if an { "an" } else { "a" })
}

/// A text of the spec as a line; none where it says nothing.
pub(crate) fn said(about: Option<&str>) -> Option<String> {
    about.map(line).filter(|line| !line.is_empty())
}

/// A text of the spec as one inert line of Markdown.
fn line(text: &str) -> String {
    let text = visible(text);
    let mut made = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '`' => code(rest),
            'h' if rest.starts_with("http://") || rest.starts_with("https://") => address(rest),
            _ => None,
        };
        if let Some(whole) = taken {
            let (whole, after) = rest.split_at(whole);
            made.push_str(&if c == '`' { whole.to_owned() } else { format!("<{whole}>") });
            rest = after;
            continue;
        }
        let first = made.is_empty();
        if matches!(c, '`' | '[' | '<' | '\\' | '~') || (first && c == '#') {
            made.push('\\');
        }
        made.push(c);
        rest = rest.split_at(c.len_utf8()).1;
    }
    made
}

/// A text on one line, without what cannot be seen.
pub(crate) fn visible(text: &str) -> String {
    let seen = |c: char| match c {
        ' ' => ' ',
        c if c.is_whitespace() || c.is_control() || is_format(c) => ' ',
        c => c,
    };
    let spaced: String = text.chars().map(seen).collect();
    spaced.split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Characters that change the direction of text or take no room.
fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The bytes of a span of code that the text begins with.
fn code(text: &str) -> Option<usize> {
    let after = text.trim_start_matches('`');
    let ticks = text.len() - after.len();
    let mut rest = after;
    while let Some(at) = rest.find('`') {
        let here = rest.split_at(at).1;
        rest = here.trim_start_matches('`');
        if here.len() - rest.len() == ticks {
            return Some(text.len() - rest.len());
        }
    }
    None
}

/// The bytes of an address on the web that the text begins with.
fn address(text: &str) -> Option<usize> {
    let end = text.find([' ', '<', '>', '"', '`']).unwrap_or(text.len());
    let whole = text.split_at(end).0.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '\'']);
    (whole.len() > "https://".len()).then_some(whole.len())
}
