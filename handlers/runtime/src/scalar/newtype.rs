//! The two macros with which generated code writes a named type over a scalar.

/// A named type over a scalar. Without rules every value will do and `From` makes one; with rules
/// `new` does, and a value that breaks one cannot exist, nor be decoded.
///
/// ```
/// use runtime::Rules;
///
/// runtime::scalar! {
///     /// A member of the network.
///     pub struct UserId(String);
/// }
///
/// runtime::scalar! {
///     /// How many.
///     pub struct Quantity(i64), Rules::ANY.min_int(1).max_int(99);
/// }
///
/// assert_eq!(UserId::from("rustam").to_string(), "rustam");
/// assert!(Quantity::new(100).is_err());
/// ```
#[macro_export]
macro_rules! scalar {
    ($(#[doc = $doc:literal])* $vis:vis struct $name:ident($inner:ident);) => {
        $crate::__newtype! { @type [$($doc)*] [Debug] $vis $name $inner }
        $crate::__newtype! { @free $name $inner }
        $crate::__newtype! { @shown $name }
        $crate::__schema! { [$($doc)*] $name $inner }
    };
    ($(#[doc = $doc:literal])* $vis:vis struct $name:ident($inner:ident), $rules:expr;) => {
        $crate::__newtype! { @type [$($doc)*] [Debug] $vis $name $inner }
        $crate::__newtype! { @ruled $name $inner $rules }
        $crate::__newtype! { @shown $name }
        $crate::__schema! { [$($doc)*] $name $inner }
    };
}

/// A named type over a scalar that is personal data: as [`scalar!`](crate::scalar!), but it has no
/// `Display`, and its `Debug` says only that it is there, so that no log can hold it.
///
/// ```
/// use runtime::Rules;
///
/// runtime::pii! {
///     /// What a member wrote.
///     pub struct Text(String), Rules::ANY.max_length(3000);
/// }
///
/// let text = Text::new("between us")?;
/// assert_eq!(format!("{text:?}"), "Text(personal data)");
/// # Ok::<(), runtime::Invalid>(())
/// ```
#[macro_export]
macro_rules! pii {
    ($(#[doc = $doc:literal])* $vis:vis struct $name:ident($inner:ident);) => {
        $crate::__newtype! { @type [$($doc)*] [] $vis $name $inner }
        $crate::__newtype! { @free $name $inner }
        $crate::__newtype! { @hidden $name }
        $crate::__schema! { [$($doc)*] $name $inner }
    };
    ($(#[doc = $doc:literal])* $vis:vis struct $name:ident($inner:ident), $rules:expr;) => {
        $crate::__newtype! { @type [$($doc)*] [] $vis $name $inner }
        $crate::__newtype! { @ruled $name $inner $rules }
        $crate::__newtype! { @hidden $name }
        $crate::__schema! { [$($doc)*] $name $inner }
    };
}

/// The parts that [`scalar!`](crate::scalar!) and [`pii!`](crate::pii!) put together.
#[doc(hidden)]
#[macro_export]
macro_rules! __newtype {
    (@type [$($doc:literal)*] [$($derive:ident)*] $vis:vis $name:ident f64) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, PartialOrd $(, $derive)*)]
        $vis struct $name(f64);
        $crate::__newtype! { @access $name f64 }
    };
    (@type [$($doc:literal)*] [$($derive:ident)*] $vis:vis $name:ident $inner:ident) => {
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash $(, $derive)*)]
        $vis struct $name($inner);
        $crate::__newtype! { @access $name $inner }
    };

    (@access $name:ident $inner:ident) => {
        impl $name {
            /// The value itself.
            pub fn get(&self) -> &$inner {
                &self.0
            }

            /// The value itself.
            pub fn into_inner(self) -> $inner {
                self.0
            }
        }

        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::serde::Serialize::serialize(&self.0, serializer)
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let value = <$inner as $crate::serde::Deserialize>::deserialize(deserializer)?;
                $crate::macros::Inner::hold(&value, &Self::RULES).map_err($crate::serde::de::Error::custom)?;
                Ok(Self(value))
            }
        }
    };

    (@free $name:ident String) => {
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        $crate::__newtype! { @any $name String }
    };
    (@free $name:ident $inner:ident) => {
        $crate::__newtype! { @any $name $inner }
    };
    (@any $name:ident $inner:ident) => {
        impl $name {
            const RULES: $crate::Rules = $crate::Rules::ANY;
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }
    };

    (@ruled $name:ident $inner:ident $rules:expr) => {
        impl $name {
            const RULES: $crate::Rules = $rules;

            /// Takes the value if it keeps the rules.
            ///
            /// # Errors
            ///
            /// The rule that it breaks.
            pub fn new(value: impl Into<$inner>) -> ::core::result::Result<Self, $crate::Invalid> {
                let value = value.into();
                $crate::macros::Inner::hold(&value, &Self::RULES)?;
                Ok(Self(value))
            }
        }
    };

    (@shown $name:ident) => {
        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.0, f)
            }
        }
    };

    (@hidden $name:ident) => {
        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(personal data)"))
            }
        }
    };
}

/// The schema of a newtype, which stands in `$defs`.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "schema")]
macro_rules! __schema {
    ([$($doc:literal)*] $name:ident $inner:ident) => {
        impl $crate::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut $crate::schemars::SchemaGenerator) -> $crate::schemars::Schema {
                let inner = <$inner as $crate::schemars::JsonSchema>::json_schema(generator);
                $crate::macros::schema(inner, &Self::RULES, concat!($($doc),*))
            }
        }
    };
}

/// Without the feature `schema` there is none.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "schema"))]
macro_rules! __schema {
    ($($part:tt)*) => {};
}
