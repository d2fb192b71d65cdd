//! What is wrong with a deployment, and where.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The stack, or the file that cannot be read: `main`, `main/StateStack1`, `nested/state-1.json`; empty for
    /// all of them.
    pub stack: String,
    /// Where in its template: `Resources.Queue.Properties.DelaySeconds`; empty for all of it.
    pub place: String,
    /// What is wrong, in words.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.stack, &self.place].into_iter().filter(|part| !part.is_empty()) {
            write!(f, "{part}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// Why the stacks are not as their templates say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeployError {
    /// The templates or parameters are wrong: nothing was called, nothing is changed.
    #[error("the stacks cannot be deployed{}", list(.0))]
    Refused(Vec<Problem>),
    /// Some resources could not be made or changed. What was made stays, and what was to go is still there:
    /// the next deployment goes on from here.
    #[error("the stacks are not complete{}", list(.0))]
    Failed(Vec<Problem>),
    /// Another deployment is under way in this engine.
    #[error("another deployment is under way")]
    Busy,
}

impl DeployError {
    /// All that is wrong.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Refused(problems) | Self::Failed(problems) => problems,
            Self::Busy => &[],
        }
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

/// A place in a template, from its root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
}

impl Place {
    pub(super) fn of<'a>(members: impl IntoIterator<Item = &'a str>) -> Self {
        Self(members.into_iter().map(|name| Step::Member(name.to_owned())).collect())
    }

    /// Does something one member deeper.
    pub(super) fn member<T>(&mut self, name: &str, inside: impl FnOnce(&mut Self) -> T) -> T {
        self.0.push(Step::Member(name.to_owned()));
        let made = inside(self);
        self.0.pop();
        made
    }

    /// Does something one item deeper.
    pub(super) fn item<T>(&mut self, index: usize, inside: impl FnOnce(&mut Self) -> T) -> T {
        self.0.push(Step::Item(index));
        let made = inside(self);
        self.0.pop();
        made
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Member(name) if index == 0 => f.write_str(&shown(name))?,
                Step::Member(name) => write!(f, ".{}", shown(name))?,
                Step::Item(item) => write!(f, "[{item}]")?,
            }
        }
        Ok(())
    }
}

/// A name of the user's within a message: on one line, and not endless.
pub(super) fn shown(name: &str) -> String {
    const LONGEST: usize = 200;
    let mut text: String = name.chars().take(LONGEST).flat_map(escaped).collect();
    if name.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text
}

fn escaped(character: char) -> Vec<char> {
    if character.is_control() { character.escape_default().collect() } else { vec![character] }
}

/// The problems of one stack, as they are found.
#[derive(Debug)]
pub(super) struct Problems<'a> {
    pub(super) stack: &'a str,
    found: &'a mut Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(super) const fn new(stack: &'a str, found: &'a mut Vec<Problem>) -> Self {
        Self { stack, found }
    }

    pub(super) fn add(&mut self, place: impl fmt::Display, what: impl Into<String>) {
        self.found.push(Problem { stack: self.stack.to_owned(), place: place.to_string(), what: what.into() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_a_path() {
        let mut place = Place::of(["Resources", "Queue"]);
        let text = place.member("Tags", |place| place.item(2, |place| place.member("Key", |place| place.to_string())));
        assert_eq!(text, "Resources.Queue.Tags[2].Key");
        assert_eq!(place.to_string(), "Resources.Queue");
    }

    #[test]
    fn a_name_of_the_users_stays_on_its_line() {
        assert_eq!(shown("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(shown(&"x".repeat(300)).chars().count(), 201);
    }

    #[test]
    fn all_problems_are_listed() {
        let problem = |place: &str| Problem { stack: "main".into(), place: place.into(), what: "is wrong".into() };
        let error = DeployError::Refused(vec![problem("Resources.A"), problem("")]);
        assert_eq!(error.to_string(), "the stacks cannot be deployed\n  main: Resources.A: is wrong\n  main: is wrong");
    }
}
