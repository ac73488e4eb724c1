//! A look at a JPEG's markers before it is decoded: what it claims, where its EXIF stands, whether its end is there.
//!
//! Invariant: reads only inside the given bytes, each byte at most twice, and allocates nothing.

use super::MediaError;

/// No side is longer.
const SIDE_MAX: u32 = 16_384;
/// Not more pixels: the largest phone cameras in their usual modes have 50 to 108 million.
const PIXELS_MAX: u64 = 120_000_000;
/// A progressive JPEG is held whole, as coefficients of 2 bytes, until its last scan.
const COEFFICIENTS_MAX: u64 = 96 * 1024 * 1024;
/// A progressive JPEG has about ten scans; thousands over one picture are an attack on the time.
const SCANS_MAX: usize = 64;

/// What a JPEG says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Probe<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    /// The TIFF structure inside the EXIF segment.
    pub(super) exif: Option<&'a [u8]>,
}

/// Reads the markers up to the first scan, and looks for the end.
pub(super) fn probe(bytes: &[u8]) -> Result<Probe<'_>, MediaError> {
    if !bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return Err(match is_other_picture(bytes) {
            true => MediaError::OtherFormat,
            false => MediaError::NotAPhoto,
        });
    }
    let mut at = 2_usize;
    let (mut size, mut exif) = (None, None);
    loop {
        let marker = next_marker(bytes, &mut at)?;
        match marker {
            // Alone, without a segment.
            0x01 | 0xd0..=0xd7 => continue,
            0xd8 | 0xd9 => return Err(MediaError::Damaged),
            _ => {}
        }
        let segment = segment(bytes, at)?;
        at = at.saturating_add(2).saturating_add(segment.len());
        match marker {
            0xc0..=0xc2 if size.is_none() => size = Some(frame(segment, marker == 0xc2)?),
            0xc0..=0xc2 => return Err(MediaError::Damaged),
            // DHT, DAC and JPG stand among the frame markers.
            0xc4 | 0xc8 => {}
            0xc3..=0xcf => return Err(MediaError::Unsupported),
            0xe1 if exif.is_none() => exif = segment.strip_prefix(b"Exif\0\0"),
            0xda => break,
            _ => {}
        }
    }
    let Some((width, height)) = size else {
        return Err(MediaError::Damaged);
    };
    let scans = bytes.get(at..).unwrap_or_default();
    // Inside entropy-coded data no byte 0xff is followed by these. Some cameras append more behind the end.
    if !scans.windows(2).rev().any(|pair| pair == [0xff, 0xd9]) {
        return Err(MediaError::Truncated);
    }
    if scans.windows(2).filter(|pair| *pair == [0xff, 0xda]).count() > SCANS_MAX {
        return Err(MediaError::Damaged);
    }
    Ok(Probe { width, height, exif })
}

fn next_marker(bytes: &[u8], at: &mut usize) -> Result<u8, MediaError> {
    if *bytes.get(*at).ok_or(MediaError::Truncated)? != 0xff {
        return Err(MediaError::Damaged);
    }
    loop {
        *at += 1;
        match *bytes.get(*at).ok_or(MediaError::Truncated)? {
            // Any number of fill bytes may stand before a marker.
            0xff => {}
            marker => {
                *at += 1;
                return Ok(marker);
            }
        }
    }
}

/// The segment whose length stands at `at`, without that length.
fn segment(bytes: &[u8], at: usize) -> Result<&[u8], MediaError> {
    let length = bytes.get(at..at + 2).ok_or(MediaError::Truncated)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    if length < 2 {
        return Err(MediaError::Damaged);
    }
    bytes.get(at + 2..at + length).ok_or(MediaError::Truncated)
}

/// Width and height, within the limits.
fn frame(segment: &[u8], progressive: bool) -> Result<(u32, u32), MediaError> {
    let [precision, h1, h0, w1, w0, count, components @ ..] = segment else {
        return Err(MediaError::Damaged);
    };
    let height = u32::from(u16::from_be_bytes([*h1, *h0]));
    let width = u32::from(u16::from_be_bytes([*w1, *w0]));
    if *precision != 8 || !matches!(count, 1 | 3) || height == 0 {
        return Err(MediaError::Unsupported);
    }
    if width == 0 || components.len() != usize::from(*count) * 3 {
        return Err(MediaError::Damaged);
    }
    let pixels = u64::from(width) * u64::from(height);
    if width > SIDE_MAX || height > SIDE_MAX || pixels > PIXELS_MAX {
        return Err(MediaError::TooManyPixels);
    }
    if progressive {
        // Samples of all components together are at most `count` a pixel, whatever their sampling.
        let factors = components.chunks(3).map(|component| {
            let (h, v) = (component[1] >> 4, component[1] & 15);
            (u64::from(h), u64::from(v))
        });
        let most = factors
            .clone()
            .fold((1, 1), |(a, b), (h, v)| (h.max(a), v.max(b)));
        let samples: u64 = factors.map(|(h, v)| pixels * h * v / (most.0 * most.1)).sum();
        if samples * 2 > COEFFICIENTS_MAX {
            return Err(MediaError::TooManyPixels);
        }
    }
    Ok((width, height))
}

/// Whether it begins as a picture of another format does, whatever its name says.
fn is_other_picture(bytes: &[u8]) -> bool {
    let begins = |with: &[u8]| bytes.starts_with(with);
    let at = |offset: usize, with: &[u8]| bytes.get(offset..offset + with.len()) == Some(with);
    begins(b"\x89PNG\r\n\x1a\n")
        || at(4, b"ftyp")
        || (begins(b"RIFF") && at(8, b"WEBP"))
        || begins(b"GIF8")
        || begins(b"II*\0")
        || begins(b"MM\0*")
        || begins(b"BM")
}
