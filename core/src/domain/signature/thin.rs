//! Thinning: fewer points, the same picture. Integers only, so that every device thins alike.

use super::{Point, Strokes, StrokesError};

/// Tolerances in units, from invisible (0.05 % of the long edge) to just acceptable (1.6 %).
const TOLERANCES: [u16; 6] = [5, 10, 20, 40, 80, 160];

pub(super) fn thin(signature: &Strokes, max_bytes: usize) -> Result<Strokes, StrokesError> {
    if signature.json_len() <= max_bytes {
        return Ok(signature.clone());
    }
    let plain = without_pressure(signature);
    if plain.json_len() <= max_bytes {
        return Ok(plain);
    }
    for tolerance in TOLERANCES {
        let strokes = plain
            .strokes
            .iter()
            .map(|stroke| simplify(stroke, tolerance))
            .collect();
        // Still a signature: thinning may not turn ink into dots.
        let thinned = Strokes::new(plain.width, plain.height, strokes).map_err(|_| StrokesError::TooLarge)?;
        if thinned.json_len() <= max_bytes {
            return Ok(thinned);
        }
    }
    Err(StrokesError::TooLarge)
}

fn without_pressure(signature: &Strokes) -> Strokes {
    let mut plain = signature.clone();
    for point in plain.strokes.iter_mut().flatten() {
        point.pressure = None;
    }
    plain
}

/// Squared distance of `p` from the segment `a`–`b`, as the fraction (numerator, denominator).
fn squared_distance(p: Point, a: Point, b: Point) -> (i64, i64) {
    let (px, py) = (i64::from(p.x) - i64::from(a.x), i64::from(p.y) - i64::from(a.y));
    let (bx, by) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
    let length = bx * bx + by * by;
    let along = px * bx + py * by;
    if along <= 0 || length == 0 {
        (px * px + py * py, 1)
    } else if along >= length {
        let (qx, qy) = (px - bx, py - by);
        (qx * qx + qy * qy, 1)
    } else {
        // Below (2 · 10^8)^2 = 4 · 10^16.
        let cross = px * by - py * bx;
        (cross * cross, length)
    }
}

/// Douglas-Peucker with a stack of its own: strokes come from outside and may be long.
fn simplify(stroke: &[Point], tolerance: u16) -> Vec<Point> {
    let limit = i64::from(tolerance) * i64::from(tolerance);
    let mut keep = vec![false; stroke.len()];
    // Both ends stay.
    if let Some(first) = keep.first_mut() {
        *first = true;
    }
    if let Some(last) = keep.last_mut() {
        *last = true;
    }
    let mut open = vec![(0_usize, stroke.len().saturating_sub(1))];
    while let Some((from, to)) = open.pop() {
        let (Some(a), Some(b)) = (stroke.get(from), stroke.get(to)) else {
            continue;
        };
        let mut worst: Option<(usize, i64, i64)> = None;
        for (offset, p) in stroke.get(from + 1..to).unwrap_or_default().iter().enumerate() {
            let (num, den) = squared_distance(*p, *a, *b);
            let farther = worst.is_none_or(|(_, worst_num, worst_den)| {
                i128::from(num) * i128::from(worst_den) > i128::from(worst_num) * i128::from(den)
            });
            if farther {
                worst = Some((from + 1 + offset, num, den));
            }
        }
        if let Some((at, num, den)) = worst
            && i128::from(num) > i128::from(limit) * i128::from(den)
        {
            if let Some(kept) = keep.get_mut(at) {
                *kept = true;
            }
            open.push((from, at));
            open.push((at, to));
        }
    }
    stroke
        .iter()
        .zip(keep)
        .filter(|(_, kept)| *kept)
        .map(|(point, _)| *point)
        .collect()
}
