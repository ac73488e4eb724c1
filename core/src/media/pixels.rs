//! Pixels in memory: scaling by area, turning upright. Integers only: equal on every platform.

/// RGB, 8 bits each, row by row from the top left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pixels {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) rgb: Vec<u8>,
}

/// Width and height with the long edge at `edge`, never enlarged.
fn fitted(width: usize, height: usize, edge: usize) -> (usize, usize) {
    let long = width.max(height);
    if long <= edge {
        return (width, height);
    }
    let side = |side: usize| ((side * edge + long / 2) / long).max(1);
    (side(width), side(height))
}

/// How much of each source place falls into each target place: (source, target, weight). The weights of one target
/// place add up to `from`.
fn shares(from: usize, to: usize) -> Vec<(usize, usize, u32)> {
    let mut shares = Vec::with_capacity(from + to);
    for target in 0..to {
        let (begin, end) = (target * from, (target + 1) * from);
        for source in begin / to..end.div_ceil(to) {
            let weight = end.min((source + 1) * to) - begin.max(source * to);
            shares.push((source, target, u32::try_from(weight).unwrap_or(u32::MAX)));
        }
    }
    shares
}

impl Pixels {
    /// Scaled down until the long edge is `edge`: each new pixel is the mean of the area that it covers.
    pub(super) fn shrunk(&self, edge: usize) -> Self {
        let (width, height) = fitted(self.width, self.height, edge);
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let columns = shares(self.width, width);
        let rows = shares(self.height, height);
        let area = u64::try_from(self.width * self.height).unwrap_or(u64::MAX).max(1);
        let mut rgb = Vec::with_capacity(width * height * 3);
        let mut line = vec![0_u32; width * 3];
        let mut of_line = usize::MAX;
        let mut sums = vec![0_u64; width * 3];
        let mut at = 0;
        for (source, target, weight) in rows {
            if target != at {
                flush(&mut sums, area, &mut rgb);
                at = target;
            }
            if source != of_line {
                line.fill(0);
                let pixels = &self.rgb[source * self.width * 3..(source + 1) * self.width * 3];
                for (from, to, share) in &columns {
                    for colour in 0..3 {
                        line[to * 3 + colour] += u32::from(pixels[from * 3 + colour]) * share;
                    }
                }
                of_line = source;
            }
            for (sum, value) in sums.iter_mut().zip(&line) {
                *sum += u64::from(*value) * u64::from(weight);
            }
        }
        flush(&mut sums, area, &mut rgb);
        Self { width, height, rgb }
    }

    /// Turned upright by its EXIF orientation, 1 to 8.
    pub(super) fn upright(self, orientation: u8) -> Self {
        if !(2..=8).contains(&orientation) {
            return self;
        }
        let (w, h) = (self.width, self.height);
        let (width, height) = if orientation >= 5 { (h, w) } else { (w, h) };
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for y in 0..height {
            for x in 0..width {
                let (x, y) = match orientation {
                    2 => (w - 1 - x, y),
                    3 => (w - 1 - x, h - 1 - y),
                    4 => (x, h - 1 - y),
                    5 => (y, x),
                    6 => (y, h - 1 - x),
                    7 => (w - 1 - y, h - 1 - x),
                    _ => (w - 1 - y, x),
                };
                let at = (y * w + x) * 3;
                rgb.extend_from_slice(&self.rgb[at..at + 3]);
            }
        }
        Self { width, height, rgb }
    }
}

/// Writes a finished row and begins the next.
fn flush(sums: &mut [u64], area: u64, rgb: &mut Vec<u8>) {
    for sum in sums {
        let mean = (*sum + area / 2) / area;
        rgb.push(u8::try_from(mean).unwrap_or(u8::MAX));
        *sum = 0;
    }
}
