//! Text with `*` for any characters.

/// A pattern: the texts between its wildcards, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<String>,
}

impl Pattern {
    /// Reads a pattern, in which `\*` and `\\` stand for themselves.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = vec![String::new()];
        let mut characters = text.chars().enumerate();
        let mut after_wildcard = false;
        while let Some((at, character)) = characters.next() {
            if character == '*' {
                if after_wildcard {
                    return Err(format!("Consecutive wildcard characters at pos {}", at - 1));
                }
                after_wildcard = true;
                parts.push(String::new());
                continue;
            }
            after_wildcard = false;
            let literal = match character {
                '\\' => match characters.next() {
                    Some((_, escaped @ ('*' | '\\'))) => escaped,
                    _ => return Err(format!("Invalid escape character at pos {at}")),
                },
                other => other,
            };
            if let Some(part) = parts.last_mut() {
                part.push(literal);
            }
        }
        Ok(Self { parts })
    }

    /// Whether the whole of `text` fits. Takes the first place for each part, which is enough, and so time
    /// that grows with the text alone.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.parts.split_first() else { return text.is_empty() };
        let Some((last, middle)) = rest.split_last() else { return text == first };
        let Some(text) = text.strip_prefix(first.as_str()) else { return false };
        let Some(mut text) = text.strip_suffix(last.as_str()) else { return false };
        for part in middle {
            match text.split_once(part.as_str()) {
                Some((_, behind)) => text = behind,
                None => return false,
            }
        }
        true
    }
}
