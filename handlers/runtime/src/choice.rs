//! The macro with which generated code writes an `enum` of the type grammar.

/// A closed set of texts. Its schema is `{"type":"string","enum":[…]}`, in `$defs` under its name.
///
/// ```
/// runtime::choice! {
///     /// How far an order is.
///     pub enum OrderStatus {
///         Placed = "placed",
///         Paid = "paid",
///     }
/// }
///
/// assert_eq!(OrderStatus::Paid.as_str(), "paid");
/// ```
#[macro_export]
macro_rules! choice {
    ($(#[doc = $doc:literal])* $vis:vis enum $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name {
            $(
                #[doc = concat!("`", $text, "`")]
                $variant,
            )+
        }

        impl $name {
            /// Every value, in the order of the flow.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text that stands for it in JSON.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                match <::std::string::String as $crate::serde::Deserialize>::deserialize(deserializer)?.as_str() {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::serde::de::Error::custom($crate::Invalid::new(concat!("is none of", $(" `", $text, "`"),+)))),
                }
            }
        }

        $crate::__choice_schema! { [$($doc)*] $name $($text)+ }
    };
}

/// The schema of a choice.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "schema")]
macro_rules! __choice_schema {
    ([$($doc:literal)*] $name:ident $($text:literal)+) => {
        impl $crate::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut $crate::schemars::SchemaGenerator) -> $crate::schemars::Schema {
                let inner = $crate::schemars::json_schema!({ "type": "string", "enum": [$($text),+] });
                $crate::macros::schema(inner, &$crate::Rules::ANY, concat!($($doc),*))
            }
        }
    };
}

/// Without the feature `schema` there is none.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "schema"))]
macro_rules! __choice_schema {
    ($($part:tt)*) => {};
}
