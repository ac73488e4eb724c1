//! The picture of a signature: one path, round caps (a dot is a zero-length line), nothing that runs or loads.

use std::fmt::Write as _;

use super::Strokes;

/// Width of the line in units: about 0.5 mm on a box of 10 cm.
const LINE: u16 = 60;

pub(super) fn to_svg(signature: &Strokes) -> String {
    let mut path = String::new();
    for stroke in &signature.strokes {
        let (mut x, mut y) = (0_i32, 0_i32);
        for (index, point) in stroke.iter().enumerate() {
            let (px, py) = (i32::from(point.x), i32::from(point.y));
            // Writing to a String cannot fail.
            let _ = if index == 0 {
                write!(path, "M{px} {py}")
            } else {
                write!(path, "l{} {}", px - x, py - y)
            };
            (x, y) = (px, py);
        }
        if stroke.len() == 1 {
            path.push_str("l0 0");
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\"><path d=\"{path}\" fill=\"none\" \
         stroke=\"#111\" stroke-width=\"{LINE}\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>",
        signature.width, signature.height
    )
}
