//! A dispatcher pastes a table of customers, looks at what it would do, and takes it (Y-37); lists of parts are published
//! the same way (Y-05).

use super::story::Browser;
use crate::http::testing::Bench;

const TABLE: &str =
    "客户\t联系人\t序列号\t办理日期\n上海申江\t周伟\tK-1001\t2025/9/7\n上海申江\t\tK-1002\t2025-02-30\n";

#[tokio::test]
async fn y37_a_pasted_table_is_looked_at_and_taken() {
    let bench = Bench::new();
    let browser = Browser::signed_in(&bench);
    let page = browser.page("/import").await;
    let fields = [("kind", "customers"), ("table", TABLE), ("step", "look")];
    let (status, looked) = browser.post(&page, "/import", &fields).await;
    assert_eq!(status, 200, "{looked}");
    assert!(looked.contains("1 行将导入") && looked.contains("1 行不能导入") && looked.contains("第 4 列"));
    assert!(
        looked.contains("新客户") && looked.contains("K-1001"),
        "the table stays in the form"
    );
    assert!(
        !browser.page("/customers").await.contains("上海申江"),
        "looking writes nothing"
    );
    let fields = [("kind", "customers"), ("table", TABLE), ("step", "take")];
    let list = browser.done(&looked, "/import", &fields, "imported").await;
    assert!(list.contains("上海申江"));
    let table = browser.headers("/export/customers").await;
    assert_eq!(table["content-type"], "text/csv; charset=utf-8");

    let broken = [
        ("kind", "customers"),
        ("table", "客户\t序号\n甲\t1\n"),
        ("step", "look"),
    ];
    let (status, refused) = browser.post(&page, "/import", &broken).await;
    assert_eq!(status, 422);
    assert!(refused.contains("无法识别的列") && refused.contains("甲"));
    let parts = [
        ("kind", "parts"),
        ("table", "料号\t名称\tenglish\nKEY-U3\t印章 KEY\tKey blank\n"),
        ("valid_from", "2026-01-01"),
        ("step", "look"),
    ];
    browser.done(&page, "/import", &parts, "published").await;
    let (status, _) = browser
        .post(&page, "/import", &[("kind", "policies"), ("table", "x")])
        .await;
    assert_eq!(status, 404);
}
