//! Master data as tables: `GET, POST /import`, `GET /export/customers`.

use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use fieldseal_core::domain::roles::Operation;

use super::load;
use crate::office::tables::{CustomerLine, export_customers};
use crate::office::{OfficeError, PackKind};
use crate::page::desk::{Desk, Posted};
use crate::page::model::{Chip, Choice, Here, Import, ImportLine, Tone};
use crate::page::respond::{html, see};
use crate::page::views::ImportView;
use crate::page::words::Words;

/// Most bytes of a pasted table.
pub const TABLE_MAX: usize = 8 * 1024 * 1024 + 64 * 1024;
/// More lines than these are counted, not shown; those that are not taken come first.
const LINES_SHOWN: usize = 300;

/// What may be imported, with who may.
const KINDS: &[(&str, Operation)] = &[
    ("customers", Operation::ImportMasterData),
    ("parts", Operation::ImportParts),
    ("prices", Operation::EditPolicies),
];

/// The form, empty.
pub async fn get(desk: Desk) -> Response {
    let kind = desk.asked("kind").unwrap_or("customers").to_owned();
    shown(&desk, &kind, Import::default(), None).await
}

async fn shown(desk: &Desk, kind: &str, mut form: Import, refused: Option<Chip>) -> Response {
    let seen = desk.newest();
    let words = &desk.words;
    form.kinds = KINDS
        .iter()
        .filter(|(_, operation)| desk.may(*operation))
        .map(|(code, _)| Choice {
            value: (*code).to_owned(),
            text: words.t(&format!("page.import.{code}")),
            chosen: *code == kind,
        })
        .collect();
    if form.kinds.is_empty() {
        return desk.failed(&OfficeError::NotAllowed);
    }
    if form.valid_from.is_empty() {
        form.valid_from = words.today().to_string();
    }
    let mut frame = desk.frame(Here::Customers, "page.import", seen);
    let to_decide = desk.office(|office, _| load::to_decide(office)).await;
    frame.conflicts = to_decide.unwrap_or_default();
    let status = if refused.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    frame.notice = refused.or(frame.notice);
    html(
        status,
        &ImportView {
            f: &frame,
            form: &form,
        },
    )
}

/// Looks at a table, or takes it.
pub async fn post(posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let text = fields.get("table").unwrap_or_default().to_owned();
    let kind = fields.get("kind").unwrap_or_default().to_owned();
    let take = fields.get("step") == Some("take");
    let valid_from = fields.filled("valid_from").unwrap_or_default().to_owned();
    let (table, from) = (text.clone(), valid_from.clone());
    let pack = match kind.as_str() {
        "customers" => None,
        "parts" => Some(PackKind::Parts),
        "prices" => Some(PackKind::Prices),
        _ => return desk.not_found(),
    };
    let done = desk
        .office(move |office, person| match pack {
            None => office.import_customers(person, &table, take).map(Some),
            Some(kind) => office.publish_table(person, kind, &table, &from).map(|_| None),
        })
        .await;
    let form = |lines: Vec<ImportLine>, sums| Import {
        text,
        valid_from,
        more: lines.len().saturating_sub(LINES_SHOWN),
        lines: lines.into_iter().take(LINES_SHOWN).collect(),
        sums,
        ..Import::default()
    };
    match done {
        Ok(Some(_)) if take => see("/customers?done=imported"),
        Ok(None) => see("/stock?done=published"),
        Ok(Some(lines)) => {
            let words = &desk.words;
            let (sums, lines) = (sums(words, &lines), told(words, &lines));
            shown(&desk, &kind, form(lines, sums), None).await
        }
        Err(error) => {
            let refused = Chip::new(desk.refusal(&error), Tone::Bad);
            shown(&desk, &kind, form(Vec::new(), Vec::new()), Some(refused)).await
        }
    }
}

/// How many lines do what.
fn sums(words: &Words, lines: &[CustomerLine]) -> Vec<Chip> {
    let count = |key: &str, tone, of: &dyn Fn(&CustomerLine) -> bool| {
        let n = lines.iter().filter(|line| of(line)).count();
        (n > 0).then(|| Chip::new(words.tp(key, "n", n), tone))
    };
    [
        count("page.import.takes", Tone::Good, &|line| {
            line.refused.is_none() && !line.does.is_empty()
        }),
        count("page.import.known", Tone::Plain, &|line| {
            line.refused.is_none() && line.does.is_empty()
        }),
        count("page.import.differ", Tone::Warn, &|line| !line.differs.is_empty()),
        count("page.import.refused", Tone::Bad, &|line| line.refused.is_some()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The lines, those first that a person has to look at.
fn told(words: &Words, lines: &[CustomerLine]) -> Vec<ImportLine> {
    let mut ordered: Vec<&CustomerLine> = lines.iter().collect();
    ordered.sort_by_key(|line| (line.refused.is_none(), line.differs.is_empty(), line.line));
    let separator = words.lang.list_separator();
    ordered
        .into_iter()
        .map(|line| {
            let mut said: Vec<String> = line
                .does
                .iter()
                .map(|done| words.t(&format!("page.import.does.{}", done.as_str())))
                .collect();
            if !line.differs.is_empty() {
                let columns: Vec<String> = line.differs.iter().map(ToString::to_string).collect();
                said.push(words.tp("page.import.differs", "columns", columns.join(separator)));
            }
            if let Some((code, column)) = line.refused {
                let why = words.t(&format!("office.{code}"));
                let column = column.to_string();
                said = vec![words.tp2("page.import.why", "column", &column, "why", &why)];
            }
            if said.is_empty() {
                said.push(words.t("page.import.nothing"));
            }
            ImportLine {
                line: line.line.to_string(),
                customer: line.customer.clone(),
                said: said.join(separator),
                bad: line.refused.is_some(),
            }
        })
        .collect()
}

/// `GET /export/customers`: customers, contacts and units as a table.
pub async fn customers(desk: Desk) -> Response {
    let made = desk.office(export_customers).await;
    let bytes = match made {
        Ok(bytes) => bytes,
        Err(error) => return desk.failed(&error),
    };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(
        CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"customers.csv\""),
    );
    response
}
