//! What the board is narrowed to: an address says all of it, so that a filter is a link, works without script, and
//! survives a live exchange.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::handin::HandInDue;
use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::service_level::ClockView;
use fieldseal_core::domain::work::{OrderState, Priority, VisibleStatus};

use crate::office::{Board as Rows, BoardRow, Office, OfficeError, searched};
use crate::page::desk::Desk;
use crate::page::model::{Choice, Filter, FilterLink, Tone};
use crate::page::present::{clocks, order};
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
    /// The visit ended more than five days ago, and its report is not here (000-31).
    HandIn,
}

impl Need {
    const ALL: [Self; 4] = [Self::Late, Self::HandIn, Self::Undelivered, Self::Decision];

    const fn code(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Undelivered => "undelivered",
            Self::Decision => "decision",
            Self::HandIn => "hand_in",
        }
    }
}

/// A row of the board with its clocks as of now.
#[derive(Debug, Clone)]
pub struct Found {
    /// The row.
    pub row: Arc<BoardRow>,
    /// The clocks that matter, of an order that is not done.
    pub clocks: Vec<ClockView>,
    /// Its report should have been here.
    pub hand_in_late: bool,
}

impl Found {
    fn running(&self) -> impl Iterator<Item = &ClockView> {
        self.clocks.iter().filter(|clock| clock.ended_ms.is_none())
    }

    fn late(&self) -> bool {
        self.running()
            .any(|clock| clock.slack_ms.is_some_and(|slack| slack < 0))
    }

    /// When the first of its clocks is due, ms since the epoch.
    pub fn due_ms(&self) -> Option<i64> {
        self.running().filter_map(|clock| clock.due_ms).min()
    }

    fn needs(&self, need: Need) -> bool {
        match need {
            Need::Late => self.late(),
            Need::Undelivered => self.row.times.undelivered_since_ms.is_some(),
            Need::Decision => self.row.to_decide > 0,
            Need::HandIn => self.hand_in_late,
        }
    }
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
    /// The hidden ones instead of the others (F-29).
    hidden: bool,
    /// One column only, by pages.
    list: Option<VisibleStatus>,
    /// Which page of it, from 0.
    page: usize,
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
            hidden: desk.asked("hidden").is_some(),
            list: desk.asked("list").and_then(|code| code.parse().ok()),
            page: desk
                .asked("page")
                .and_then(|page| page.parse::<usize>().ok())
                .map_or(0, |page| page.saturating_sub(1)),
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
            || self.hidden
    }

    /// Whether the hidden ones are asked for.
    pub const fn hidden(&self) -> bool {
        self.hidden
    }

    /// The column that is asked for alone, and which page of it, from 0.
    pub fn list(&self) -> Option<(VisibleStatus, usize)> {
        Some((self.list?, self.page))
    }

    /// Everything but the two that are links.
    fn takes_fields(&self, row: &BoardRow, needles: &[String]) -> bool {
        self.engineer
            .is_none_or(|engineer| row.engineers.contains(&engineer))
            && self
                .priority
                .is_none_or(|priority| row.priority == Some(priority))
            && (self.region.is_empty() || row.regions.contains(&self.region))
            && row.holds(needles)
    }

    /// Whether an order is shown.
    pub fn takes(&self, found: &Found) -> bool {
        self.state.is_none_or(|state| found.row.state == state)
            && self.need.is_none_or(|need| found.needs(need))
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
            (
                "hidden",
                if self.hidden {
                    "1".to_owned()
                } else {
                    String::new()
                },
            ),
            (
                "list",
                self.list
                    .map(|status| status.as_str().to_owned())
                    .unwrap_or_default(),
            ),
            (
                "page",
                if self.page > 0 {
                    (self.page + 1).to_string()
                } else {
                    String::new()
                },
            ),
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

    /// The address of a page, from 0, of one column under this filter.
    pub fn href_of(&self, status: VisibleStatus, page: usize) -> String {
        Self {
            list: Some(status),
            page,
            ..self.clone()
        }
        .href()
    }

    /// The same filter over all columns.
    fn of_all(&self) -> Self {
        Self {
            list: None,
            page: 0,
            ..self.clone()
        }
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

/// The orders that the filter's fields let through, with their clocks.
///
/// # Errors
/// The office's.
pub fn found(office: &Office, board: &Rows, wanted: &Wanted, now_ms: i64) -> Result<Vec<Found>, OfficeError> {
    let needles = searched(&wanted.text);
    let heard: HashMap<UserId, i64> = board
        .engineers
        .iter()
        .filter_map(|mark| Some((mark.person.user, mark.as_of?)))
        .collect();
    let mut found = Vec::new();
    for row in board.rows.iter().filter(|row| wanted.takes_fields(row, &needles)) {
        let runs = matches!(row.status, VisibleStatus::ToDo | VisibleStatus::Dispatched);
        let clocks = match row.ticket_times.as_ref().filter(|_| runs) {
            Some(ticket) => {
                let heard = row.engineers.iter().filter_map(|user| heard.get(user)).max();
                office.clocks(&row.times, ticket, now_ms, heard.copied())?
            }
            None => Vec::new(),
        };
        found.push(Found {
            row: row.clone(),
            clocks: clocks.into_iter().filter(clocks::matters).collect(),
            hand_in_late: hand_in_late(row, office.zone(), now_ms),
        });
    }
    Ok(found)
}

/// Whether a visit ended so long ago that its report should be here (Q8). What a device's wrong clock puts into the future
/// is judged when that time comes.
fn hand_in_late(row: &BoardRow, zone: CompanyZone, now_ms: i64) -> bool {
    let open = row.times.hand_in.filter(|hand_in| !hand_in.handed_in);
    let due = open.and_then(|hand_in| HandInDue::of(hand_in.left.utc_ms, zone));
    due.is_some_and(|due| due.late(now_ms))
}

/// The filter's form and links. `hidden` is how many orders are hidden.
pub fn filter(words: &Words, rows: &Rows, wanted: &Wanted, found: &[Found], hidden: usize) -> Filter {
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
    let mut named: BTreeSet<&str> = rows
        .rows
        .iter()
        .flat_map(|row| &row.regions)
        .map(String::as_str)
        .collect();
    if !wanted.region.is_empty() {
        named.insert(&wanted.region);
    }
    let regions = named
        .into_iter()
        .map(|region| (region.to_owned(), region.to_owned(), region == wanted.region));
    let mut kept = Vec::new();
    if let Some(state) = wanted.state {
        kept.push(("state".to_owned(), state.as_str().to_owned()));
    }
    if let Some(need) = wanted.need {
        kept.push(("need".to_owned(), need.code().to_owned()));
    }
    if wanted.hidden {
        kept.push(("hidden".to_owned(), "1".to_owned()));
    }
    if let Some(status) = wanted.list {
        kept.push(("list".to_owned(), status.as_str().to_owned()));
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
        links: links(words, &wanted.of_all(), found, hidden),
        kept,
        on: wanted.on() || wanted.list.is_some(),
    }
}

/// What needs a look, then the finer states of what is under way; each with its count under the rest of the filter.
fn links(words: &Words, wanted: &Wanted, found: &[Found], hidden: usize) -> Vec<FilterLink> {
    let within = || {
        found
            .iter()
            .filter(|found| found.row.status != VisibleStatus::Cancelled)
    };
    let needs = Need::ALL.into_iter().map(|need| {
        let on = wanted.need == Some(need);
        FilterLink {
            code: need.code().to_owned(),
            text: words.t(&format!("page.need.{}", need.code())),
            count: within().filter(|found| found.needs(need)).count(),
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
        let count = within().filter(|found| found.row.state == *state).count();
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
        .chain((hidden > 0 || wanted.hidden).then(|| {
            FilterLink {
                code: "hidden".to_owned(),
                text: words.t("page.hidden"),
                count: hidden,
                href: Wanted {
                    hidden: !wanted.hidden,
                    ..wanted.clone()
                }
                .href(),
                on: wanted.hidden,
                tone: Tone::Plain,
            }
        }))
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
        let done = Wanted::default();
        assert_eq!(done.href_of(VisibleStatus::Done, 0), "/?list=done");
        assert_eq!(done.href_of(VisibleStatus::Done, 2), "/?list=done&page=3");
        assert!(wanted.on() && !Wanted::default().on());
    }
}
