//! Closed lists of codes: one macro, so that every list has the same stable text form, the same serde form, an
//! `ALL` for exhaustive tests, and a key under which `core/texts/` names it in both languages.
//!
//! Invariant: the text of a code never changes once released; facts keep it for ever.

/// A text is not a code of the list that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown code of list {list}")]
pub struct CodeError {
    /// The list's name, for example `order_state`.
    pub list: &'static str,
}

/// Declares a closed list of codes as an enum; see the module's documentation.
macro_rules! codes {
    (
        $(#[$doc:meta])*
        pub enum $name:ident in $list:literal {
            $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// Every code of the list, in declared order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The stable text of the code, as it stands in facts.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $code,)+ }
            }

            /// The key of the code's name in `core/texts/`.
            pub const fn text_key(self) -> &'static str {
                match self { $($name::$variant => concat!($list, ".", $code),)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::codes::CodeError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($code => Ok($name::$variant),)+
                    _ => Err($crate::domain::codes::CodeError { list: $list }),
                }
            }
        }
    };
}
pub(crate) use codes;
