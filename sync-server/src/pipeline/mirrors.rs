//! What one engineer's van document says about a colleague's van (design 3, D.5-2b).
//!
//! Who takes a part out of a colleague's van writes into his own document only; the colleague's phone never sees that
//! one. So the server says it again in the office's document of the colleague's van, under the id of the movement that
//! it mirrors: the two count once. A movement that was taken back is taken back there too.
//!
//! Invariant: nothing is written about somebody who never had a device: to know an id is no right (I9).

use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::ledger::Location;
use fieldseal_core::facts::kinds::{Move, Reverse};
use fieldseal_core::facts::{Action, DocName, Fact, FactId, Shard, ViewToken};

use super::batch::Batch;
use super::{PipelineError, SERVER_USER};

/// A movement or reversal that an engineer wrote.
pub(super) struct Posted {
    pub(super) engineer: UserId,
    pub(super) shard: Shard,
    pub(super) id: FactId,
    pub(super) fact: Fact,
}

/// The other engineer whose van a movement touches.
fn colleague(engineer: UserId, moved: &Move) -> Option<UserId> {
    [&moved.from, &moved.to]
        .into_iter()
        .filter_map(|place| match place.parse().ok()? {
            Location::VanGood(of) | Location::VanDefective(of) => Some(of),
            _ => None,
        })
        .find(|of| *of != engineer)
}

impl Batch<'_> {
    /// Says it again where a colleague's van is meant.
    pub(super) fn mirror(&mut self, posted: &Posted) -> Result<(), PipelineError> {
        match &posted.fact {
            Fact::Move(moved) => {
                let Some(colleague) = colleague(posted.engineer, moved) else {
                    return Ok(());
                };
                let mirrored = Fact::Move(Move {
                    order: None,
                    assignment: None,
                    note: None,
                    mirrors: Some(posted.id),
                    ..moved.clone()
                });
                let mut facts = vec![mirrored];
                // A reversal in another quarter's document may have come first.
                for (_, fact) in self.posted_by(posted.engineer)? {
                    if let Fact::Reverse(reverse) = fact
                        && reverse.of == posted.id
                    {
                        facts.push(taken_back(&reverse));
                    }
                }
                self.say(colleague, posted.shard, facts)
            }
            Fact::Reverse(reverse) => {
                let of = self.posted_by(posted.engineer)?.into_iter();
                let moved = of
                    .filter(|(id, _)| *id == reverse.of)
                    .find_map(|(_, fact)| match fact {
                        Fact::Move(moved) => Some(moved),
                        _ => None,
                    });
                match moved.and_then(|moved| colleague(posted.engineer, &moved)) {
                    Some(colleague) => self.say(colleague, posted.shard, vec![taken_back(reverse)]),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Every movement and reversal in an engineer's own van documents.
    fn posted_by(&mut self, engineer: UserId) -> Result<Vec<(FactId, Fact)>, PipelineError> {
        self.flush()?;
        let mut found = Vec::new();
        for row in self.tx.actions_of_family(&format!("van/{engineer}"))? {
            let DocName::VanField(..) = row.doc else { continue };
            let Ok(action) = Action::parse(&row.text) else {
                continue;
            };
            let Ok(first) = action.first_place(&row.doc) else {
                continue;
            };
            for (place, raw) in (first..).zip(&action.facts) {
                if let Ok(Some(fact @ (Fact::Move(_) | Fact::Reverse(_)))) = Fact::read(raw) {
                    let id = FactId {
                        action: row.key,
                        place,
                    };
                    found.push((id, fact));
                }
            }
        }
        Ok(found)
    }

    fn say(&mut self, colleague: UserId, shard: Shard, facts: Vec<Fact>) -> Result<(), PipelineError> {
        if self.tx.devices()?.iter().any(|device| device.user == colleague) {
            let doc = DocName::VanOffice(colleague, shard);
            self.append(SERVER_USER, &[(doc, facts)], &ViewToken::default())?;
        }
        Ok(())
    }
}

fn taken_back(reverse: &Reverse) -> Fact {
    Fact::Reverse(Reverse {
        of: reverse.of,
        reason: reverse.reason.clone(),
    })
}
