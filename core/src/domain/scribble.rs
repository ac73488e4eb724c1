//! A drawn «signature» for demonstrations, the example engineer and tests: the same seed draws the same strokes.
//!
//! It stands where a finger on glass stands in the apps, and goes through the same type, so that thinning, sealing
//! and drawing see what they will see in the field: several strokes, a few hundred points, times that move on.

use super::signature::{Point, Strokes, StrokesError};

const BOX: (u16, u16) = (10_000, 3_400);

/// Draws a signature in a box of 10,000 × 3,400.
///
/// # Errors
/// Never for this function's own strokes; the type is [`Strokes::new`]'s.
pub fn scribble(seed: u64) -> Result<Strokes, StrokesError> {
    let mut random = Random(seed ^ 0x9e37_79b9_7f4a_7c15);
    let mut strokes = Vec::new();
    let mut time = 0_u32;
    let mut left = 350_i64;
    let letters = 3 + random.below(3);
    for _ in 0..letters {
        let width = 500 + random.below(500);
        let height = 500 + random.below(700);
        let middle = 950 + random.below(250);
        let turns = 2 + random.below(2);
        let steps = 24 * turns;
        let mut points = Vec::new();
        for step in 0..=steps {
            // A rolling loop: x goes on, y swings, both with a hand's unsteadiness.
            let swing = wave(step * 64 / 24 + random.below(3));
            let roll = wave(step * 64 / 24 + 16);
            let x = left + width * step / steps + roll * 130 / 1000 + random.below(14);
            let y = middle + swing * height / 2000 + random.below(14);
            points.push(Point {
                x: clamp(x, BOX.0),
                y: clamp(y, BOX.1),
                t: time,
                pressure: None,
            });
            time += 8 + u32::try_from(random.below(9)).unwrap_or(0);
        }
        strokes.push(points);
        left += width * 3 / 4 + 120;
        time += 180;
    }
    // The line below, drawn fast from left to right.
    let underline = (0..30).map(|step| Point {
        x: clamp(300 + (left - 200) * step / 29, BOX.0),
        y: clamp(1620 + wave(step * 2) * 40 / 1000 + random.below(8), BOX.1),
        t: time + u32::try_from(step).unwrap_or(0) * 7,
        pressure: None,
    });
    strokes.push(underline.collect());
    Strokes::new(BOX.0, BOX.1, strokes)
}

/// The letters are laid out on a sheet of 6,000 × 2,040 and scaled to the box.
fn clamp(value: i64, limit: u16) -> u16 {
    u16::try_from((value * 5 / 3).clamp(0, i64::from(limit))).unwrap_or(0)
}

/// A sine in thousandths over 64 steps a turn, from a parabola: integers only, the same on every machine.
fn wave(step: i64) -> i64 {
    let phase = step.rem_euclid(64);
    let half = phase % 32;
    let arch = half * (32 - half) * 1000 / 256;
    if phase < 32 { arch } else { -arch }
}

/// SplitMix64: small, seeded, good enough for a wobbling hand.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        i64::try_from(mixed % u64::try_from(limit.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_strokes_and_another_seed_others() {
        let first = scribble(1).unwrap();
        assert_eq!(first, scribble(1).unwrap());
        assert_ne!(first, scribble(2).unwrap());
        for seed in 0..200 {
            let strokes = scribble(seed).unwrap();
            assert!(strokes.strokes().len() >= 4, "seed {seed}");
            assert!(
                strokes.json_len() < 8 * 1024,
                "seed {seed}: {} bytes",
                strokes.json_len()
            );
        }
    }
}
