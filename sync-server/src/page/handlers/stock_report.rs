//! What went through engineers' hands in a period: `GET /stock/report`, and the same as `GET /stock/report.csv` (Y-23, Y-08).
//!
//! Invariant: a spreadsheet never takes a name for a formula.

use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{Days, NaiveDate};
use fieldseal_core::domain::calendar::Quarter;
use fieldseal_core::domain::ledger::{LocationClass, PeriodReport, PeriodSums};

use super::load;
use crate::office::OfficeError;
use crate::page::desk::Desk;
use crate::page::model::{Here, ReportRow, StockReport};
use crate::page::present::Names;
use crate::page::respond::html;
use crate::page::views::StockReportView;
use crate::page::words::Words;

/// Quarters that are one click away.
const QUARTERS: usize = 4;

/// A figure of a row.
type Figure = fn(&PeriodSums) -> i64;

const COLUMNS: [(&str, Figure); 12] = [
    ("opening", |sums| sums.opening),
    ("issued", |sums| sums.issued),
    ("received", |sums| sums.received),
    ("used", |sums| sums.used),
    ("returned", |sums| sums.returned),
    ("scrapped", |sums| sums.scrapped),
    ("exchanged", |sums| sums.exchanged),
    ("lent", |sums| sums.lent),
    ("adjusted", |sums| sums.adjusted),
    ("other", |sums| sums.other),
    ("closing", |sums| sums.closing),
    ("yuntian", |sums| sums.yuntian),
];

/// First and last day of a quarter.
fn days_of(quarter: Quarter) -> Option<(NaiveDate, NaiveDate)> {
    let first = |year: i32, q: u32| NaiveDate::from_ymd_opt(year, 3 * (q - 1) + 1, 1);
    let (year, q) = (i32::from(quarter.year()), u32::from(quarter.q()));
    let next = if q == 4 {
        first(year + 1, 1)
    } else {
        first(year, q + 1)
    }?;
    Some((first(year, q)?, next.checked_sub_days(Days::new(1))?))
}

/// The quarter of today and those before it, newest first.
fn quarters(today: NaiveDate) -> Vec<(Quarter, NaiveDate, NaiveDate)> {
    let mut found = Vec::new();
    let mut day = Some(today);
    while let Some((quarter, (from, to))) = day
        .map(Quarter::of)
        .and_then(|quarter| Some((quarter, days_of(quarter)?)))
        .filter(|_| found.len() < QUARTERS)
    {
        found.push((quarter, from, to));
        day = from.checked_sub_days(Days::new(1));
    }
    found
}

/// The period that was asked for; without one, this quarter.
fn period(
    desk: &Desk,
    quarters: &[(Quarter, NaiveDate, NaiveDate)],
) -> Result<(NaiveDate, NaiveDate), OfficeError> {
    let asked = |name: &'static str, default: Option<NaiveDate>| match desk.asked(name) {
        Some(text) => text.parse().map_err(|_| OfficeError::field(name, "bad_date")),
        None => default.ok_or(OfficeError::field(name, "bad_date")),
    };
    let (from, to) = quarters.first().map(|(_, from, to)| (*from, *to)).unzip();
    Ok((asked("from", from)?, asked("to", to)?))
}

async fn read(desk: &Desk) -> Result<(PeriodReport, Names, NaiveDate, usize), OfficeError> {
    let words = desk.words;
    let today = words.local(words.now_ms).wall_date();
    let (from, to) = period(desk, &quarters(today))?;
    desk.office(move |office, person| {
        let people = office.people()?.into_iter();
        let names = Names {
            users: people.map(|person| (person.user, person.name)).collect(),
            parts: load::parts(office, &words)?,
            ..Names::default()
        };
        let report = office.stock_report(person, from, to)?;
        Ok((report, names, today, office.to_decide()?))
    })
    .await
}

fn shown(words: &Words, names: &Names, report: &PeriodReport, today: NaiveDate) -> StockReport {
    let shelf = |defective: bool| {
        let class = if defective {
            LocationClass::VanDefective
        } else {
            LocationClass::VanGood
        };
        words.t(class.text_key())
    };
    let mut rows: Vec<ReportRow> = report
        .rows
        .iter()
        .map(|row| ReportRow {
            engineer: names.users.get(&row.engineer).cloned().unwrap_or_default(),
            part: row.part.clone(),
            name: names.part(&row.part),
            shelf: shelf(row.defective),
            figures: COLUMNS.iter().map(|(_, figure)| figure(&row.sums)).collect(),
        })
        .collect();
    rows.sort_by(|a, b| a.engineer.cmp(&b.engineer));
    StockReport {
        from: report.from.to_string(),
        to: report.to.to_string(),
        columns: COLUMNS
            .iter()
            .map(|(name, _)| words.t(&format!("page.stock_report.{name}")))
            .collect(),
        rows,
        balanced: report.balanced,
        quarters: quarters(today)
            .into_iter()
            .map(|(quarter, from, to)| {
                (
                    format!("{} Q{}", quarter.year(), quarter.q()),
                    from.to_string(),
                    to.to_string(),
                )
            })
            .collect(),
    }
}

/// The page.
pub async fn get(desk: Desk) -> Response {
    let seen = desk.newest();
    match read(&desk).await {
        Ok((report, names, today, to_decide)) => {
            let report = shown(&desk.words, &names, &report, today);
            let mut frame = desk.frame(Here::Stock, "page.stock_report", seen);
            frame.conflicts = to_decide;
            html(
                StatusCode::OK,
                &StockReportView {
                    f: &frame,
                    report: &report,
                },
            )
        }
        Err(error @ OfficeError::Invalid { .. }) => desk.answered::<()>("/stock", "", Err(error)),
        Err(error) => desk.failed(&error),
    }
}

/// One cell: quoted where it must be, and no formula.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

fn table(words: &Words, report: &StockReport) -> String {
    let head = [
        "page.engineer",
        "page.part",
        "page.field.name",
        "page.stock_report.shelf",
    ];
    let mut head: Vec<String> = head.iter().map(|key| cell(&words.t(key))).collect();
    head.extend(report.columns.iter().map(|column| cell(column)));
    let rows = report.rows.iter().map(|row| {
        let texts = [&row.engineer, &row.part, &row.name, &row.shelf];
        let mut cells: Vec<String> = texts.iter().map(|text| cell(text)).collect();
        // A number below zero is none of a formula's beginnings.
        cells.extend(row.figures.iter().map(i64::to_string));
        cells.join(",")
    });
    // Spreadsheets read UTF-8 with its mark alone as what it is.
    let mut text = String::from("\u{feff}");
    for line in std::iter::once(head.join(",")).chain(rows) {
        text.push_str(&line);
        text.push_str("\r\n");
    }
    text
}

/// The same as a file.
pub async fn csv(desk: Desk) -> Response {
    match read(&desk).await {
        Ok((report, names, today, _)) => {
            let report = shown(&desk.words, &names, &report, today);
            let mut response = table(&desk.words, &report).into_response();
            let name = format!("attachment; filename=\"stock-{}-{}.csv\"", report.from, report.to);
            let set = response.headers_mut();
            set.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
            set.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
            if let Ok(name) = HeaderValue::from_str(&name) {
                set.insert(CONTENT_DISPOSITION, name);
            }
            response
        }
        Err(error @ OfficeError::Invalid { .. }) => desk.answered::<()>("/stock", "", Err(error)),
        Err(error) => desk.failed(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_formula_and_quarters_are_whole() {
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("王建国"), "王建国");
        let found = quarters("2026-02-03".parse().unwrap());
        let days: Vec<(String, String)> = found
            .iter()
            .map(|(_, from, to)| (from.to_string(), to.to_string()))
            .collect();
        let day = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(days[0], day("2026-01-01", "2026-03-31"));
        assert_eq!(days[1], day("2025-10-01", "2025-12-31"));
        assert_eq!(days.len(), QUARTERS);
    }
}
