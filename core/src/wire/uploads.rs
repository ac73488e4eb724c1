//! The lane of large blobs (photos): tus 1.0.0 at `/v1/blobs/<sha256>`, after the changes that name them (design 5,
//! «Blobs»; `docs/protocol.md`, section 10.5).
//!
//! Constants alone, so that both sides spell them the same. Header names are lower case, as HTTP/1.1 libraries give
//! them.

/// Path of the lane; the blob's SHA-256 in 64 lower-case hex digits follows.
pub const BLOBS_PATH: &str = "/v1/blobs/";
/// The one tus version that is spoken.
pub const TUS: &str = "1.0.0";
/// The extensions of it that the server has.
pub const TUS_EXTENSIONS: &str = "creation,creation-with-upload";
/// A blob of the lane is at most this long, unless the server's configuration says less (`Tus-Max-Size`).
pub const LARGE_BLOB_MAX: u64 = 8 * 1024 * 1024;
/// Content type of a `PATCH`, and of a `POST` with bytes.
pub const OFFSET_CONTENT_TYPE: &str = "application/offset+octet-stream";

/// Version of every request and answer.
pub const TUS_RESUMABLE_HEADER: &str = "tus-resumable";
/// `OPTIONS`, and 412: the versions that the server speaks.
pub const TUS_VERSION_HEADER: &str = "tus-version";
/// `OPTIONS`: the server's extensions.
pub const TUS_EXTENSION_HEADER: &str = "tus-extension";
/// `OPTIONS`: bytes of the longest blob.
pub const TUS_MAX_SIZE_HEADER: &str = "tus-max-size";
/// How many bytes lie on the server's disk.
pub const UPLOAD_OFFSET_HEADER: &str = "upload-offset";
/// How many bytes the blob has.
pub const UPLOAD_LENGTH_HEADER: &str = "upload-length";
/// The receipt: number of the blob's row in the server's sequence. Stands in answers about a blob that is whole.
pub const ROW_HEADER: &str = "fieldseal-row";

/// Path of one blob.
pub fn blob_path(sha256: &[u8; 32]) -> String {
    format!("{BLOBS_PATH}{}", hex::encode(sha256))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_lies_under_its_hash_in_lower_case() {
        let path = blob_path(&[0xab; 32]);
        assert_eq!(path, format!("/v1/blobs/{}", "ab".repeat(32)));
    }
}
