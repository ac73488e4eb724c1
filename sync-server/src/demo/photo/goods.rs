//! Weak-current goods as a camera sees them, and what stands on their labels.

use super::canvas::{Canvas, Colour, Pose, cloud, grain, line, lit, mix, rect, rgb, smooth};
use super::font::write;
use super::key::barcode;

/// A plastered wall.
fn wall(canvas: &mut Canvas, seed: u32, colour: Colour) {
    canvas.background(|x, y| {
        let rough = cloud(x * 0.6, y * 0.6, seed) * 0.05 + cloud(x * 0.03, y * 0.03, seed ^ 4) * 0.10;
        lit(colour, 0.82 + rough + 0.16 * (1.0 - x / 400.0))
    });
}

fn wire(canvas: &mut Canvas, points: &[(f32, f32)], colour: Colour, half: f32) {
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let middle = Pose::new((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0, 0.0, 1.0);
        let reach = (to.0 - from.0).hypot(to.1 - from.1) / 2.0 + half + 2.0;
        let (a, b) = (
            (from.0 - middle.x, from.1 - middle.y),
            (to.0 - middle.x, to.1 - middle.y),
        );
        canvas.shadow(middle.at(2.0, 3.0, 0.0), reach, 3.0, move |x, y| {
            line(x, y, a, b, half)
        });
        canvas.paint(
            middle,
            reach,
            move |x, y| line(x, y, a, b, half),
            move |x, y| {
                (
                    lit(colour, 1.25 - 0.5 * smooth(-half, half, line(x, y, a, b, 0.0))),
                    1.0,
                )
            },
        );
    }
}

/// A front plate with its shadow.
fn plate(canvas: &mut Canvas, at: Pose, half: (f32, f32), round: f32, colour: Colour) {
    let shape = move |x: f32, y: f32| rect(x, y, half.0, half.1, round);
    let reach = half.0.hypot(half.1) + 2.0;
    canvas.shadow(at.at(5.0, 8.0, 0.0), reach, 12.0, shape);
    canvas.paint(at, reach, shape, move |x, y| {
        let edge = smooth(-4.0, 0.0, shape(x, y));
        (lit(colour, 1.06 - 0.12 * (y / half.1) - 0.25 * edge), 1.0)
    });
}

fn lamp(canvas: &mut Canvas, at: Pose, colour: Colour, on: bool) {
    if on {
        canvas.paint(
            at,
            9.0,
            |x, y| x.hypot(y) - 8.0,
            move |x, y| (colour, 0.55 * smooth(8.0, 0.0, x.hypot(y))),
        );
    }
    canvas.fill(
        at,
        3.0,
        if on { lit(colour, 1.2) } else { rgb(50, 54, 58) },
        |x, y| x.hypot(y) - 1.8,
    );
}

/// Puts a unit on the sheet.
pub(super) fn draw(canvas: &mut Canvas, product: &str, serial: &str, seed: u32) {
    match product {
        "camera" => camera(canvas, seed),
        "nvr" | "ups" | "display" => recorder(canvas, product, seed),
        "switch" => switch(canvas, seed),
        "barrier-gate" => gate(canvas, seed),
        _ => panel(canvas, product, seed),
    }
    write(
        canvas,
        Pose::new(322.0, 286.0, 0.0, 1.0),
        serial,
        7.0,
        rgb(235, 180, 60),
    );
}

fn camera(canvas: &mut Canvas, seed: u32) {
    wall(canvas, seed, rgb(206, 204, 196));
    wire(
        canvas,
        &[(60.0, 0.0), (66.0, 60.0), (110.0, 92.0)],
        rgb(44, 46, 50),
        4.0,
    );
    plate(
        canvas,
        Pose::new(112.0, 108.0, 0.0, 1.0),
        (26.0, 34.0),
        6.0,
        rgb(226, 228, 230),
    );
    // The arm, its tube, and the hood; one screw is out and the tube hangs.
    let arm = Pose::new(160.0, 128.0, 0.32, 1.0);
    plate(canvas, arm, (46.0, 9.0), 4.0, rgb(204, 206, 210));
    let tube = Pose::new(244.0, 168.0, 0.26, 1.0);
    plate(canvas, tube, (84.0, 36.0), 15.0, rgb(232, 234, 236));
    plate(
        canvas,
        tube.at(6.0, -31.0, 0.0),
        (92.0, 7.0),
        4.0,
        rgb(214, 217, 220),
    );
    let glass = tube.at(80.0, 2.0, 0.0);
    canvas.fill(glass, 40.0, rgb(22, 24, 28), |x, y| (x * 1.7).hypot(y) - 33.0);
    for ray in 0..10_i32 {
        let turn = ray as f32 * std::f32::consts::TAU / 10.0;
        let dark = grain(ray, 4, seed) < 0.45;
        let colour = if dark { rgb(46, 40, 44) } else { rgb(150, 60, 74) };
        canvas.fill(
            glass.at(13.0 * turn.cos(), 24.0 * turn.sin(), 0.0),
            5.0,
            colour,
            |x, y| (x * 1.5).hypot(y) - 3.4,
        );
    }
    canvas.paint(
        glass,
        16.0,
        |x, y| (x * 1.6).hypot(y) - 13.0,
        |x, y| {
            (
                mix(rgb(38, 44, 92), rgb(6, 6, 10), (x * 1.6).hypot(y) / 13.0),
                1.0,
            )
        },
    );
    canvas.fill(glass.at(-2.5, -4.0, 0.0), 5.0, rgb(210, 220, 250), |x, y| {
        (x * 1.5).hypot(y) - 2.0
    });
    canvas.paint(
        glass,
        40.0,
        |x, y| (x * 1.7).hypot(y) - 33.0,
        |x, y| {
            (
                rgb(220, 228, 234),
                0.55 * smooth(0.45, 0.9, cloud(x * 0.12, y * 0.12, seed)),
            )
        },
    );
}

/// A rack with the unit in its middle.
fn recorder(canvas: &mut Canvas, product: &str, seed: u32) {
    rack(canvas);
    let front = Pose::new(200.0, 150.0, 0.0, 1.0);
    plate(canvas, front, (158.0, 40.0), 3.0, rgb(48, 51, 58));
    if product == "nvr" {
        for bay in 0..4_i32 {
            let at = front.at(-112.0 + bay as f32 * 58.0, 4.0, 0.0);
            plate(canvas, at, (26.0, 26.0), 2.0, rgb(30, 32, 38));
            for slot in 0..6_i32 {
                canvas.fill(
                    at.at(0.0, -16.0 + slot as f32 * 6.0, 0.0),
                    26.0,
                    rgb(14, 15, 18),
                    |x, y| rect(x, y, 20.0, 1.2, 0.6),
                );
            }
            let bad = bay == 2;
            lamp(
                canvas,
                at.at(20.0, 21.0, 0.0),
                if bad { rgb(255, 60, 40) } else { rgb(70, 240, 110) },
                true,
            );
        }
        write(
            canvas,
            front.at(124.0, -20.0, 0.0),
            "HDD",
            7.0,
            rgb(210, 214, 220),
        );
        lamp(canvas, front.at(124.0, -2.0, 0.0), rgb(255, 60, 40), true);
        lamp(canvas, front.at(124.0, 16.0, 0.0), rgb(70, 240, 110), true);
    } else {
        canvas.fill(front.at(-60.0, 0.0, 0.0), 80.0, rgb(8, 16, 12), |x, y| {
            rect(x, y, 70.0, 26.0, 2.0)
        });
        let text = if product == "ups" { "BAT LOW" } else { "A0 7 -" };
        write(canvas, front.at(-60.0, 0.0, 0.0), text, 22.0, rgb(255, 90, 50));
        for button in 0..3_i32 {
            canvas.fill(
                front.at(50.0 + button as f32 * 34.0, 0.0, 0.0),
                14.0,
                rgb(96, 100, 108),
                |x, y| x.hypot(y) - 10.0,
            );
        }
        lamp(canvas, front.at(142.0, -26.0, 0.0), rgb(255, 60, 40), true);
    }
    for (number, colour) in [
        rgb(40, 90, 190),
        rgb(210, 170, 40),
        rgb(160, 40, 40),
        rgb(70, 74, 80),
    ]
    .into_iter()
    .enumerate()
    {
        let x = 90.0 + number as f32 * 62.0 + 14.0 * grain(number as i32, 2, seed);
        wire(
            canvas,
            &[(x, 196.0), (x + 8.0, 232.0), (x - 14.0, 300.0)],
            colour,
            3.2,
        );
    }
}

fn rack(canvas: &mut Canvas) {
    canvas.background(|x, y| {
        lit(
            rgb(34, 36, 40),
            0.8 + 0.4 * (1.0 - y / 300.0) + 0.05 * (x * 0.02).sin(),
        )
    });
    for x in [22.0, 378.0] {
        canvas.fill(Pose::new(x, 150.0, 0.0, 1.0), 160.0, rgb(64, 67, 73), |x, y| {
            rect(x, y, 13.0, 160.0, 1.0)
        });
        for hole in 0..12_i32 {
            canvas.fill(
                Pose::new(x, 8.0 + hole as f32 * 26.0, 0.0, 1.0),
                8.0,
                rgb(16, 17, 20),
                |x, y| rect(x, y, 4.0, 5.0, 1.0),
            );
        }
    }
    for y in [52.0, 62.0] {
        canvas.fill(Pose::new(200.0, y, 0.0, 1.0), 170.0, rgb(54, 57, 62), |x, y| {
            rect(x, y, 160.0, 3.0, 1.0)
        });
    }
}

fn switch(canvas: &mut Canvas, seed: u32) {
    rack(canvas);
    let front = Pose::new(200.0, 138.0, 0.0, 1.0);
    plate(canvas, front, (158.0, 34.0), 3.0, rgb(58, 62, 70));
    for port in 0..16_i32 {
        let (column, row) = (port % 8, port / 8);
        let at = front.at(-122.0 + column as f32 * 33.0, -13.0 + row as f32 * 28.0, 0.0);
        canvas.fill(at, 16.0, rgb(150, 152, 156), |x, y| rect(x, y, 13.0, 11.0, 1.0));
        canvas.fill(at, 16.0, rgb(10, 10, 12), |x, y| rect(x, y, 10.5, 8.5, 1.0));
        let dark = (4..8).contains(&column);
        lamp(canvas, at.at(-9.0, -13.5, 0.0), rgb(80, 240, 110), !dark);
        lamp(
            canvas,
            at.at(9.0, -13.5, 0.0),
            rgb(255, 170, 40),
            !dark && grain(port, 1, seed) > 0.4,
        );
        if row == 1 && grain(port, 6, seed) > 0.2 {
            let colours = [rgb(40, 90, 190), rgb(210, 170, 40), rgb(120, 124, 130)];
            let colour = colours[port as usize % 3];
            canvas.fill(at, 12.0, lit(colour, 0.8), |x, y| rect(x, y, 7.5, 6.5, 1.0));
            wire(
                canvas,
                &[
                    (at.x, at.y + 4.0),
                    (at.x + 5.0, at.y + 60.0),
                    (at.x - 20.0, 300.0),
                ],
                colour,
                3.6,
            );
        }
    }
    write(canvas, front.at(146.0, 0.0, 1.57), "POE", 7.0, rgb(220, 224, 230));
}

fn gate(canvas: &mut Canvas, seed: u32) {
    canvas.background(|x, y| {
        if y < 130.0 {
            mix(rgb(150, 186, 222), rgb(214, 226, 236), y / 130.0)
        } else {
            lit(rgb(112, 112, 114), 0.8 + 0.25 * cloud(x * 1.3, y * 1.3, seed))
        }
    });
    plate(
        canvas,
        Pose::new(96.0, 190.0, 0.0, 1.0),
        (34.0, 92.0),
        5.0,
        rgb(232, 158, 40),
    );
    canvas.fill(Pose::new(96.0, 200.0, 0.0, 1.0), 60.0, rgb(40, 40, 44), |x, y| {
        rect(x, y, 22.0, 40.0, 2.0)
    });
    let arm = Pose::new(250.0, 110.0, -0.16, 1.0);
    plate(canvas, arm, (150.0, 8.0), 3.0, rgb(238, 238, 238));
    for band in 0..5_i32 {
        canvas.fill(
            arm.at(-120.0 + band as f32 * 60.0, 0.0, 0.0),
            26.0,
            rgb(208, 38, 36),
            |x, y| rect(x - y * 0.5, y, 14.0, 8.0, 0.5),
        );
    }
}

/// A door controller, an intercom, a call station: a box on a wall with its board open.
fn panel(canvas: &mut Canvas, product: &str, seed: u32) {
    wall(canvas, seed, rgb(214, 208, 196));
    let box_at = Pose::new(196.0, 146.0, 0.02, 1.0);
    if product == "intercom" {
        plate(canvas, box_at, (62.0, 112.0), 8.0, rgb(176, 180, 186));
        canvas.fill(box_at.at(0.0, -74.0, 0.0), 30.0, rgb(18, 20, 24), |x, y| {
            x.hypot(y) - 16.0
        });
        canvas.fill(box_at.at(-4.0, -79.0, 0.0), 8.0, rgb(190, 204, 232), |x, y| {
            x.hypot(y) - 3.0
        });
        for key in 0..12_i32 {
            let at = box_at.at(
                -32.0 + (key % 3) as f32 * 32.0,
                -24.0 + (key / 3) as f32 * 28.0,
                0.0,
            );
            canvas.fill(at, 16.0, rgb(222, 224, 228), |x, y| rect(x, y, 11.0, 9.0, 3.0));
            let sign = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "-", "0", "/"];
            write(canvas, at, sign[key as usize % 12], 9.0, rgb(40, 44, 52));
        }
        for drop in 0..18_i32 {
            let at = box_at.at(
                -54.0 + 108.0 * grain(drop, 1, seed),
                40.0 + 66.0 * grain(drop, 2, seed),
                0.0,
            );
            canvas.paint(
                at,
                6.0,
                |x, y| x.hypot(y * 0.7) - 2.6,
                |_, _| (rgb(236, 244, 250), 0.6),
            );
        }
        return;
    }
    plate(canvas, box_at, (130.0, 104.0), 5.0, rgb(196, 198, 202));
    canvas.fill(box_at, 170.0, rgb(70, 73, 80), |x, y| {
        rect(x, y, 120.0, 94.0, 3.0)
    });
    let board = box_at.at(-18.0, -6.0, 0.0);
    plate(canvas, board, (84.0, 66.0), 2.0, rgb(22, 104, 62));
    for chip in 0..7_i32 {
        let at = board.at(
            -60.0 + 120.0 * grain(chip, 1, seed),
            -44.0 + 60.0 * grain(chip, 2, seed),
            0.0,
        );
        canvas.fill(at, 20.0, rgb(22, 23, 27), move |x, y| {
            rect(x, y, 8.0 + 5.0 * grain(chip, 3, seed), 7.0, 0.6)
        });
    }
    for end in 0..9_i32 {
        let at = board.at(-68.0 + end as f32 * 17.0, 52.0, 0.0);
        canvas.fill(at, 12.0, rgb(40, 140, 70), |x, y| rect(x, y, 7.5, 9.0, 0.6));
        canvas.fill(at, 6.0, rgb(190, 192, 196), |x, y| x.hypot(y) - 3.4);
        canvas.fill(at, 6.0, rgb(60, 62, 66), |x, y| rect(x, y, 3.2, 0.6, 0.2));
        let colours = [
            rgb(190, 40, 40),
            rgb(30, 30, 34),
            rgb(220, 190, 50),
            rgb(50, 110, 200),
        ];
        wire(
            canvas,
            &[
                (at.x, at.y + 8.0),
                (at.x + 4.0, at.y + 34.0),
                (at.x + 10.0, 300.0),
            ],
            colours[end as usize % 4],
            2.4,
        );
    }
    // The fuse: a glass tube gone black.
    let fuse = board.at(52.0, -50.0, 0.0);
    canvas.fill(fuse, 26.0, rgb(206, 208, 212), |x, y| rect(x, y, 20.0, 5.5, 1.5));
    canvas.paint(
        fuse,
        20.0,
        |x, y| rect(x, y, 13.0, 4.6, 1.0),
        |x, _| (mix(rgb(20, 16, 14), rgb(150, 150, 146), x.abs() / 14.0), 1.0),
    );
    lamp(canvas, board.at(-74.0, -56.0, 0.0), rgb(255, 60, 40), true);
    plate(
        canvas,
        box_at.at(94.0, 20.0, 0.0),
        (20.0, 34.0),
        2.0,
        rgb(44, 46, 52),
    );
}

/// The label on a unit, near.
pub(super) fn type_label(canvas: &mut Canvas, product: &str, serial: &str, seed: u32) {
    canvas.background(|x, y| {
        lit(
            rgb(66, 69, 76),
            0.8 + 0.3 * cloud(x * 0.02, y * 0.02, seed) + 0.06 * cloud(x * 2.0, y * 0.3, seed),
        )
    });
    let at = Pose::new(202.0, 148.0, 0.05, 1.0);
    plate(canvas, at, (156.0, 92.0), 4.0, rgb(238, 238, 234));
    let ink = rgb(18, 18, 24);
    write(
        canvas,
        at.at(0.0, -66.0, 0.0),
        &product.replace('_', "-"),
        17.0,
        ink,
    );
    write(canvas, at.at(0.0, -36.0, 0.0), "INPUT 12V 2A   IP66", 9.0, ink);
    write(canvas, at.at(0.0, -8.0, 0.0), &format!("SN: {serial}"), 15.0, ink);
    barcode(canvas, at.at(0.0, 32.0, 0.0), 118.0, 18.0, serial);
    write(
        canvas,
        at.at(0.0, 70.0, 0.0),
        "MADE FOR TESTS OF A DEMO",
        7.0,
        rgb(90, 92, 100),
    );
    canvas.paint(
        at.at(60.0, -40.0, -0.7),
        150.0,
        |x, y| rect(x, y, 120.0, 12.0, 6.0),
        |_, y| (rgb(255, 255, 255), 0.22 * smooth(12.0, 0.0, y.abs())),
    );
}

/// The place: a corridor with a door.
pub(super) fn site(canvas: &mut Canvas, seed: u32) {
    canvas.background(|x, y| {
        let (dx, dy) = ((x - 200.0) / 200.0, (y - 132.0) / 132.0);
        let depth = dx.abs().max(dy.abs()).max(0.18);
        let colour = if dy > dx.abs() {
            let tile = (((x - 200.0) / depth / 40.0).floor() + (10.0 / depth).floor()) as i32 & 1;
            if tile == 0 {
                rgb(176, 170, 160)
            } else {
                rgb(158, 152, 142)
            }
        } else if -dy > dx.abs() {
            rgb(236, 236, 232)
        } else if y > 120.0 + 30.0 * depth {
            rgb(196, 204, 206)
        } else {
            rgb(222, 224, 220)
        };
        lit(
            colour,
            0.45 + 0.6 * depth.min(1.0) + 0.03 * cloud(x * 0.5, y * 0.5, seed),
        )
    });
    for lamp in 0..3_i32 {
        let near = 1.0 - 0.27 * lamp as f32;
        canvas.fill(
            Pose::new(200.0, 132.0 - 122.0 * near, 0.0, near),
            60.0,
            rgb(255, 255, 250),
            |x, y| rect(x, y, 46.0, 4.0, 2.0),
        );
    }
    let door = Pose::new(200.0, 140.0, 0.0, 1.0);
    canvas.fill(door, 60.0, rgb(120, 84, 54), |x, y| rect(x, y, 24.0, 38.0, 1.0));
    canvas.fill(door.at(16.0, 2.0, 0.0), 4.0, rgb(212, 206, 180), |x, y| {
        x.hypot(y) - 2.0
    });
    plate(
        canvas,
        Pose::new(66.0, 96.0, -0.08, 1.0),
        (34.0, 20.0),
        2.0,
        rgb(30, 66, 130),
    );
    write(
        canvas,
        Pose::new(66.0, 96.0, -0.08, 1.0),
        "SERVICE",
        10.0,
        rgb(244, 244, 248),
    );
}

/// A laptop on which the key was tried.
pub(super) fn screen(canvas: &mut Canvas, works: bool, serial: &str, seed: u32) {
    super::key::desk(canvas, seed);
    let lid = Pose::new(178.0, 118.0, 0.0, 1.0);
    plate(canvas, lid, (150.0, 98.0), 6.0, rgb(40, 42, 47));
    canvas.paint(
        lid,
        180.0,
        |x, y| rect(x, y, 141.0, 89.0, 1.0),
        |x, y| {
            (
                mix(rgb(40, 96, 168), rgb(120, 176, 220), (x + y + 230.0) / 460.0),
                1.0,
            )
        },
    );
    let window = lid.at(0.0, -4.0, 0.0);
    plate(canvas, window, (100.0, 56.0), 2.0, rgb(246, 246, 248));
    canvas.fill(window.at(0.0, -48.0, 0.0), 104.0, rgb(56, 92, 160), |x, y| {
        rect(x, y, 100.0, 8.0, 1.0)
    });
    write(
        canvas,
        window.at(-48.0, -48.0, 0.0),
        "E-SEAL CLIENT",
        6.5,
        rgb(250, 250, 252),
    );
    let badge = window.at(-70.0, -8.0, 0.0);
    if works {
        canvas.fill(badge, 22.0, rgb(46, 160, 80), |x, y| x.hypot(y) - 18.0);
        canvas.fill(badge, 22.0, rgb(255, 255, 255), |x, y| {
            line(x, y, (-8.0, 0.0), (-2.0, 7.0), 2.0).min(line(x, y, (-2.0, 7.0), (9.0, -7.0), 2.0))
        });
        write(
            canvas,
            window.at(26.0, -16.0, 0.0),
            "SEAL FOUND",
            10.0,
            rgb(20, 22, 30),
        );
    } else {
        canvas.fill(badge, 22.0, rgb(210, 52, 44), |x, y| x.hypot(y) - 18.0);
        canvas.fill(badge, 22.0, rgb(255, 255, 255), |x, y| {
            line(x, y, (-7.0, -7.0), (7.0, 7.0), 2.2).min(line(x, y, (-7.0, 7.0), (7.0, -7.0), 2.2))
        });
        write(
            canvas,
            window.at(26.0, -16.0, 0.0),
            "NO SEAL FOUND",
            9.0,
            rgb(20, 22, 30),
        );
        write(
            canvas,
            window.at(26.0, 4.0, 0.0),
            "ERROR 0X0B",
            8.0,
            rgb(170, 40, 36),
        );
    }
    canvas.fill(window.at(60.0, 38.0, 0.0), 30.0, rgb(56, 92, 160), |x, y| {
        rect(x, y, 24.0, 8.0, 2.0)
    });
    write(canvas, window.at(60.0, 38.0, 0.0), "OK", 7.0, rgb(250, 250, 252));
    plate(
        canvas,
        Pose::new(178.0, 236.0, 0.0, 1.0),
        (176.0, 22.0),
        6.0,
        rgb(88, 91, 97),
    );
    super::key::draw(
        canvas,
        Pose::new(326.0, 246.0, std::f32::consts::PI, 0.62),
        if works { "works" } else { "none" },
        serial,
        seed,
    );
}
