//! Amazon Resource Names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`, where the resource may hold colons and slashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Arn {
    text: String,
    /// Where the five colons are.
    colons: [usize; 5],
}

/// A text that is no ARN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no ARN: arn:partition:service:region:account:resource")]
pub struct ArnError(pub String);

impl Arn {
    /// Reads an ARN; six parts, the first of which is `arn`.
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        let mut colons = [0; 5];
        let mut found = text.match_indices(':').map(|(at, _)| at);
        for colon in &mut colons {
            *colon = found.next().ok_or_else(|| ArnError(text.to_owned()))?;
        }
        if text.starts_with("arn:") {
            Ok(Self { text: text.to_owned(), colons })
        } else {
            Err(ArnError(text.to_owned()))
        }
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `aws`.
    pub fn partition(&self) -> &str {
        self.part(0)
    }

    /// `sqs`, `lambda`, `states`.
    pub fn service(&self) -> &str {
        self.part(1)
    }

    /// `eu-west-1`; empty for what is global.
    pub fn region(&self) -> &str {
        self.part(2)
    }

    /// The account's number.
    pub fn account(&self) -> &str {
        self.part(3)
    }

    /// All behind the account: `function:NAME`, `table/NAME`, or a queue's name.
    pub fn resource(&self) -> &str {
        self.colons.last().and_then(|colon| self.text.get(colon + 1..)).unwrap_or_default()
    }

    /// What follows the last `:` or `/` of the resource: the name, for most kinds.
    pub fn name(&self) -> &str {
        self.resource().rsplit([':', '/']).next().unwrap_or_default()
    }

    fn part(&self, index: usize) -> &str {
        let bounds = self.colons.get(index).zip(self.colons.get(index + 1));
        bounds.and_then(|(from, to)| self.text.get(from + 1..*to)).unwrap_or_default()
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Arn> for String {
    fn from(arn: Arn) -> Self {
        arn.text
    }
}

impl TryFrom<String> for Arn {
    type Error = ArnError;

    fn try_from(text: String) -> Result<Self, ArnError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_may_hold_colons() {
        let arn = Arn::parse("arn:aws:lambda:eu-west-1:123456789012:function:everi-notify").unwrap();
        assert_eq!(
            (arn.partition(), arn.service(), arn.region(), arn.account(), arn.resource(), arn.name()),
            ("aws", "lambda", "eu-west-1", "123456789012", "function:everi-notify", "everi-notify"),
        );
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "arn", "urn:a:b:c:d:e", "arn:aws:sqs:eu-west-1:123456789012"] {
            assert_eq!(Arn::parse(text), Err(ArnError(text.to_owned())));
        }
    }
}
