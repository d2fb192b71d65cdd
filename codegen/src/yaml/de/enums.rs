//! Kinds, shapes and data: whatever is one of several.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, IntoDeserializer, VariantAccess, Visitor};

use super::expect::{alternatives, joined, short, with_article};
use super::scalar::out_of_range;
use super::{De, Error, LIST, MAP, TEXT, UPPER};
use crate::diagnostic::Diagnostic;
use crate::suggest::nearest;
use crate::yaml::codes;
use crate::yaml::literal::kind;
use crate::yaml::plain::{self, NumberError};
use crate::yaml::tree::{Kind, Node};

impl<'a> De<'a> {
    /// Reads a kind: the single key of a map, or a word. `what` is the name of the enum with an article.
    pub(super) fn kind<'de, V: Visitor<'de>>(
        self,
        what: &str,
        kinds: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Scalar { text, .. } if !self.node.is_nothing() => {
                self.known_kind(self.node, what, kinds, &format!("`{}` is not {what}", short(text)))?;
                self.placed(visitor.visit_enum(Chosen { key: text, content: Content::Word(self) }))
            }
            Kind::Mapping(entries) => {
                let (key, value) = self.single_kind(what, kinds, entries)?;
                let name = key.text().unwrap_or_default();
                let message = format!("unknown kind `{}` of {what}", short(name));
                self.known_kind(key, what, kinds, &message)?;
                let content = Content::Value(De::new(value, key.span, self.sink));
                self.placed(visitor.visit_enum(Chosen { key: name, content }))
            }
            _ => self.unexpected(what),
        }
    }

    fn known_kind(self, key: &Node, what: &str, kinds: &[&'static str], message: &str) -> Result<(), Error> {
        let text = key.text().unwrap_or_default();
        if kinds.contains(&text) {
            return Ok(());
        }
        let wrong = Diagnostic::new(codes::UNKNOWN_KIND, key.span, message);
        self.error(match nearest(text, kinds.iter().copied()) {
            Some(meant) => wrong.help(format!("did you mean `{meant}`?")).replace_with(meant),
            None => wrong.help(format!("{what} is {}", alternatives(kinds.iter().copied()))),
        })
    }

    /// The entry that says the kind. With several, the first that is a kind, after an error.
    fn single_kind(
        self,
        what: &str,
        kinds: &[&'static str],
        entries: &'a [(Node, Node)],
    ) -> Result<&'a (Node, Node), Error> {
        let beside = self.reading.others();
        let is_one_of = |names: &[&'static str], key: &Node| key.text().is_some_and(|text| names.contains(&text));
        let entries: Vec<_> = entries.iter().filter(|(key, _)| !is_one_of(beside, key)).collect();
        if let [single] = entries.as_slice() {
            return Ok(single);
        }
        let Some(first) = entries.iter().find(|(key, _)| is_one_of(kinds, key)) else {
            let message = if beside.is_empty() {
                format!("{what} has a single key, its kind")
            } else {
                format!("the kind of {what} is missing")
            };
            return self.error(
                Diagnostic::new(codes::NO_KIND, self.head, message)
                    .help(format!("write one of {}", alternatives(kinds.iter().copied()))),
            );
        };
        let name = first.0.text().unwrap_or_default();
        for (key, _) in entries.iter().filter(|(key, _)| key.span != first.0.span) {
            let text = key.text().unwrap_or_default();
            let message = if is_one_of(kinds, key) {
                format!("{what} has one kind; here are `{name}` and `{text}`")
            } else {
                format!("unknown key `{}` beside the kind `{name}` of {what}", short(text))
            };
            let wrong = Diagnostic::new(codes::SEVERAL_KINDS, key.span, message)
                .related(first.0.span, "the first kind stands here");
            self.push(match nearest(text, beside.iter().copied()) {
                Some(meant) if !is_one_of(kinds, key) => {
                    wrong.help(format!("did you mean `{meant}`?")).replace_with(meant)
                }
                _ if beside.is_empty() => {
                    wrong.help("a kind is the single key of its object; its settings stand inside")
                }
                _ => {
                    let beside = alternatives(beside.iter().copied());
                    wrong.help(format!("the settings of a kind stand inside it; beside it may stand {beside}"))
                }
            });
        }
        Ok(first)
    }

    /// Reads one of several shapes, which are `accepted`.
    pub(super) fn forms<'de, V: Visitor<'de>>(
        self,
        accepted: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let shape = match &self.node.kind {
            Kind::Scalar { .. } => TEXT,
            Kind::Sequence(_) => LIST,
            Kind::Mapping(_) => MAP,
            Kind::Refused => return Err(Error::Recorded),
        };
        if let (true, Some(name)) = (accepted.contains(&TEXT), self.node.as_unquoted_braces()) {
            return self.unquoted_braces(name);
        }
        if !accepted.contains(&shape) || self.node.is_nothing() {
            let accepted: Vec<String> = accepted.iter().map(|shape| (*shape).to_owned()).collect();
            return self.unexpected(&joined(&accepted, "or"));
        }
        self.placed(visitor.visit_enum(Chosen { key: shape, content: Content::Value(self) }))
    }

    /// Reads one of two maps, by the first letter of the first key.
    pub(super) fn by_case<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let first = self.node.entries().first().and_then(|(key, _)| key.text());
        let upper = first.is_some_and(|text| text.starts_with(|c: char| c.is_ascii_uppercase()));
        let key = if upper { UPPER } else { MAP };
        self.placed(visitor.visit_enum(Chosen { key, content: Content::Value(self) }))
    }

    /// Reads data of any type.
    pub(super) fn literal<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let key = match &self.node.kind {
            Kind::Scalar { text, plain: true } => self.plain_literal(text)?,
            Kind::Scalar { .. } => kind::TEXT,
            Kind::Sequence(_) => kind::LIST,
            Kind::Mapping(_) => kind::MAP,
            Kind::Refused => return Err(Error::Recorded),
        };
        let content = if key == kind::FLOAT || key == kind::TEXT { Content::Text(self) } else { Content::Value(self) };
        self.placed(visitor.visit_enum(Chosen { key, content }))
    }

    fn plain_literal(self, text: &str) -> Result<&'static str, Error> {
        let too = |size| self.error(out_of_range(self.node, text, size));
        if plain::is_null(text) {
            return Ok(kind::NULL);
        }
        if plain::boolean(text).is_some() {
            return Ok(kind::BOOL);
        }
        match (plain::integer(text), plain::float(text)) {
            (Ok(value), _) if (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&value) => Ok(kind::INT),
            (Ok(_) | Err(NumberError::TooLarge), _) | (_, Err(NumberError::TooLarge)) => too("large"),
            (_, Err(NumberError::TooSmall)) => too("small"),
            (_, Ok(_)) => Ok(kind::FLOAT),
            _ if matches!(
                text.trim_start_matches(['-', '+']).to_ascii_lowercase().as_str(),
                ".nan" | ".inf" | "nan"
            ) =>
            {
                let message = format!("`{text}` is not a number that can be held");
                self.error(Diagnostic::new(codes::NUMBER, self.node.span, message).help("quote it if it is text"))
            }
            _ => {
                self.warn_of_other_tools(text);
                Ok(kind::TEXT)
            }
        }
    }
}

/// A variant that was chosen, with what stands in it.
struct Chosen<'k, 'a> {
    key: &'k str,
    content: Content<'a>,
}

/// The content of a variant.
enum Content<'a> {
    /// None: the variant is a word.
    Word(De<'a>),
    /// A value.
    Value(De<'a>),
    /// A scalar, taken as text without a warning.
    Text(De<'a>),
}

impl<'de, 'a> EnumAccess<'de> for Chosen<'_, 'a> {
    type Error = Error;
    type Variant = Variant<'a>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Variant<'a>), Error> {
        let key: StrDeserializer<'_, Error> = self.key.into_deserializer();
        let what = with_article(self.key);
        Ok((seed.deserialize(key)?, Variant { what, key: self.key.to_owned(), content: self.content }))
    }
}

/// The chosen variant's content, and the words for it.
struct Variant<'a> {
    what: String,
    key: String,
    content: Content<'a>,
}

impl<'a> Variant<'a> {
    fn value(self) -> Result<De<'a>, Error> {
        match self.content {
            Content::Value(de) | Content::Text(de) => Ok(de),
            Content::Word(de) => {
                let Self { key, what, .. } = self;
                let message = format!("{what} needs its settings");
                de.error(Diagnostic::new(codes::SHAPE, de.node.span, message).help(format!("write `{{ {key}: … }}`")))
            }
        }
    }
}

impl<'de, 'a> VariantAccess<'de> for Variant<'a> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.content {
            Content::Value(de) if !de.node.is_nothing() => {
                let message = format!("`{}` is a word of its own and has no settings", self.key);
                let help = format!("write `{}` without braces", self.key);
                de.error(Diagnostic::new(codes::SHAPE, de.head, message).help(help))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        if let Content::Text(de) = self.content {
            let text: StrDeserializer<'_, Error> = de.node.text().unwrap_or_default().into_deserializer();
            return seed.deserialize(text);
        }
        seed.deserialize(self.value()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        serde::Deserializer::deserialize_tuple(self.value()?, len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        let what = self.what.clone();
        self.value()?.structure(&what, fields, visitor)
    }
}
