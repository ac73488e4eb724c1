//! An e-seal key as a camera sees it: whole, cracked, bent, with its plug broken off, misted, burnt.

use super::canvas::{Canvas, Colour, Pose, cloud, grain, line, lit, mix, path, rect, rgb, smooth};
use super::font::write;

/// Half length and half height of the shell.
const A: f32 = 62.0;
const B: f32 = 24.0;

/// How far a bent shell leaves its axis.
fn bend(look: &str, x: f32) -> f32 {
    if look == "deformed" {
        let over = (x + 6.0).max(0.0);
        0.0042 * over * over
    } else {
        0.0
    }
}

/// Puts a key on the sheet. `look` is a fault's.
pub(super) fn draw(canvas: &mut Canvas, pose: Pose, look: &str, serial: &str, seed: u32) {
    let shell = |x: f32, y: f32| {
        let y = y - bend(look, x);
        rect(x, y, A, B, 11.0)
    };
    let broken = look == "plug";
    let plug = if broken {
        pose.at(A + 44.0, 13.0, 0.42)
    } else {
        pose.at(
            A + 19.0,
            bend(look, A + 19.0) - 2.0 * bend(look, 40.0) * 0.1,
            if look == "deformed" { 0.5 } else { 0.0 },
        )
    };
    let metal = |x: f32, y: f32| rect(x, y, 21.0, 15.5, 1.5);
    canvas.shadow(plug.at(3.0, 5.0, 0.0), 40.0, 7.0, metal);
    canvas.shadow(pose.at(4.0, 7.0, 0.0), 90.0, 12.0, shell);
    if broken {
        stub(canvas, pose);
    }
    draw_plug(canvas, plug);
    let body = if look == "mist" {
        rgb(92, 112, 132)
    } else {
        rgb(28, 52, 104)
    };
    canvas.paint(pose, 90.0, shell, |x, y| {
        let y = y - bend(look, x);
        let round = 1.0 - smooth(-14.0, 0.0, rect(x, y, A, B, 11.0));
        let light = 0.72 + 0.38 * round + 0.35 * smooth(-4.0, -17.0, y) * smooth(-24.0, -19.0, y);
        (lit(body, light), 1.0)
    });
    // The seam of the two halves, and the hole for the ring.
    canvas.paint(
        pose,
        90.0,
        |x, y| (rect(x, y - bend(look, x), A - 3.0, B - 3.0, 9.0)).abs() - 0.35,
        |_, _| (lit(body, 0.55), 0.7),
    );
    canvas.fill(pose.at(-A + 10.0, 0.0, 0.0), 8.0, rgb(18, 20, 26), |x, y| {
        x.hypot(y) - 4.2
    });
    if look == "mist" {
        window(canvas, pose, seed);
    } else {
        emblem(canvas, pose.at(-28.0, 0.0, 0.0));
    }
    label(
        canvas,
        pose.at(
            17.5,
            bend(look, 17.5),
            if look == "deformed" { 0.19 } else { 0.0 },
        ),
        serial,
    );
    match look {
        "cracked" => crack(canvas, pose, seed),
        "deformed" => dent(canvas, pose),
        "other" => burn(canvas, pose, seed),
        _ => {}
    }
    let lamp = if look == "works" {
        rgb(90, 255, 120)
    } else {
        rgb(60, 70, 66)
    };
    let at = pose.at(54.0, bend(look, 54.0), 0.0);
    if look == "works" {
        canvas.paint(
            at,
            12.0,
            |x, y| x.hypot(y) - 10.0,
            |x, y| (lamp, 0.5 * smooth(10.0, 0.0, x.hypot(y))),
        );
    }
    canvas.fill(at, 4.0, lamp, |x, y| x.hypot(y) - 2.2);
}

fn draw_plug(canvas: &mut Canvas, plug: Pose) {
    canvas.paint(
        plug,
        30.0,
        |x, y| rect(x, y, 21.0, 15.5, 1.5),
        |x, y| {
            let band = 0.80 + 0.20 * smooth(-15.0, -4.0, y) - 0.28 * smooth(4.0, 15.0, y);
            let streak = 0.05 * cloud(x * 0.2, y * 2.5, 5);
            (lit(rgb(196, 200, 206), band + streak), 1.0)
        },
    );
    for y in [-7.0, 7.0] {
        canvas.fill(plug.at(3.0, y, 0.0), 9.0, rgb(40, 42, 48), |x, y| {
            rect(x, y, 4.6, 3.0, 0.6)
        });
    }
    canvas.fill(plug.at(20.0, 0.0, 0.0), 16.0, rgb(120, 124, 130), |x, y| {
        rect(x, y, 1.0, 15.0, 0.3)
    });
}

/// The end of a board from which the plug has broken off: torn pads, solder.
fn stub(canvas: &mut Canvas, pose: Pose) {
    let at = pose.at(A + 5.0, 0.0, 0.0);
    canvas.paint(
        at,
        18.0,
        |x, y| rect(x + cloud(y * 0.8, 3.0, 9) * 3.0 - 1.5, y, 9.0, 14.0, 0.5),
        |_, y| (lit(rgb(24, 110, 58), 0.9 + 0.2 * cloud(0.0, y * 0.4, 2)), 1.0),
    );
    for y in [-9.0, -3.0, 3.0, 9.0] {
        canvas.fill(at.at(4.0, y, 0.0), 6.0, rgb(206, 170, 84), |x, y| {
            rect(x, y, 3.6, 1.3, 0.3)
        });
        canvas.fill(at.at(7.5, y + 0.6, 0.6), 4.0, rgb(218, 220, 224), |x, y| {
            rect(x, y, 1.6, 0.8, 0.4)
        });
    }
}

/// A round red seal with its star, as every stamp here has it.
fn emblem(canvas: &mut Canvas, at: Pose) {
    let red = rgb(214, 46, 40);
    canvas.fill(at, 20.0, rgb(238, 238, 236), |x, y| x.hypot(y) - 15.0);
    canvas.fill(at, 20.0, red, |x, y| (x.hypot(y) - 12.6).abs() - 0.9);
    canvas.fill(at, 10.0, red, star);
}

/// A five-pointed star: each half point is cut off by the line from its tip to the notch beside it.
fn star(x: f32, y: f32) -> f32 {
    const TIP: f32 = 7.0;
    let turn = std::f32::consts::TAU / 5.0;
    let angle = ((x.atan2(-y) + turn / 2.0).rem_euclid(turn) - turn / 2.0).abs();
    let (along, across) = (x.hypot(y) * angle.cos(), x.hypot(y) * angle.sin());
    let (notch_x, notch_y) = (0.382 * TIP * (turn / 2.0).cos(), 0.382 * TIP * (turn / 2.0).sin());
    let (dx, dy) = (notch_x - TIP, notch_y);
    ((along - TIP) * dy - across * dx) / dx.hypot(dy)
}

fn label(canvas: &mut Canvas, at: Pose, serial: &str) {
    canvas.fill(at, 40.0, rgb(242, 242, 238), |x, y| rect(x, y, 29.0, 13.0, 1.5));
    write(
        canvas,
        at.at(0.0, -7.0, 0.0),
        "E-SEAL USB KEY",
        4.2,
        rgb(60, 62, 70),
    );
    write(canvas, at.at(0.0, 0.5, 0.0), serial, 5.4, rgb(12, 12, 16));
    barcode(canvas, at.at(0.0, 8.6, 0.0), 25.0, 2.6, serial);
}

/// Bars that differ by text.
pub(super) fn barcode(canvas: &mut Canvas, at: Pose, half: f32, high: f32, text: &str) {
    let sum = text
        .bytes()
        .fold(7_u32, |sum, byte| sum.wrapping_mul(31) ^ u32::from(byte));
    canvas.fill(at, half + high, rgb(16, 16, 20), |x, y| {
        let bar = ((x + half) / half * 32.0) as i32;
        let edge = (y.abs() - high).max(x.abs() - half);
        if grain(bar, 1, sum) > 0.48 {
            edge
        } else {
            edge.max(0.6)
        }
    });
}

fn crack(canvas: &mut Canvas, pose: Pose, seed: u32) {
    let mut points = Vec::new();
    for step in 0..9_i32 {
        let along = step as f32 / 8.0;
        let jump = (grain(step, 3, seed) - 0.5) * 12.0;
        points.push((36.0 - 20.0 * along + jump, -B + 2.0 * B * along));
    }
    let inside = |x: f32, y: f32, d: f32| d.max(rect(x, y, A, B, 11.0));
    // The gap, the lit edge beside it, and two branches.
    canvas.fill(pose, 66.0, rgb(170, 188, 220), |x, y| {
        inside(x, y, path(x - 0.9, y, &points, 1.3))
    });
    canvas.fill(pose, 66.0, rgb(6, 8, 14), |x, y| {
        inside(x, y, path(x, y, &points, 0.6 + 1.1 * cloud(y * 0.2, 1.0, seed)))
    });
    for (from, to) in [(2, (52.0, -4.0)), (5, (2.0, 14.0))] {
        let start = points.get(from).copied().unwrap_or_default();
        let middle = ((start.0 + to.0) / 2.0 + 3.0, (start.1 + to.1) / 2.0 - 4.0);
        canvas.fill(pose, 66.0, rgb(10, 12, 18), |x, y| {
            path(x, y, &[start, middle, to], 0.45)
        });
    }
    // A piece is missing at the edge: the board shows.
    let hole = points.first().copied().unwrap_or_default();
    let gone = move |x: f32, y: f32| {
        let (x, y) = (x - hole.0 - 2.0, y - hole.1 + 1.0);
        (x * 0.8 + y * 0.4).abs() + (y * 1.3 - x * 0.3).abs() - 8.5
    };
    canvas.fill(pose, 66.0, rgb(14, 70, 40), move |x, y| {
        gone(x, y).max(rect(x, y, A, B, 11.0))
    });
    canvas.fill(pose, 66.0, rgb(205, 172, 90), move |x, y| {
        rect(x - hole.0 - 2.0, y - hole.1 - 3.0, 2.6, 1.2, 0.3).max(gone(x, y))
    });
}

fn dent(canvas: &mut Canvas, pose: Pose) {
    for (x, turn, dark) in [(18.0, 1.3, true), (22.0, 1.3, false), (30.0, 1.45, true)] {
        let at = pose.at(x, bend("deformed", x), turn);
        let colour = if dark { rgb(8, 16, 38) } else { rgb(150, 174, 220) };
        canvas.paint(
            at,
            26.0,
            |x, y| rect(x, y, 21.0, 1.6, 1.6),
            move |x, _| (colour, 0.75 * smooth(21.0, 6.0, x.abs())),
        );
    }
}

fn burn(canvas: &mut Canvas, pose: Pose, seed: u32) {
    let at = pose.at(52.0, 4.0, 0.0);
    canvas.paint(
        at,
        46.0,
        |x, y| x.hypot(y) - 34.0,
        |x, y| {
            let ragged = cloud(x * 0.25, y * 0.25, seed) * 14.0;
            (rgb(20, 12, 8), 0.95 * smooth(26.0, 4.0, x.hypot(y) + ragged))
        },
    );
    canvas.paint(
        at.at(4.0, -2.0, 0.0),
        16.0,
        |x, y| x.hypot(y) - 12.0,
        |x, y| {
            (
                rgb(96, 62, 34),
                0.8 * smooth(10.0, 2.0, (x.hypot(y) - 8.0).abs() * 2.0),
            )
        },
    );
}

/// The clear part of a shell, with mist and drops under it.
fn window(canvas: &mut Canvas, pose: Pose, seed: u32) {
    let pane = |x: f32, y: f32| rect(x + 32.0, y, 20.0, 18.0, 5.0);
    canvas.fill(pose, 80.0, rgb(26, 96, 58), pane);
    // The board under it: a chip, its pins gone green, traces.
    for trace in -3..=3_i32 {
        let y = trace as f32 * 4.4;
        canvas.fill(pose, 80.0, rgb(54, 130, 84), |px, py| {
            line(px, py, (-50.0, y), (-38.0, y * 0.7), 0.5)
        });
        canvas.fill(pose, 80.0, rgb(112, 190, 170), |px, py| {
            rect(px + 38.0, py - y * 0.55, 2.4, 0.8, 0.2)
        });
    }
    canvas.fill(pose, 80.0, rgb(22, 24, 28), |x, y| {
        rect(x + 26.0, y, 10.0, 10.0, 1.0)
    });
    canvas.paint(pose, 80.0, pane, |x, y| {
        let thick = cloud(x * 0.09, y * 0.09, seed) * 0.7 + cloud(x * 0.3, y * 0.3, seed ^ 3) * 0.4;
        (rgb(226, 234, 238), 0.22 + 0.72 * smooth(0.25, 0.75, thick))
    });
    for drop in 0..44_i32 {
        let x = -50.0 + 36.0 * grain(drop, 1, seed);
        let y = -15.0 + 30.0 * grain(drop, 2, seed);
        let size = 0.8 + 2.1 * grain(drop, 3, seed);
        bead(canvas, pose.at(x, y, 0.0), size);
    }
    canvas.paint(
        pose,
        80.0,
        |x, y| pane(x, y).abs() - 0.7,
        |_, _| (rgb(36, 46, 58), 0.9),
    );
}

/// A drop of water: dark rim, bright spot.
fn bead(canvas: &mut Canvas, at: Pose, size: f32) {
    canvas.paint(
        at,
        size * 1.6,
        |x, y| x.hypot(y) - size,
        |x, y| {
            let rim = smooth(size * 0.45, size, x.hypot(y));
            (mix(rgb(222, 236, 240), rgb(60, 92, 96), rim), 0.85)
        },
    );
    canvas.fill(
        at.at(-size * 0.35, -size * 0.4, 0.0),
        size,
        rgb(255, 255, 255),
        |x, y| x.hypot(y) - size * 0.24,
    );
}

/// What a desk looks like.
pub(super) fn desk(canvas: &mut Canvas, seed: u32) {
    let woods = [
        (rgb(168, 124, 82), rgb(128, 86, 52)),
        (rgb(196, 190, 180), rgb(170, 164, 154)),
        (rgb(118, 96, 78), rgb(88, 68, 54)),
    ];
    let (light, dark): (Colour, Colour) = woods[seed as usize % woods.len()];
    canvas.background(|x, y| {
        let bow = y + 6.0 * cloud(x * 0.012, y * 0.05, seed);
        let ring = cloud(x * 0.010, bow * 0.35, seed ^ 1) * 0.7 + cloud(x * 0.03, bow * 1.6, seed ^ 2) * 0.3;
        lit(mix(dark, light, ring), 0.85 + 0.3 * (1.0 - y / 300.0))
    });
    // A sheet of paper, and the edge of a keyboard: things that lie on desks.
    let paper = Pose::new(330.0, 40.0, 0.22, 1.0);
    let sheet = |x: f32, y: f32| rect(x, y, 110.0, 78.0, 1.0);
    canvas.shadow(paper.at(2.0, 4.0, 0.0), 150.0, 5.0, sheet);
    canvas.fill(paper, 150.0, rgb(236, 236, 232), sheet);
    for row in 0..9_i32 {
        let wide = 60.0 + 30.0 * grain(row, 7, seed);
        canvas.fill(
            paper.at(-92.0 + wide, -56.0 + row as f32 * 14.0, 0.0),
            110.0,
            rgb(170, 172, 178),
            move |x, y| rect(x, y, wide, 1.4, 0.5),
        );
    }
    let board = Pose::new(60.0, 312.0, -0.05, 1.0);
    let frame = |x: f32, y: f32| rect(x, y, 190.0, 46.0, 6.0);
    canvas.shadow(board.at(0.0, -4.0, 0.0), 210.0, 9.0, frame);
    canvas.fill(board, 210.0, rgb(44, 46, 52), frame);
    for key in 0..24_i32 {
        let (column, row) = (key % 12, key / 12);
        let at = board.at(
            -168.0 + column as f32 * 30.0 + row as f32 * 8.0,
            -28.0 + row as f32 * 28.0,
            0.0,
        );
        canvas.fill(at, 18.0, rgb(70, 73, 80), |x, y| rect(x, y, 12.5, 11.5, 3.0));
        canvas.fill(at.at(0.0, -1.5, 0.0), 18.0, rgb(84, 88, 96), |x, y| {
            rect(x, y, 10.5, 9.0, 3.0)
        });
    }
}
