//! Texts with names in braces.

use crate::source::Span;

/// What a name in braces stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ref {
    /// The event's type.
    Event,
    /// Its id.
    Id,
    /// Its time.
    Time,
    /// Who did it.
    Actor,
    /// To what.
    Object,
    /// The tenant.
    Tenant,
    /// The user that it is for.
    Target,
    /// The verified caller.
    User,
    /// The clock.
    Now,
    /// A part of the request's path.
    Path(String),
    /// A header of the request.
    Header(String),
    /// A field.
    Field(String),
}

impl Ref {
    /// The name as it is written between the braces.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Event => "event".into(),
            Self::Id => "id".into(),
            Self::Time => "time".into(),
            Self::Actor => "actor".into(),
            Self::Object => "object".into(),
            Self::Tenant => "tenant".into(),
            Self::Target => "target".into(),
            Self::User => "user".into(),
            Self::Now => "now".into(),
            Self::Path(p) => format!("path.{p}"),
            Self::Header(h) => format!("header.{h}"),
            Self::Field(f) => f.clone(),
        }
    }
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// What a name stands for, and where the name was written.
    Ref(Ref, Span),
}

/// A text with names in braces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template {
    /// Its pieces, in order.
    pub parts: Vec<Part>,
    /// Where it was written.
    pub span: Span,
}

impl Template {
    /// The names in it, each with its place.
    pub fn refs(&self) -> impl Iterator<Item = (&Ref, Span)> {
        self.parts.iter().filter_map(|p| match p {
            Part::Ref(r, span) => Some((r, *span)),
            Part::Text(_) => None,
        })
    }

    /// The one name of which the template consists, if it is just that.
    #[must_use]
    pub fn single(&self) -> Option<&Ref> {
        match self.parts.as_slice() {
            [Part::Ref(r, _)] => Some(r),
            _ => None,
        }
    }

    /// As it would be written.
    #[must_use]
    pub fn text(&self) -> String {
        self.parts
            .iter()
            .map(|p| match p {
                Part::Text(t) => t.replace('{', "{{").replace('}', "}}"),
                Part::Ref(r, _) => format!("{{{}}}", r.name()),
            })
            .collect()
    }
}
