//! Fieldseal's sync server and dispatcher's page, as a library with a thin `main`.

#[cfg(feature = "demo")]
pub mod demo;
