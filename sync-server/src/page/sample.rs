//! Pages with everything on them, for tests: names as a company in Shanghai has them, and one hostile person.

use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::texts::Lang;

use super::assets;
use super::model::*;
use super::words::Words;

/// What a hostile person enters wherever a text is taken.
pub(super) const HOSTILE: &str = "<script>alert(1)</script>\"'&";

const ORDER: &str = "0193f2c0-0000-7000-8000-000000000101";

pub(super) fn words(lang: Lang) -> Words {
    Words {
        lang,
        zone: CompanyZone::default(),
        now_ms: 1_795_410_300_000,
    }
}

pub(super) fn frame(lang: Lang, here: Here, title: &str) -> Frame {
    let words = words(lang);
    Frame {
        words,
        title: words.t(title),
        here,
        viewer: Some(Viewer {
            name: "李娜".into(),
            roles: format!("{} · {}", words.t("role.dispatcher"), words.t("role.auditor")),
            creates: true,
            administers: true,
        }),
        csrf: "csrf-1".into(),
        path: "/?q=a&b".into(),
        notice: None,
        conflicts: 2,
        live: true,
        seen: 7,
        version: assets::version(),
    }
}

fn chip(text: impl Into<String>, tone: Tone) -> Chip {
    Chip::new(text, tone)
}

fn clock(w: &Words, what: &str, minutes: i64) -> Clock {
    let d = w.duration(minutes * 60_000);
    let key = if minutes < 0 {
        "page.clock.late"
    } else {
        "page.clock.left"
    };
    Clock {
        text: w.tp2(key, "what", &w.t(what), "d", &d),
        due: w.tp("page.clock.due", "at", "2026-11-23 14:25"),
        tone: match minutes {
            ..0 => Tone::Bad,
            0..60 => Tone::Warn,
            _ => Tone::Plain,
        },
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one call a card keeps the sample a table"
)]
fn card(
    w: &Words,
    n: u32,
    customer: &str,
    summary: &str,
    prio: &str,
    state: &str,
    engineer: &str,
    clocks: &[(&str, i64)],
) -> Card {
    Card {
        id: format!("0193f2c0-0000-7000-8000-000000000{n}"),
        number: format!("SS20261123{n}"),
        customer: customer.into(),
        summary: summary.into(),
        priority: prio.into(),
        state: w.t(&format!("order_state.{state}")),
        state_tone: match state {
            "travelling" | "on_site" | "remote" => Tone::Info,
            "submitted" | "audited" => Tone::Good,
            "blocked" | "returned" => Tone::Bad,
            _ => Tone::Plain,
        },
        engineer: engineer.into(),
        window: if n % 3 == 0 {
            "14:00–16:00".into()
        } else {
            String::new()
        },
        clocks: clocks
            .iter()
            .map(|(what, minutes)| clock(w, what, *minutes))
            .collect(),
        flags: Vec::new(),
        conflicts: 0,
    }
}

pub(super) fn board(w: &Words, empty: bool) -> Board {
    let column = |code: &'static str, cards: Vec<Card>, more| Column {
        code,
        title: w.t(&format!("visible_status.{code}")),
        cards: if empty { Vec::new() } else { cards },
        more: if empty { 0 } else { more },
        empty: w.t(&format!("page.empty.{code}")),
    };
    let (response, resolution) = ("clock.response", "clock.resolve");
    let mut disputed = card(
        w,
        104,
        "上海申江律师事务所",
        "UKEY 插入无反应，签章客户端不识别",
        "p1",
        "on_site",
        "王建国",
        &[(resolution, 55)],
    );
    disputed.conflicts = 1;
    disputed.flags = vec![chip("时钟可疑", Tone::Warn)];
    let hostile = card(
        w,
        105,
        HOSTILE,
        HOSTILE,
        "p3",
        "travelling",
        HOSTILE,
        &[(resolution, 2600)],
    );
    let choice = |value: &str, text: &str, chosen| Choice {
        value: value.into(),
        text: text.into(),
        chosen,
    };
    Board {
        columns: vec![
            column(
                "to_do",
                vec![
                    card(
                        w,
                        101,
                        "苏州工业园区恒信会计师事务所",
                        "外壳破裂，USB 接头松动，无法签章",
                        "p1",
                        "open",
                        "",
                        &[(response, -12)],
                    ),
                    card(
                        w,
                        102,
                        "上海浦东同德医院",
                        "新大楼门禁与监控安装调试",
                        "p2",
                        "open",
                        "",
                        &[(response, 80)],
                    ),
                    card(
                        w,
                        103,
                        "杭州云栖科技有限公司",
                        "培训：新版签章软件",
                        "p3",
                        "open",
                        "",
                        &[(response, 460)],
                    ),
                ],
                0,
            ),
            column(
                "dispatched",
                vec![
                    disputed,
                    hostile,
                    card(
                        w,
                        106,
                        "无锡市第一中学",
                        "Hikvision DS-2CD3T46 camera offline since the storm, NVR beeps; school asks for a visit before Friday's inspection",
                        "p2",
                        "accepted",
                        "陈思远",
                        &[(resolution, 300)],
                    ),
                ],
                0,
            ),
            column(
                "done",
                vec![card(
                    w,
                    108,
                    "上海华新建设集团",
                    "印章 KEY 进水，更换",
                    "p2",
                    "submitted",
                    "王建国",
                    &[],
                )],
                0,
            ),
            column(
                "audited",
                vec![
                    card(w, 109, "南京金陵饭店", "年度巡检", "p3", "audited", "赵敏", &[]),
                    card(
                        w,
                        110,
                        "上海华新建设集团",
                        "重装驱动",
                        "p3",
                        "audited",
                        "陈思远",
                        &[],
                    ),
                ],
                12,
            ),
        ],
        cancelled: if empty {
            Vec::new()
        } else {
            vec![card(w, 111, "宁波港务", "重复报修", "p3", "cancelled", "", &[])]
        },
        engineers: if empty { Vec::new() } else { engineers(w) },
        filter: Filter {
            text: if empty { HOSTILE.into() } else { String::new() },
            engineers: vec![
                choice("", &w.t("page.filter.all_engineers"), true),
                choice("u1", "王建国", false),
            ],
            priorities: vec![
                choice("", &w.t("page.filter.all_priorities"), true),
                choice("p1", &w.t("priority.p1"), false),
            ],
            on: empty,
        },
    }
}

fn engineers(w: &Words) -> Vec<EngineerLine> {
    let as_of = |at: &str| w.tp("page.as_of", "at", at);
    vec![
        EngineerLine {
            id: "u1".into(),
            name: "王建国".into(),
            link: w.tp2(
                "page.engineers.offline",
                "at",
                "12:40",
                "d",
                &w.duration(25 * 60_000),
            ),
            link_tone: Tone::Warn,
            as_of: as_of("12:40"),
            visit: Some(("SS20261123104".into(), ORDER.into(), w.t("order_state.on_site"))),
            orders: 3,
            discrepancies: 2,
        },
        EngineerLine {
            id: "u2".into(),
            name: "陈思远".into(),
            link: w.t("page.engineers.online"),
            link_tone: Tone::Good,
            as_of: as_of("13:05"),
            visit: None,
            orders: 1,
            discrepancies: 0,
        },
        EngineerLine {
            id: "u3".into(),
            name: HOSTILE.into(),
            link: String::new(),
            link_tone: Tone::Plain,
            as_of: w.t("page.engineers.never"),
            visit: None,
            orders: 0,
            discrepancies: 0,
        },
    ]
}

pub(super) fn conflict(w: &Words, settled: bool) -> ConflictView {
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

fn rows(pairs: &[(&str, &str)]) -> Vec<Row> {
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

fn fields(w: &Words) -> Vec<FieldView> {
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

fn timeline(w: &Words) -> Vec<Entry> {
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

pub(super) fn order(w: &Words) -> OrderPage {
    let choice = |value: &str, text: &str, chosen| Choice {
        value: value.into(),
        text: text.into(),
        chosen,
    };
    let engineers = vec![choice("u2", "陈思远", true), choice("u3", HOSTILE, false)];
    let assignment = |name: &str, state: Chip, reason: &str| AssignmentLine {
        engineers: name.into(),
        from: "09:00".into(),
        state,
        reason: reason.into(),
        by: "李娜".into(),
    };
    OrderPage {
        id: ORDER.into(),
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

pub(super) fn new_order(w: &Words, chosen: bool) -> NewOrder {
    let choice = |value: &str, text: &str, chosen| Choice {
        value: value.into(),
        text: text.into(),
        chosen,
    };
    NewOrder {
        customers: vec![
            choice("c1", "上海申江律师事务所", chosen),
            choice("c2", HOSTILE, false),
        ],
        customer: chosen.then(|| ("c1".into(), HOSTILE.into())),
        assets: vec![
            choice("a1", "ES-2021-08841 · 电子印章 USB KEY", true),
            choice("a2", HOSTILE, false),
        ],
        types: vec![choice("repair", &w.t("order_type.repair"), true)],
        priorities: vec![choice("p2", &w.t("priority.p2"), true)],
        channels: vec![choice("phone", &w.t("channel.phone"), true)],
        categories: vec![choice("service", &w.t("category.service"), true)],
        engineers: vec![
            choice("", &w.t("page.new.later"), true),
            choice("u1", "王建国", false),
        ],
        summary: HOSTILE.into(),
        description: HOSTILE.into(),
        ..NewOrder::default()
    }
}

pub(super) fn users(w: &Words) -> Users {
    let choice = |value: &str, chosen| Choice {
        value: value.into(),
        text: w.t(&format!("role.{value}")),
        chosen,
    };
    let roles = |chosen: &str| {
        [
            "engineer",
            "dispatcher",
            "auditor",
            "storekeeper",
            "quality",
            "admin",
        ]
        .map(|r| choice(r, r == chosen))
        .to_vec()
    };
    let line = |id: &str, login: &str, name: &str, role: &str| UserLine {
        id: id.into(),
        login: login.into(),
        name: name.into(),
        roles: w.t(&format!("role.{role}")),
        choices: roles(role),
        state: chip(w.t("page.users.active"), Tone::Good),
        active: true,
        token: "token-2".into(),
    };
    Users {
        lines: vec![
            line("u1", "wangjg", "王建国", "engineer"),
            line("u9", "x", HOSTILE, "dispatcher"),
        ],
        roles: roles(""),
        link: Some(Secret {
            name: "王建国".into(),
            value: "http://127.0.0.1:8080/setup/Zk3n-9fQ2".into(),
            until: "13:35".into(),
        }),
        once: "o".into(),
    }
}

pub(super) fn devices(w: &Words) -> Devices {
    Devices {
        lines: vec![DeviceLine {
            id: "d1".into(),
            name: HOSTILE.into(),
            engineer: "王建国".into(),
            tag: "8f21c07a55d10e3b".into(),
            enrolled: "11-02 09:12".into(),
            last_seen: "12:40".into(),
            state: chip(w.t("page.users.active"), Tone::Good),
            active: true,
        }],
        engineers: vec![Choice {
            value: "u1".into(),
            text: "王建国".into(),
            chosen: true,
        }],
        code: Some(Secret {
            name: "王建国".into(),
            value: "7K4M-Q2XD".into(),
            until: "13:15".into(),
        }),
    }
}

pub(super) fn customers(text: &str) -> Customers {
    let line = |id: &str, name: &str, marks| CustomerLine {
        id: id.into(),
        name: name.into(),
        region: "上海".into(),
        marks,
        assets: 4,
        open: 1,
    };
    Customers {
        text: text.into(),
        lines: if text.is_empty() {
            vec![
                line("c1", "上海申江律师事务所", vec![chip("重点", Tone::Info)]),
                line("c2", HOSTILE, vec![]),
            ]
        } else {
            vec![]
        },
        once: "o".into(),
    }
}

pub(super) fn customer(w: &Words) -> CustomerPage {
    CustomerPage {
        id: "c1".into(),
        name: HOSTILE.into(),
        rows: rows(&[
            ("地区", "上海"),
            ("地址", "浦东新区世纪大道 100 号 18 楼"),
            ("报告语言", ""),
        ]),
        assets: vec![AssetLine {
            id: "a1".into(),
            serial: "ES-2021-08841".into(),
            product: "电子印章 USB KEY".into(),
            applied_on: "2021-09-07".into(),
            warranty: chip("2024-09-07", Tone::Warn),
            marks: vec![chip("序列号有争议", Tone::Bad)],
        }],
        products: vec![Choice {
            value: "eseal_key".into(),
            text: "电子印章 USB KEY".into(),
            chosen: true,
        }],
        orders: vec![OrderLine {
            id: ORDER.into(),
            number: "SS20261123104".into(),
            summary: HOSTILE.into(),
            state: chip(w.t("order_state.on_site"), Tone::Info),
            at: "09:00".into(),
        }],
        token: "token-3".into(),
        may_edit: true,
        once: "o".into(),
    }
}

pub(super) fn stock(w: &Words) -> Stock {
    let balance = |part: &str, name: &str, good: i64| Balance {
        part: part.into(),
        name: name.into(),
        good,
        defective: 1,
        in_transit: 0,
        discrepancy: if good < 0 {
            "用量超过账面".into()
        } else {
            String::new()
        },
    };
    let choice = |value: &str, text: &str| Choice {
        value: value.into(),
        text: text.into(),
        chosen: false,
    };
    Stock {
        places: vec![
            Place {
                id: "u1".into(),
                name: "王建国".into(),
                as_of: w.tp("page.as_of", "at", "12:40"),
                lines: vec![
                    balance("KEY-U3", "印章 KEY（空白）", 6),
                    balance("FUSE-5A", HOSTILE, -1),
                ],
                discrepancies: 1,
            },
            Place {
                id: "s1".into(),
                name: "上海总仓".into(),
                as_of: String::new(),
                lines: vec![],
                discrepancies: 0,
            },
        ],
        engineers: vec![choice("u1", "王建国")],
        parts: vec![choice("KEY-U3", "KEY-U3 印章 KEY（空白）")],
        may_move: true,
        once: "o".into(),
    }
}
