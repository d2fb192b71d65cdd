//! Functions for composing messages: texts, hashes and tables.

use super::Expr;

impl Expr {
    /// `$string`: as text; of anything but a text, its JSON.
    #[must_use]
    pub fn string(self) -> Self {
        Self::call("$string", [self])
    }

    /// `$substring`: the first so many characters. Fails the execution on anything but a text.
    #[must_use]
    pub fn first_characters(self, length: i64) -> Self {
        Self::call("$substring", [self, Self::int(0), Self::int(length)])
    }

    /// `$hash`: SHA-256 of a text, in hexadecimal. Step Functions' own; no other evaluator has it
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>).
    #[must_use]
    pub fn sha256(self) -> Self {
        Self::call("$hash", [self, Self::text("SHA-256")])
    }

    /// `(this)`: for an operand of a call or an object, where a conditional is easily misread.
    #[must_use]
    pub fn grouped(self) -> Self {
        Self::primary(format!("({})", self.text))
    }

    /// `$lookup`: the value of this object under a computed key; nothing, where it has none.
    #[must_use]
    pub fn lookup(self, key: Self) -> Self {
        Self::call("$lookup", [self, key])
    }

    /// An expression as a test wrote it.
    #[cfg(test)]
    pub(crate) fn written(text: &str) -> Self {
        Self::primary(text)
    }
}
