//! Pages with everything on them, for tests: names as a company in Shanghai has them, and one hostile person.

use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::texts::Lang;

mod order;
mod tickets;

pub(super) use order::{conflict, order};
pub(super) use tickets::{ticket, tickets};

use self::order::rows;
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
        offline_after_ms: 180_000,
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
            customers: true,
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
        window: if n.is_multiple_of(3) {
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
        count: if empty { 0 } else { cards.len() + more },
        cards: if empty { Vec::new() } else { cards },
        before_href: None,
        more: if empty { 0 } else { more },
        more_href: format!("/?list={code}"),
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
        one: false,
        cancelled: (!empty).then(|| {
            column(
                "cancelled",
                vec![card(w, 111, "宁波港务", "重复报修", "p3", "cancelled", "", &[])],
                0,
            )
        }),
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
            regions: vec![
                choice("", &w.t("page.filter.all_regions"), true),
                choice(HOSTILE, HOSTILE, false),
            ],
            links: vec![
                link("late", &w.t("page.need.late"), 1, false, Tone::Bad),
                link("on_site", &w.t("order_state.on_site"), 2, true, Tone::Info),
            ],
            kept: vec![("state".into(), HOSTILE.into())],
            on: empty,
        },
    }
}

fn link(code: &str, text: &str, count: usize, on: bool, tone: Tone) -> FilterLink {
    FilterLink {
        code: code.into(),
        text: text.into(),
        count,
        href: format!("/?need={code}"),
        on,
        tone,
    }
}

/// An engineer to choose.
fn candidate(w: &Words, id: &str, name: &str, chosen: bool) -> Candidate {
    Candidate {
        value: id.into(),
        name: name.into(),
        as_of: w.tp("page.as_of", "at", "12:40"),
        link: w.t("page.engineers.online"),
        tone: Tone::Good,
        load: w.tp("page.engineers.orders", "n", 3),
        van: w.tp("page.van.holds", "parts", "KEY-U3 6"),
        short: !chosen,
        chosen,
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
            candidate(w, "u1", "王建国", false),
            candidate(w, "u2", HOSTILE, true),
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
        hidden: false,
        hidden_count: 2,
        text: text.into(),
        more: 31,
        lines: if text.is_empty() {
            vec![
                line("c1", "上海申江律师事务所", vec![chip("重点", Tone::Info)]),
                line("c2", HOSTILE, vec![]),
            ]
        } else {
            vec![]
        },
        imports: true,
        once: "o".into(),
    }
}

pub(super) fn import(w: &Words) -> Import {
    Import {
        kinds: vec![Choice {
            value: "customers".into(),
            text: w.t("page.import.customers"),
            chosen: true,
        }],
        text: HOSTILE.into(),
        valid_from: "2026-11-23".into(),
        sums: vec![chip(w.tp("page.import.refused", "n", 1), Tone::Bad)],
        lines: vec![ImportLine {
            line: "2".into(),
            customer: HOSTILE.into(),
            said: HOSTILE.into(),
            bad: true,
        }],
        more: 3,
    }
}

pub(super) fn customer(w: &Words) -> CustomerPage {
    CustomerPage {
        hiding: hiding("/customers/1"),
        hidden_assets: Vec::new(),
        id: "c1".into(),
        name: HOSTILE.into(),
        rows: rows(&[
            ("地区", "上海"),
            ("地址", "浦东新区世纪大道 100 号 18 楼"),
            ("报告语言", ""),
        ]),
        assets: vec![AssetLine {
            token: "token-6".into(),
            hides: Vec::new(),
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
            engineer: "王建国".into(),
            parts: vec![count("KEY-U3", "印章 KEY（空白）", "1"), count(HOSTILE, "", "2")],
        }],
        token: "token-3".into(),
        may_edit: true,
        once: "o".into(),
    }
}

fn count(part: &str, name: &str, qty: &str) -> PartCount {
    PartCount {
        part: part.into(),
        name: name.into(),
        qty: qty.into(),
    }
}

fn count_card(w: &Words, may: bool) -> CountCard {
    CountCard {
        fact: "0193f2c0-0000-7000-8000-000000000402#0".into(),
        engineer: "u1".into(),
        place: HOSTILE.into(),
        by: HOSTILE.into(),
        at: "12:30".into(),
        reason: HOSTILE.into(),
        lines: vec![CountRow {
            part: "KEY-U3".into(),
            name: HOSTILE.into(),
            serial: HOSTILE.into(),
            book: "1".into(),
            counted: "0".into(),
            difference: "-1".into(),
        }],
        state: chip(w.t("page.count.proposed"), Tone::Warn),
        may,
        token: "token-5".into(),
    }
}

fn level_row(urgent: bool) -> LevelRow {
    LevelRow {
        place: HOSTILE.into(),
        part: "KEY-U3".into(),
        name: HOSTILE.into(),
        level: "1 / 2 / 5".into(),
        there: "0".into(),
        more: HOSTILE.into(),
        propose: "5".into(),
        urgent,
    }
}

pub(super) fn count_sheet() -> CountSheet {
    CountSheet {
        place: "store:1".into(),
        name: HOSTILE.into(),
        rows: vec![SheetRow {
            part: "KEY-U3".into(),
            name: HOSTILE.into(),
            serial: HOSTILE.into(),
            book: 1,
        }],
        places: vec![Choice {
            value: "store:1".into(),
            text: HOSTILE.into(),
            chosen: true,
        }],
        once: "o".into(),
    }
}

pub(super) fn stock(w: &Words) -> Stock {
    let choice = |value: &str, text: &str| Choice {
        value: value.into(),
        text: text.into(),
        chosen: false,
    };
    let place = |id: &str, name: &str, discrepancies| Place {
        id: id.into(),
        name: name.into(),
        as_of: w.tp("page.as_of", "at", "12:40"),
        link: w.t("page.engineers.online"),
        tone: Tone::Good,
        discrepancies,
    };
    let row = |part: &str, name: &str, good: i64, more: &str| PartRow {
        part: part.into(),
        name: name.into(),
        cells: vec![
            Cell {
                good: good.to_string(),
                more: more.into(),
                wrong: good < 0,
            },
            Cell::default(),
            Cell::default(),
        ],
        total: good,
    };
    let request = |state: &str, choices| RequestLine {
        fact: "0193f2c0-0000-7000-8000-000000000401#0".into(),
        engineer: "u1".into(),
        name: HOSTILE.into(),
        lines: vec![count("KEY-U3", HOSTILE, "2"), count("USB-HUB", "", "1")],
        order: Some((ORDER.into(), "SS20261123104".into())),
        text: HOSTILE.into(),
        state: chip(w.t(&format!("page.request.{state}")), Tone::Warn),
        at: "12:30".into(),
        answers: vec![HOSTILE.into()],
        choices,
        token: "token-4".into(),
    };
    Stock {
        text: String::new(),
        places: vec![
            place("u1", "王建国", 1),
            place("u2", HOSTILE, 0),
            place("store", "上海总仓", 0),
        ],
        rows: vec![
            row("KEY-U3", "印章 KEY（空白）", 6, ""),
            row("FUSE-5A", "", -1, &w.tp("page.stock.broken", "n", 1)),
            row(HOSTILE, HOSTILE, 2, HOSTILE),
        ],
        requests: vec![request(
            "requested",
            vec![
                choice("approved", &w.t("page.request.do.approved")),
                choice("refused", &w.t("page.request.do.refused")),
            ],
        )],
        answered: vec![request("issued", Vec::new())],
        engineers: vec![choice("u1", "王建国")],
        parts: vec![choice("KEY-U3", "KEY-U3 印章 KEY（空白）")],
        may_move: true,
        sources: vec![choice("supplier", &w.t("page.stock.source.supplier"))],
        ways: vec![choice("sent", &w.t("page.stock.how.sent"))],
        waiting: vec![count_card(w, true)],
        counted: vec![count_card(w, false)],
        shortages: vec![level_row(true)],
        levels: vec![level_row(false)],
        shelves: vec![choice("store:1", HOSTILE)],
        may_report: true,
        loans: vec![LoanRow {
            rma: HOSTILE.into(),
            part: "KEY-U3".into(),
            name: HOSTILE.into(),
            serial: HOSTILE.into(),
            qty: "1".into(),
            order: Some((ORDER.into(), "SS20261123104".into())),
            by: HOSTILE.into(),
        }],
        scraps: vec![ScrapRow {
            place: HOSTILE.into(),
            part: "KEY-U3".into(),
            name: HOSTILE.into(),
            serial: HOSTILE.into(),
            qty: "1".into(),
            why: HOSTILE.into(),
            photo: "00".repeat(32),
            unproven: true,
            by: HOSTILE.into(),
        }],
        scrap_types: vec![choice("broken", &w.t("scrap.broken"))],
        scrap_photos: vec![choice("", HOSTILE)],
        once: "o".into(),
    }
}

pub(super) fn stock_report(w: &Words) -> StockReport {
    StockReport {
        from: "2026-10-01".into(),
        to: "2026-12-31".into(),
        columns: vec![w.t("page.stock_report.opening")],
        rows: vec![ReportRow {
            engineer: HOSTILE.into(),
            part: "KEY-U3".into(),
            name: HOSTILE.into(),
            shelf: HOSTILE.into(),
            figures: vec![-1],
        }],
        balanced: false,
        quarters: vec![(HOSTILE.into(), "2026-07-01".into(), "2026-09-30".into())],
    }
}

/// A record that somebody hid.
pub(super) fn hiding(address: &str) -> Hiding {
    Hiding {
        action: format!("{address}/hide"),
        may: true,
        lines: vec![HideLine {
            by: HOSTILE.into(),
            at: "11-27 09:00".into(),
            reason: HOSTILE.into(),
        }],
    }
}

pub(super) fn retention(w: &Words) -> Retention {
    Retention {
        lines: vec![KeptLine {
            id: "0193f2c0-0000-7000-8000-000000000001".into(),
            number: "SS261127-001".into(),
            description: HOSTILE.into(),
            customer: HOSTILE.into(),
            until: "2029-11-27".into(),
            state: Chip::new(w.t("page.retention.kept"), Tone::Good),
        }],
        more: 3,
    }
}
