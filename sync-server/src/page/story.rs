//! The page through the whole router, over a real database: a dispatcher's day, without script.

use axum::body::Body;
use axum::http::Response;
use fieldseal_core::domain::ids::{CustomerId, OrderId, TicketId, UserId};
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::work::{Category, Channel, OrderType, Priority};
use fieldseal_core::facts::DocName;

use crate::http::testing::{Bench, LI, Phone, body_of};
use crate::office::{NewJob, NewOrder, NewTicket, NewUser};
use crate::page::sample::HOSTILE;

/// A browser without script: it keeps a cookie, follows redirects, and posts a form with the hidden fields that stand
/// in it.
pub(super) struct Browser<'b> {
    bench: &'b Bench,
    cookie: String,
}

fn escape(text: &str) -> String {
    let hex = |byte: u8| format!("%{byte:02X}");
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            _ => hex(byte),
        })
        .collect()
}

/// The value of an attribute in a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))
        .and_then(|(_, rest)| rest.split('"').next())
}

impl<'b> Browser<'b> {
    pub(super) fn signed_in(bench: &'b Bench) -> Self {
        let (cookie, _) = bench.sign_in();
        Self { bench, cookie }
    }

    async fn text(response: Response<Body>) -> String {
        String::from_utf8(body_of(response).await).unwrap()
    }

    pub(super) async fn open(&self, path: &str) -> (u16, String) {
        let headers = [("cookie", self.cookie.as_str()), ("accept", "text/html")];
        let response = self.bench.get_with(path, &headers).await;
        (response.status().as_u16(), Self::text(response).await)
    }

    pub(super) async fn headers(&self, path: &str) -> axum::http::HeaderMap {
        let response = self
            .bench
            .get_with(path, &[("cookie", self.cookie.as_str())])
            .await;
        assert_eq!(response.status(), 200, "{path}");
        response.headers().clone()
    }

    pub(super) async fn bytes(&self, path: &str) -> Vec<u8> {
        let response = self
            .bench
            .get_with(path, &[("cookie", self.cookie.as_str())])
            .await;
        assert_eq!(response.status(), 200, "{path}");
        body_of(response).await
    }

    pub(super) async fn page(&self, path: &str) -> String {
        let (status, text) = self.open(path).await;
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    /// Fills the form of `action` on `page` and posts it. Gives the status and where it leads, or its page.
    pub(super) async fn post(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let start = page
            .find(&format!("method=\"post\" action=\"{action}\""))
            .unwrap_or_else(|| panic!("no form {action}"));
        let form = page[start..].split("</form>").next().unwrap();
        let mut pairs: Vec<String> = form
            .split("<input type=\"hidden\"")
            .skip(1)
            .map(|tag| tag.split('>').next().unwrap())
            .map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap()))
            .map(|(name, value)| format!("{name}={}", escape(value)))
            .collect();
        assert!(pairs.iter().any(|pair| pair.starts_with("csrf=")), "{action}");
        pairs.extend(
            fields
                .iter()
                .map(|(name, value)| format!("{name}={}", escape(value))),
        );
        let response = self
            .bench
            .post(action, &pairs.join("&"), &[("cookie", &self.cookie)])
            .await;
        let status = response.status().as_u16();
        let text = match response.headers().get("location") {
            Some(location) => location.to_str().unwrap().to_owned(),
            None => Self::text(response).await,
        };
        (status, text)
    }

    /// As [`Self::post`], which must lead somewhere with `done`; gives that page.
    pub(super) async fn done(&self, page: &str, action: &str, fields: &[(&str, &str)], done: &str) -> String {
        let (status, location) = self.post(page, action, fields).await;
        assert_eq!(status, 303, "{action}: {location}");
        assert!(location.contains(&format!("done={done}")), "{action}: {location}");
        self.page(&location).await
    }
}

pub(super) fn engineer(bench: &Bench, number: u128, name: &str) -> UserId {
    let user = UserId(uuid::Uuid::from_u128(
        0x0193_f2c0_0000_7000_8000_0000_0000_0000 + number,
    ));
    let admin = bench.state.office.person(LI).unwrap().unwrap();
    let new = NewUser {
        login: format!("e{number}"),
        name: name.to_owned(),
        roles: vec![Role::Engineer],
        language: Lang::ZhCn,
    };
    bench.state.office.create_user(&admin, user, &new).unwrap()
}

/// A customer with one key and an order given to `engineer`; the order's page.
pub(super) async fn dispatched(browser: &Browser<'_>, engineer: UserId) -> String {
    let list = browser.page("/customers").await;
    let fields = [
        ("name", "上海申江律师事务所"),
        ("region", "上海"),
        ("contact", "周伟"),
        ("phone", "021 5555 0101"),
    ];
    let customer = browser.done(&list, "/customers", &fields, "customer_added").await;
    assert!(customer.contains("周伟 · 021 5555 0101"));
    let id = customer
        .split("/orders/new?customer=")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let fields = [
        ("serial", "ES-2025-08841"),
        ("product", "eseal_key"),
        ("applied_on", "2025-09-07"),
    ];
    browser
        .done(
            &customer,
            &format!("/customers/{id}/assets"),
            &fields,
            "asset_added",
        )
        .await;
    let form = browser.page(&format!("/orders/new?customer={id}")).await;
    assert!(form.contains("ES-2025-08841 · 电子印章 USB KEY"));
    let asset = form
        .split("name=\"asset\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let engineer = engineer.to_string();
    let fields = [
        ("summary", "UKEY 插入无反应"),
        ("description", HOSTILE),
        ("priority", "p1"),
        ("category", "service"),
        ("channel", "phone"),
        ("caller", "周伟"),
        ("phone", "021 5555 0101"),
        ("asset", asset),
        ("type", "repair"),
        ("engineer", &engineer),
        ("window_from", "2026-11-23T14:00"),
        ("window_to", "2026-11-23T16:00"),
    ];
    browser.done(&form, "/orders", &fields, "order_created").await
}

pub(super) fn id_of(order_page: &str) -> String {
    let rest = order_page.split("action=\"/orders/").nth(1).unwrap();
    rest.split('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_dispatcher_dispatches_reassigns_cancels_and_takes_back() {
    let bench = Bench::new();
    let (wang, chen) = (engineer(&bench, 1, "王建国"), engineer(&bench, 2, "陈思远"));
    let browser = Browser::signed_in(&bench);
    let empty = browser.page("/").await;
    assert!(empty.contains("没有待处理的派工单") && empty.contains("未登记设备"));

    let order = dispatched(&browser, wang).await;
    let id = id_of(&order);
    assert!(order.contains("派工给 王建国") && order.contains("ES-2025-08841") && order.contains("P1 紧急"));
    assert!(order.contains("响应 剩") && order.contains("派工单已创建"));
    assert!(!order.contains(HOSTILE) && order.contains("alert(1)"));
    let board = browser.page("/").await;
    assert!(board.contains("UKEY 插入无反应") && board.contains("已出单派工") && board.contains("响应 剩"));
    assert!(!browser.page("/?q=nothing-like-it").await.contains("UKEY"));
    assert!(browser.page("/?priority=p1&q=ukey").await.contains("UKEY"));
    assert!(!browser.page("/?priority=p2").await.contains("UKEY"));

    let path = format!("/orders/{id}/assign");
    let (status, location) = browser
        .post(&order, &path, &[("engineer", &chen.to_string())])
        .await;
    assert_eq!(status, 303);
    assert!(location.contains("problem=empty&field=reason"), "{location}");
    assert!(browser.page(&location).await.contains("原因：此项必填") || location.contains("problem"));
    let fields = [("engineer", chen.to_string()), ("reason", "联系不上".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (*a, b.as_str())).collect();
    let order = browser.done(&order, &path, &fields, "assigned").await;
    assert!(order.contains("转派给 陈思远") && order.contains("已撤销") && order.contains("联系不上"));

    let order = browser
        .done(
            &order,
            &format!("/orders/{id}/cancel"),
            &[("reason", "重复报修")],
            "cancelled",
        )
        .await;
    assert!(order.contains("已取消") && !order.contains(&format!("/orders/{id}/cancel\"")));
    assert!(
        browser
            .page("/")
            .await
            .contains("<details class=\"folded\" id=\"cancelled\">")
    );
    let order = browser
        .done(
            &order,
            &format!("/orders/{id}/uncancel"),
            &[("reason", "客户又来电")],
            "uncancelled",
        )
        .await;
    assert!(order.contains("撤销取消"));
    let order = browser
        .done(
            &order,
            &format!("/orders/{id}/instruct"),
            &[("text", "先打电话")],
            "instructed",
        )
        .await;
    assert!(order.contains("先打电话"));
}

fn waiting_job(customer: CustomerId) -> NewJob {
    NewJob {
        ticket: NewTicket {
            customer,
            assets: Vec::new(),
            category: Category::Service,
            priority: Priority::P3,
            channel: Channel::Phone,
            caller: None,
            description: "年度巡检".to_owned(),
            reported_on: None,
        },
        order: NewOrder {
            order_type: OrderType::Repair,
            priority: Priority::P3,
            summary: "年度巡检".to_owned(),
            window_from: None,
            window_to: None,
            planned_parts: Vec::new(),
            contact: None,
        },
        engineers: Vec::new(),
    }
}

#[tokio::test]
async fn a_long_column_is_cut_and_its_list_has_every_order_once() {
    let bench = Bench::new();
    let browser = Browser::signed_in(&bench);
    let _ = dispatched(&browser, engineer(&bench, 1, "王建国")).await;
    let office = &bench.state.office;
    let customers = office.views().names("customer/").unwrap();
    let Some(DocName::Customer(customer)) = customers.first() else {
        panic!("no customer")
    };
    let li = office.person(LI).unwrap().unwrap();
    let mut made = Vec::new();
    for _ in 0..204 {
        bench.clock.fetch_add(1_000, std::sync::atomic::Ordering::Relaxed);
        let once = TicketId(bench.state.env.uuid_v7());
        let (_, order) = office.create_job(&li, once, waiting_job(*customer)).unwrap();
        made.insert(0, order);
    }
    let rows = office.board().unwrap().rows;
    let newest: Vec<OrderId> = rows.iter().map(|row| row.order).take(made.len()).collect();
    assert_eq!(newest, made, "the newest comes first");
    let board = browser.page("/").await;
    let column = |page: &str| page.split("id=\"column-to_do\"").nth(1).unwrap().to_owned();
    let cards = |page: &str| -> Vec<String> {
        let links = column(page);
        let links = links
            .split("</section>")
            .next()
            .unwrap()
            .split("class=\"card p")
            .skip(1);
        links
            .map(|card| card.split("href=\"/orders/").nth(1).unwrap()[..36].to_owned())
            .collect()
    };
    assert!(column(&board).contains("<span class=\"count\">204</span>"));
    assert!(
        column(&board).contains("href=\"/?list=to_do&#38;page=2\""),
        "{}",
        column(&board)
    );
    let mut seen = cards(&board);
    assert_eq!(seen.len(), 200);
    let second = browser.page("/?list=to_do&page=2").await;
    assert!(!second.contains("column-dispatched"), "one column alone");
    assert!(second.contains("href=\"/?list=to_do\""), "the way back");
    seen.extend(cards(&second));
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 204);
    assert_eq!(
        cards(&browser.page("/?list=to_do&page=99").await),
        cards(&second),
        "beyond the end is the last page"
    );
    assert_eq!(cards(&browser.page("/?list=to_do&page=x").await).len(), 200);
    assert!(cards(&browser.page("/?list=to_do&q=nothing-like-it").await).is_empty());
}

#[tokio::test]
async fn a_new_order_chooses_among_few_customers_and_searches_among_many() {
    let bench = Bench::new();
    let browser = Browser::signed_in(&bench);
    let office = &bench.state.office;
    let li = office.person(LI).unwrap().unwrap();
    let add = |name: String| {
        let id = CustomerId(bench.state.env.uuid_v7());
        let new = crate::office::NewCustomer {
            name,
            region: Some("苏州".to_owned()),
            ..Default::default()
        };
        office.create_customer(&li, id, new).unwrap()
    };
    let first = add("申江律师事务所".to_owned());
    let page = browser.page("/orders/new").await;
    assert!(page.contains("<select name=\"customer\"") && page.contains("申江律师事务所"));
    for number in 0..=200 {
        add(format!("云锦第{number}分公司"));
    }
    let page = browser.page("/orders/new").await;
    assert!(!page.contains("<select name=\"customer\"") && !page.contains("申江律师事务所"));
    let link = format!("href=\"/orders/new?customer={first}\"");
    let found = browser
        .page("/orders/new?q=%E8%8B%8F%E5%B7%9E+%E7%94%B3%E6%B1%9F")
        .await;
    assert!(
        found.contains(&link) && found.contains("申江律师事务所 · 苏州"),
        "{found}"
    );
    assert!(!found.contains("云锦"));
    let many = browser.page("/orders/new?q=%E8%8B%8F%E5%B7%9E").await;
    assert_eq!(many.matches("/orders/new?customer=").count(), 200);
    assert!(many.contains("另有 2 家客户"));
    assert!(
        browser
            .page("/orders/new?q=none")
            .await
            .contains("没有找到与“none”匹配的客户")
    );
    let form = browser.page(&format!("/orders/new?customer={first}")).await;
    assert!(form.contains("id=\"new-order\"") && form.contains("申江律师事务所"));
}

/// D.5-6: two pages, one window; the loser stays visible with its author and can be put back.
#[tokio::test]
async fn d05_06_a_stale_page_loses_nothing() {
    let bench = Bench::new();
    let wang = engineer(&bench, 1, "王建国");
    let browser = Browser::signed_in(&bench);
    let order = dispatched(&browser, wang).await;
    let id = id_of(&order);
    let path = format!("/orders/{id}/plan");
    let plan = |from: &'static str| {
        [
            ("summary", "UKEY 插入无反应"),
            ("priority", "p1"),
            ("window_from", from),
            ("window_to", "2026-11-23T16:00"),
        ]
    };
    let first = browser
        .done(&order, &path, &plan("2026-11-23T15:00"), "saved")
        .await;
    assert!(
        !first.contains("另有录入"),
        "one page after the other is no conflict"
    );
    // The old page is posted once more: it had not seen 15:00.
    let second = browser
        .done(&order, &path, &plan("2026-11-23T13:00"), "saved")
        .await;
    assert!(second.contains("另有录入") && second.contains("15:00") && second.contains("13:00"));
    let conflicts = browser.page("/conflicts").await;
    assert!(conflicts.contains("15:00") && conflicts.contains("13:00") && conflicts.contains("李娜"));
    let restored = browser
        .done(&second, &format!("/orders/{id}/restore"), &[], "saved")
        .await;
    assert!(!restored.contains("另有录入"));
}

#[tokio::test]
async fn a_refused_new_order_keeps_what_was_typed() {
    let bench = Bench::new();
    let wang = engineer(&bench, 1, "王建国");
    let browser = Browser::signed_in(&bench);
    dispatched(&browser, wang).await;
    let board = browser.page("/customers").await;
    let id = board
        .split("href=\"/customers/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let form = browser.page(&format!("/orders/new?customer={id}")).await;
    let fields = [
        ("summary", "摘要在此"),
        ("description", HOSTILE),
        ("priority", "p2"),
        ("category", "service"),
        ("channel", "phone"),
        ("type", "repair"),
        ("window_from", "2026-11-23T16:00"),
        ("window_to", "2026-11-23T14:00"),
    ];
    let (status, page) = browser.post(&form, "/orders", &fields).await;
    assert_eq!(status, 422);
    assert!(
        page.contains("摘要在此") && page.contains("2026-11-23T16:00") && page.contains("role=\"alert\"")
    );
    assert!(!page.contains(HOSTILE));
}

#[tokio::test]
async fn users_and_devices_are_made_and_revoked_and_secrets_are_shown_once() {
    let bench = Bench::new();
    let browser = Browser::signed_in(&bench);
    let users = browser.page("/users").await;
    let fields = [("name", "王建国"), ("login", "wangjg"), ("role", "engineer")];
    let (status, page) = browser.post(&users, "/users", &fields).await;
    assert_eq!(status, 200);
    let link = page
        .split("http://127.0.0.1:8080/link/")
        .nth(1)
        .expect("the link")
        .split('<')
        .next()
        .unwrap();
    assert_eq!(bench.get(&format!("/link/{link}")).await.status(), 200);
    let again = browser.page("/users").await;
    assert!(again.contains("wangjg") && again.contains("未设密码") && !again.contains(link));

    let devices = browser.page("/devices").await;
    let engineer = devices
        .split("<option value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let (status, page) = browser
        .post(&devices, "/devices/code", &[("engineer", &engineer)])
        .await;
    assert_eq!(status, 200);
    let code = page.split("<code class=\"value big\"").nth(1).unwrap();
    let code = code
        .split('>')
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(code.len(), 19, "{code}");
    bench
        .state
        .enrolment
        .enrol(&Phone::new(7).request(&code, HOSTILE))
        .unwrap();
    let devices = browser.page("/devices").await;
    assert!(devices.contains("alert(1)") && !devices.contains(HOSTILE) && !devices.contains(&code));
    let id = devices
        .split("/revoke\"")
        .next()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let devices = browser
        .done(
            &devices,
            &format!("/devices/{id}/revoke"),
            &[("reason", "遗失")],
            "revoked",
        )
        .await;
    assert!(devices.contains("吊销") && !devices.contains(&format!("/devices/{id}/revoke")));
}

#[tokio::test]
async fn stock_goes_in_and_out_once() {
    let bench = Bench::new();
    let wang = engineer(&bench, 1, "王建国").to_string();
    let browser = Browser::signed_in(&bench);
    let stock = browser.page("/stock").await;
    browser
        .done(
            &stock,
            "/stock/receive",
            &[("part", "KEY-U3"), ("qty", "10"), ("source", "supplier")],
            "stock_received",
        )
        .await;
    // The same form again (a second click) writes nothing.
    let stock = browser
        .done(
            &stock,
            "/stock/receive",
            &[("part", "KEY-U3"), ("qty", "10"), ("source", "supplier")],
            "stock_received",
        )
        .await;
    assert!(stock.contains("<td class=\"n\">10</td>") && !stock.contains("<td class=\"n\">20</td>"));
    let in_hand = ("how", "in_hand");
    let fields = [
        ("engineer", wang.as_str()),
        ("part", "KEY-U3"),
        ("qty", "4"),
        in_hand,
    ];
    let stock = browser
        .done(&stock, "/stock/issue", &fields, "stock_issued")
        .await;
    assert!(stock.contains("<td class=\"n\">4</td>") && stock.contains("<td class=\"n\">6</td>"));
    let (_, location) = browser
        .post(&stock, "/stock/receive", &[("part", "KEY-U3"), ("qty", "many")])
        .await;
    assert!(location.contains("problem=bad_value&field=qty"));
    // T-33: what is sent is on its way, and in no van yet.
    let sent = [
        ("engineer", wang.as_str()),
        ("part", "KEY-U3"),
        ("qty", "3"),
        ("how", "sent"),
    ];
    let stock = browser.done(&stock, "/stock/issue", &sent, "stock_issued").await;
    let all = bench.state.office.stock().unwrap();
    let van = all.iter().find(|place| place.name == "王建国").unwrap();
    assert_eq!((van.lines[0].good, van.lines[0].in_transit), (4, 3));
    // T-35: defective parts that came back lie on a shelf of their own.
    let back = [("part", "KEY-U3"), ("qty", "1"), ("source", "defective")];
    browser
        .done(&stock, "/stock/receive", &back, "stock_received")
        .await;
    let all = bench.state.office.stock().unwrap();
    let store = all.iter().find(|place| place.engineer.is_none()).unwrap();
    assert_eq!((store.lines[0].good, store.lines[0].defective), (3, 1));
    let (_, location) = browser
        .post(
            &stock,
            "/stock/receive",
            &[("part", "KEY-U3"), ("qty", "1"), ("source", "heaven")],
        )
        .await;
    assert!(
        location.contains("problem=unknown_choice&field=source"),
        "{location}"
    );
}

#[tokio::test]
async fn d04_roles_bound_the_page_and_nobody_comes_in_unasked() {
    let bench = Bench::new();
    let signed_out = bench.get_with("/", &[("accept", "text/html")]).await;
    assert_eq!(signed_out.headers()["location"], "/login");
    for path in ["/customers", "/orders/new", "/users", "/stock", "/conflicts"] {
        assert_eq!(bench.get(path).await.status(), 401, "{path}");
    }
    let browser = Browser::signed_in(&bench);
    for path in [
        "/orders/nonsense",
        "/orders/0193f2c0-0000-7000-8000-000000000001",
        "/customers/x",
    ] {
        let (status, page) = browser.open(path).await;
        assert_eq!(status, 404, "{path}");
        assert!(page.contains("未找到"));
    }
    let users = browser.page("/users").await;
    let mine = format!("/users/{LI}");
    let (_, location) = browser
        .post(&users, &mine, &[("role", "quality"), ("active", "true")])
        .await;
    assert!(location.contains("problem=last_admin"));
    assert!(browser.page(&location).await.contains("role=\"alert\""));
    // Another administrator, then no rights but reading.
    let admin = bench.state.office.person(LI).unwrap().unwrap();
    let new = NewUser {
        login: "root".into(),
        name: "管理".into(),
        roles: vec![Role::Admin],
        language: Lang::En,
    };
    let other = UserId(uuid::Uuid::from_u128(77));
    bench.state.office.create_user(&admin, other, &new).unwrap();
    let (_, location) = browser
        .post(&users, &mine, &[("role", "quality"), ("active", "true")])
        .await;
    assert!(location.contains("done=saved"));
    // From the next request on the page is not this person's any more.
    assert_eq!(browser.open("/users").await.0, 403);
}

#[tokio::test]
async fn a_reader_without_rights_sees_no_form_and_is_refused_one() {
    let bench = Bench::new();
    let wang = engineer(&bench, 1, "王建国");
    let browser = Browser::signed_in(&bench);
    let order = dispatched(&browser, wang).await;
    let id = id_of(&order);
    let admin = bench.state.office.person(LI).unwrap().unwrap();
    let token = bench.state.office.users(&admin).unwrap().1;
    let other = UserId(uuid::Uuid::from_u128(77));
    let new = NewUser {
        login: "root".into(),
        name: "管理".into(),
        roles: vec![Role::Admin],
        language: Lang::En,
    };
    bench.state.office.create_user(&admin, other, &new).unwrap();
    bench
        .state
        .office
        .edit_user(&admin, LI, &token, "李娜", &[Role::Quality], true)
        .unwrap();
    let page = browser.page(&format!("/orders/{id}")).await;
    assert!(!page.contains(&format!("action=\"/orders/{id}/")) && page.contains("您的角色目前无需操作"));
    assert!(!page.contains("href=\"/users\"") && !page.contains("href=\"/orders/new\""));
    let (_, location) = browser
        .post(&order, &format!("/orders/{id}/cancel"), &[("reason", "x")])
        .await;
    assert!(location.contains("problem=not_allowed"), "{location}");
    for path in ["/users", "/devices", "/orders/new"] {
        assert_eq!(browser.open(path).await.0, 403, "{path}");
    }
}
