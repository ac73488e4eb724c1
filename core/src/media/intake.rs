//! From a file's path to a photo: limits, decoding, orientation, scaling, encoding, hash (design 4, «Photos»).
//!
//! It is decoded at the smallest of 1/1, 1/2, 1/4 and 1/8 that still has the wanted size, so that a photo of 12 or
//! 100 megapixels costs about the same memory: below 60 MB beside the file's own bytes.

use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use jpeg_decoder::{Decoder, Error, PixelFormat};

use super::exif::{self, Taken};
use super::pixels::Pixels;
use super::{MediaError, jpeg, probe};
use crate::domain::canonical::ContentHash;
use crate::domain::place::GeoPoint;

/// Long edge of a kept photo, pixels.
pub const EDGE: usize = 1_600;
/// Long edge of a thumbnail.
pub const THUMBNAIL_EDGE: usize = 256;
/// Quality of a kept photo, 1 to 100.
const QUALITY: u8 = 82;
/// Quality of a thumbnail.
const THUMBNAIL_QUALITY: u8 = 75;
/// Bytes of the largest file that is read.
pub const FILE_MAX: u64 = 48 * 1024 * 1024;
/// Bytes of pixels that the decoder may give: its long edge is below twice the wanted one.
const DECODED_MAX: usize = 4 * (2 * EDGE) * (2 * EDGE);

/// A photo as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// The JPEG, upright, long edge at most [`EDGE`], without metadata.
    pub jpeg: Vec<u8>,
    /// Its SHA-256: its name.
    pub sha256: ContentHash,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// A small JPEG of it for lists.
    pub thumbnail: Vec<u8>,
    /// When it was taken, by the camera's clock, where the file says so.
    pub taken: Option<Taken>,
    /// Where it was taken, where the file says so. Only a consent lets it go further than this.
    pub place: Option<GeoPoint>,
}

/// Makes a photo of a file.
///
/// # Errors
/// [`MediaError`]; the file is only read.
pub fn read_photo(path: &Path) -> Result<Photo, MediaError> {
    let unreadable = |_| MediaError::Unreadable;
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.len() > FILE_MAX {
        return Err(MediaError::FileTooLarge);
    }
    let mut bytes = Vec::new();
    // A file may grow while it is read.
    file.take(FILE_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_MAX {
        return Err(MediaError::FileTooLarge);
    }
    photo_of(&bytes)
}

/// Makes a photo of a file's bytes.
///
/// # Errors
/// [`MediaError`].
pub fn photo_of(bytes: &[u8]) -> Result<Photo, MediaError> {
    let probed = probe::probe(bytes)?;
    let exif = probed.exif.map_or(exif::NONE, exif::read);
    // The decoder is fuzzed, yet a panic in it must cost this photo and nothing else.
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(bytes))).map_err(|_| MediaError::Damaged)??;
    let pixels = decoded.shrunk(EDGE).upright(exif.orientation);
    let small = pixels.shrunk(THUMBNAIL_EDGE);
    let jpeg = jpeg::encode(&pixels.rgb, pixels.width, pixels.height, QUALITY);
    Ok(Photo {
        sha256: ContentHash::of(&jpeg),
        jpeg,
        width: u32::try_from(pixels.width).map_err(|_| MediaError::TooManyPixels)?,
        height: u32::try_from(pixels.height).map_err(|_| MediaError::TooManyPixels)?,
        thumbnail: jpeg::encode(&small.rgb, small.width, small.height, THUMBNAIL_QUALITY),
        taken: exif.taken,
        place: exif.place,
    })
}

/// The small picture of a photo that is kept already.
///
/// # Errors
/// [`MediaError`].
pub fn thumbnail_of(jpeg: &[u8]) -> Result<Vec<u8>, MediaError> {
    probe::probe(jpeg)?;
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(jpeg))).map_err(|_| MediaError::Damaged)??;
    let small = decoded.shrunk(THUMBNAIL_EDGE);
    Ok(jpeg::encode(
        &small.rgb,
        small.width,
        small.height,
        THUMBNAIL_QUALITY,
    ))
}

fn decode(bytes: &[u8]) -> Result<Pixels, MediaError> {
    let failed = |error| match error {
        Error::Unsupported(_) => MediaError::Unsupported,
        Error::Format(_) | Error::Io(_) | Error::Internal(_) => MediaError::Damaged,
    };
    let edge = u16::try_from(EDGE).unwrap_or(u16::MAX);
    let mut decoder = Decoder::new(bytes);
    decoder.set_max_decoding_buffer_size(DECODED_MAX);
    let (width, height) = decoder.scale(edge, edge).map_err(failed)?;
    let decoded = decoder.decode().map_err(failed)?;
    let rgb = match decoder.info().map(|info| info.pixel_format) {
        Some(PixelFormat::RGB24) => decoded,
        Some(PixelFormat::L8) => decoded.iter().flat_map(|grey| [*grey; 3]).collect(),
        _ => return Err(MediaError::Unsupported),
    };
    let (width, height) = (usize::from(width), usize::from(height));
    if rgb.len() != width * height * 3 || rgb.is_empty() {
        return Err(MediaError::Damaged);
    }
    Ok(Pixels { width, height, rgb })
}
