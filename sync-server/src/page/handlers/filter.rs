//! What the board is narrowed to: an address says all of it, so that a filter is a link, works without script, and
//! survives a live exchange.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::work::{OrderState, Priority, VisibleStatus};
use fieldseal_core::facts::{DocName, RecordView};

use crate::office::{Board as Rows, BoardRow, Office, OfficeError};
use crate::page::desk::Desk;
use crate::page::model::{Choice, Filter, FilterLink, Tone};
use crate::page::present::order;
use crate::page::words::Words;

/// What asks for a dispatcher's look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A clock ran out.
    Late,
    /// Dispatched, and no device of the engineer has it.
    Undelivered,
    /// A conflict waits for a decision.
    Decision,
}

impl Need {
    const ALL: [Self; 3] = [Self::Late, Self::Undelivered, Self::Decision];

    const fn code(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Undelivered => "undelivered",
            Self::Decision => "decision",
        }
    }
}

/// What is known of an order beside its row, as far as filters ask for it.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// Orders with a clock that ran out.
    pub late: BTreeSet<OrderId>,
    /// Orders that no device of their engineer has.
    pub undelivered: BTreeSet<OrderId>,
    /// Region and group of each customer.
    pub regions: BTreeMap<DocName, Vec<String>>,
    /// Orders whose own words, equipment, phone or caller hold the searched text.
    pub found: BTreeSet<OrderId>,
}

/// The filter of an address.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    text: String,
    engineer: Option<UserId>,
    priority: Option<Priority>,
    region: String,
    state: Option<OrderState>,
    need: Option<Need>,
    all: bool,
}

impl Wanted {
    /// As the page was asked for.
    pub fn of(desk: &Desk) -> Self {
        let text = |name: &str| desk.asked(name).unwrap_or_default().to_owned();
        Self {
            text: text("q"),
            engineer: desk.asked("engineer").and_then(|id| id.parse().ok()),
            priority: desk.asked("priority").and_then(|code| code.parse().ok()),
            region: text("region"),
            state: desk.asked("state").and_then(|code| code.parse().ok()),
            need: desk
                .asked("need")
                .and_then(|code| Need::ALL.into_iter().find(|need| need.code() == code)),
            all: desk.asked("all").is_some(),
        }
    }

    /// Whether anything is narrowed.
    pub fn on(&self) -> bool {
        !self.text.is_empty()
            || self.engineer.is_some()
            || self.priority.is_some()
            || !self.region.is_empty()
            || self.state.is_some()
            || self.need.is_some()
    }

    /// Whether finished work is wanted in full.
    pub const fn all(&self) -> bool {
        self.all
    }

    /// The searched text, lower case.
    pub fn needle(&self) -> String {
        self.text.to_lowercase()
    }

    /// Whether a row's own words hold the text, which is [`Self::needle`].
    fn reads(text: &str, row: &BoardRow) -> bool {
        [&row.number, &row.customer_name, &row.summary]
            .iter()
            .any(|field| field.to_lowercase().contains(text))
    }

    /// Everything but the two that are links.
    fn takes_fields(&self, row: &BoardRow, marks: &Marks) -> bool {
        let region = || {
            row.customer
                .as_ref()
                .and_then(|customer| marks.regions.get(customer))
                .is_some_and(|regions| regions.contains(&self.region))
        };
        (self.text.is_empty() || marks.found.contains(&row.order))
            && self
                .engineer
                .is_none_or(|engineer| row.engineers.contains(&engineer))
            && self
                .priority
                .is_none_or(|priority| row.priority == Some(priority))
            && (self.region.is_empty() || region())
    }

    fn needs(need: Need, row: &BoardRow, marks: &Marks) -> bool {
        match need {
            Need::Late => marks.late.contains(&row.order),
            Need::Undelivered => marks.undelivered.contains(&row.order),
            Need::Decision => row.to_decide > 0,
        }
    }

    /// Whether a row is shown.
    pub fn takes(&self, row: &BoardRow, marks: &Marks) -> bool {
        self.takes_fields(row, marks)
            && self.state.is_none_or(|state| row.state == state)
            && self.need.is_none_or(|need| Self::needs(need, row, marks))
    }

    /// The address of this filter.
    pub fn href(&self) -> String {
        let pairs = [
            ("q", self.text.clone()),
            (
                "engineer",
                self.engineer.map(|id| id.to_string()).unwrap_or_default(),
            ),
            (
                "priority",
                self.priority
                    .map(|code| code.as_str().to_owned())
                    .unwrap_or_default(),
            ),
            ("region", self.region.clone()),
            (
                "state",
                self.state
                    .map(|code| code.as_str().to_owned())
                    .unwrap_or_default(),
            ),
            (
                "need",
                self.need.map(|need| need.code().to_owned()).unwrap_or_default(),
            ),
            ("all", if self.all { "1".to_owned() } else { String::new() }),
        ];
        let mut address = String::from("/");
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            address.push(if address.len() == 1 { '?' } else { '&' });
            address.push_str(name);
            address.push('=');
            encode(&mut address, value);
        }
        address
    }

    /// The address that shows finished work in full.
    pub fn href_of_all(&self) -> String {
        Self {
            all: true,
            ..self.clone()
        }
        .href()
    }
}

/// Percent-encodes a query's value.
fn encode(address: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(address, "%{byte:02X}");
        }
    }
}

/// Region and group of the customers on the board.
///
/// # Errors
/// The office's.
pub fn regions(office: &Office, rows: &Rows) -> Result<BTreeMap<DocName, Vec<String>>, OfficeError> {
    let mut found = BTreeMap::new();
    let customers: BTreeSet<&DocName> = rows.rows.iter().filter_map(|row| row.customer.as_ref()).collect();
    for customer in customers {
        if let Some(view) = office.views().record(customer)? {
            let named = ["region", "group"].map(|field| view.fields.text(field).map(str::to_owned));
            found.insert(customer.clone(), named.into_iter().flatten().collect());
        }
    }
    Ok(found)
}

/// `bare` is the text without spaces: numbers are written with and without them.
fn record_holds(view: &RecordView, text: &str, bare: &str) -> bool {
    let holds = |value: &str| {
        let value = value.to_lowercase();
        value.contains(text) || value.replace(' ', "").contains(bare)
    };
    ["serial", "name"]
        .iter()
        .filter_map(|field| view.fields.text(field))
        .any(holds)
        || view.fields.texts("phone").into_iter().any(holds)
}

/// Orders whose own words, equipment, contact, caller or customer's contacts hold the text: serial numbers, names, phones (Y-01).
///
/// # Errors
/// The office's.
pub fn search(office: &Office, rows: &Rows, wanted: &Wanted) -> Result<BTreeSet<OrderId>, OfficeError> {
    let text = wanted.needle();
    let mut found = BTreeSet::new();
    if text.is_empty() {
        return Ok(found);
    }
    let bare = text.replace(' ', "");
    let mut known: HashMap<DocName, bool> = HashMap::new();
    for row in rows.rows.iter() {
        if Wanted::reads(&text, row) {
            found.insert(row.order);
            continue;
        }
        let mut docs: Vec<DocName> = row.names.clone();
        let mut name = |text: &str| docs.extend(text.parse::<DocName>().ok());
        for (doc, field) in [(&row.ticket, "caller"), (&row.customer, "contacts")] {
            if let Some(doc) = doc
                && let Some(view) = office.views().record(doc)?
            {
                view.fields.text(field).into_iter().for_each(&mut name);
                view.fields.texts(field).into_iter().for_each(&mut name);
            }
        }
        for doc in docs {
            let hit = match known.get(&doc) {
                Some(hit) => *hit,
                None => {
                    let hit = office
                        .views()
                        .record(&doc)?
                        .is_some_and(|view| record_holds(&view, &text, &bare));
                    known.insert(doc, hit);
                    hit
                }
            };
            if hit {
                found.insert(row.order);
                break;
            }
        }
    }
    Ok(found)
}

/// The filter's form and links.
pub fn filter(words: &Words, rows: &Rows, wanted: &Wanted, marks: &Marks) -> Filter {
    let choices = |all: &str, none: bool, rest: Vec<(String, String, bool)>| {
        let mut choices = vec![Choice {
            value: String::new(),
            text: words.t(all),
            chosen: none,
        }];
        choices.extend(
            rest.into_iter()
                .map(|(value, text, chosen)| Choice { value, text, chosen }),
        );
        choices
    };
    let engineers = rows.engineers.iter().map(|mark| {
        let user = mark.person.user;
        (
            user.to_string(),
            mark.person.name.clone(),
            wanted.engineer == Some(user),
        )
    });
    let priorities = Priority::ALL.iter().map(|priority| {
        (
            priority.as_str().to_owned(),
            words.t(priority.text_key()),
            wanted.priority == Some(*priority),
        )
    });
    let mut named: BTreeSet<String> = marks.regions.values().flatten().cloned().collect();
    if !wanted.region.is_empty() {
        named.insert(wanted.region.clone());
    }
    let regions = named
        .into_iter()
        .map(|region| (region.clone(), region.clone(), region == wanted.region));
    let mut kept = Vec::new();
    if let Some(state) = wanted.state {
        kept.push(("state".to_owned(), state.as_str().to_owned()));
    }
    if let Some(need) = wanted.need {
        kept.push(("need".to_owned(), need.code().to_owned()));
    }
    Filter {
        text: wanted.text.clone(),
        engineers: choices(
            "page.filter.all_engineers",
            wanted.engineer.is_none(),
            engineers.collect(),
        ),
        priorities: choices(
            "page.filter.all_priorities",
            wanted.priority.is_none(),
            priorities.collect(),
        ),
        regions: choices(
            "page.filter.all_regions",
            wanted.region.is_empty(),
            regions.collect(),
        ),
        links: links(words, rows, wanted, marks),
        kept,
        on: wanted.on(),
    }
}

/// What needs a look, then the finer states of what is under way; each with its count under the rest of the filter.
fn links(words: &Words, rows: &Rows, wanted: &Wanted, marks: &Marks) -> Vec<FilterLink> {
    let within: Vec<&BoardRow> = rows
        .rows
        .iter()
        .filter(|row| row.status != VisibleStatus::Cancelled && wanted.takes_fields(row, marks))
        .collect();
    let needs = Need::ALL.into_iter().map(|need| {
        let on = wanted.need == Some(need);
        FilterLink {
            code: need.code().to_owned(),
            text: words.t(&format!("page.need.{}", need.code())),
            count: within
                .iter()
                .filter(|row| Wanted::needs(need, row, marks))
                .count(),
            href: Wanted {
                need: if on { None } else { Some(need) },
                ..wanted.clone()
            }
            .href(),
            on,
            tone: if need == Need::Undelivered {
                Tone::Warn
            } else {
                Tone::Bad
            },
        }
    });
    let states = OrderState::ALL.iter().filter_map(|state| {
        let plain = matches!(
            state,
            OrderState::Open | OrderState::Audited | OrderState::Cancelled
        );
        let count = within.iter().filter(|row| row.state == *state).count();
        let on = wanted.state == Some(*state);
        (!plain && (count > 0 || on)).then(|| FilterLink {
            code: state.as_str().to_owned(),
            text: words.t(state.text_key()),
            count,
            href: Wanted {
                state: if on { None } else { Some(*state) },
                ..wanted.clone()
            }
            .href(),
            on,
            tone: order::tone_of(*state),
        })
    });
    needs
        .filter(|link| link.count > 0 || link.on)
        .chain(states)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_the_whole_filter_and_no_value_can_break_out_of_it() {
        let wanted = Wanted {
            text: "申江 a&b=\"#".into(),
            region: "浦东".into(),
            state: Some(OrderState::OnSite),
            need: Some(Need::Late),
            ..Wanted::default()
        };
        assert_eq!(
            wanted.href(),
            "/?q=%E7%94%B3%E6%B1%9F%20a%26b%3D%22%23&region=%E6%B5%A6%E4%B8%9C&state=on_site&need=late"
        );
        assert_eq!(Wanted::default().href(), "/");
        assert!(Wanted::default().href_of_all().ends_with("/?all=1"));
        assert!(wanted.on() && !Wanted::default().on());
    }
}
