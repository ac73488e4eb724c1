//! The sync messages, shared by phone and server (design 5, `docs/protocol.md`).
//!
//! CBOR with integer keys (minicbor maps), gzip around the whole body, decoded under a bound. A reader skips keys
//! that it does not know, so that servers can upgrade first. Golden bytes in the tests: what stands here can
//! never change once phones are in the field.

pub mod body;
pub mod evidence;
pub mod messages;
pub mod problem;
pub mod uploads;

pub use messages::*;
pub use problem::ProblemCode;
pub use uploads::{BLOBS_PATH, LARGE_BLOB_MAX, blob_path};
