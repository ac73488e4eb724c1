//! Pictures made by code: upright and turned, too large, cut, of other formats, with metadata.

use sha2::{Digest, Sha256};

use super::*;
use crate::domain::texts::{Lang, label};

/// A picture whose four quarters differ: red, green / blue, white.
fn quarters(width: usize, height: usize) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            rgb.extend_from_slice(match (x < width / 2, y < height / 2) {
                (true, true) => &[220, 20, 20],
                (false, true) => &[20, 200, 20],
                (true, false) => &[20, 20, 220],
                (false, false) => &[240, 240, 240],
            });
        }
    }
    rgb
}

/// What its quarters look like, by letters.
fn seen(jpeg: &[u8]) -> ((usize, usize), [char; 4]) {
    let mut decoder = jpeg_decoder::Decoder::new(jpeg);
    let rgb = decoder.decode().unwrap();
    let info = decoder.info().unwrap();
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    let name = |x: usize, y: usize| {
        let at = (y * width + x) * 3;
        match [rgb[at], rgb[at + 1], rgb[at + 2]].map(|value| value > 120) {
            [true, true, true] => 'w',
            [true, false, false] => 'r',
            [false, true, false] => 'g',
            [false, false, true] => 'b',
            other => panic!("{other:?}"),
        }
    };
    let (left, right, top, bottom) = (width / 4, width * 3 / 4, height / 4, height * 3 / 4);
    let letters = [
        name(left, top),
        name(right, top),
        name(left, bottom),
        name(right, bottom),
    ];
    ((width, height), letters)
}

/// An EXIF directory: tag, type, count, value or offset.
type Entry = (u16, u16, u32, u32);

/// TIFF in either byte order: the main directory at 8, EXIF at 100, GPS at 200, values from 300 on.
fn tiff(little: bool, orientation: u16, taken: Option<(&str, &str)>, place: bool) -> Vec<u8> {
    let mut out = vec![0_u8; 400];
    let two = |value: u16| {
        if little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        }
    };
    let four = |value: u32| {
        if little {
            value.to_le_bytes()
        } else {
            value.to_be_bytes()
        }
    };
    out[..4].copy_from_slice(if little { b"II*\0" } else { b"MM\0*" });
    out[4..8].copy_from_slice(&four(8));
    let directory = |out: &mut Vec<u8>, at: usize, entries: &[Entry]| {
        out[at..at + 2].copy_from_slice(&two(u16::try_from(entries.len()).unwrap()));
        for (number, (tag, kind, count, value)) in entries.iter().enumerate() {
            let at = at + 2 + number * 12;
            out[at..at + 2].copy_from_slice(&two(*tag));
            out[at + 2..at + 4].copy_from_slice(&two(*kind));
            out[at + 4..at + 8].copy_from_slice(&four(*count));
            if *kind == 3 {
                out[at + 8..at + 10].copy_from_slice(&two(u16::try_from(*value).unwrap()));
            } else if *kind == 2 && *count <= 4 {
                out[at + 8] = u8::try_from(*value).unwrap();
            } else {
                out[at + 8..at + 12].copy_from_slice(&four(*value));
            }
        }
    };
    directory(
        &mut out,
        8,
        &[
            (0x0112, 3, 1, u32::from(orientation)),
            (0x8769, 4, 1, 100),
            (0x8825, 4, 1, 200),
        ],
    );
    if let Some((time, offset)) = taken {
        directory(&mut out, 100, &[(0x9003, 2, 20, 300), (0x9011, 2, 7, 320)]);
        out[300..300 + time.len()].copy_from_slice(time.as_bytes());
        out[320..320 + offset.len()].copy_from_slice(offset.as_bytes());
    }
    if place {
        let entries = [
            (1, 2, 2, u32::from(b'N')),
            (2, 5, 3, 330),
            (3, 2, 2, u32::from(b'W')),
            (4, 5, 3, 354),
        ];
        directory(&mut out, 200, &entries);
        // 31° 12′ 30″ N, 121° 30′ 0.5″ W.
        for (at, value) in (330..).step_by(4).zip([31, 1, 12, 1, 30, 1, 121, 1, 30, 1, 1, 2]) {
            out[at..at + 4].copy_from_slice(&four(value));
        }
    }
    out
}

fn with_exif(jpeg: &[u8], tiff: &[u8]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    out.extend_from_slice(&[0xff, 0xe1]);
    out.extend_from_slice(&u16::try_from(tiff.len() + 8).unwrap().to_be_bytes());
    out.extend_from_slice(b"Exif\0\0");
    out.extend_from_slice(tiff);
    out.extend_from_slice(&jpeg[2..]);
    out
}

#[test]
fn the_writer_writes_what_a_decoder_reads_back() {
    for (width, height) in [(1, 1), (8, 8), (17, 33), (100, 64)] {
        let rgb = quarters(width, height);
        let jpeg = jpeg::encode(&rgb, width, height, 90);
        let mut decoder = jpeg_decoder::Decoder::new(jpeg.as_slice());
        let back = decoder.decode().unwrap();
        assert_eq!(back.len(), rgb.len());
        let off: u64 = rgb
            .iter()
            .zip(&back)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        // Sharp edges of colour are what half-size chroma costs; of the whole it is little.
        assert!(off / (rgb.len() as u64) < 20, "{width} × {height}: {off}");
    }
    // A smooth picture comes back as it was.
    let smooth: Vec<u8> = (0..64 * 64)
        .flat_map(|at| [u8::try_from(at % 64 * 3).unwrap(); 3])
        .collect();
    let jpeg = jpeg::encode(&smooth, 64, 64, 95);
    let back = jpeg_decoder::Decoder::new(jpeg.as_slice()).decode().unwrap();
    assert!(smooth.iter().zip(&back).all(|(a, b)| a.abs_diff(*b) <= 4));
    assert!(jpeg::encode(&smooth, 64, 64, 30).len() < jpeg.len());
}

#[test]
fn all_eight_orientations_come_out_upright() {
    // What the camera stored, so that the turned picture is red, green / blue, white.
    for (orientation, stored) in [
        (1, ['r', 'g', 'b', 'w']),
        (2, ['g', 'r', 'w', 'b']),
        (3, ['w', 'b', 'g', 'r']),
        (4, ['b', 'w', 'r', 'g']),
        (5, ['r', 'b', 'g', 'w']),
        (6, ['g', 'w', 'r', 'b']),
        (7, ['w', 'g', 'b', 'r']),
        (8, ['b', 'r', 'w', 'g']),
    ] {
        let sideways = orientation >= 5;
        let (width, height) = if sideways { (96, 64) } else { (64, 96) };
        let mut rgb = quarters(width, height);
        let colour = |letter| match letter {
            'r' => [220, 20, 20],
            'g' => [20, 200, 20],
            'b' => [20, 20, 220],
            _ => [240, 240, 240],
        };
        for y in 0..height {
            for x in 0..width {
                let quarter = usize::from(x >= width / 2) + 2 * usize::from(y >= height / 2);
                rgb[(y * width + x) * 3..][..3].copy_from_slice(&colour(stored[quarter]));
            }
        }
        let jpeg = jpeg::encode(&rgb, width, height, 90);
        for little in [true, false] {
            let photo = photo_of(&with_exif(&jpeg, &tiff(little, orientation, None, false))).unwrap();
            assert_eq!((photo.width, photo.height), (64, 96), "{orientation}");
            assert_eq!(
                seen(&photo.jpeg),
                ((64, 96), ['r', 'g', 'b', 'w']),
                "{orientation}"
            );
            assert_eq!(seen(&photo.thumbnail).1, ['r', 'g', 'b', 'w']);
        }
    }
}

#[test]
fn a_large_photo_is_made_small_with_a_thumbnail_and_one_hash() {
    let (width, height) = (3_300, 1_200);
    let jpeg = jpeg::encode(&quarters(width, height), width, height, 90);
    let photo = photo_of(&jpeg).unwrap();
    assert_eq!(seen(&photo.jpeg), ((1_600, 582), ['r', 'g', 'b', 'w']));
    assert_eq!(seen(&photo.thumbnail), ((256, 93), ['r', 'g', 'b', 'w']));
    assert!(photo.thumbnail.len() < 16_384);
    let hash: [u8; 32] = Sha256::digest(&photo.jpeg).into();
    assert_eq!(photo.sha256.0, hash);
    assert_eq!(photo_of(&jpeg).unwrap(), photo);
    // What is small already keeps its size.
    let small = photo_of(&jpeg::encode(&quarters(300, 200), 300, 200, 90)).unwrap();
    assert_eq!((small.width, small.height), (300, 200));
    // Whatever the proportions, nothing vanishes.
    let strip = photo_of(&jpeg::encode(&quarters(9_000, 2), 9_000, 2, 90)).unwrap();
    assert_eq!((strip.width, strip.height), (1_600, 1));
}

#[test]
fn golden_hash_of_a_photo() {
    let photo = photo_of(&jpeg::encode(&quarters(64, 48), 64, 48, 90)).unwrap();
    assert_eq!(photo.sha256.to_string(), GOLDEN);
}

/// Of the picture above; another one would give every photo that is added twice two names.
const GOLDEN: &str = "c12725d981d6129e017323960ba2b5288f1ffd5b54b87e6793240695d5bde5da";

#[test]
fn metadata_goes_but_the_time_and_the_place_that_is_asked_for() {
    let jpeg = jpeg::encode(&quarters(64, 48), 64, 48, 90);
    let taken = Some(("2026:11:23 10:05:09", "+08:00"));
    for little in [true, false] {
        let photo = photo_of(&with_exif(&jpeg, &tiff(little, 1, taken, true))).unwrap();
        let time = photo.taken.unwrap();
        assert_eq!(time.local.to_string(), "2026-11-23 10:05:09");
        assert_eq!(time.offset_minutes, Some(480));
        let place = photo.place.unwrap();
        assert_eq!((place.lat_e7, place.lon_e7), (312_083_333, -1_215_001_388));
        for kept in [&photo.jpeg, &photo.thumbnail] {
            assert!(!kept.windows(4).any(|bytes| bytes == b"Exif"));
        }
        // The bytes do not depend on the metadata.
        assert_eq!(photo.sha256, photo_of(&jpeg).unwrap().sha256);
    }
    let bare = photo_of(&jpeg).unwrap();
    assert_eq!((bare.taken, bare.place), (None, None));
    let unsaid = photo_of(&with_exif(
        &jpeg,
        &tiff(true, 1, Some(("2026:11:23 10:05:09", "nowhere")), false),
    ));
    assert_eq!(unsaid.unwrap().taken.unwrap().offset_minutes, None);
}

#[test]
fn what_is_no_photo_says_so_before_anything_is_allocated() {
    let jpeg = jpeg::encode(&quarters(200, 100), 200, 100, 90);
    // 60,000 × 60,000 claimed in a few bytes.
    let mut bomb = jpeg.clone();
    let sof = bomb.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    bomb[sof + 5..sof + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    assert_eq!(photo_of(&bomb), Err(MediaError::TooManyPixels));
    // Below the limit of each side, above that of the pixels; and progressive, which is held whole.
    bomb[sof + 5..sof + 9].copy_from_slice(&[0x3f, 0xff, 0x3f, 0xff]);
    assert_eq!(photo_of(&bomb), Err(MediaError::TooManyPixels));
    bomb[sof + 5..sof + 9].copy_from_slice(&[0x1f, 0xff, 0x1f, 0xff]);
    bomb[sof + 1] = 0xc2;
    assert_eq!(photo_of(&bomb), Err(MediaError::TooManyPixels));
    for (bytes, error) in [
        (b"".as_slice(), MediaError::NotAPhoto),
        (b"%PDF-1.7", MediaError::NotAPhoto),
        (b"\xff\xd8", MediaError::NotAPhoto),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", MediaError::OtherFormat),
        (b"\0\0\0\x18ftypheic\0\0\0\0", MediaError::OtherFormat),
        (b"RIFF\0\0\0\0WEBPVP8 ", MediaError::OtherFormat),
        (b"\xff\xd8\xff\xd9", MediaError::Damaged),
        (b"\xff\xd8\xff\xe0", MediaError::Truncated),
    ] {
        assert_eq!(photo_of(bytes), Err(error), "{bytes:?}");
    }
    let mut lossless = jpeg.clone();
    lossless[sof + 1] = 0xc3;
    assert_eq!(photo_of(&lossless), Err(MediaError::Unsupported));
    for error in MediaError::ALL {
        for lang in Lang::ALL {
            assert_ne!(label(*lang, error.text_key()), error.text_key());
        }
    }
}

#[test]
fn a_file_that_ends_early_is_truncated_wherever_it_ends() {
    let jpeg = jpeg::encode(&quarters(200, 100), 200, 100, 90);
    for end in 3..jpeg.len() - 1 {
        assert_eq!(
            photo_of(&jpeg[..end]),
            Err(MediaError::Truncated),
            "{end} of {}",
            jpeg.len()
        );
    }
    // What some cameras append is no harm.
    let more = [jpeg.as_slice(), b"a maker's trailer"].concat();
    assert_eq!(photo_of(&more).unwrap(), photo_of(&jpeg).unwrap());
}

#[test]
fn a_path_is_read_within_limits_and_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("IMG_0001.HEIC.jpg");
    assert_eq!(read_photo(&path), Err(MediaError::Unreadable));
    assert_eq!(read_photo(folder.path()), Err(MediaError::Unreadable));
    let jpeg = jpeg::encode(&quarters(64, 48), 64, 48, 90);
    std::fs::write(&path, &jpeg).unwrap();
    assert_eq!(read_photo(&path), photo_of(&jpeg));
    assert_eq!(std::fs::read(&path).unwrap(), jpeg);
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(intake::FILE_MAX + 1).unwrap();
    assert_eq!(read_photo(&path), Err(MediaError::FileTooLarge));
}

/// Bytes changed anywhere, thousands of times: an error or a photo, never a panic, never a large picture.
#[test]
fn crafted_bytes_give_an_error_or_a_small_photo() {
    let base = with_exif(
        &jpeg::encode(&quarters(72, 40), 72, 40, 90),
        &tiff(true, 6, Some(("2026:11:23 10:05:09", "+08:00")), true),
    );
    let mut state = 0x9e37_79b9_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % (below as u64)).unwrap()
    };
    let (mut photos, mut errors) = (0, 0);
    for _ in 0..1_500 {
        let mut bytes = base.clone();
        for _ in 0..=random(6) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = u8::try_from(random(256)).unwrap(),
                1 => bytes[at] = 0xff,
                2 => bytes[at] ^= 1 << random(8),
                _ => {
                    bytes.remove(at);
                }
            }
        }
        match photo_of(&bytes) {
            Ok(photo) => {
                photos += 1;
                assert!(photo.width.max(photo.height) <= 1_600);
                assert!(photo.jpeg.len() < 2_000_000);
            }
            Err(_) => errors += 1,
        }
    }
    assert!(photos > 100 && errors > 100, "{photos} photos, {errors} errors");
}
