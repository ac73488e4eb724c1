//! Photos on the order's page: those that wait, those that came, who may open them.

use fieldseal_core::domain::ids::OrderId;

use super::story::{Browser, dispatched, engineer, id_of};
use crate::http::testing::{Bench, Sender, body_of, photo};

#[tokio::test]
async fn b49_the_page_shows_which_photos_came_and_which_are_still_on_the_phone() {
    let bench = Bench::new();
    let browser = Browser::signed_in(&bench);
    let zhang = engineer(&bench, 5, "张工");
    let page = dispatched(&browser, zhang).await;
    let id = id_of(&page);
    let order: OrderId = id.parse().unwrap();
    assert!(!page.contains("photo-none"));
    let phone = Sender::enrol(&bench, 1, zhang);
    let photos: Vec<Vec<u8>> = (1..4).map(|seed| photo(seed, 20_000)).collect();
    let hashes = phone
        .name_in(
            order,
            &[(&photos[0], false), (&photos[1], true), (&photos[2], false)],
        )
        .await;
    let path = |sha256: &str| format!("/orders/{id}/photos/{sha256}");

    let page = browser.page(&format!("/orders/{id}")).await;
    assert!(page.contains("服务器已有 0 / 3 张") && page.contains("仍在手机上"));
    assert!(page.contains("&#60;b&#62;旧标签") && !page.contains("<b>旧标签"));
    assert!(!page.contains("<img src=\"/orders/"));
    assert_eq!(browser.open(&path(&hashes[0])).await.0, 404, "it has not arrived");

    phone.upload(&photos[0], &hashes[0]).await;
    phone.upload(&photos[1], &hashes[1]).await;
    let page = browser.page(&format!("/orders/{id}")).await;
    assert!(page.contains("服务器已有 2 / 3 张"));
    let image = format!("<img src=\"{}\"", path(&hashes[0]));
    assert!(page.contains(&image) && page.contains("loading=\"lazy\""));
    let image = format!("<img src=\"{}\"", path(&hashes[1]));
    assert!(!page.contains(&image), "a sensitive one is not shown unasked");

    let (cookie, _) = bench.sign_in();
    let get = async |path: &str| {
        bench
            .get_with(path, &[("cookie", &cookie), ("range", "bytes=10-19")])
            .await
    };
    let part = get(&path(&hashes[0])).await;
    assert_eq!(part.status(), 206);
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "private, max-age=31536000, immutable"),
    ] {
        assert_eq!(part.headers()[name], value);
    }
    let name = format!("inline; filename=\"{}.jpg\"", &hashes[0][..12]);
    assert_eq!(part.headers()["content-disposition"], name);
    assert_eq!(body_of(part).await, photos[0][10..20]);
    let sensitive = get(&path(&hashes[1])).await;
    assert_eq!(sensitive.headers()["cache-control"], "private, no-store");

    // Another order's address, a blob that is no photo of it, and nobody signed in.
    let other = id_of(&dispatched(&browser, zhang).await);
    for path in [
        format!("/orders/{other}/photos/{}", hashes[0]),
        path(&"ab".repeat(32)),
        path("..%2f..%2forganisation.key"),
    ] {
        assert_eq!(get(&path).await.status(), 404, "{path}");
    }
    assert_eq!(bench.get(&path(&hashes[0])).await.status(), 401);
}
