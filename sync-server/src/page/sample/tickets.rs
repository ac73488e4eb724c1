//! Tickets with a hostile customer.

use super::order::{fields, timeline};
use super::{HOSTILE, candidate, chip};
use crate::page::model::{
    AnotherVisit, Choice, OrderLine, TicketActions, TicketLine, TicketList, TicketPage, Tickets, Tone,
    Triage, TriageText,
};
use crate::page::words::Words;

fn choice(value: &str, text: &str) -> Choice {
    Choice {
        value: value.into(),
        text: text.into(),
        chosen: false,
    }
}

pub(in crate::page) fn tickets(w: &Words, text: &str) -> Tickets {
    let list = |code: &str, count, chosen| TicketList {
        code: code.into(),
        title: w.t(&format!("page.tickets.{code}")),
        count,
        chosen,
    };
    let line = |id: &str, description: &str| TicketLine {
        id: id.into(),
        number: "SS20261123104".into(),
        priority: "p1".into(),
        priority_name: w.t("priority.p1"),
        description: description.into(),
        customer: HOSTILE.into(),
        at: "09:00".into(),
        visits: 2,
        state: chip(w.t("ticket_state.triaged"), Tone::Info),
        marks: vec![chip(w.t("page.ticket.came_back"), Tone::Bad)],
    };
    Tickets {
        lists: vec![list("triage", 1, true), list("back", 0, false)],
        list: "triage".into(),
        lines: if text.is_empty() {
            vec![line("t1", "UKEY 插入无反应"), line("t2", HOSTILE)]
        } else {
            vec![]
        },
        more: 3,
        text: text.into(),
    }
}

pub(in crate::page) fn ticket(w: &Words) -> TicketPage {
    TicketPage {
        hiding: super::hiding("/tickets/1"),
        id: "t1".into(),
        number: "SS20261123104".into(),
        provisional: "SS~A7-0003".into(),
        priority: "p1".into(),
        priority_name: w.t("priority.p1"),
        description: HOSTILE.into(),
        state: chip(w.t("ticket_state.received"), Tone::Warn),
        marks: vec![chip(w.tp("page.ticket.promised", "at", "16:00"), Tone::Bad)],
        joined: Some(("t9".into(), HOSTILE.into())),
        fields: fields(w),
        visits: vec![OrderLine {
            id: "o1".into(),
            number: "SS20261123104".into(),
            summary: HOSTILE.into(),
            state: chip(w.t("order_state.on_site"), Tone::Info),
            at: "09:00".into(),
            engineer: HOSTILE.into(),
            parts: Vec::new(),
        }],
        same: vec![choice("t2", HOSTILE)],
        log: timeline(w),
        kept: w.tp("page.ticket.kept.until", "date", "2029-11-27"),
        may_archive: true,
        token: "token-1".into(),
        actions: TicketActions {
            callback: Some("once-2".to_owned()),
            triage: Some(Triage {
                first: true,
                categories: vec![choice("service", HOSTILE)],
                priorities: vec![choice("p1", "P1")],
                unset: true,
                more: vec![TriageText {
                    name: "steps".into(),
                    label: w.t("page.field.steps"),
                    value: HOSTILE.into(),
                }],
                texts: vec![TriageText {
                    name: "analysis".into(),
                    label: w.t("page.field.analysis"),
                    value: HOSTILE.into(),
                }],
                confirmed: true,
            }),
            visit: Some(AnotherVisit {
                types: vec![choice("repair", "x")],
                priorities: vec![choice("p1", "P1")],
                summary: HOSTILE.into(),
                engineers: vec![candidate(w, "u2", HOSTILE, true)],
                once: "o".into(),
            }),
            solve: true,
            confirm: true,
            close: vec![choice("confirmed", HOSTILE)],
            reopen: true,
            merge: true,
            channels: vec![choice("phone", "x")],
            consents: vec![choice("extension", "x")],
            ways: vec![choice("spoken", "x")],
            note: true,
        },
    }
}
