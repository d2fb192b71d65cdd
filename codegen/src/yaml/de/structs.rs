//! Maps with known keys.

use std::collections::BTreeSet;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};

use super::access::{Parts, Source};
use super::expect::{alternatives, short};
use super::kinded::Reading;
use super::{AT, De, Error};
use crate::diagnostic::Diagnostic;
use crate::examples;
use crate::suggest::{nearest, synonym};
use crate::yaml::codes;
use crate::yaml::tree::{Kind, Node};

impl<'a> De<'a> {
    /// Reads a struct. `what` is its name with an article.
    pub(super) fn structure<'de, V: Visitor<'de>>(
        self,
        what: &str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let entries = match (&self.node.kind, self.reading) {
            (Kind::Mapping(entries), _) => entries.as_slice(),
            // What it is instead is for the kind to say.
            (_, Reading::Common(_)) => &[],
            _ => return self.unexpected(&format!("a map ({what})")),
        };
        if let Reading::Common(keys) = self.reading {
            keys.set(fields);
        }
        let known = |key: &Node| fields.iter().copied().find(|field| key.text() == Some(*field));
        let mut given = Vec::new();
        let mut meant = BTreeSet::new();
        // The keys that are not given yet: asked for only where one is unknown.
        let mut open: Option<Vec<&'static str>> = None;
        let mut before: Option<&Node> = None;
        for (key, value) in entries {
            match known(key) {
                Some(field) => given.push((field, Field::Given(De::new(value, key.span, self.sink)))),
                None if matches!(self.reading, Reading::Common(_)) => {}
                None => {
                    let open = open.get_or_insert_with(|| {
                        let is_open = |f: &&'static str| entries.iter().all(|(k, _)| k.text() != Some(*f));
                        fields.iter().copied().filter(is_open).collect()
                    });
                    let unknown = self.unknown_key(what, fields, open, key, cut_by_comma(before, key, value));
                    // What was mistyped is read as what was meant, so that nothing else is said to be missing.
                    if let Some((field, true)) = unknown
                        && given.iter().all(|(name, _)| *name != field)
                    {
                        given.push((field, Field::Given(De::new(value, key.span, self.sink))));
                    }
                    meant.extend(unknown.map(|(field, _)| field));
                }
            }
            before = Some(value);
        }
        for field in fields.iter().copied() {
            if given.iter().all(|(name, _)| *name != field) {
                let absent = Absent { of: self, what: what.to_owned(), field, silent: meant.contains(field) };
                given.push((field, Field::Absent(absent)));
            }
        }
        self.placed(visitor.visit_map(Fields { fields: given.into_iter(), value: None }))
    }

    /// Reports an unknown key and says which field it was meant to be, and whether it is only mistyped.
    fn unknown_key(
        self,
        what: &str,
        fields: &[&'static str],
        open: &[&'static str],
        key: &Node,
        cut_by_comma: bool,
    ) -> Option<(&'static str, bool)> {
        let text = key.text()?;
        if let Some((field, value)) = text.split_once(':').filter(|(field, _)| open.contains(field)) {
            let field = fields.iter().copied().find(|known| *known == field)?;
            let mended = format!("{field}: {value}");
            let said = format!("a space is missing after `{field}:`");
            let wrong = Diagnostic::new(codes::SYNTAX, key.span, said).help(format!("write `{}`", short(&mended)));
            self.push(wrong.replace_with(mended));
            return Some((field, false));
        }
        let wrong = Diagnostic::new(codes::UNKNOWN_KEY, key.span, format!("unknown key `{}` in {what}", short(text)));
        let synonym = synonym(text, open.iter().copied());
        let meant = synonym
            .or_else(|| nearest(text, open.iter().copied()))
            .and_then(|meant| fields.iter().copied().find(|field| *field == meant));
        self.push(match meant {
            Some(meant) => wrong.help(format!("did you mean `{meant}`?")).replace_with(meant),
            None if cut_by_comma => wrong.help("if it belongs to the text before the comma, quote that text"),
            None if fields.is_empty() => wrong.help("it has no keys"),
            None => wrong.help(format!("known keys: {}", alternatives(fields.iter().copied()))),
        });
        meant.map(|meant| (meant, synonym.is_none()))
    }
}

/// `{ subject: Hello, world }`: a key without a value right after a plain text and a comma.
fn cut_by_comma(before: Option<&Node>, key: &Node, value: &Node) -> bool {
    value.plain() == Some("")
        && key.plain().is_some()
        && before.is_some_and(|b| {
            b.plain().is_some_and(|text| !text.is_empty()) && key.span.start.saturating_sub(b.span.end) <= 2
        })
}

enum Field<'a> {
    Given(De<'a>),
    Absent(Absent<'a>),
}

/// The fields of a struct: those given, in the order of the file, then those left out.
struct Fields<'a> {
    fields: std::vec::IntoIter<(&'static str, Field<'a>)>,
    value: Option<Field<'a>>,
}

impl<'de, 'a> MapAccess<'de> for Fields<'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        self.value = Some(value);
        let name: StrDeserializer<'_, Error> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        match self.value.take() {
            Some(Field::Given(de)) => seed.deserialize(de),
            Some(Field::Absent(absent)) => seed.deserialize(absent),
            None => Err(Error::Recorded),
        }
    }
}

/// A key that was left out: nothing for an option, empty for a list or map, and otherwise an error.
#[derive(Clone)]
pub(super) struct Absent<'a> {
    pub(super) of: De<'a>,
    what: String,
    field: &'static str,
    /// An unknown key has been reported that was probably meant to be this one.
    silent: bool,
}

impl Absent<'_> {
    pub(super) fn error(&self) -> Error {
        if self.silent {
            return Error::Recorded;
        }
        let message = format!("`{}` is missing in {}", self.field, self.what);
        let wrong = Diagnostic::new(codes::MISSING_KEY, self.of.head, message);
        Error::Found(Box::new(match examples::of(&self.what) {
            Some(example) => wrong.help(format!("such as `{example}`")),
            None => wrong,
        }))
    }
}

impl<'de, 'a> Deserializer<'de> for Absent<'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(self.error())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_none()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(serde::de::value::SeqDeserializer::new(std::iter::empty::<&str>()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(serde::de::value::MapDeserializer::new(std::iter::empty::<(&str, &str)>()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == AT { visitor.visit_seq(Parts::new(Source::Absent(self))) } else { Err(self.error()) }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct enum identifier ignored_any
    }
}
