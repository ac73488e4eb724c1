use super::*;
use proptest::prelude::*;

fn point(x: u16, y: u16, t: u32) -> Point {
    Point {
        x,
        y,
        t,
        pressure: None,
    }
}

/// A long loopy scribble of `n` points, as a fast device would sample it.
fn scribble(n: u32, pressure: bool) -> Strokes {
    let wave = |n: u32, period: u32, size: u32| {
        let place = n % (2 * period);
        let up = if place < period { place } else { 2 * period - place };
        u16::try_from(size * up / period).unwrap()
    };
    let points = (0..n)
        .map(|i| Point {
            x: 1000 + wave(i, 97, 8000),
            y: 500 + wave(i, 31, 3000),
            t: i * 4,
            pressure: pressure.then_some(wave(i, 13, 1000)),
        })
        .collect();
    Strokes::new(10_000, 4_000, vec![points]).unwrap()
}

#[test]
fn empty_is_impossible() {
    let new = |strokes| Strokes::new(10_000, 4_000, strokes).map(|_| ());
    assert_eq!(new(vec![]), Err(StrokesError::Empty));
    assert_eq!(new(vec![vec![], vec![]]), Err(StrokesError::Empty));
    // Many taps, each where it was: no ink.
    let taps = (0..50)
        .map(|i| vec![point(i * 100, 2000, u32::from(i)); 4])
        .collect();
    assert_eq!(new(taps), Err(StrokesError::Empty));
    let short = vec![vec![point(0, 0, 0), point(499, 0, 5)]];
    assert_eq!(new(short), Err(StrokesError::Empty));
    let enough = vec![vec![point(0, 0, 0), point(300, 400, 5)]];
    assert_eq!(new(enough), Ok(()));
    let json = r#"{"w":10000,"h":4000,"s":[[5,5,0]]}"#;
    assert!(serde_json::from_str::<Strokes>(json).is_err(), "nor by reading");
}

#[test]
fn bad_strokes_are_refused_by_reason() {
    let line = || vec![vec![point(0, 0, 0), point(1000, 0, 5)]];
    let err = |w, h, strokes| Strokes::new(w, h, strokes).unwrap_err();
    assert_eq!(err(9_999, 4_000, line()), StrokesError::Box);
    assert_eq!(err(10_000, 499, line()), StrokesError::Box);
    assert_eq!(
        err(10_000, 4_000, vec![vec![point(0, 0, 0), point(0, 4001, 5)]]),
        StrokesError::Outside
    );
    assert_eq!(
        err(10_000, 4_000, vec![vec![point(0, 0, 9), point(1000, 0, 5)]]),
        StrokesError::Time
    );
    let many = vec![vec![point(0, 0, 0)]; MAX_STROKES + 1];
    assert_eq!(err(10_000, 4_000, many), StrokesError::TooLarge);
    let long = vec![
        (0..=20_000)
            .map(|t| point(u16::try_from(t % 9_000).unwrap(), 0, t))
            .collect(),
    ];
    assert_eq!(err(10_000, 4_000, long), StrokesError::TooLarge);
    for damaged in [
        r#"{"w":10000,"h":4000,"s":[[0,0,0,1000,0]]}"#,
        r#"{"w":10000,"h":4000,"s":[[0,0,0,1000,0,5]],"p":[[1]]}"#,
        r#"{"w":10000,"h":4000,"s":[[0,0,0,1000,0,5]],"p":[]}"#,
        r#"{"w":10000,"h":4000,"s":[[0,0,0,9223372036854775807,9223372036854775807,5]]}"#,
        r#"{"w":10000,"h":4000,"s":[[0,0,0,-1,0,5]]}"#,
        r#"{"w":10000,"h":4000,"s":[[0,0,0,1000.5,0,5]]}"#,
    ] {
        assert!(serde_json::from_str::<Strokes>(damaged).is_err(), "{damaged}");
    }
}

#[test]
fn golden_json_and_svg() {
    let strokes = vec![
        vec![point(100, 200, 0), point(700, 150, 8), point(650, 900, 16)],
        vec![point(900, 900, 40)],
    ];
    let signature = Strokes::new(10_000, 4_000, strokes).unwrap();
    let json = r#"{"w":10000,"h":4000,"s":[[100,200,0,600,-50,8,-50,750,8],[900,900,40]]}"#;
    assert_eq!(serde_json::to_string(&signature).unwrap(), json);
    assert_eq!(serde_json::from_str::<Strokes>(json).unwrap(), signature);
    assert_eq!(
        signature.to_svg(),
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 10000 4000\" role=\"img\">\
         <path d=\"M100 200l600 -50l-50 750M900 900l0 0\" fill=\"none\" stroke=\"#111\" stroke-width=\"60\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>"
    );
}

#[test]
fn a_long_signature_is_thinned_into_the_seal() {
    let signature = scribble(6_000, true);
    assert!(signature.json_len() > SEALED_BYTES * 4);
    let thinned = signature.thin(SEALED_BYTES).unwrap();
    assert!(thinned.json_len() <= SEALED_BYTES, "{}", thinned.json_len());
    assert_eq!(thinned, signature.thin(SEALED_BYTES).unwrap(), "deterministic");
    assert_eq!(thinned.thin(SEALED_BYTES).unwrap(), thinned, "what fits stays");
    // The picture stays: the ink is about as long, the ends are the same.
    let (before, after) = (ink_length(signature.strokes()), ink_length(thinned.strokes()));
    assert!(before.abs_diff(after) * 5 <= before, "{before} {after}");
    assert_eq!(
        thinned.strokes()[0].first().map(|p| (p.x, p.y)),
        Some((1000, 500))
    );
}

#[test]
fn pressure_goes_before_points() {
    let signature = scribble(200, true);
    let thinned = signature.thin(signature.json_len() - 1).unwrap();
    assert_eq!(thinned.strokes()[0].len(), 200);
    assert!(thinned.strokes()[0].iter().all(|point| point.pressure.is_none()));
}

#[test]
fn what_cannot_fit_is_said() {
    assert_eq!(scribble(6_000, false).thin(40), Err(StrokesError::TooLarge));
}

fn any_signature() -> impl Strategy<Value = Strokes> {
    let stroke = prop::collection::vec((0_u16..=10_000, 0_u16..=4_000, 0_u32..20, 0_u16..=1000), 1..60);
    (prop::collection::vec(stroke, 1..8), any::<bool>()).prop_filter_map("has ink", |(strokes, pressed)| {
        let mut t = 0;
        let strokes = strokes
            .into_iter()
            .map(|stroke| {
                let each = |(x, y, dt, p)| {
                    t += dt;
                    Point {
                        x,
                        y,
                        t,
                        pressure: pressed.then_some(p),
                    }
                };
                stroke.into_iter().map(each).collect()
            })
            .collect();
        Strokes::new(10_000, 4_000, strokes).ok()
    })
}

proptest! {
    #[test]
    fn json_reads_back_and_thinning_keeps_to_the_bound(signature in any_signature(), share in 1_usize..10) {
        let json = serde_json::to_string(&signature).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Strokes>(&json).unwrap(), &signature);
        let bound = signature.json_len() * share / 10;
        if let Ok(thinned) = signature.thin(bound) {
            prop_assert!(thinned.json_len() <= bound);
            prop_assert_eq!(thinned.strokes().len(), signature.strokes().len());
            prop_assert!(ink_length(thinned.strokes()) >= MIN_INK);
        }
        let svg = signature.to_svg();
        prop_assert!(svg.chars().filter(|c| *c == '<').count() == 3 && !svg.contains("script"));
    }
}
