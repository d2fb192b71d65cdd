//! Text, numbers and booleans.

use super::expect::{found, short};
use super::{De, Error, TEXT};
use crate::diagnostic::Diagnostic;
use crate::yaml::codes;
use crate::yaml::plain::{self, NumberError};
use crate::yaml::text::quote_it;
use crate::yaml::tree::{Kind, Node};

impl<'a> De<'a> {
    /// A text, with a warning where another tool would read something else.
    pub(super) fn text(self) -> Result<&'a str, Error> {
        match &self.node.kind {
            Kind::Scalar { text, plain } if !self.node.is_nothing() => {
                if *plain {
                    self.warn_of_other_tools(text);
                }
                Ok(text)
            }
            _ => self.unexpected(TEXT),
        }
    }

    pub(super) fn warn_of_other_tools(self, text: &str) {
        if let Some(other) = plain::elsewhere(text) {
            let message = format!("`{}` is text here, but other YAML tools read {other}", short(text));
            self.push(quote_it(Diagnostic::new(codes::READ_OTHERWISE, self.node.span, message), text));
        }
    }

    pub(super) fn boolean(self) -> Result<bool, Error> {
        const EXPECTED: &str = "true or false";
        let Kind::Scalar { text, plain } = &self.node.kind else { return self.unexpected(EXPECTED) };
        match plain::boolean(text) {
            Some(value) if *plain => Ok(value),
            _ if self.node.is_nothing() => self.unexpected(EXPECTED),
            _ => {
                let wrong = |help: &str| {
                    let message = format!("expected {EXPECTED}, found {}", found(self.node));
                    Diagnostic::new(codes::BOOLEAN, self.node.span, message).help(help)
                };
                self.error(match text.to_ascii_lowercase().as_str() {
                    "true" | "yes" | "on" | "y" => wrong("write `true`").replace_with("true"),
                    "false" | "no" | "off" | "n" => wrong("write `false`").replace_with("false"),
                    _ => wrong("write `true` or `false`"),
                })
            }
        }
    }

    /// A whole number within a range.
    pub(super) fn integer(self, min: i128, max: i128) -> Result<i128, Error> {
        let range = if (min, max) == (i128::MIN, i128::MAX) {
            "a whole number".to_owned()
        } else {
            format!("a whole number from {min} to {max}")
        };
        let Kind::Scalar { text, plain } = &self.node.kind else { return self.unexpected(&range) };
        match plain::integer(text) {
            Ok(value) if *plain && (min..=max).contains(&value) => Ok(value),
            _ if self.node.is_nothing() => self.unexpected(&range),
            read => self.error(self.no_number(&range, *plain, text, read.is_ok())),
        }
    }

    /// A number, finite.
    pub(super) fn float(self) -> Result<f64, Error> {
        const EXPECTED: &str = "a number";
        let Kind::Scalar { text, plain } = &self.node.kind else { return self.unexpected(EXPECTED) };
        match plain::float(text) {
            Ok(value) if *plain => Ok(value),
            _ if self.node.is_nothing() => self.unexpected(EXPECTED),
            Err(NumberError::TooLarge) => self.error(out_of_range(self.node, text, "large")),
            Err(NumberError::TooSmall) => self.error(out_of_range(self.node, text, "small")),
            read => self.error(self.no_number(EXPECTED, *plain, text, read.is_ok())),
        }
    }

    fn no_number(self, expected: &str, plain: bool, text: &str, is_number: bool) -> Diagnostic {
        let message = format!("expected {expected}, found {}", found(self.node));
        let wrong = Diagnostic::new(codes::NUMBER, self.node.span, message);
        if is_number && !plain {
            return wrong.help("a number has no quotes").replace_with(text);
        }
        let without = text.replace(['_', ','], "");
        if plain::integer(&without).is_ok() && without != text {
            return wrong.help(format!("write `{without}`")).replace_with(without);
        }
        wrong
    }
}

/// An error: a number that cannot be held.
pub(super) fn out_of_range(node: &Node, text: &str, size: &str) -> Diagnostic {
    Diagnostic::new(codes::NUMBER, node.span, format!("`{}` is too {size} for a number", short(text)))
        .help("quote it if it is text")
}
