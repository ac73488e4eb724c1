//! The order's page with everything on it.

use super::{HOSTILE, ORDER, candidate, chip, clock};
use crate::page::model::*;
use crate::page::words::Words;

pub(in crate::page) fn conflict(w: &Words, settled: bool) -> ConflictView {
    let side = |what: &str, author: &str, device: &str, at: &str, received: &str| ConflictSide {
        what: what.into(),
        author: author.into(),
        device: device.into(),
        at: at.into(),
        received: received.into(),
    };
    ConflictView {
        id: if settled { "c2".into() } else { "c1".into() },
        title: w.t("severity.action"),
        result: "作业有效，计入王建国名下；陈思远的派工关闭。".into(),
        severity: chip(w.t("severity.action"), Tone::Bad),
        order: ORDER.into(),
        number: "SS20261123104".into(),
        sides: vec![
            side("完成作业：已解决", "王建国", "8f21c07a", "10:05", "10:40"),
            side(HOSTILE, HOSTILE, "", "09:30", "09:30"),
        ],
        settled: if settled {
            w.with(
                "page.conflict.settled",
                [
                    ("by", "李娜".into()),
                    ("at", "11:02".into()),
                    ("note", HOSTILE.into()),
                ],
            )
        } else {
            String::new()
        },
        may_settle: !settled,
        token: "token-1".into(),
    }
}

pub(super) fn rows(pairs: &[(&str, &str)]) -> Vec<Row> {
    pairs
        .iter()
        .map(|(label, value)| Row::new(*label, *value))
        .collect()
}

/// A scribble as a hand makes it.
fn drawing() -> Drawing {
    let path = |x: i32, y: i32| format!("M{x} {y} l12 -30 l10 34 l14 -26 l8 20 l18 -14 l6 10 l22 -6");
    Drawing {
        view_box: "0 0 320 120".into(),
        paths: vec![path(20, 70), path(110, 64), "M40 96 l210 -8".into()],
    }
}

fn revision(w: &Words, n: u32, current: bool, proof: Proof) -> RevisionView {
    RevisionView {
        n: n.to_string(),
        fact: format!("0193f2c0-0000-7000-8000-00000000020{n}#0"),
        current,
        kind: chip(w.t("order_state.signed"), Tone::Good),
        by: "王建国 · 10:05".into(),
        received: "10:40".into(),
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        prev: if n > 1 {
            "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752".into()
        } else {
            String::new()
        },
        proof,
        signer: rows(&[("签字人", "周伟"), ("职务", HOSTILE), ("关系", "用户单位")]),
        strokes: Some(drawing()),
        rows: rows(&[
            (
                "故障",
                "外壳破裂，USB 接头与 PCB 板断裂\n在另一台电脑上同样无反应",
            ),
            ("处理", "现场更换印章 KEY，重装驱动并验证签章"),
            ("结果", "已解决"),
            ("客户意见", HOSTILE),
        ]),
        href: format!("/orders/{ORDER}/report/{n}"),
        may_pick: !current,
    }
}

pub(super) fn fields(w: &Words) -> Vec<FieldView> {
    let field = |name: &str, label: &str, value: &str, href: &str| FieldView {
        name: name.into(),
        label: w.t(label),
        value: value.into(),
        href: href.into(),
        losers: Vec::new(),
    };
    let mut window = field("window_from", "page.window_from", "15:00–17:00", "");
    window.losers.push(Loser {
        value: "14:00–16:00".into(),
        post: "2026-11-23T14:00".into(),
        by: "赵敏 09:00".into(),
    });
    let mut hostile = field("summary", "page.description", HOSTILE, "");
    hostile.losers.push(Loser {
        value: HOSTILE.into(),
        post: HOSTILE.into(),
        by: HOSTILE.into(),
    });
    vec![
        field("customer", "page.customer", "上海申江律师事务所", "/customers/c1"),
        field("assets", "page.assets", "ES-2021-08841 · 电子印章 USB KEY", ""),
        window,
        hostile,
        field("contact", "page.phone", "", ""),
    ]
}

pub(super) fn timeline(w: &Words) -> Vec<Entry> {
    let entry =
        |id: &str, side, at: &str, received: &str, author: &str, device: &str, what: &str, text: &str| {
            Entry {
                id: id.into(),
                side,
                at: at.into(),
                at_full: format!("2026-11-23 {at}:00"),
                received: received.into(),
                author: author.into(),
                device: device.into(),
                what: what.into(),
                text: text.into(),
                rows: Vec::new(),
                flags: Vec::new(),
            }
        };
    let mut changed = entry(
        "f3",
        Side::Office,
        "09:30",
        "",
        "李娜",
        "",
        &w.t("page.reassign"),
        "联系不上",
    );
    changed.rows = rows(&[("王建国", "陈思远"), (HOSTILE, HOSTILE)]);
    let mut done = entry(
        "f4",
        Side::Field,
        "10:05",
        "10:40",
        "王建国",
        "8f21c07a",
        &w.t("step.finish_work"),
        HOSTILE,
    );
    done.flags = vec![chip("转派后完成", Tone::Warn)];
    vec![
        entry(
            "f6",
            Side::Server,
            "10:40",
            "",
            "Fieldseal",
            "",
            &w.t("page.received"),
            "",
        ),
        entry(
            "f5",
            Side::Field,
            "10:05",
            "10:40",
            "王建国",
            "8f21c07a",
            &w.t("step.sign"),
            "",
        ),
        done,
        changed,
        entry(
            "f2",
            Side::Field,
            "09:05",
            "09:05",
            "王建国",
            "8f21c07a",
            &w.t("step.accept"),
            "先电话确认驱动版本",
        ),
        entry(
            "f1",
            Side::Office,
            "09:00",
            "",
            "李娜",
            "",
            &w.t("step.dispatch"),
            "",
        ),
    ]
}

pub(in crate::page) fn order(w: &Words) -> OrderPage {
    let choice = |value: &str, text: &str, chosen| Choice {
        value: value.into(),
        text: text.into(),
        chosen,
    };
    let engineers = vec![
        candidate(w, "u2", "陈思远", true),
        candidate(w, "u3", HOSTILE, false),
    ];
    let assignment = |name: &str, state: Chip, reason: &str| AssignmentLine {
        engineers: name.into(),
        from: "09:00".into(),
        state,
        reason: reason.into(),
        by: "李娜".into(),
    };
    OrderPage {
        hiding: super::hiding("/orders/1"),
        id: ORDER.into(),
        ticket: ORDER.into(),
        number: "SS20261123104".into(),
        summary: "UKEY 插入无反应，签章客户端不识别".into(),
        state: chip(w.t("order_state.submitted"), Tone::Good),
        priority: "p1".into(),
        priority_name: w.t("priority.p1"),
        clocks: vec![clock(w, "clock.resolve", 55)],
        flags: vec![chip("转派后完成", Tone::Warn)],
        fields: fields(w),
        token: "token-1".into(),
        actions: Actions {
            engineers,
            reassign: true,
            cancel: true,
            uncancel: true,
            instruct: true,
            edit: Some(PlanForm {
                summary: HOSTILE.into(),
                priorities: vec![
                    choice("p1", &w.t("priority.p1"), true),
                    choice("p2", &w.t("priority.p2"), false),
                ],
                window_from: "2026-11-23T15:00".into(),
                window_to: "2026-11-23T17:00".into(),
            }),
            audit: true,
            send_back: true,
            unaudit: true,
            blockers: vec![w.t("guard.decision_confirmed"), w.t("guard.not_own_work")],
            waive: vec![choice("photos", &w.t("page.waived.photos"), false)],
            late: vec![LateLine {
                fact: "0193f2c0-0000-7000-8000-000000000501#0".into(),
                text: HOSTILE.into(),
            }],
            denied: rows(&[("取消", HOSTILE)]),
        },
        assignments: vec![
            assignment(
                "王建国",
                chip(w.t("order_state.work_done"), Tone::Good),
                "联系不上",
            ),
            assignment("陈思远", chip(w.t("order_state.cancelled"), Tone::Plain), HOSTILE),
        ],
        conflicts: vec![conflict(w, false)],
        visits: vec![VisitView {
            engineer: "王建国".into(),
            state: chip(w.t("order_state.submitted"), Tone::Good),
            as_of: w.tp("page.as_of", "at", "10:40"),
            fields: fields(w),
        }],
        decisions: vec![DecisionView {
            fact: "0193f2c0-0000-7000-8000-000000000301#2".into(),
            asset: "ES-2021-08841 · 电子印章 USB KEY".into(),
            outcome: "人为损坏，按新办理价格收费".into(),
            tone: Tone::Warn,
            status: chip("待确认", Tone::Warn),
            lines: vec![
                "外壳破裂（照片 2 张）".into(),
                "USB 接头与 PCB 板断裂".into(),
                HOSTILE.into(),
            ],
            policy: "eseal@1".into(),
            charge: "¥ 280.00".into(),
            answer: "客户接受".into(),
            by: "王建国 · 09:58".into(),
            superseded: false,
            may_confirm: true,
            outcomes: vec![choice("natural_in_warranty", "自然损坏，保修期内", true)],
        }],
        parts: vec![PartUsed {
            part: "KEY-U3".into(),
            name: "印章 KEY（空白）".into(),
            serial: HOSTILE.into(),
            qty: "1".into(),
            by: "王建国 10:02".into(),
            flags: vec![chip("账实不符", Tone::Bad)],
        }],
        learnt: vec![LearntView {
            doc: "customer/0193f2c0-0000-7000-8000-000000000001".into(),
            name: HOSTILE.into(),
            lines: vec![LearntLine {
                field: "address".into(),
                label: w.t("page.address"),
                value: HOSTILE.into(),
                now: HOSTILE.into(),
                fact: "0193f2c0-0000-7000-8000-000000000601#0".into(),
                by: HOSTILE.into(),
                may: true,
                taken: false,
            }],
            swap: Some(HOSTILE.into()),
        }],
        photos: photos(w),
        report: Report {
            revisions: vec![
                revision(
                    w,
                    2,
                    true,
                    Proof::Unchanged {
                        device: "8f21c07a".into(),
                        engineer: "王建国".into(),
                        fingerprint: "3f9a 11c0 77de 02b4".into(),
                    },
                ),
                revision(
                    w,
                    1,
                    false,
                    Proof::Broken {
                        reason: HOSTILE.into(),
                    },
                ),
            ],
            waiting: String::new(),
            audit: String::new(),
            returned: String::new(),
        },
        timeline: timeline(w),
    }
}

/// One that arrived, a sensitive one, and one that is still on the phone.
fn photos(w: &Words) -> Photos {
    let item = |number: u8, href: bool, sensitive: bool| PhotoItem {
        fact: format!("0193f2c0-0000-7000-8000-00000000040{number}#0"),
        href: if href {
            format!("/orders/{ORDER}/photos/{}", "ab".repeat(32))
        } else {
            String::new()
        },
        width: 1600,
        height: 1200,
        what: w.t("photo.symptom"),
        caption: HOSTILE.into(),
        taken: w.tp2("page.photo.taken", "by", HOSTILE, "at", "10:02"),
        received: if href { "10:41".into() } else { String::new() },
        waiting: if href {
            String::new()
        } else {
            w.tp2("page.photo.waiting", "d", &w.duration(7_200_000), "at", "10:40")
        },
        sensitive,
        late: sensitive,
    };
    Photos {
        count: w.tp2("page.photos.count", "n", "2", "all", "3"),
        missing: true,
        items: vec![item(1, true, false), item(2, true, true), item(3, false, false)],
    }
}
