//! The words of messages: what was expected, what was found.

use super::{De, Error, LIST};
use crate::diagnostic::Diagnostic;
use crate::examples;
use crate::yaml::codes;
use crate::yaml::text::quote_it;
use crate::yaml::tree::{Kind, Node};

impl De<'_> {
    /// An error: something else than `expected` stands here.
    pub(super) fn unexpected<T>(self, expected: &str) -> Result<T, Error> {
        self.error(match &self.node.kind {
            Kind::Refused => return Err(Error::Recorded),
            _ if self.node.is_nothing() => nothing(self, expected),
            _ => mismatch(self.node, expected),
        })
    }

    /// An error: `{target}` without its quotes stands where text may.
    pub(super) fn unquoted_braces<T>(self, name: &str) -> Result<T, Error> {
        self.error(braces(self.node, "text", name))
    }
}

fn nothing(de: De<'_>, expected: &str) -> Diagnostic {
    Diagnostic::new(codes::NOTHING, de.head, format!("expected {expected}, found nothing"))
        .help("give it a value, or leave the key out")
}

fn mismatch(node: &Node, expected: &str) -> Diagnostic {
    match node.as_unquoted_braces() {
        Some(name) if expected.starts_with("text") => braces(node, expected, name),
        _ => shape(node, expected),
    }
}

/// Something of another shape, with one of the right shape.
fn shape(node: &Node, expected: &str) -> Diagnostic {
    let wrong = Diagnostic::new(codes::SHAPE, node.span, format!("expected {expected}, found {}", found(node)));
    let of = expected.strip_prefix("a map (").and_then(|of| of.strip_suffix(')'));
    if let Some((key, value)) = node.plain().filter(|_| expected.starts_with("a map")).and_then(|t| t.split_once(':')) {
        let said = format!("a space is missing after `{}:`", short(key));
        let wrong = Diagnostic::new(codes::SYNTAX, node.span, said);
        return wrong.help(format!("write `{}`", short(&format!("{key}: {value}"))));
    }
    match (&node.kind, of.and_then(examples::of)) {
        (_, Some(example)) => wrong.help(format!("such as `{example}`")),
        (Kind::Scalar { text, plain: true }, None) if expected == LIST && is_word(text) => {
            wrong.help(format!("a list of one is `[{text}]`")).replace_with(format!("[{text}]"))
        }
        _ => wrong,
    }
}

/// Whether a text may stand in a list as it is.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn braces(node: &Node, expected: &str, name: &str) -> Diagnostic {
    let wrong = Diagnostic::new(codes::BRACES, node.span, format!("expected {expected}, found a map"));
    quote_it(wrong, &format!("{{{name}}}"))
}

/// What stands at a node, in a few words.
pub(super) fn found(node: &Node) -> String {
    match &node.kind {
        Kind::Scalar { .. } if node.is_nothing() => "nothing".to_owned(),
        Kind::Scalar { text, plain: true } => format!("`{}`", short(text)),
        Kind::Scalar { text, plain: false } => format!("the text `{}`", short(text)),
        Kind::Sequence(_) => "a list".to_owned(),
        Kind::Mapping(_) | Kind::Refused => "a map".to_owned(),
    }
}

/// A text as a message can hold it: its first line, and not all of a long one.
pub(in crate::yaml) fn short(text: &str) -> String {
    const MOST: usize = 40;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > MOST || line.len() < text.trim_end().len() {
        line.chars().take(MOST).chain(['…']).collect()
    } else {
        line.to_owned()
    }
}

/// The name of a type as a person says it: `SessionWindow` is "a session window".
pub(super) fn human(name: &str) -> String {
    if name.contains(' ') {
        return name.to_owned();
    }
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase().map(|c| if c == '_' { ' ' } else { c }));
    }
    with_article(&words)
}

/// "a queue", "an event", "an HTTP source".
pub(super) fn with_article(words: &str) -> String {
    let words = words.replace('_', " ");
    let like_you = ["use", "url", "uni"].iter().any(|start| words.starts_with(start));
    let spelled = ["http", "sns", "sqs"].iter().any(|start| words.starts_with(start));
    let an = spelled || (words.starts_with(['a', 'e', 'i', 'o', 'u']) && !like_you);
    format!("{} {words}", if an { "an" } else { "a" })
}

/// Names as a list: "`a`, `b` or `c`".
pub(super) fn alternatives<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    joined(&names, "or")
}

/// Words as a list: "a, b or c".
pub(super) fn joined(words: &[String], last: &str) -> String {
    match words.split_last() {
        Some((end, [])) => end.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_are_said_as_words() {
        for (name, said) in [
            ("Queue", "a queue"),
            ("Event", "an event"),
            ("SessionWindow", "a session window"),
            ("UserSource", "a user source"),
            ("UnreadSink", "an unread sink"),
            ("HttpSource", "an http source"),
            ("the flow", "the flow"),
            ("at_most", "an at most"),
        ] {
            assert_eq!(human(name), said);
        }
    }

    #[test]
    fn alternatives_read_as_a_sentence() {
        assert_eq!(alternatives([]), "");
        assert_eq!(alternatives(["a"]), "`a`");
        assert_eq!(alternatives(["a", "b", "c"]), "`a`, `b` or `c`");
    }

    #[test]
    fn long_and_many_lined_texts_are_cut() {
        assert_eq!(short("a"), "a");
        assert_eq!(short("a\n"), "a");
        assert_eq!(short("a\nb"), "a…");
        assert_eq!(short(&"é".repeat(50)), format!("{}…", "é".repeat(40)));
    }
}
