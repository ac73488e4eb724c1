//! A unit that an engineer put in another one's place becomes a record of its own (U-05, D.5-7).

use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::kinds::Set;
use fieldseal_core::facts::order::swaps::swaps;
use fieldseal_core::facts::{DocName, Fact, FactId, ViewToken};
use serde_json::{Value, json};

use super::fields::{Changes, check};
use super::{Office, OfficeError, Person, require};

/// What binds the two records together, beside the fields that a form may edit.
const BONDS: [&str; 2] = ["replaces", "decision"];

impl Office {
    /// Takes a swap over in one step: the new unit's record with the warranty that the visit gave it, and in the old one
    /// what replaced it. A second time writes nothing.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`]; [`OfficeError::NotFound`] if the order has no such swap or the old unit no record;
    /// [`OfficeError::Invalid`] naming a field that is none of ours.
    pub fn take_over_swap(
        &self,
        by: &Person,
        order: OrderId,
        replacement: &DocName,
        token: &ViewToken,
    ) -> Result<(), OfficeError> {
        require(by, Operation::EditMasterData)?;
        let _one = self.begin();
        let view = self.views.order(order)?.ok_or(OfficeError::NotFound)?;
        let swap = swaps(&view)
            .into_iter()
            .find(|swap| swap.replacement == *replacement)
            .ok_or(OfficeError::NotFound)?;
        if self.exists(replacement)? {
            return Ok(());
        }
        let old = self.views.record(&swap.asset)?.ok_or(OfficeError::NotFound)?;
        let (mut fields, mut bonds, mut over) = (Changes::new(), Changes::new(), Vec::new());
        for (name, field) in view
            .learnt
            .get(replacement)
            .into_iter()
            .flat_map(|fields| &fields.0)
        {
            let Some(entry) = field.entries().next() else {
                continue;
            };
            over.extend(field.entries().map(|entry| entry.fact));
            let into = if BONDS.contains(&name.as_str()) {
                &mut bonds
            } else {
                &mut fields
            };
            into.insert(name.clone(), entry.value.clone());
        }
        let mut fields = check(replacement, &fields)?;
        fields.extend(bonds);
        fields.retain(|_, value| !value.is_null());
        over.sort_unstable();
        over.dedup();
        let mut replaced: Vec<FactId> = old.fields.over(["replaced_by"], token);
        let proposed = view
            .learnt
            .get(&swap.asset)
            .and_then(|fields| fields.0.get("replaced_by"));
        let proposals = proposed.into_iter().flat_map(|field| field.entries());
        replaced.extend(
            proposals
                .filter(|entry| entry.value == json!(replacement))
                .map(|entry| entry.fact),
        );
        replaced.sort_unstable();
        replaced.dedup();
        let set = |fields: Changes, over| {
            vec![Fact::Set(Set {
                subject: None,
                fields,
                over,
            })]
        };
        let by_it = Changes::from([("replaced_by".to_owned(), Value::from(replacement.to_string()))]);
        let parts = [
            (replacement.clone(), set(fields, over)),
            (swap.asset, set(by_it, replaced)),
        ];
        self.append(by, &parts, token)?;
        Ok(())
    }
}
