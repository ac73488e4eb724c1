//! Medians, percentiles and the table that the benchmark prints: a figure never stands without its limit.

use std::fmt::Write as _;

/// A sample of equal measurements.
#[derive(Debug, Clone, Default)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// Takes over the measurements.
    pub fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The value below which `share` (0–1) of the sample lies.
    pub fn percentile(&self, share: f64) -> f64 {
        if self.0.is_empty() {
            return f64::NAN;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index into a small sample"
        )]
        let index = ((self.0.len() - 1) as f64 * share).round() as usize;
        self.0[index]
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        self.percentile(0.5)
    }

    /// Smallest and largest, for the noise.
    pub fn range(&self) -> (f64, f64) {
        (self.percentile(0.0), self.percentile(1.0))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// The figure, with its unit.
    pub figure: String,
    /// The limit, with its unit; empty for a figure that is only reported.
    pub limit: String,
    /// Whether it holds; `None` without a limit.
    pub holds: Option<bool>,
    /// How the sample spreads.
    pub spread: String,
}

/// The figures of one run.
#[derive(Debug, Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// Adds a figure that has to stay at or below a limit.
    pub fn at_most(&mut self, what: impl Into<String>, figure: f64, limit: f64, unit: &str) {
        self.0.push(Row {
            what: what.into(),
            figure: format!("{} {unit}", number(figure)),
            limit: format!("≤ {} {unit}", number(limit)),
            holds: Some(figure <= limit),
            spread: String::new(),
        });
    }

    /// Adds a figure that has to reach at least a limit.
    pub fn at_least(&mut self, what: impl Into<String>, figure: f64, limit: f64, unit: &str) {
        self.0.push(Row {
            what: what.into(),
            figure: format!("{} {unit}", number(figure)),
            limit: format!("≥ {} {unit}", number(limit)),
            holds: Some(figure >= limit),
            spread: String::new(),
        });
    }

    /// Adds a figure that is only reported.
    pub fn report(&mut self, what: impl Into<String>, figure: impl Into<String>) {
        self.0.push(Row {
            what: what.into(),
            figure: figure.into(),
            limit: String::new(),
            holds: None,
            spread: String::new(),
        });
    }

    /// Says something of the line added last.
    pub fn note(&mut self, text: impl Into<String>) {
        if let Some(row) = self.0.last_mut() {
            row.spread = text.into();
        }
    }

    /// Says of the line added last how its sample spreads.
    pub fn spread(&mut self, sample: &Sample, unit: &str) {
        if let Some(row) = self.0.last_mut() {
            let (low, high) = sample.range();
            row.spread = format!(
                "{} to {} {unit}, p99 {}, n = {}",
                number(low),
                number(high),
                number(sample.percentile(0.99)),
                sample.len()
            );
        }
    }

    /// Markdown, as it goes into docs/performance.md.
    pub fn markdown(&self) -> String {
        let mut text =
            String::from("| what | figure | limit | | spread |\n| --- | ---: | ---: | --- | --- |\n");
        for row in &self.0 {
            let mark = match row.holds {
                Some(true) => "ok",
                Some(false) => "**OVER**",
                None => "",
            };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {mark} | {} |",
                row.what,
                row.figure.trim(),
                row.limit.trim(),
                row.spread
            );
        }
        text
    }

    /// The lines over their limit.
    pub fn over(&self) -> impl Iterator<Item = &Row> {
        self.0.iter().filter(|row| row.holds == Some(false))
    }
}

/// A number with the digits that mean something.
pub fn number(value: f64) -> String {
    if value >= 100.0 || value == value.trunc() {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}
