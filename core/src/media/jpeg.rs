//! A baseline JPEG writer (ITU T.81): Huffman tables of its Annex K.3, chroma at half size in both directions.
//!
//! Small on purpose, and of integers, so that every platform writes the same bytes for the same pixels: a photo's
//! hash is its name. Writes no metadata at all.

/// Annex K.1, in natural order.
#[rustfmt::skip]
const LUMA_STEPS: [u16; 64] = [
    16, 11, 10, 16,  24,  40,  51,  61,
    12, 12, 14, 19,  26,  58,  60,  55,
    14, 13, 16, 24,  40,  57,  69,  56,
    14, 17, 22, 29,  51,  87,  80,  62,
    18, 22, 37, 56,  68, 109, 103,  77,
    24, 35, 55, 64,  81, 104, 113,  92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103,  99,
];
/// Annex K.2; all further ones are 99.
const CHROMA_STEPS: [[u16; 4]; 4] = [
    [17, 18, 24, 47],
    [18, 21, 26, 66],
    [24, 26, 56, 99],
    [47, 66, 99, 99],
];

/// Zigzag place → natural place.
#[rustfmt::skip]
const ZIGZAG: [usize; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A Huffman table: how many codes have each length, and the symbols in the order of their codes.
struct Spec {
    lengths: [u8; 16],
    symbols: &'static [u8],
}

const DC_SYMBOLS: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const DC_LUMA: Spec = Spec {
    lengths: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    symbols: &DC_SYMBOLS,
};
const DC_CHROMA: Spec = Spec {
    lengths: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    symbols: &DC_SYMBOLS,
};
#[rustfmt::skip]
const AC_LUMA: Spec = Spec {
    lengths: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
    symbols: &[
        0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
        0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0,
        0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28,
        0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
        0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
        0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
        0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
        0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5,
        0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
        0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
        0xf9, 0xfa,
    ],
};
#[rustfmt::skip]
const AC_CHROMA: Spec = Spec {
    lengths: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
    symbols: &[
        0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
        0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0,
        0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26,
        0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
        0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
        0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
        0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5,
        0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
        0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
        0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
        0xf9, 0xfa,
    ],
};

/// Code and its length in bits, by symbol.
type Codes = [(u32, u32); 256];

fn codes(spec: &Spec) -> Codes {
    let mut codes = [(0, 0); 256];
    let (mut code, mut symbols) = (0_u32, spec.symbols.iter());
    for (length, count) in (1_u32..).zip(spec.lengths) {
        for symbol in symbols.by_ref().take(usize::from(count)) {
            codes[usize::from(*symbol)] = (code, length);
            code += 1;
        }
        code <<= 1;
    }
    codes
}

/// The cosines of the transform, times 2^13: 0 to 7, the first being that of the mean.
const COSINES: [[i32; 8]; 8] = {
    const C: [i32; 8] = [0, 4017, 3784, 3406, 2896, 2276, 1567, 799];
    [
        [C[4], C[4], C[4], C[4], C[4], C[4], C[4], C[4]],
        [C[1], C[3], C[5], C[7], -C[7], -C[5], -C[3], -C[1]],
        [C[2], C[6], -C[6], -C[2], -C[2], -C[6], C[6], C[2]],
        [C[3], -C[7], -C[1], -C[5], C[5], C[1], C[7], -C[3]],
        [C[4], -C[4], -C[4], C[4], C[4], -C[4], -C[4], C[4]],
        [C[5], -C[1], C[7], C[3], -C[3], -C[7], C[1], -C[5]],
        [C[6], -C[2], C[2], -C[6], -C[6], C[2], -C[2], C[6]],
        [C[7], -C[5], C[3], -C[1], C[1], -C[3], C[5], -C[7]],
    ]
};

type Block = [i32; 64];

/// The transform: results are times 2^16.
fn transform(block: &Block) -> Block {
    let (mut half, mut out) = ([0; 64], [0; 64]);
    for y in 0..8 {
        for u in 0..8 {
            let sum: i32 = (0..8).map(|x| COSINES[u][x] * block[y * 8 + x]).sum();
            half[y * 8 + u] = (sum + 512) >> 10;
        }
    }
    for v in 0..8 {
        for u in 0..8 {
            out[v * 8 + u] = (0..8).map(|y| COSINES[v][y] * half[y * 8 + u]).sum();
        }
    }
    out
}

struct Writer {
    out: Vec<u8>,
    bits: u64,
    count: u32,
}

impl Writer {
    fn put(&mut self, (code, length): (u32, u32)) {
        self.bits = (self.bits << length) | u64::from(code);
        self.count += length;
        while self.count >= 8 {
            self.count -= 8;
            let byte = u8::try_from((self.bits >> self.count) & 0xff).unwrap_or_default();
            self.out.push(byte);
            if byte == 0xff {
                self.out.push(0);
            }
        }
    }

    fn end(&mut self) {
        if self.count > 0 {
            let fill = 8 - self.count;
            self.put(((1 << fill) - 1, fill));
        }
    }

    /// A value behind the symbol that says how many bits it has.
    fn value(&mut self, value: i32, bits: u32) {
        let code = if value < 0 { value + (1 << bits) - 1 } else { value };
        self.put((u32::try_from(code).unwrap_or_default(), bits));
    }

    fn block(&mut self, block: &Block, steps: &[u16; 64], last: &mut i32, dc: &Codes, ac: &Codes) {
        let values = transform(block);
        let quantised = |zigzag: usize| {
            let at = ZIGZAG[zigzag];
            let step = i32::from(steps[at]) << 16;
            let value = values[at];
            (value + value.signum() * (step / 2)) / step
        };
        let mean = quantised(0);
        let difference = mean - *last;
        *last = mean;
        let bits = bits_of(difference);
        self.put(dc[usize::try_from(bits).unwrap_or_default()]);
        self.value(difference, bits);
        let mut run = 0_usize;
        for zigzag in 1..64 {
            let value = quantised(zigzag);
            if value == 0 {
                run += 1;
                continue;
            }
            while run > 15 {
                self.put(ac[0xf0]);
                run -= 16;
            }
            let bits = bits_of(value);
            self.put(ac[(run << 4) | usize::try_from(bits).unwrap_or_default()]);
            self.value(value, bits);
            run = 0;
        }
        if run > 0 {
            self.put(ac[0]);
        }
    }

    fn segment(&mut self, marker: u8, body: &[u8]) {
        self.out.extend_from_slice(&[0xff, marker]);
        let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
        self.out.extend_from_slice(&length.to_be_bytes());
        self.out.extend_from_slice(body);
    }
}

fn bits_of(value: i32) -> u32 {
    32 - value.unsigned_abs().leading_zeros()
}

/// The quantisation of a quality from 1 to 100, as all writers have it.
fn steps(base: impl Fn(usize) -> u16, quality: u8) -> [u16; 64] {
    let quality = u32::from(quality.clamp(1, 100));
    let scale = if quality < 50 {
        5_000 / quality
    } else {
        200 - 2 * quality
    };
    std::array::from_fn(|at| {
        let step = (u32::from(base(at)) * scale + 50) / 100;
        u16::try_from(step.clamp(1, 255)).unwrap_or(255)
    })
}

fn chroma_base(at: usize) -> u16 {
    let row = CHROMA_STEPS.get(at / 8);
    row.and_then(|row| row.get(at % 8)).copied().unwrap_or(99)
}

/// Writes RGB pixels (8 bits each, row by row) as a JPEG. Sides are 1 to 65,535; beyond, and where the bytes are too
/// few, the picture is empty.
pub fn encode(rgb: &[u8], width: usize, height: usize, quality: u8) -> Vec<u8> {
    let (Ok(w), Ok(h)) = (u16::try_from(width), u16::try_from(height)) else {
        return Vec::new();
    };
    if w == 0 || h == 0 || rgb.len() < width * height * 3 {
        return Vec::new();
    }
    let luma = steps(|at| LUMA_STEPS[at], quality);
    let chroma = steps(chroma_base, quality);
    let mut writer = Writer {
        out: vec![0xff, 0xd8],
        bits: 0,
        count: 0,
    };
    writer.segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    for (number, table) in (0_u8..).zip([&luma, &chroma]) {
        let mut body = vec![number];
        body.extend(ZIGZAG.iter().map(|at| u8::try_from(table[*at]).unwrap_or(255)));
        writer.segment(0xdb, &body);
    }
    let [w, h] = [w.to_be_bytes(), h.to_be_bytes()];
    writer.segment(
        0xc0,
        &[8, h[0], h[1], w[0], w[1], 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1],
    );
    for (class, spec) in [
        (0x00, &DC_LUMA),
        (0x10, &AC_LUMA),
        (0x01, &DC_CHROMA),
        (0x11, &AC_CHROMA),
    ] {
        let mut body = vec![class];
        body.extend_from_slice(&spec.lengths);
        body.extend_from_slice(spec.symbols);
        writer.segment(0xc4, &body);
    }
    writer.segment(0xda, &[3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);
    let tables = [&DC_LUMA, &AC_LUMA, &DC_CHROMA, &AC_CHROMA].map(codes);
    let [dc_luma, ac_luma, dc_chroma, ac_chroma] = &tables;
    let mut last = [0_i32; 3];
    for top in (0..height).step_by(16) {
        for left in (0..width).step_by(16) {
            let unit = Unit::of(rgb, width, height, left, top);
            for block in &unit.luma {
                writer.block(block, &luma, &mut last[0], dc_luma, ac_luma);
            }
            writer.block(&unit.blue, &chroma, &mut last[1], dc_chroma, ac_chroma);
            writer.block(&unit.red, &chroma, &mut last[2], dc_chroma, ac_chroma);
        }
    }
    writer.end();
    writer.out.extend_from_slice(&[0xff, 0xd9]);
    writer.out
}

/// 16 × 16 pixels: four blocks of brightness, one of each colour difference; around zero.
struct Unit {
    luma: [Block; 4],
    blue: Block,
    red: Block,
}

impl Unit {
    /// Beyond the picture's edge its last column and row are repeated.
    fn of(rgb: &[u8], width: usize, height: usize, left: usize, top: usize) -> Self {
        let mut unit = Self {
            luma: [[0; 64]; 4],
            blue: [0; 64],
            red: [0; 64],
        };
        for y in 0..16 {
            let row = (top + y).min(height - 1) * width;
            for x in 0..16 {
                let at = (row + (left + x).min(width - 1)) * 3;
                let [r, g, b] = [rgb[at], rgb[at + 1], rgb[at + 2]].map(i32::from);
                let luma = (19_595 * r + 38_470 * g + 7_471 * b + 32_768) >> 16;
                unit.luma[y / 8 * 2 + x / 8][y % 8 * 8 + x % 8] = luma - 128;
                let half = y / 2 * 8 + x / 2;
                unit.blue[half] += -11_059 * r - 21_709 * g + 32_768 * b;
                unit.red[half] += 32_768 * r - 27_439 * g - 5_329 * b;
            }
        }
        // The mean of four, from 2^16.
        for value in unit.blue.iter_mut().chain(&mut unit.red) {
            *value = (*value + (1 << 17)) >> 18;
        }
        unit
    }
}
