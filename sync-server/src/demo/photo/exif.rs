//! What a phone's camera writes beside the pixels: how it was held, when, where, and its name.

use chrono::NaiveDateTime;

const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;

/// An entry of a directory: tag, type, number of values, their bytes.
type Entry = (u16, u16, u32, Vec<u8>);

fn text(tag: u16, value: &str) -> Entry {
    let mut bytes = value.as_bytes().to_vec();
    bytes.push(0);
    (tag, ASCII, bytes.len() as u32, bytes)
}

fn long(tag: u16, value: u32) -> Entry {
    (tag, LONG, 1, value.to_le_bytes().to_vec())
}

fn degrees(tag: u16, value: f64) -> Entry {
    let centi_seconds = (value.abs() * 360_000.0).round() as u32;
    let parts = [
        (centi_seconds / 360_000, 1),
        (centi_seconds / 6_000 % 60, 1),
        (centi_seconds % 6_000, 100_u32),
    ];
    let bytes = parts
        .iter()
        .flat_map(|(over, under)| [over.to_le_bytes(), under.to_le_bytes()].concat())
        .collect();
    (tag, RATIONAL, 3, bytes)
}

fn length(entries: &[Entry]) -> u32 {
    let data: usize = entries
        .iter()
        .map(|(.., bytes)| {
            if bytes.len() > 4 {
                bytes.len().next_multiple_of(2)
            } else {
                0
            }
        })
        .sum();
    (2 + entries.len() * 12 + 4 + data) as u32
}

/// Writes a directory that begins at `start` of the TIFF structure.
fn directory(out: &mut Vec<u8>, start: u32, entries: &[Entry]) {
    let mut data = Vec::new();
    let mut at = start + 2 + entries.len() as u32 * 12 + 4;
    out.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, bytes) in entries {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(count.to_le_bytes());
        if bytes.len() <= 4 {
            let mut inline = bytes.clone();
            inline.resize(4, 0);
            out.extend(inline);
        } else {
            out.extend(at.to_le_bytes());
            data.extend_from_slice(bytes);
            data.resize(data.len().next_multiple_of(2), 0);
            at += bytes.len().next_multiple_of(2) as u32;
        }
    }
    out.extend([0; 4]);
    out.extend(data);
}

/// The JPEG with an EXIF segment after its first marker.
pub(super) fn put(jpeg: &[u8], orientation: u16, at: NaiveDateTime, place: (f64, f64)) -> Vec<u8> {
    let time = at.format("%Y:%m:%d %H:%M:%S").to_string();
    let exif = [text(0x9003, &time), text(0x9004, &time), text(0x9011, "+08:00")];
    let gps = [
        text(0x0001, if place.0 < 0.0 { "S" } else { "N" }),
        degrees(0x0002, place.0),
        text(0x0003, if place.1 < 0.0 { "W" } else { "E" }),
        degrees(0x0004, place.1),
    ];
    let main = |exif_at: u32, gps_at: u32| {
        [
            text(0x010f, "Fieldseal"),
            text(0x0110, "Drawn Camera 12"),
            (0x0112, SHORT, 1, orientation.to_le_bytes().to_vec()),
            text(0x0132, &time),
            long(0x8769, exif_at),
            long(0x8825, gps_at),
        ]
    };
    let exif_at = 8 + length(&main(0, 0));
    let gps_at = exif_at + length(&exif);
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    directory(&mut tiff, 8, &main(exif_at, gps_at));
    directory(&mut tiff, exif_at, &exif);
    directory(&mut tiff, gps_at, &gps);
    let mut out = jpeg.get(..2).unwrap_or_default().to_vec();
    out.extend([0xff, 0xe1]);
    out.extend(((tiff.len() + 8) as u16).to_be_bytes());
    out.extend(b"Exif\0\0");
    out.extend(tiff);
    out.extend_from_slice(jpeg.get(2..).unwrap_or_default());
    out
}
