//! A 5 × 7 font for what stands on labels: capitals, digits and a few signs.

use super::canvas::{Canvas, Colour, Pose};

/// Rows from the top, five bits each, the leftmost highest.
fn glyph(letter: char) -> [u8; 7] {
    match letter.to_ascii_uppercase() {
        'A' => [14, 17, 17, 31, 17, 17, 17],
        'B' => [30, 17, 17, 30, 17, 17, 30],
        'C' => [14, 17, 16, 16, 16, 17, 14],
        'D' => [30, 17, 17, 17, 17, 17, 30],
        'E' => [31, 16, 16, 30, 16, 16, 31],
        'F' => [31, 16, 16, 30, 16, 16, 16],
        'G' => [14, 17, 16, 23, 17, 17, 15],
        'H' => [17, 17, 17, 31, 17, 17, 17],
        'I' => [14, 4, 4, 4, 4, 4, 14],
        'J' => [7, 2, 2, 2, 2, 18, 12],
        'K' => [17, 18, 20, 24, 20, 18, 17],
        'L' => [16, 16, 16, 16, 16, 16, 31],
        'M' => [17, 27, 21, 21, 17, 17, 17],
        'N' => [17, 25, 21, 19, 17, 17, 17],
        'O' => [14, 17, 17, 17, 17, 17, 14],
        'P' => [30, 17, 17, 30, 16, 16, 16],
        'Q' => [14, 17, 17, 17, 21, 18, 13],
        'R' => [30, 17, 17, 30, 20, 18, 17],
        'S' => [15, 16, 16, 14, 1, 1, 30],
        'T' => [31, 4, 4, 4, 4, 4, 4],
        'U' => [17, 17, 17, 17, 17, 17, 14],
        'V' => [17, 17, 17, 17, 17, 10, 4],
        'W' => [17, 17, 17, 21, 21, 27, 17],
        'X' => [17, 17, 10, 4, 10, 17, 17],
        'Y' => [17, 17, 10, 4, 4, 4, 4],
        'Z' => [31, 1, 2, 4, 8, 16, 31],
        '0' => [14, 17, 19, 21, 25, 17, 14],
        '1' => [4, 12, 4, 4, 4, 4, 14],
        '2' => [14, 17, 1, 6, 8, 16, 31],
        '3' => [30, 1, 1, 14, 1, 1, 30],
        '4' => [2, 6, 10, 18, 31, 2, 2],
        '5' => [31, 16, 30, 1, 1, 17, 14],
        '6' => [6, 8, 16, 30, 17, 17, 14],
        '7' => [31, 1, 2, 4, 8, 8, 8],
        '8' => [14, 17, 17, 14, 17, 17, 14],
        '9' => [14, 17, 17, 15, 1, 2, 12],
        '-' => [0, 0, 0, 14, 0, 0, 0],
        ':' => [0, 4, 0, 0, 0, 4, 0],
        '.' => [0, 0, 0, 0, 0, 0, 4],
        '/' => [1, 1, 2, 4, 8, 16, 16],
        '!' => [4, 4, 4, 4, 4, 0, 4],
        _ => [0; 7],
    }
}

/// Writes a line whose middle is at the pose's origin; a letter is `size` high.
pub(super) fn write(canvas: &mut Canvas, pose: Pose, text: &str, size: f32, colour: Colour) {
    let dot = size / 7.0;
    let glyphs: Vec<[u8; 7]> = text.chars().map(glyph).collect();
    let wide = glyphs.len() as f32 * 6.0 * dot - dot;
    let distance = |x: f32, y: f32| {
        let (column, row) = ((x + wide / 2.0) / dot, (y + size / 2.0) / dot);
        if column < 0.0 || !(0.0..7.0).contains(&row) {
            return dot;
        }
        let (letter, bit) = (column as usize / 6, column as usize % 6);
        let set = glyphs
            .get(letter)
            .and_then(|glyph| glyph.get(row as usize))
            .is_some_and(|bits| bit < 5 && bits >> (4 - bit) & 1 == 1);
        if set { -dot } else { dot }
    };
    canvas.fill(pose, wide / 2.0 + size, colour, distance);
}
