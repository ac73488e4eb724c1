//! `GET /healthz`: the process lives and answers.

/// Says so.
pub async fn get() -> &'static str {
    "ok\n"
}

#[cfg(test)]
mod tests {
    use crate::http::testing::{Bench, body_of};

    #[tokio::test]
    async fn it_answers() {
        let response = Bench::new().get("/healthz").await;
        assert_eq!(response.status(), 200);
        assert_eq!(body_of(response).await, b"ok\n");
    }
}
