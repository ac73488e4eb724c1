//! `GET /conflicts`: the disagreements of all orders, those to decide first.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use fieldseal_core::domain::ids::OrderId;

use super::load;
use crate::page::desk::Desk;
use crate::page::model::{Conflicts, Here};
use crate::page::present::{Names, conflicts};
use crate::page::respond::html;
use crate::page::views::ConflictsView;

/// Settled ones beyond these are on their order's page only.
const SETTLED_SHOWN: usize = 50;

/// The list.
pub async fn get(desk: Desk) -> Response {
    let seen = desk.newest();
    let (words, service) = (desk.words, desk.state().service.clone());
    let roles = desk.session.person.roles.clone();
    let found = desk
        .office(move |office, _| {
            let rows = office.conflicts()?;
            let numbers: BTreeMap<OrderId, String> = office
                .board()?
                .rows
                .iter()
                .map(|row| (row.order, row.number.clone()))
                .collect();
            let people = load::people(office, &service, &words)?;
            let mut list = Conflicts::default();
            let mut known: BTreeMap<OrderId, Names> = BTreeMap::new();
            for row in rows {
                let Some(view) = office.views().order(row.order)? else {
                    continue;
                };
                if let std::collections::btree_map::Entry::Vacant(free) = known.entry(row.order) {
                    let mut names = people.clone();
                    load::records_of(office, &words, &view, &mut names)?;
                    names.received = load::received(&service, row.order)?;
                    free.insert(names);
                }
                let names = known.get(&row.order).unwrap_or(&people);
                let number = numbers.get(&row.order).map_or("", String::as_str);
                let token = row.token.to_string();
                let shown = conflicts::view(
                    &words,
                    names,
                    &row.conflict,
                    (row.order, number),
                    &token,
                    &roles,
                    &view,
                );
                if row.conflict.resolved.is_none() {
                    list.open.push(shown);
                } else if list.settled.len() < SETTLED_SHOWN {
                    list.settled.push(shown);
                }
            }
            Ok((list, load::to_decide(office)?))
        })
        .await;
    let (list, to_decide) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let mut frame = desk.frame(Here::Conflicts, "page.nav.conflicts", seen);
    frame.conflicts = to_decide;
    html(
        StatusCode::OK,
        &ConflictsView {
            f: &frame,
            list: &list,
        },
    )
}
