//! A small rasteriser: shapes are signed distances, so that edges are smooth and shadows soft at any size.
//!
//! Pictures are drawn on a sheet of 400 × 300 units, whatever their pixels are.

/// Red, green, blue, 0 to 1.
pub(super) type Colour = [f32; 3];

/// Width of the sheet in units; its height is three quarters of it.
pub(super) const WIDTH: f32 = 400.0;

/// A colour from 8-bit values.
pub(super) fn rgb(red: u8, green: u8, blue: u8) -> Colour {
    [red, green, blue].map(|value| f32::from(value) / 255.0)
}

/// Between two colours.
pub(super) fn mix(from: Colour, to: Colour, share: f32) -> Colour {
    let share = share.clamp(0.0, 1.0);
    std::array::from_fn(|channel| from[channel] + (to[channel] - from[channel]) * share)
}

/// A colour made lighter or darker.
pub(super) fn lit(colour: Colour, light: f32) -> Colour {
    colour.map(|value| (value * light).clamp(0.0, 1.0))
}

/// 0 before `from`, 1 after `to`, smooth between.
pub(super) fn smooth(from: f32, to: f32, at: f32) -> f32 {
    let share = ((at - from) / (to - from)).clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// Where a thing lies: its own coordinates have their origin at (`x`, `y`) and are turned by `turn` radians.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pose {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) turn: f32,
    pub(super) scale: f32,
}

impl Pose {
    pub(super) const fn new(x: f32, y: f32, turn: f32, scale: f32) -> Self {
        Self { x, y, turn, scale }
    }

    /// The same turned and scaled, its origin at a place of its own coordinates, further turned by `turn`.
    pub(super) fn at(self, x: f32, y: f32, turn: f32) -> Self {
        let (sin, cos) = self.turn.sin_cos();
        Self {
            x: self.x + (x * cos - y * sin) * self.scale,
            y: self.y + (x * sin + y * cos) * self.scale,
            turn: self.turn + turn,
            scale: self.scale,
        }
    }

    fn local(self, x: f32, y: f32) -> (f32, f32) {
        let (sin, cos) = self.turn.sin_cos();
        let (x, y) = ((x - self.x) / self.scale, (y - self.y) / self.scale);
        (x * cos + y * sin, y * cos - x * sin)
    }
}

/// Distance to a rectangle of half sides `a`, `b` around the origin with round corners.
pub(super) fn rect(x: f32, y: f32, a: f32, b: f32, round: f32) -> f32 {
    let (dx, dy) = (x.abs() - a + round, y.abs() - b + round);
    dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - round
}

/// Distance to a line between two points, of half width `half`.
pub(super) fn line(x: f32, y: f32, from: (f32, f32), to: (f32, f32), half: f32) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (px, py) = (x - from.0, y - from.1);
    let share = ((px * dx + py * dy) / (dx * dx + dy * dy).max(1e-6)).clamp(0.0, 1.0);
    (px - dx * share).hypot(py - dy * share) - half
}

/// Distance to a line through points.
pub(super) fn path(x: f32, y: f32, points: &[(f32, f32)], half: f32) -> f32 {
    points
        .windows(2)
        .map(|pair| line(x, y, pair[0], pair[1], half))
        .fold(f32::MAX, f32::min)
}

/// Repeatable noise of a place, 0 to 1.
pub(super) fn grain(x: i32, y: i32, seed: u32) -> f32 {
    let mut mixed = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77) ^ seed;
    mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d);
    mixed = (mixed ^ (mixed >> 12)).wrapping_mul(0x297a_2d39);
    ((mixed ^ (mixed >> 15)) >> 8) as f32 / 16_777_216.0
}

/// Smooth noise with features of one unit, 0 to 1.
pub(super) fn cloud(x: f32, y: f32, seed: u32) -> f32 {
    let (fx, fy) = (x.floor(), y.floor());
    let (ix, iy) = (fx as i32, fy as i32);
    let (sx, sy) = (smooth(0.0, 1.0, x - fx), smooth(0.0, 1.0, y - fy));
    let top = grain(ix, iy, seed) * (1.0 - sx) + grain(ix + 1, iy, seed) * sx;
    let bottom = grain(ix, iy + 1, seed) * (1.0 - sx) + grain(ix + 1, iy + 1, seed) * sx;
    top * (1.0 - sy) + bottom * sy
}

/// The sheet.
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pixels: Vec<Colour>,
    unit: f32,
}

impl Canvas {
    /// A sheet of so many pixels across.
    pub(super) fn new(width: usize) -> Self {
        let height = width * 3 / 4;
        Self {
            width,
            height,
            pixels: vec![[0.0; 3]; width * height],
            unit: width as f32 / WIDTH,
        }
    }

    /// Paints every pixel from its place in units.
    pub(super) fn background(&mut self, shade: impl Fn(f32, f32) -> Colour) {
        let (width, unit) = (self.width, self.unit);
        for (place, pixel) in self.pixels.iter_mut().enumerate() {
            *pixel = shade((place % width) as f32 / unit, (place / width) as f32 / unit);
        }
    }

    /// Paints a shape: `distance` in its own coordinates, reaching at most `reach` from the origin, and the colour
    /// with its strength there.
    pub(super) fn paint(
        &mut self,
        pose: Pose,
        reach: f32,
        distance: impl Fn(f32, f32) -> f32,
        shade: impl Fn(f32, f32) -> (Colour, f32),
    ) {
        self.blend(pose, reach, |x, y, soft| {
            let cover = 0.5 - distance(x, y) / soft;
            if cover <= 0.0 {
                return ([0.0; 3], 0.0);
            }
            let (colour, strength) = shade(x, y);
            (colour, strength * cover.min(1.0))
        });
    }

    /// A plain shape.
    pub(super) fn fill(
        &mut self,
        pose: Pose,
        reach: f32,
        colour: Colour,
        distance: impl Fn(f32, f32) -> f32,
    ) {
        self.paint(pose, reach, distance, |_, _| (colour, 1.0));
    }

    /// The shadow of a shape, `blur` wide.
    pub(super) fn shadow(&mut self, pose: Pose, reach: f32, blur: f32, distance: impl Fn(f32, f32) -> f32) {
        self.blend(pose, reach + blur, |x, y, _| {
            ([0.02, 0.02, 0.03], 0.5 * smooth(blur, -blur, distance(x, y)))
        });
    }

    fn blend(&mut self, pose: Pose, reach: f32, at: impl Fn(f32, f32, f32) -> (Colour, f32)) {
        let reach = reach * pose.scale * self.unit;
        let bounds = |middle: f32, end: usize| {
            let from = (middle * self.unit - reach).max(0.0) as usize;
            let to = ((middle * self.unit + reach).max(0.0) as usize + 1).min(end);
            from.min(to)..to
        };
        let (rows, columns) = (bounds(pose.y, self.height), bounds(pose.x, self.width));
        // One pixel in the shape's own coordinates: how wide an edge is.
        let soft = 1.0 / (self.unit * pose.scale);
        for row in rows {
            for column in columns.clone() {
                let (x, y) = pose.local((column as f32 + 0.5) / self.unit, (row as f32 + 0.5) / self.unit);
                let (colour, strength) = at(x, y, soft);
                if strength > 0.0
                    && let Some(pixel) = self.pixels.get_mut(row * self.width + column)
                {
                    *pixel = mix(*pixel, colour, strength);
                }
            }
        }
    }

    /// 8-bit pixels at `times` the size, with the softness of a lens and the noise of a sensor.
    pub(super) fn develop(&self, times: usize, seed: u32, noise: f32) -> Vec<u8> {
        let (width, height) = (self.width * times, self.height * times);
        let mut out = Vec::with_capacity(width * height * 3);
        let step = 1.0 / times as f32;
        for row in 0..height {
            let down = ((row as f32 + 0.5) * step - 0.5).max(0.0);
            let (top, sy) = (down as usize, down.fract());
            let bottom = (top + 1).min(self.height - 1);
            for column in 0..width {
                let along = ((column as f32 + 0.5) * step - 0.5).max(0.0);
                let (left, sx) = (along as usize, along.fract());
                let right = (left + 1).min(self.width - 1);
                let at =
                    |x: usize, y: usize| self.pixels.get(y * self.width + x).copied().unwrap_or_default();
                let colour = mix(
                    mix(at(left, top), at(right, top), sx),
                    mix(at(left, bottom), at(right, bottom), sx),
                    sy,
                );
                // Darker towards the corners, as through any lens.
                let (dx, dy) = (
                    column as f32 / width as f32 - 0.5,
                    row as f32 / height as f32 - 0.5,
                );
                let light = 1.04 - 0.55 * (dx * dx + dy * dy);
                let wobble = (grain(column as i32, row as i32, seed) - 0.5) * noise;
                for (channel, value) in colour.into_iter().enumerate() {
                    let own =
                        (grain(column as i32, row as i32, seed ^ (channel as u32 + 77)) - 0.5) * noise * 0.6;
                    out.push(((value * light + wobble + own) * 255.0).clamp(0.0, 255.0) as u8);
                }
            }
        }
        out
    }
}
