//! `GET /static/{version}/{name}`: the embedded files. The version is part of the address, so a browser keeps them.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::page::assets;

const YEAR: &str = "public, max-age=31536000, immutable";

/// Serves a file; `304` to who has it. An address with an old version gets today's file and may not keep it.
pub async fn get(Path((version, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(asset) = assets::find(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = assets::etag(asset);
    let keep = if version == assets::version() {
        YEAR
    } else {
        "no-cache"
    };
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains(&tag));
    let common = [(ETAG, tag.as_str()), (CACHE_CONTROL, keep)];
    if known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (common, [(CONTENT_TYPE, asset.media)], asset.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};

    use crate::http::testing::{Bench, body_of};
    use crate::page::assets;

    #[tokio::test]
    async fn files_are_kept_by_their_version_and_tag() {
        let bench = Bench::new();
        let path = format!("/static/{}/app.css", assets::version());
        let first = bench.get(&path).await;
        assert_eq!(first.status(), 200);
        assert_eq!(first.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
        assert!(
            first.headers()[CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        assert_eq!(body_of(first).await, assets::find("app.css").unwrap().bytes);
        let second = bench.get_with(&path, &[("if-none-match", &tag)]).await;
        assert_eq!(second.status(), 304);
        assert!(body_of(second).await.is_empty());
        let old = bench.get("/static/000000000000/app.js").await;
        assert_eq!(old.headers()[CACHE_CONTROL], "no-cache");
        assert_eq!(bench.get("/static/x/secret.txt").await.status(), 404);
    }
}
