//! Values of properties: a literal, or a function of CloudFormation.

use serde::ser::SerializeTupleVariant;
use serde::{Serialize, Serializer};

use super::id::{ConditionName, LogicalId, ParameterName};
use super::print::Compact;
use super::tree::{Attribute, INTRINSIC, Intrinsic, Pseudo, Tree};

/// A composed text: `text!["arn:", Pseudo::Partition, ":sqs:", &name]`.
#[macro_export]
macro_rules! text {
    ($($part:expr),+ $(,)?) => {
        $crate::cfn::Str::join([$($crate::cfn::Part::from($part)),+])
    };
}

/// A value of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<T> {
    /// The value itself.
    Literal(T),
    /// What a function of CloudFormation gives when the stack is deployed.
    Intrinsic(Intrinsic),
    /// The first if the condition holds, else the second.
    If(ConditionName, Box<Value<T>>, Box<Value<T>>),
}

/// A text, literal or not.
pub type Str = Value<String>;

impl<T> Value<T> {
    /// What `Ref` gives for a resource: its name, URL or ARN, by type.
    #[must_use]
    pub fn reference(id: &LogicalId) -> Self {
        Self::Intrinsic(Intrinsic::Ref(id.clone()))
    }

    /// The value of a parameter.
    #[must_use]
    pub fn parameter(name: &ParameterName) -> Self {
        Self::Intrinsic(Intrinsic::Parameter(name.clone()))
    }

    /// An attribute of a resource.
    #[must_use]
    pub fn attribute(id: &LogicalId, attribute: impl Into<Attribute>) -> Self {
        Self::Intrinsic(Intrinsic::GetAtt(id.clone(), attribute.into()))
    }

    /// `yes` if the condition holds, else `no`.
    #[must_use]
    pub fn when(condition: &ConditionName, yes: impl Into<Self>, no: impl Into<Self>) -> Self {
        Self::If(condition.clone(), Box::new(yes.into()), Box::new(no.into()))
    }

    /// The absence of the property, for one side of [`Value::when`].
    #[must_use]
    pub fn absent() -> Self {
        Self::Intrinsic(Intrinsic::Pseudo(Pseudo::NoValue))
    }
}

impl<T> From<T> for Value<T> {
    fn from(literal: T) -> Self {
        Self::Literal(literal)
    }
}

impl From<&str> for Str {
    fn from(literal: &str) -> Self {
        Self::Literal(literal.to_owned())
    }
}

impl From<Pseudo> for Str {
    fn from(pseudo: Pseudo) -> Self {
        Self::Intrinsic(Intrinsic::Pseudo(pseudo))
    }
}

impl From<&ParameterName> for Str {
    fn from(name: &ParameterName) -> Self {
        Self::parameter(name)
    }
}

impl From<Str> for Tree {
    fn from(value: Str) -> Self {
        match value {
            Value::Literal(text) => Self::Text(text),
            Value::Intrinsic(intrinsic) => intrinsic.into(),
            Value::If(condition, yes, no) => {
                Intrinsic::If(condition, Box::new((*yes).into()), Box::new((*no).into())).into()
            }
        }
    }
}

impl<T: Serialize> Serialize for Value<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Literal(literal) => literal.serialize(serializer),
            Self::Intrinsic(intrinsic) => intrinsic.serialize(serializer),
            Self::If(condition, yes, no) => {
                let mut variant = serializer.serialize_tuple_variant(INTRINSIC, 0, "If", 3)?;
                variant.serialize_field(condition)?;
                variant.serialize_field(yes)?;
                variant.serialize_field(no)?;
                variant.end()
            }
        }
    }
}

/// One part of a composed text.
#[derive(Debug, Clone, PartialEq)]
pub struct Part(Str);

impl<T: Into<Str>> From<T> for Part {
    fn from(value: T) -> Self {
        Self(value.into())
    }
}

impl Str {
    /// The parts one after the other. Literals that meet become one, and without any intrinsic the whole
    /// is a literal.
    ///
    /// It is written as `Fn::Sub` where every part can stand there, which people read most easily, and as
    /// `Fn::Join` where one cannot: a literal with a `$`, which `Fn::Sub` would read, or an `If`.
    #[must_use]
    pub fn join(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut joined: Vec<Tree> = Vec::new();
        for Part(part) in parts {
            add(&mut joined, part.into());
        }
        match (joined.pop(), joined.is_empty()) {
            (None, _) => Self::Literal(String::new()),
            (Some(Tree::Text(only)), true) => Self::Literal(only),
            (Some(Tree::Intrinsic(only)), true) => Self::Intrinsic(*only),
            (Some(last), _) => {
                joined.push(last);
                Self::Intrinsic(Intrinsic::Join(joined))
            }
        }
    }

    /// The ARN of something in the stack's own account and region: `arn:…:SERVICE:REGION:ACCOUNT:` and then
    /// the parts.
    #[must_use]
    pub fn arn(service: &'static str, parts: impl IntoIterator<Item = Part>) -> Self {
        let head = text!["arn:", Pseudo::Partition, ":", service, ":", Pseudo::Region, ":", Pseudo::AccountId, ":"];
        Self::join(std::iter::once(Part::from(head)).chain(parts))
    }

    /// With another intrinsic in the place of each one for which `change` gives one.
    #[must_use]
    pub(crate) fn rewritten(self, change: &mut impl FnMut(&Intrinsic) -> Option<Intrinsic>) -> Self {
        match self {
            Self::Literal(text) => Self::Literal(text),
            Self::If(condition, yes, no) => {
                Self::If(condition, Box::new(yes.rewritten(change)), Box::new(no.rewritten(change)))
            }
            Self::Intrinsic(intrinsic) => {
                let mut tree = Tree::from(intrinsic.clone());
                tree.rewrite(change);
                match tree {
                    Tree::Intrinsic(rewritten) => Self::Intrinsic(*rewritten),
                    _ => Self::Intrinsic(intrinsic),
                }
            }
        }
    }

    /// The JSON text of a tree, on one line; intrinsics in it become parts of the text.
    ///
    /// An intrinsic stands within the quotes of a JSON string: it must give a text without quotes or
    /// backslashes, as names, URLs and ARNs are.
    #[must_use]
    pub fn json(tree: &Tree) -> Self {
        let mut compact = Compact::default();
        compact.value(tree);
        Self::join(compact.finish())
    }
}

/// Adds a part to a composed text: the parts of one that is composed itself, and a literal to the one before it.
pub(super) fn add(joined: &mut Vec<Tree>, part: Tree) {
    match (joined.last_mut(), part) {
        (_, Tree::Text(text)) if text.is_empty() => {}
        (Some(Tree::Text(before)), Tree::Text(text)) => before.push_str(&text),
        (_, Tree::Intrinsic(intrinsic)) => match *intrinsic {
            Intrinsic::Join(inner) => inner.into_iter().for_each(|part| add(joined, part)),
            other => joined.push(other.into()),
        },
        (_, part) => joined.push(part),
    }
}
