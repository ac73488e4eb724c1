//! A desk's day with tickets, through the whole router: triage of what was founded on site, calls, passing on, a second
//! visit, the customer's word, closing, taking up again (T-05, F-09, T-09, 000-33, 001-01, 001-15, T-13).

use fieldseal_core::domain::ids::{OrderId, TicketId, UserId};
use fieldseal_core::facts::kinds::{Done, Found, Set, Step};
use fieldseal_core::facts::{DocName, Fact};
use serde_json::json;

use super::story::{Browser, dispatched, engineer, id_of};
use crate::http::testing::{Bench, Sender};
use crate::page::sample::HOSTILE;

fn ticket_of(page: &str) -> String {
    let rest = page.split("href=\"/tickets/").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// The number in a page's head.
fn number_of(page: &str) -> String {
    let rest = page.split("class=\"num\"").nth(1).unwrap();
    let text = rest.split('>').nth(1).unwrap().split('<').next().unwrap();
    text.to_owned()
}

/// A ticket that an engineer founds on site with a new customer; its id.
async fn founded(bench: &Bench, wang: UserId) -> TicketId {
    let sender = Sender::enrol(bench, 7, wang);
    let ticket = TicketId(bench.state.env.uuid_v7());
    let customer = format!("customer/{}", bench.state.env.uuid_v7());
    let about = |subject: &str, fields: serde_json::Value| {
        Fact::Set(Set {
            subject: Some(subject.parse().unwrap()),
            fields: serde_json::from_value(fields).unwrap(),
            over: Vec::new(),
        })
    };
    let facts = [
        Fact::Found(Found {
            provisional: "SS~A7-0003".into(),
            takes: true,
        }),
        about(
            &DocName::Ticket(ticket).to_string(),
            json!({"category": "service", "description": HOSTILE, "customer": customer, "custom.楼层": 3}),
        ),
        about(&customer, json!({"name": "虹桥车站管理处"})),
    ];
    sender.write(&DocName::Intake(wang, ticket), &facts).await;
    ticket
}

#[tokio::test]
async fn q12_f09_what_was_founded_on_site_is_triaged_and_found_by_either_number() {
    let bench = Bench::new();
    let wang = engineer(&bench, 1, "王建国");
    let browser = Browser::signed_in(&bench);
    let ticket = founded(&bench, wang).await;
    let list = browser.page("/tickets").await;
    assert!(list.contains("待分级 <span class=\"count\">1</span>") && list.contains("虹桥车站管理处"));
    assert!(!list.contains(HOSTILE) && list.contains("alert(1)"));
    let page = browser.page(&format!("/tickets/{ticket}")).await;
    let number = number_of(&page);
    assert!(number.starts_with("SS20") && number.ends_with("001") && page.contains("SS~A7-0003"));
    assert!(page.contains("楼层") && page.contains("王建国"));
    let visits = &page[page.find("id=\"visits\"").unwrap()..];
    let order = visits.split("href=\"/orders/").nth(1).unwrap();
    let order = browser
        .page(&format!("/orders/{}", order.split('"').next().unwrap()))
        .await;
    assert!(order.contains("现场建单：SS~A7-0003") && order.contains("已受理登记"));
    let path = format!("/tickets/{ticket}/triage");
    let fields = [
        ("priority", "p1"),
        ("category", "service"),
        ("environment", "Windows 11"),
        ("custom_name", "门禁"),
        ("custom_value", "凭身份证"),
    ];
    let page = browser.done(&page, &path, &fields, "saved").await;
    assert!(page.contains("P1 紧急") && page.contains("Windows 11") && page.contains("凭身份证"));
    // His founding stands as an assignment: as soon as it is triaged, it is in work.
    assert!(page.contains("处理中"), "{page}");
    for typed in ["SS~A7-0003", &number.to_lowercase(), "虹桥"] {
        let found = browser.page(&format!("/tickets?q={typed}")).await;
        assert!(found.contains(&number), "{typed}");
    }
}

#[tokio::test]
async fn i001_01_i001_15_t09_from_the_desks_solution_to_the_second_visit() {
    let bench = Bench::new();
    let (wang, chen) = (engineer(&bench, 1, "王建国"), engineer(&bench, 2, "陈思远"));
    let browser = Browser::signed_in(&bench);
    let order = dispatched(&browser, wang).await;
    let ticket = ticket_of(&order);
    let at = |action: &str| format!("/tickets/{ticket}/{action}");
    let path = format!("/tickets/{ticket}");
    let show = || browser.page(&path);
    let page = show().await;
    assert!(page.contains("UKEY 插入无反应") && page.contains("处理中"));
    assert!(!page.contains(&at("solve")), "a visit runs");

    let page = browser
        .done(
            &page,
            &at("call"),
            &[("channel", "phone"), ("reached", "true"), ("text", "已答复")],
            "saved",
        )
        .await;
    assert!(page.contains("已答复"));
    let page = browser
        .done(
            &page,
            &at("consent"),
            &[
                ("kind", "extension"),
                ("how", "spoken"),
                ("new_due", "2026-11-30T18:00"),
                ("text", "缺货"),
            ],
            "saved",
        )
        .await;
    assert!(page.contains("缺货") && page.contains("11-30 18:00"));
    let (_, location) = browser
        .post(
            &page,
            &at("consent"),
            &[("kind", "extension"), ("how", "spoken"), ("text", "缺货")],
        )
        .await;
    assert!(location.contains("problem=empty&field=new_due"), "{location}");
    let passed = [
        ("to", "系统工程部"),
        ("reason", "远程无法解决"),
        ("next_contact", "刘洋"),
        ("promised", "2026-11-24T12:00"),
    ];
    let page = browser.done(&page, &at("escalate"), &passed, "saved").await;
    assert!(
        page.contains("升级给：系统工程部")
            && page.contains("刘洋")
            && page.contains("承诺 11-24 12:00 前答复")
    );
    let page = browser
        .done(&page, &at("note"), &[("text", "备件已到")], "saved")
        .await;
    assert!(page.contains("备件已到"));

    // The visit is cancelled, the ticket is the dispatcher's again, and is solved by phone.
    let order = browser.page(&format!("/orders/{}", id_of(&order))).await;
    browser
        .done(
            &order,
            &format!("/orders/{}/cancel", id_of(&order)),
            &[("reason", "电话解决")],
            "cancelled",
        )
        .await;
    let page = show().await;
    assert!(
        page.contains("已分级") || page.contains("已确认分级") || page.contains(&at("solve")),
        "{page}"
    );
    let page = browser
        .done(&page, &at("solve"), &[("solution", "重新安装驱动")], "saved")
        .await;
    let page = browser
        .done(&page, &at("confirm"), &[("reason", "电话，周女士")], "saved")
        .await;
    let page = browser
        .done(&page, &at("close"), &[("way", "confirmed")], "closed")
        .await;
    assert!(page.contains("电话，周女士") && page.contains("重新安装驱动"));
    let closed = browser.page("/tickets?list=ended").await;
    assert!(closed.contains("UKEY 插入无反应") || closed.contains("alert(1)"));

    // It comes back: taken up again, and somebody else goes.
    let page = browser
        .done(&page, &at("reopen"), &[("reason", "又不识别")], "reopened")
        .await;
    let engineer = chen.to_string();
    let visit = [
        ("summary", "再次上门"),
        ("type", "repair"),
        ("priority", "p1"),
        ("window_from", "2026-11-25T09:00"),
        ("engineer", &*engineer),
    ];
    let page = browser.done(&page, &at("visit"), &visit, "order_created").await;
    assert!(page.contains("再次上门") && page.contains("陈思远") && page.contains("处理中"));
    let board = browser.page("/").await;
    assert!(board.contains("再次上门"));
}

#[tokio::test]
async fn d05_9_two_tickets_of_one_fault_are_joined_by_number() {
    let bench = Bench::new();
    let wang = engineer(&bench, 1, "王建国");
    let browser = Browser::signed_in(&bench);
    let order = dispatched(&browser, wang).await;
    let number = number_of(&order);
    let site = founded(&bench, wang).await;
    // What is worked on cannot be joined to another: it is the other one that is.
    let page = browser.page(&format!("/tickets/{site}")).await;
    let path = format!("/tickets/{site}/merge");
    let (_, location) = browser
        .post(&page, &path, &[("into", &number), ("reason", "同一把印章")])
        .await;
    assert!(location.contains("problem=orders_begun"), "{location}");
    let (_, location) = browser
        .post(&page, &path, &[("into", "SS20990101001"), ("reason", "x")])
        .await;
    assert!(
        location.contains("problem=unknown_choice&field=into"),
        "{location}"
    );
    let ticket = ticket_of(&order);
    let order = id_of(&order);
    let shown = browser.page(&format!("/orders/{order}")).await;
    browser
        .done(
            &shown,
            &format!("/orders/{order}/cancel"),
            &[("reason", "重复")],
            "cancelled",
        )
        .await;
    let page = browser.page(&format!("/tickets/{ticket}")).await;
    let page = browser
        .done(
            &page,
            &format!("/tickets/{ticket}/merge"),
            &[("into", "ss~a7-0003"), ("reason", "同一把印章")],
            "merged",
        )
        .await;
    assert!(page.contains("已并入工单") && page.contains(&format!("/tickets/{site}")));
    assert!(!page.contains(&format!("action=\"/tickets/{ticket}/triage")));
}

#[tokio::test]
async fn i000_31_q8_a_report_that_is_not_handed_in_five_days_after_leaving_is_listed() {
    let bench = Bench::new();
    let wang = engineer(&bench, 1, "王建国");
    let browser = Browser::signed_in(&bench);
    let phone = Sender::enrol(&bench, 7, wang);
    let today = bench.state.office.now().wall_date();
    let ago = |days: u64, time: &str| {
        let date = today.checked_sub_days(chrono::Days::new(days)).unwrap();
        format!("{date}T{time}:00+08:00")
    };
    // One left six days ago, one four; one ended its work six days ago and never said that he left.
    let mut orders = Vec::new();
    for left in [Some(ago(6, "23:00")), Some(ago(4, "00:30")), None] {
        let order: OrderId = id_of(&dispatched(&browser, wang).await).parse().unwrap();
        let doc = DocName::Visit(order, wang);
        let done = Done {
            assignment: None,
            outcome: "solved".to_owned(),
            reason: None,
        };
        phone.write_at(&ago(6, "18:00"), &doc, &[Fact::Done(done)]).await;
        if let Some(left) = left {
            let leave = Step {
                assignment: None,
                text: None,
            };
            phone.write_at(&left, &doc, &[Fact::Leave(leave)]).await;
        }
        orders.push(format!("/orders/{order}"));
    }
    let board = browser.page("/").await;
    assert!(
        board.contains("/?need=hand_in") && board.contains("逾期未交报告"),
        "{board}"
    );
    let late = browser.page("/?need=hand_in").await;
    let listed: Vec<bool> = orders.iter().map(|order| late.contains(order.as_str())).collect();
    assert_eq!(listed, [true, false, true]);
}

#[tokio::test]
async fn f24_f25_f27_the_desk_calls_back_and_sees_an_improvement_through() {
    let bench = Bench::new();
    let wang = engineer(&bench, 1, "王建国");
    let browser = Browser::signed_in(&bench);
    let order = dispatched(&browser, wang).await;
    let (ticket, order) = (ticket_of(&order), id_of(&order));
    let empty = browser.page("/after").await;
    assert!(empty.contains("没有待回访的客户") && empty.contains("没有专项改进任务"));
    let shown = browser.page(&format!("/orders/{order}")).await;
    let path = format!("/orders/{order}/cancel");
    browser
        .done(&shown, &path, &[("reason", "电话解决")], "cancelled")
        .await;
    let (show, call) = (
        format!("/tickets/{ticket}"),
        format!("/tickets/{ticket}/callback"),
    );
    let page = browser.page(&show).await;
    assert!(!page.contains(&call), "it is not solved");
    let solve = format!("/tickets/{ticket}/solve");
    let page = browser
        .done(&page, &solve, &[("solution", "重新安装驱动")], "saved")
        .await;
    let due = browser.page("/after").await;
    assert!(
        due.contains(&format!("{show}#act-callback")) && due.contains("前，剩 23 小时"),
        "{due}"
    );
    let scores = |overall: &'static str| {
        [
            ("channel", "phone"),
            ("solved", "5"),
            ("speed", "2"),
            ("manner", "5"),
            ("overall", overall),
        ]
    };
    let (_, location) = browser.post(&page, &call, &scores("9")).await;
    assert!(location.contains("problem=bad_score"), "{location}");
    let page = browser.done(&page, &call, &scores("4"), "saved").await;
    assert!(page.contains("已回访客户") && page.contains("服务响应速度"));
    let after = browser.page("/after").await;
    assert!(
        after.contains("没有待回访的客户") && after.contains("评分偏低"),
        "{after}"
    );
    let case = after
        .split("action=\"/cases/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let (edit, close) = (format!("/cases/{case}"), format!("/cases/{case}/close"));
    let (_, location) = browser.post(&after, &close, &[]).await;
    assert!(location.contains("problem=case_incomplete"), "{location}");
    let owner = crate::http::testing::LI.to_string();
    let filled = [
        ("owner", owner.as_str()),
        ("cause", HOSTILE),
        ("action", "补足备件"),
    ];
    let after = browser.done(&after, &edit, &filled, "saved").await;
    assert!(!after.contains(HOSTILE) && after.contains("alert(1)"));
    let after = browser.done(&after, &close, &[], "closed").await;
    assert!(after.contains("处理完毕") && after.contains("补足备件") && !after.contains(&close));
}
