//! The visits of an asset, kept with the asset so that an engineer has the last ones offline (T-19, design 3).
//!
//! Written by the server when a visit is handed in: order, local date, outcome, what was found and done. A visit without
//! an outcome has not ended and leaves no entry; handing in again without a difference leaves no second one.

use std::collections::BTreeSet;

use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::facts::kinds::History;
use fieldseal_core::facts::order::OrderView;
use fieldseal_core::facts::{Action, DocName, Fact};

use super::PipelineError;
use super::batch::Batch;
use crate::storage::ActionRow;

/// Characters kept of what was found and done.
const SUMMARY: usize = 240;

impl Batch<'_> {
    /// Appends the visit to every asset of the order.
    pub(super) fn append_history(&mut self, order: OrderId, engineer: UserId) -> Result<(), PipelineError> {
        let view = self.order_view(order)?;
        let Some(entry) = entry(&view, engineer, self.service.offset_minutes) else {
            return Ok(());
        };
        for asset in assets(&view) {
            let fact = Fact::History(entry.clone());
            let known = match self.tx.doc(&asset)? {
                Some(doc) => self
                    .tx
                    .actions_of_doc(doc.key)?
                    .iter()
                    .any(|row| says(row, &fact)),
                None => true,
            };
            if !known {
                self.append_server(&asset, vec![fact])?;
            }
        }
        Ok(())
    }
}

fn assets(view: &OrderView) -> BTreeSet<DocName> {
    let named = view
        .fields
        .texts("assets")
        .into_iter()
        .filter_map(|text| text.parse().ok());
    let decided = view.decisions.iter().map(|decision| decision.asset.clone());
    named
        .chain(decided)
        .filter(|name| matches!(name, DocName::Asset(_)))
        .collect()
}

/// What is to be remembered of an engineer's visit, once it has ended.
fn entry(view: &OrderView, engineer: UserId, offset_minutes: i16) -> Option<History> {
    let track = view
        .assignments
        .iter()
        .flat_map(|assignment| &assignment.tracks)
        .rfind(|track| track.engineer == engineer && track.outcome.is_some())?;
    let done_at: LocalTime = track.done_at.as_deref()?.parse().ok()?;
    let fields = view
        .visits
        .iter()
        .find(|visit| visit.engineer == engineer)
        .map(|visit| &visit.fields)?;
    let said: Vec<&str> = ["fault_found", "action_taken"]
        .into_iter()
        .filter_map(|field| fields.text(field))
        .collect();
    Some(History {
        order: DocName::Order(view.order),
        on: LocalTime::new(done_at.utc_ms(), offset_minutes)
            .wall_date()
            .to_string(),
        outcome: track.outcome?.as_str().to_owned(),
        summary: said.join(" / ").chars().take(SUMMARY).collect(),
    })
}

fn says(row: &ActionRow, fact: &Fact) -> bool {
    Action::parse(&row.text).is_ok_and(|action| action.facts.contains(&fact.to_raw()))
}
