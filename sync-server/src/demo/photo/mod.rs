//! The engineers' photos, drawn by code: a key on a desk with its serial number and what is broken of it, goods, their
//! labels, the place. As a phone's camera writes them: JPEG with orientation, time, place and the noise of a sensor.
//!
//! Same shot, seed and size give the same pixels. Nothing here is a photo of anything.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::indexing_slicing,
    reason = "pixels"
)]

mod canvas;
mod exif;
mod font;
mod goods;
mod key;

use chrono::NaiveDateTime;
use fieldseal_core::media::jpeg;

use self::canvas::{Canvas, Pose, grain};

/// What is in front of the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shot<'a> {
    /// A key on a desk.
    Key {
        /// A fault's look: `none`, `works`, `cracked`, `deformed`, `plug`, `mist`, `other`.
        look: &'a str,
        /// Its serial number, on its label.
        serial: &'a str,
    },
    /// The same, near.
    Near {
        /// As in [`Shot::Key`].
        look: &'a str,
        /// Its serial number.
        serial: &'a str,
    },
    /// The computer on which it was tried.
    Screen {
        /// Whether the key was found.
        works: bool,
        /// Its serial number.
        serial: &'a str,
    },
    /// A piece of weak-current equipment.
    Goods {
        /// Product code.
        product: &'a str,
        /// Serial number.
        serial: &'a str,
    },
    /// The label on it.
    Label {
        /// Product code.
        product: &'a str,
        /// Serial number.
        serial: &'a str,
    },
    /// The place.
    Site,
}

/// A picture before its camera says when and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    jpeg: Vec<u8>,
    orientation: u16,
}

/// Pixels across of a 12-megapixel photo.
pub const FULL: usize = 4_000;

/// What a camera sees, `across` pixels wide; `seed` varies desk, light and noise, and how the phone is held.
pub fn shoot(shot: &Shot<'_>, seed: u32, across: usize) -> Drawn {
    // Drawn at half the size: a lens is softer than a line.
    let times = if across > 1_000 { 2 } else { 1 };
    let mut canvas = Canvas::new(across / times);
    draw(&mut canvas, shot, seed);
    let (width, height) = (canvas.width * times, canvas.height * times);
    let upright = canvas.develop(times, seed, 0.085);
    let (orientation, pixels, width, height) = match seed % 3 {
        1 => (3, half_turned(&upright), width, height),
        2 => (6, quarter_turned(&upright, width, height), height, width),
        _ => (1, upright, width, height),
    };
    Drawn {
        jpeg: jpeg::encode(&pixels, width, height, 91),
        orientation,
    }
}

impl Drawn {
    /// The file that the camera writes: local time, degrees north and east.
    pub fn file(&self, at: NaiveDateTime, place: (f64, f64)) -> Vec<u8> {
        exif::put(&self.jpeg, self.orientation, at, place)
    }
}

fn draw(canvas: &mut Canvas, shot: &Shot<'_>, seed: u32) {
    let lean = grain(3, 1, seed) - 0.5;
    match *shot {
        Shot::Key { look, serial } => {
            key::desk(canvas, seed);
            let pose = Pose::new(176.0, 152.0, lean * 0.5, 1.75);
            key::draw(canvas, pose, look, serial, seed);
        }
        Shot::Near { look, serial } => {
            key::desk(canvas, seed);
            let pose = Pose::new(160.0, 150.0, lean * 0.2, 2.0);
            key::draw(canvas, pose, look, serial, seed);
        }
        Shot::Screen { works, serial } => goods::screen(canvas, works, serial, seed),
        Shot::Goods { product, serial } => goods::draw(canvas, product, serial, seed),
        Shot::Label { product, serial } => goods::type_label(canvas, product, serial, seed),
        Shot::Site => goods::site(canvas, seed),
    }
}

/// Upside down, as a phone held the other way round writes it.
fn half_turned(rgb: &[u8]) -> Vec<u8> {
    rgb.chunks_exact(3).rev().flatten().copied().collect()
}

/// Turned by a quarter against the clock: shown upright by turning it back.
fn quarter_turned(rgb: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(rgb.len());
    for column in (0..width).rev() {
        for row in 0..height {
            let at = (row * width + column) * 3;
            out.extend_from_slice(rgb.get(at..at + 3).unwrap_or_default());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use fieldseal_core::media::photo_of;

    use super::*;

    #[test]
    fn the_phone_reads_every_shot_and_its_time() {
        let shots = [
            Shot::Key {
                look: "cracked",
                serial: "ES-23C-00917",
            },
            Shot::Near {
                look: "mist",
                serial: "ES-23C-00917",
            },
            Shot::Screen {
                works: false,
                serial: "ES-23C-00917",
            },
            Shot::Goods {
                product: "camera",
                serial: "HV-CAM-22081",
            },
            Shot::Label {
                product: "nvr",
                serial: "NVR-16P-0310",
            },
            Shot::Site,
        ];
        for (seed, shot) in shots.iter().enumerate() {
            let seed = u32::try_from(seed).unwrap();
            let at: NaiveDateTime = "2026-11-25T14:03:21".parse().unwrap();
            let drawn = shoot(shot, seed, 400);
            assert_eq!(drawn, shoot(shot, seed, 400));
            let photo = photo_of(&drawn.file(at, (31.2312, 121.4737))).unwrap();
            // However the phone was held, the photo is upright.
            assert_eq!((photo.width, photo.height), (400, 300), "{shot:?}");
            assert_eq!(photo.taken.unwrap().local, at);
            let place = photo.place.unwrap();
            assert_eq!((place.lat_e7 / 100_000, place.lon_e7 / 100_000), (3_123, 12_147));
        }
    }

    #[test]
    fn what_is_broken_shows() {
        let pixels = |look: &str| {
            let mut canvas = Canvas::new(400);
            let serial = "ES-23C-00917";
            draw(&mut canvas, &Shot::Key { look, serial }, 3);
            canvas.develop(1, 3, 0.0)
        };
        let whole = pixels("none");
        for look in ["cracked", "deformed", "plug", "mist", "other", "works"] {
            let differ = whole
                .iter()
                .zip(&pixels(look))
                .filter(|(a, b)| a.abs_diff(**b) > 30)
                .count();
            assert!(differ > 400, "{look}: {differ}");
        }
    }
}
