//! What the parts of the runtime are told: each becomes a static of the generated module `parts`.
//!
//! What stands in the stack (tables, topics, queues) is named by the function's environment variable that holds it.

/// What a function's part of the runtime is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// The publisher of a table's new rows.
    Publisher(Publisher),
    /// What serves browsers.
    Browser(Box<super::BrowserPart>),
}

impl Part {
    /// What serves browsers.
    #[must_use]
    pub fn browser(part: super::BrowserPart) -> Self {
        Self::Browser(Box::new(part))
    }
}

/// A publisher of a table's new rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Publisher {
    /// The events that the rows may be, by their types' names.
    pub events: Vec<String>,
    /// Where they go.
    pub to: Vec<TopicPart>,
}

/// A topic that is published to.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicPart {
    /// The variable that holds its ARN.
    pub variable: String,
    /// Whether it keeps order.
    pub fifo: bool,
    /// The CloudEvents types that it carries.
    pub carries: Vec<String>,
}
