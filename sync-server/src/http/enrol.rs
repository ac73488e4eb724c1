//! `POST /v1/enrol`: a one-time code for a certificate and a token. Rules: `crate::enrol`.

use axum::extract::State;
use axum::response::Response;
use fieldseal_core::wire::{EnrolRequest, ProblemCode};

use super::bearer::refuse;
use super::problem::problem;
use super::wire_body::{WireBody, answer};
use crate::state::AppState;

/// Enrols a device.
pub async fn post(State(state): State<AppState>, WireBody(request): WireBody<EnrolRequest>) -> Response {
    let enrolment = state.enrolment.clone();
    match tokio::task::spawn_blocking(move || enrolment.enrol(&request)).await {
        Ok(Ok(enrolled)) => answer(&enrolled),
        Ok(Err(error)) => {
            tracing::info!(code = error.problem().as_str(), "enrolment refused");
            refuse(&error)
        }
        Err(_) => problem(ProblemCode::Unavailable),
    }
}

#[cfg(test)]
mod tests {
    use fieldseal_core::wire::body::{decode, decode_problem, encode};
    use fieldseal_core::wire::{self, EnrolAnswer, EnrolRequest};

    use crate::http::testing::{Bench, LI, Phone, body_of};

    async fn code_of(bench: &Bench, body: Vec<u8>) -> (u16, String) {
        let response = bench.post_wire("/v1/enrol", body, None).await;
        let status = response.status().as_u16();
        (status, decode_problem(&body_of(response).await).unwrap().code)
    }

    #[tokio::test]
    async fn a_code_gives_a_certificate_and_a_token_that_opens_sync() {
        let bench = Bench::new();
        let phone = Phone::new(1);
        let request = phone.request(&bench.code(LI), "测试手机");
        let response = bench
            .post_wire("/v1/enrol", encode(&request).unwrap(), None)
            .await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], wire::CONTENT_TYPE);
        let enrolled: EnrolAnswer = decode(&body_of(response).await).unwrap();
        let certificate =
            fieldseal_core::domain::certificate::Certificate::read(&enrolled.certificate).unwrap();
        assert_eq!(certificate.body().engineer, LI);
        assert_eq!(certificate.body().device_key.0, phone.public());
        let device = bench.state.enrolment.authorise(&enrolled.token).unwrap();
        assert_eq!((device.user, device.name.as_str()), (LI, "测试手机"));
    }

    #[tokio::test]
    async fn unknown_reused_and_forged_are_told_apart() {
        let bench = Bench::new();
        let (phone, other) = (Phone::new(1), Phone::new(2));
        let code = bench.code(LI);
        let unknown = phone.request("0000-0000-0000-0000", "x");
        assert_eq!(
            code_of(&bench, encode(&unknown).unwrap()).await,
            (404, "unknown_code".into())
        );
        let mut forged = phone.request(&code, "x");
        forged.proof[0] ^= 1;
        assert_eq!(
            code_of(&bench, encode(&forged).unwrap()).await,
            (400, "bad_proof".into())
        );
        let first = encode(&phone.request(&code, "x")).unwrap();
        assert_eq!(bench.post_wire("/v1/enrol", first, None).await.status(), 200);
        let second = encode(&other.request(&code, "x")).unwrap();
        assert_eq!(code_of(&bench, second).await, (409, "used_code".into()));
    }

    #[tokio::test]
    async fn bodies_that_are_none_are_refused() {
        let bench = Bench::new();
        assert_eq!(
            code_of(&bench, b"nonsense".to_vec()).await,
            (400, "malformed".into())
        );
        let request = EnrolRequest {
            name: "n".repeat(70_000),
            ..Phone::new(1).request("0000-0000-0000-0000", "")
        };
        // A small body that inflates beyond the limit.
        let bomb = bench.gzip(&minicbor::to_vec(&request).unwrap());
        assert!(bomb.len() < 1_000);
        assert_eq!(code_of(&bench, bomb).await, (413, "too_large".into()));
        assert_eq!(
            code_of(&bench, vec![7; 17 * 1024]).await,
            (413, "too_large".into())
        );
        let form = bench.post("/v1/enrol", "a=b", &[]).await;
        assert_eq!(form.status(), 400);
    }
}
