//! Why a file does not become a photo.

use crate::domain::codes::codes;

codes! {
    /// Why a file does not become a photo; its text stands under `media.<code>`.
    pub enum MediaError in "media" {
        /// No such file, or it cannot be read.
        Unreadable = "unreadable",
        /// More bytes than a photo has.
        FileTooLarge = "file_too_large",
        /// A picture of another format: PNG, HEIC, WebP, GIF, TIFF, BMP.
        OtherFormat = "other_format",
        /// No picture at all.
        NotAPhoto = "not_a_photo",
        /// The end is missing.
        Truncated = "truncated",
        /// It claims more pixels than a phone can hold.
        TooManyPixels = "too_many_pixels",
        /// A JPEG of a rare kind: four colours, 12 bits, lossless, arithmetic coding.
        Unsupported = "unsupported",
        /// It cannot be decoded.
        Damaged = "damaged",
    }
}

impl std::error::Error for MediaError {}
