//! Registers: fields whose value is what no later `set` replaces (design 3, «Registers are facts too»).
//!
//! F replaces G's value of field x only if F carries x and names G in `over`. What remains after that is shown: one
//! value as *the* value, the others beside it with author, device and time. Nothing ever vanishes in silence.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;

use crate::facts::classes::{Class, FieldRule, rule_of};
use crate::facts::family::{Family, Ix};
use crate::facts::stored::{Side, Stamp};
use crate::facts::{DocName, Fact, FactId, ViewToken};

/// One value that somebody entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The fact that entered it.
    pub fact: FactId,
    /// The document that the fact stands in.
    pub doc: DocName,
    /// The value.
    pub value: Value,
    /// By whom, on which device, when.
    pub stamp: Stamp,
}

/// A field as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// How its values meet (D.1).
    pub class: Class,
    /// The value: of a set, the union of all remaining values as an array; `null` where only proposals exist.
    pub value: Value,
    /// The entry whose value is shown.
    pub shown: Option<Entry>,
    /// What remains beside it, highest first: the chip «also entered» (D.5-6), a set's other contributions, the other
    /// kept value of an MV field.
    pub others: Vec<Entry>,
    /// What the side that does not own the field proposes, highest first.
    pub proposals: Vec<Entry>,
}

/// The registers of one record by field name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Fields(pub BTreeMap<String, Field>);

impl Fields {
    /// The shown value of a field, where it is not empty.
    pub fn value(&self, field: &str) -> Option<&Value> {
        self.0
            .get(field)
            .map(|field| &field.value)
            .filter(|value| !value.is_null())
    }

    /// The shown value of a field that holds a text.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.value(field).and_then(Value::as_str)
    }

    /// A text as a code, a moment or a document's name; none where it cannot be read as one.
    pub fn parsed<T: FromStr>(&self, field: &str) -> Option<T> {
        self.text(field)?.parse().ok()
    }

    /// The shown values of a field that holds a list of texts.
    pub fn texts(&self, field: &str) -> Vec<&str> {
        match self.value(field) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => vec![text],
            _ => Vec::new(),
        }
    }

    /// The shown value; where the owning side entered none, the highest proposal (of a set: all of them). So a record that
    /// exists only in what the field learnt shows like any other until the office takes it over (D.5-7, T-15).
    pub fn known(&self, field: &str) -> Option<Value> {
        let found = self.0.get(field)?;
        let empty = match &found.value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            _ => false,
        };
        if !empty {
            return Some(found.value.clone());
        }
        let mut proposed = found
            .proposals
            .iter()
            .map(|entry| &entry.value)
            .filter(|value| !value.is_null());
        match found.class {
            Class::Set => match union(proposed.rev()) {
                Value::Array(items) if items.is_empty() => None,
                all => Some(all),
            },
            _ => proposed.next().cloned(),
        }
    }

    /// As [`Fields::known`], of a field that holds a text.
    pub fn known_text(&self, field: &str) -> Option<String> {
        match self.known(field)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// As [`Fields::known_text`], read as a code, a moment or a document's name.
    pub fn known_parsed<T: FromStr>(&self, field: &str) -> Option<T> {
        self.known_text(field)?.parse().ok()
    }

    /// Every document that any displayed entry of a field names, each once: proposals count too, since a unit that an
    /// engineer added on site belongs to the order's screen at once.
    pub fn named(&self, field: &str) -> Vec<DocName> {
        let mut docs = Vec::new();
        let entries = self.0.get(field).into_iter().flat_map(Field::entries);
        for value in entries.map(|entry| &entry.value) {
            let items = match value {
                Value::Array(items) => items.as_slice(),
                one => std::slice::from_ref(one),
            };
            for doc in items.iter().filter_map(|item| item.as_str()?.parse().ok()) {
                if !docs.contains(&doc) {
                    docs.push(doc);
                }
            }
        }
        docs
    }

    /// What a form that changes `changed` must name in `over`: of those fields, the entries that the person's screen
    /// had shown, and only those; what arrived meanwhile is not named and stays beside the new value.
    pub fn over<'f>(&self, changed: impl IntoIterator<Item = &'f str>, token: &ViewToken) -> Vec<FactId> {
        let mut over = BTreeSet::new();
        for field in changed.into_iter().filter_map(|name| self.0.get(name)) {
            over.extend(
                field
                    .entries()
                    .map(|entry| entry.fact)
                    .filter(|fact| token.facts.contains(fact)),
            );
        }
        over.into_iter().collect()
    }

    /// Every fact whose value is displayed, losers and proposals included.
    pub fn displayed(&self) -> impl Iterator<Item = FactId> + '_ {
        self.0.values().flat_map(Field::entries).map(|entry| entry.fact)
    }
}

impl Field {
    /// Everything that is displayed of it.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.shown.iter().chain(&self.others).chain(&self.proposals)
    }
}

struct Candidate<'a> {
    ix: Ix,
    value: &'a Value,
    /// What its `over` is, in the list of all that was named.
    names: (u32, u32),
    chooses: bool,
    owns: bool,
}

impl Candidate<'_> {
    fn named<'n>(&self, named: &'n [Ix]) -> &'n [Ix] {
        &named[self.names.0 as usize..self.names.1 as usize]
    }
}

/// Folds the `set` and `choose` facts among `items` that are about `subject`. `home` is the document whose facts
/// need not name their subject. Hidden facts are not among `items`.
pub(crate) fn fold_fields(
    family: &Family<'_>,
    subject: &DocName,
    items: impl IntoIterator<Item = Ix>,
) -> Fields {
    let mut fields: BTreeMap<&str, (FieldRule, Vec<Candidate<'_>>)> = BTreeMap::new();
    // Looked up once a fact, however many fields it sets.
    let mut named: Vec<Ix> = Vec::new();
    for ix in items {
        let record = family.record(ix);
        let own_subject = |named: &Option<DocName>| named.as_ref().unwrap_or(&record.doc) == subject;
        let side = Side::of(&record.doc);
        match record.fact() {
            Some(Fact::Set(set)) if own_subject(&set.subject) => {
                let names = find_all(family, &set.over, &mut named);
                for (name, value) in &set.fields {
                    let (rule, candidates) = fields
                        .entry(name)
                        .or_insert_with(|| (rule_of(subject, name), Vec::new()));
                    candidates.push(Candidate {
                        ix,
                        value,
                        names,
                        chooses: false,
                        owns: rule.owner == side,
                    });
                }
            }
            Some(Fact::Choose(choose)) if own_subject(&choose.subject) => {
                let (rule, candidates) = fields
                    .entry(&choose.field)
                    .or_insert_with(|| (rule_of(subject, &choose.field), Vec::new()));
                candidates.push(Candidate {
                    ix,
                    value: &choose.value,
                    names: find_all(family, &choose.over, &mut named),
                    chooses: true,
                    owns: rule.owner == side,
                });
            }
            _ => {}
        }
    }
    Fields(
        fields
            .into_iter()
            .map(|(name, (rule, mut candidates))| {
                candidates.sort_unstable_by_key(|candidate| candidate.ix);
                (
                    name.to_owned(),
                    fold_field(family, rule.class, &candidates, &named),
                )
            })
            .collect(),
    )
}

/// Adds the facts of these ids to `named`, and says where they stand there.
fn find_all(family: &Family<'_>, ids: &[FactId], named: &mut Vec<Ix>) -> (u32, u32) {
    let start = named.len() as u32;
    named.extend(ids.iter().filter_map(|id| family.find(*id)));
    (start, named.len() as u32)
}

fn fold_field(family: &Family<'_>, class: Class, candidates: &[Candidate<'_>], named: &[Ix]) -> Field {
    let mut replaced = vec![false; candidates.len()];
    for (place, by) in candidates.iter().enumerate() {
        for ix in by.named(named) {
            // Mostly the one before: a field that is written again and again.
            let before = place.wrapping_sub(1);
            let at = match candidates.get(before) {
                Some(candidate) if candidate.ix == *ix => Ok(before),
                _ => candidates.binary_search_by_key(ix, |candidate| candidate.ix),
            };
            let Ok(at) = at else { continue };
            let of = &candidates[at];
            // A proposal replaces only proposals; a kept value (MV) yields to a choice alone.
            let allowed =
                of.ix != by.ix && (by.owns || !of.owns) && (class != Class::Mv || by.chooses || !of.owns);
            if allowed {
                replaced[at] = true;
            }
        }
    }
    let remaining = |owned: bool| -> Vec<&Candidate<'_>> {
        let mine = || candidates.iter().zip(&replaced).filter(|(c, _)| c.owns == owned);
        let mut left: Vec<&Candidate<'_>> = mine().filter(|(_, gone)| !**gone).map(|(c, _)| c).collect();
        if left.is_empty() && (owned || mine().all(|(c, _)| !taken_over(candidates, named, c))) {
            // Facts that name each other in a circle must not empty a field: the highest of them is shown.
            left.extend(mine().next_back().map(|(c, _)| c));
        }
        left.reverse();
        left
    };
    let entry = |candidate: &Candidate<'_>| Entry {
        fact: family.id(candidate.ix),
        doc: family.doc(candidate.ix).clone(),
        value: candidate.value.clone(),
        stamp: family.record(candidate.ix).stamp.as_ref().clone(),
    };
    let owned = remaining(true);
    let proposals = remaining(false);
    let value = match class {
        Class::Set => union(owned.iter().rev().map(|candidate| candidate.value)),
        _ => owned
            .first()
            .map_or(Value::Null, |candidate| candidate.value.clone()),
    };
    Field {
        class,
        value,
        shown: owned.first().map(|candidate| entry(candidate)),
        others: owned.iter().skip(1).map(|candidate| entry(candidate)).collect(),
        proposals: proposals.iter().map(|candidate| entry(candidate)).collect(),
    }
}

/// Whether an owner's value names this proposal: then it is settled, not lost.
fn taken_over(candidates: &[Candidate<'_>], named: &[Ix], proposal: &Candidate<'_>) -> bool {
    candidates
        .iter()
        .any(|by| by.owns && by.named(named).contains(&proposal.ix))
}

/// All elements of all remaining values, each once, in the order in which they were first entered.
fn union<'v>(values: impl Iterator<Item = &'v Value>) -> Value {
    let mut all: Vec<Value> = Vec::new();
    for value in values {
        let elements = match value {
            Value::Array(elements) => elements.as_slice(),
            Value::Null => &[],
            one => std::slice::from_ref(one),
        };
        for element in elements {
            if !all.contains(element) {
                all.push(element.clone());
            }
        }
    }
    Value::Array(all)
}
