//! Photos: from a file that anybody may have made to bytes that are kept (design 4, «Photos»; D.2, Attachment).
//!
//! Invariants: what a file claims is checked before anything of that size is allocated; nothing of its metadata gets
//! into the photo but the time it was taken and, where the caller takes it, the place; equal files give equal bytes
//! on every platform, so that one photo has one hash. No I/O but reading the one file.

pub mod error;
mod exif;
pub mod intake;
pub mod jpeg;
mod pixels;
mod probe;

pub use error::MediaError;
pub use exif::Taken;
pub use intake::{Photo, photo_of, read_photo, thumbnail_of};

#[cfg(test)]
mod tests;
