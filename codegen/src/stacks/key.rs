//! Which stack, and which layer of it.

use std::str::FromStr;

/// What a resource is for; each layer may refer to the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// What holds data: keys, tables, secrets.
    State,
    /// Topics and queues.
    Messaging,
    /// Functions, their roles and logs, state machines, APIs.
    Compute,
    /// What binds the others: policies, subscriptions, mappings, alarms.
    Wiring,
}

impl Layer {
    /// All layers, lowest first.
    pub const ALL: [Self; 4] = [Self::State, Self::Messaging, Self::Compute, Self::Wiring];

    /// Its name in the names of stacks.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Messaging => "messaging",
            Self::Compute => "compute",
            Self::Wiring => "wiring",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::State => "State",
            Self::Messaging => "Messaging",
            Self::Compute => "Compute",
            Self::Wiring => "Wiring",
        }
    }
}

/// One template: a root's own, or one nested in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackKey {
    /// The root, from 0.
    pub(super) root: u16,
    /// Its nested stack by layer and number, from 1; `None` for the root's own template.
    pub(super) nested: Option<(Layer, u16)>,
}

impl StackKey {
    /// The first root's own template.
    pub(super) const MAIN: Self = Self { root: 0, nested: None };

    /// A root's own template.
    pub(super) const fn root(root: u16) -> Self {
        Self { root, nested: None }
    }

    /// A nested stack.
    pub(super) const fn nested(root: u16, layer: Layer, number: u16) -> Self {
        Self { root, nested: Some((layer, number)) }
    }

    /// The file of its template.
    pub(super) fn file(self) -> String {
        match self {
            Self { root: 0, nested: None } => "template.json".to_owned(),
            Self { root, nested: None } => format!("template-{}.json", root + 1),
            _ => format!("nested/{}.json", self.to_string().replace('/', "-")),
        }
    }

    /// The logical id of a nested stack in its root.
    pub(super) fn logical_id(self) -> String {
        self.nested.map_or_else(String::new, |(layer, number)| format!("{}Stack{number}", layer.title()))
    }
}

impl std::fmt::Display for StackKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("main")?;
        if self.root > 0 {
            write!(f, "-{}", self.root + 1)?;
        }
        self.nested.map_or(Ok(()), |(layer, number)| write!(f, "/{}-{number}", layer.name()))
    }
}

/// A number as [`StackKey`] writes it: no sign, no zero in front, at most 4 digits.
fn number(text: &str) -> Option<u16> {
    let plain = (1..=4).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

impl FromStr for StackKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (root, nested) = text.split_once('/').map_or((text, None), |(root, nested)| (root, Some(nested)));
        let root = match root.strip_prefix("main").ok_or(())? {
            "" => 0,
            rest => rest.strip_prefix('-').and_then(number).filter(|n| *n > 1).ok_or(())? - 1,
        };
        let nested = match nested {
            None => None,
            Some(nested) => {
                let (layer, digits) = nested.rsplit_once('-').ok_or(())?;
                let layer = Layer::ALL.into_iter().find(|l| l.name() == layer).ok_or(())?;
                Some((layer, number(digits).ok_or(())?))
            }
        };
        Ok(Self { root, nested })
    }
}
