//! Customers and their equipment: `GET, POST /customers`, `GET /customers/{id}`, `POST /customers/{id}/assets`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use fieldseal_core::domain::calendar::add_years;
use fieldseal_core::domain::ids::{AssetId, CustomerId};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::{DocName, RecordView};

use super::load;
use crate::office::{CustomerRow, NewAsset, NewCustomer, OfficeError, searched};
use crate::page::desk::{Desk, Posted};
use crate::page::model::{AssetLine, Chip, Choice, CustomerLine, CustomerPage, Customers, Here, Row, Tone};
use crate::page::present::{Names, values};
use crate::page::respond::html;
use crate::page::views::{CustomerView, CustomersView};
use crate::page::words::Words;
use crate::state::AppState;

/// Products that a unit can be of; the warranty pack follows from it.
pub const PRODUCTS: &[&str] = &["eseal_key", "weak_current"];

/// A customer's name, or its id's end.
pub fn name_of(view: &RecordView) -> String {
    view.fields
        .text("name")
        .map_or_else(|| Names::default().record(&view.doc), str::to_owned)
}

/// A customer's name in a list, or its id's end.
pub fn listed_name(row: &CustomerRow) -> String {
    if row.name.is_empty() {
        Names::default().record(&DocName::Customer(row.id))
    } else {
        row.name.clone()
    }
}

/// «ES-2021-08841 · E-seal key».
pub fn asset_name(words: &Words, view: &RecordView) -> String {
    let serial = view.fields.text("serial").unwrap_or_default();
    match view.fields.text("product") {
        Some(product) => format!("{serial} · {}", values::product(words, product)),
        None => serial.to_owned(),
    }
}

/// More lines than these are counted, not shown: the search finds them.
const LINES_SHOWN: usize = 200;

/// The list.
pub async fn list(desk: Desk) -> Response {
    let seen = desk.newest();
    let text = desk.asked("q").unwrap_or_default().to_owned();
    let wanted = searched(&text);
    let only_hidden = desk.asked("list") == Some("hidden");
    let found = desk
        .office(move |office, _| {
            let open = super::orders::open_by_customer(office)?;
            let hidden = office.hidden_customers()?;
            let count = hidden.len();
            let mut rows = if only_hidden { hidden } else { office.customers()? };
            rows.retain(|row| row.holds(&wanted));
            Ok((rows, open, count))
        })
        .await;
    let (rows, open, hidden_count) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let words = &desk.words;
    let customers = Customers {
        hidden: only_hidden,
        hidden_count,
        text,
        more: rows.len().saturating_sub(LINES_SHOWN),
        lines: rows
            .iter()
            .take(LINES_SHOWN)
            .map(|row| CustomerLine {
                id: row.id.to_string(),
                name: listed_name(row),
                region: row.region.clone(),
                marks: if row.key {
                    vec![Chip::new(words.t("page.key_customer"), Tone::Info)]
                } else {
                    Vec::new()
                },
                assets: row.units,
                open: open.get(&row.id).copied().unwrap_or_default(),
            })
            .collect(),
        imports: desk.may(Operation::ImportMasterData),
        once: desk.once(),
    };
    let frame = desk.frame(Here::Customers, "page.nav.customers", seen);
    html(
        StatusCode::OK,
        &CustomersView {
            f: &frame,
            customers: &customers,
        },
    )
}

/// Adds one.
pub async fn add(State(_): State<AppState>, posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let Some(once) = fields.get("once").and_then(|id| id.parse::<CustomerId>().ok()) else {
        return desk.not_found();
    };
    let text = |name: &str| fields.filled(name).map(str::to_owned);
    let new = NewCustomer {
        name: text("name").unwrap_or_default(),
        region: text("region"),
        address: text("address"),
        key: fields.get("key_flag").is_some(),
        report_language: None,
        contact: text("contact").map(|name| crate::office::NewContact {
            name,
            phone: text("phone"),
            role: text("role"),
        }),
    };
    let done = desk
        .office(move |office, person| office.create_customer(person, once, new))
        .await;
    let path = match &done {
        Ok(id) => format!("/customers/{id}"),
        Err(_) => "/customers".to_owned(),
    };
    desk.answered(&path, "customer_added", done)
}

/// The chip of a unit's warranty: until when it counts from its application date, by the rule of three years (000-19).
/// A decision needs an examination; this only says where the date stands.
fn warranty_chip(words: &Words, view: &RecordView) -> Chip {
    let date = |field: &str| {
        view.fields
            .text(field)
            .and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
    };
    let of_key = date("applied_on").and_then(|start| add_years(start, 3));
    let end = of_key.or_else(|| date("maker_warranty_end"));
    match end {
        Some(end) if end >= words.today() => {
            Chip::new(words.tp("page.warranty.until", "date", end), Tone::Good)
        }
        Some(end) => Chip::new(words.tp("page.warranty.ended", "date", end), Tone::Warn),
        None => Chip::new(words.t("page.warranty.unknown"), Tone::Plain),
    }
}

/// One customer.
pub async fn show(desk: Desk, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<CustomerId>() else {
        return desk.not_found();
    };
    let seen = desk.newest();
    let words = desk.words;
    let found = desk
        .office(move |office, _| {
            let view = office
                .views()
                .record(&DocName::Customer(id))?
                .ok_or(OfficeError::NotFound)?;
            let mut names = Names {
                parts: load::parts(office, &words)?,
                ..Names::default()
            };
            for doc in view
                .fields
                .texts("contacts")
                .iter()
                .filter_map(|text| text.parse::<DocName>().ok())
            {
                if let Some(person) = office.views().record(&doc)? {
                    names.records.insert(doc, person_line(&person));
                }
            }
            let assets = (office.units_of(id)?, office.hidden_units_of(id)?);
            let people = office.people()?.into_iter();
            names.users = people.map(|person| (person.user, person.name)).collect();
            let orders = super::orders::of_customer(office, &words, id, &names)?;
            Ok((view, names, assets, orders))
        })
        .await;
    let (view, names, (assets, hidden), orders) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let words = &desk.words;
    let page = CustomerPage {
        hiding: super::hiding::hiding(
            words,
            &names,
            &view.hides,
            desk.may(Operation::HideRecord),
            &format!("/customers/{}", id),
        ),
        hidden_assets: hidden
            .into_iter()
            .map(|(id, asset)| asset_line(words, &names, id, &asset))
            .collect(),
        id: id.to_string(),
        name: name_of(&view),
        rows: ["region", "address", "contacts", "key_flag", "report_language"]
            .iter()
            .map(|field| {
                let value = view.fields.value(field);
                let value =
                    value.map_or_else(String::new, |value| values::shown(words, &names, field, value));
                Row::new(values::label(words, field), value)
            })
            .collect(),
        assets: assets
            .into_iter()
            .map(|(id, asset)| asset_line(words, &names, id, &asset))
            .collect(),
        products: PRODUCTS
            .iter()
            .map(|product| Choice {
                value: (*product).to_owned(),
                text: values::product(words, product),
                chosen: false,
            })
            .collect(),
        orders,
        token: view.token.to_string(),
        may_edit: desk.may(Operation::EditMasterData),
        once: desk.once(),
    };
    let mut frame = desk.frame(Here::Customers, "page.nav.customers", seen);
    frame.title.clone_from(&page.name);
    html(StatusCode::OK, &CustomerView { f: &frame, c: &page })
}

/// «Zhou Wei · 138 0000 0000 · finance».
pub fn person_line(person: &RecordView) -> String {
    let mut parts: Vec<String> = person
        .fields
        .text("name")
        .map(str::to_owned)
        .into_iter()
        .collect();
    parts.extend(person.fields.texts("phone").into_iter().map(str::to_owned));
    parts.extend(person.fields.text("role").map(str::to_owned));
    parts.join(" · ")
}

fn asset_line(words: &Words, names: &Names, id: AssetId, asset: &RecordView) -> AssetLine {
    let disputed = asset.conflicts.iter().any(|conflict| conflict.resolved.is_none());
    AssetLine {
        token: asset.token.to_string(),
        hides: super::hiding::lines(words, names, &asset.hides),
        id: id.to_string(),
        serial: asset.fields.text("serial").unwrap_or_default().to_owned(),
        product: values::product(words, asset.fields.text("product").unwrap_or_default()),
        applied_on: asset.fields.text("applied_on").unwrap_or_default().to_owned(),
        warranty: warranty_chip(words, asset),
        marks: if disputed {
            vec![Chip::new(words.t("conflict.field_choice"), Tone::Bad)]
        } else {
            Vec::new()
        },
    }
}

/// Adds a unit.
pub async fn add_asset(Path(id): Path<String>, posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let once = fields.get("once").and_then(|id| id.parse::<AssetId>().ok());
    let (Ok(customer), Some(once)) = (id.parse::<CustomerId>(), once) else {
        return desk.not_found();
    };
    let text = |name: &str| fields.filled(name).map(str::to_owned);
    let new = NewAsset {
        customer,
        serial: text("serial").unwrap_or_default(),
        product: text("product").unwrap_or_default(),
        applied_on: text("applied_on"),
        sold_on: text("sold_on"),
        accepted_on: text("accepted_on"),
        maker_warranty_end: text("maker_warranty_end"),
        not_removable: fields.get("not_removable").is_some(),
    };
    let done = desk
        .office(move |office, person| office.create_asset(person, once, &new))
        .await;
    desk.answered(&format!("/customers/{customer}"), "asset_added", done)
}
