//! Every view in both languages: landmarks, labels, tokens, escaping, complete texts.
//!
//! With `FIELDSEAL_RENDER_TO=<folder>` the rendered pages are also written there, to be looked at.

use std::collections::BTreeSet;
use std::path::Path;

use askama::Template;
use fieldseal_core::domain::texts::{Lang, all};

use super::model::*;
use super::sample::{self, HOSTILE};
use super::views::*;

/// One rendered page: name, language, HTML.
type Page = (String, Lang, String);

fn rendered() -> Vec<Page> {
    let mut pages = Vec::new();
    for lang in [Lang::En, Lang::ZhCn] {
        let w = sample::words(lang);
        let mut put = |name: &str, html: askama::Result<String>| {
            pages.push((name.to_owned(), lang, html.unwrap()));
        };
        let frame = |here, title| sample::frame(lang, here, title);
        let mut gate = frame(Here::Elsewhere, "page.login");
        gate.viewer = None;
        gate.live = false;
        gate.notice = Some(Chip::new(w.t("guard.reason_given"), Tone::Bad));
        put(
            "login",
            LoginView {
                f: &gate,
                login: HOSTILE,
            }
            .render(),
        );
        gate.notice = None;
        put(
            "setup",
            SetupView {
                f: &gate,
                action: "/setup/abc",
                name: HOSTILE,
                password: true,
            }
            .render(),
        );
        put(
            "error",
            ErrorView {
                f: &gate,
                heading: "404",
                text: HOSTILE,
            }
            .render(),
        );

        let mut f = frame(Here::Board, "page.nav.board");
        put(
            "board",
            BoardView {
                f: &f,
                board: &sample::board(&w, false),
            }
            .render(),
        );
        put(
            "board_empty",
            BoardView {
                f: &f,
                board: &sample::board(&w, true),
            }
            .render(),
        );
        f.notice = Some(Chip::new(HOSTILE, Tone::Good));
        put(
            "order",
            OrderView {
                f: &f,
                o: &sample::order(&w),
            }
            .render(),
        );
        let f = frame(Here::New, "page.nav.new");
        put(
            "order_new",
            NewOrderView {
                f: &f,
                form: &sample::new_order(&w, true),
            }
            .render(),
        );
        put(
            "order_choose",
            NewOrderView {
                f: &f,
                form: &sample::new_order(&w, false),
            }
            .render(),
        );
        let f = frame(Here::Tickets, "page.nav.tickets");
        for (name, text) in [("tickets", ""), ("tickets_none", HOSTILE)] {
            let tickets = sample::tickets(&w, text);
            put(
                name,
                TicketsView {
                    f: &f,
                    tickets: &tickets,
                }
                .render(),
            );
        }
        put(
            "ticket",
            TicketView {
                f: &f,
                o: &sample::ticket(&w),
            }
            .render(),
        );
        let f = frame(Here::Conflicts, "page.nav.conflicts");
        let list = Conflicts {
            open: vec![sample::conflict(&w, false)],
            settled: vec![sample::conflict(&w, true)],
        };
        put("conflicts", ConflictsView { f: &f, list: &list }.render());
        put(
            "conflicts_none",
            ConflictsView {
                f: &f,
                list: &Conflicts::default(),
            }
            .render(),
        );
        let f = frame(Here::Users, "page.nav.users");
        put(
            "users",
            UsersView {
                f: &f,
                users: &sample::users(&w),
            }
            .render(),
        );
        let f = frame(Here::Users, "page.retention");
        put(
            "retention",
            RetentionView {
                f: &f,
                retention: &sample::retention(&w),
            }
            .render(),
        );
        let f = frame(Here::Devices, "page.nav.devices");
        put(
            "devices",
            DevicesView {
                f: &f,
                devices: &sample::devices(&w),
            }
            .render(),
        );
        put(
            "devices_none",
            DevicesView {
                f: &f,
                devices: &Devices::default(),
            }
            .render(),
        );
        let f = frame(Here::Customers, "page.nav.customers");
        put(
            "customers",
            CustomersView {
                f: &f,
                customers: &sample::customers(""),
            }
            .render(),
        );
        put(
            "customers_none",
            CustomersView {
                f: &f,
                customers: &sample::customers(HOSTILE),
            }
            .render(),
        );
        put(
            "customer",
            CustomerView {
                f: &f,
                c: &sample::customer(&w),
            }
            .render(),
        );
        put(
            "import",
            ImportView {
                f: &f,
                form: &sample::import(&w),
            }
            .render(),
        );
        let f = frame(Here::Stock, "page.nav.stock");
        put(
            "stock",
            StockView {
                f: &f,
                stock: &sample::stock(&w),
            }
            .render(),
        );
        put(
            "stock_none",
            StockView {
                f: &f,
                stock: &Stock::default(),
            }
            .render(),
        );
        put(
            "stock_report",
            StockReportView {
                f: &f,
                report: &sample::stock_report(&w),
            }
            .render(),
        );
        put(
            "count",
            CountSheetView {
                f: &f,
                sheet: &sample::count_sheet(),
            }
            .render(),
        );
    }
    pages
}

#[test]
fn every_view_has_its_landmarks_labels_and_language() {
    let pages = rendered();
    if let Ok(folder) = std::env::var("FIELDSEAL_RENDER_TO") {
        for (name, lang, html) in &pages {
            let html = html.replace(&format!("/static/{}/", super::assets::version()), "./");
            std::fs::write(Path::new(&folder).join(format!("{name}.{lang}.html")), html).unwrap();
        }
        for asset in super::assets::ASSETS {
            std::fs::write(Path::new(&folder).join(asset.name), asset.bytes).unwrap();
        }
    }
    for (name, lang, html) in &pages {
        let at = format!("{name} in {lang}");
        assert!(html.starts_with("<!doctype html>"), "{at}");
        assert!(html.contains(&format!("<html lang=\"{lang}\">")), "{at}");
        assert_eq!(html.matches("<main id=\"main\"").count(), 1, "{at}");
        assert_eq!(html.matches("<h1>").count(), 1, "{at}");
        assert!(
            html.contains("action=\"/language\""),
            "{at}: the switch is on every page"
        );
        // Every POST form carries the CSRF token.
        assert_eq!(
            html.matches("method=\"post\"").count(),
            html.matches("name=\"csrf\" value=\"csrf-1\"").count(),
            "{at}"
        );
        // An id names one element, or labels and the script would miss.
        let ids: Vec<&str> = html
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{at}: {ids:?}");
        // What `aria-labelledby` and `aria-describedby` name exists.
        for attribute in [" aria-labelledby=\"", " aria-describedby=\""] {
            for named in html
                .split(attribute)
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
            {
                assert!(unique.contains(named), "{at}: {named}");
            }
        }
        // Each field stands in a label.
        for tag in ["<input ", "<select ", "<textarea "] {
            for (before, field) in html.match_indices(tag).map(|(i, _)| html.split_at(i)) {
                let hidden = field.split('>').next().unwrap().contains("type=\"hidden\"");
                let label = before.rfind("<label").unwrap_or(0) > before.rfind("</label>").unwrap_or(0);
                assert!(hidden || label, "{at}: {}", &field[..80.min(field.len())]);
            }
        }
    }
}

#[test]
fn hostile_texts_are_escaped_everywhere() {
    let mut seen = 0;
    for (name, lang, html) in rendered() {
        assert!(!html.contains("<script>"), "{name} in {lang}");
        assert!(!html.contains("alert(1)</script>"), "{name} in {lang}");
        assert!(!html.contains(HOSTILE), "{name} in {lang}");
        seen += html.matches("alert(1)").count();
    }
    assert!(seen > 60, "the hostile person was shown {seen} times only");
}

#[test]
fn every_text_key_of_the_templates_exists_and_is_shown_translated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut keys = BTreeSet::new();
    for dir in [folder.clone(), folder.join("part")] {
        for file in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            if file.is_dir() {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            for call in ["f.t(\"", "f.tp(\"", "f.tp2(\""] {
                keys.extend(
                    text.split(call)
                        .skip(1)
                        .filter_map(|rest| rest.split('"').next())
                        .map(str::to_owned),
                );
            }
        }
    }
    assert!(keys.len() > 150, "{}", keys.len());
    for lang in [Lang::En, Lang::ZhCn] {
        let missing: Vec<_> = keys.iter().filter(|key| !all(lang).contains_key(*key)).collect();
        assert!(missing.is_empty(), "{lang}: {missing:?}");
    }
    for (name, lang, html) in rendered() {
        // A key that has no text is shown as itself.
        assert!(!html.contains(">page."), "{name} in {lang}");
        // A placeholder without value stays visible.
        for placeholder in ["{n}", "{at}</", "{name}", "{what}", "{d}"] {
            assert!(!html.contains(placeholder), "{placeholder} in {name} in {lang}");
        }
    }
}

#[test]
fn forms_that_change_a_record_carry_what_the_reader_saw() {
    for (name, lang, html) in rendered() {
        if name != "order" && name != "ticket" {
            continue;
        }
        let forms: Vec<&str> = html
            .split(&format!("<form method=\"post\" action=\"/{name}s/"))
            .skip(1)
            .collect();
        assert!(forms.len() >= 11, "{} forms in {lang}", forms.len());
        for form in forms {
            let form = form.split("</form>").next().unwrap();
            assert!(
                form.contains("name=\"token\" value=\"token-1\""),
                "{lang}: {form}"
            );
        }
    }
}

#[test]
fn b54_the_board_says_how_old_each_engineers_picture_is() {
    let page = |wanted: Lang| {
        rendered()
            .into_iter()
            .find(|(name, lang, _)| name == "board" && *lang == wanted)
            .unwrap()
            .2
    };
    let (en, zh) = (page(Lang::En), page(Lang::ZhCn));
    assert!(en.contains("as of 12:40") && en.contains("offline since 12:40 (25 min)"));
    assert!(zh.contains("截至 12:40") && zh.contains("12:40 起离线（25 分）"));
    // Countdowns are words, right without script.
    assert!(en.contains("Response: 1 h 20 min left") && en.contains("Response: 12 min late"));
    assert!(zh.contains("响应 剩 1 小时 20 分") && zh.contains("响应 超时 12 分"));
    for title in ["待处理", "已出单派工", "售后完成", "审核完成"] {
        assert!(zh.contains(title), "{title}");
    }
}
