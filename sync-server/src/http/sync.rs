//! `POST /v1/sync`: one exchange (design 5). The pipeline does the work; here are limits, authorisation and codes.

use axum::extract::State;
use axum::response::Response;
use fieldseal_core::wire::{ProblemCode, SyncRequest};

use super::bearer::Bearer;
use super::problem::problem;
use super::wire_body::{WireBody, answer};
use crate::pipeline::PipelineError;
use crate::state::AppState;
use crate::storage::StorageError;

const fn code_of(error: &PipelineError) -> ProblemCode {
    match error {
        PipelineError::Revoked => ProblemCode::Revoked,
        PipelineError::UnknownDevice => ProblemCode::WrongToken,
        PipelineError::Version(_) => ProblemCode::UnsupportedVersion,
        PipelineError::TooMany => ProblemCode::TooLarge,
        PipelineError::Storage(StorageError::Full | StorageError::Busy) => ProblemCode::Unavailable,
        _ => ProblemCode::Internal,
    }
}

/// Exchanges.
pub async fn post(
    State(state): State<AppState>,
    Bearer(device): Bearer,
    WireBody(request): WireBody<SyncRequest>,
) -> Response {
    let service = state.service.clone();
    let id = device.id;
    let exchanged = tokio::task::spawn_blocking(move || {
        let exchanged = service.sync(&device, &request)?;
        Ok::<_, PipelineError>(answer(&exchanged))
    })
    .await;
    match exchanged {
        Ok(Ok(response)) => {
            state.office.contacts().note(id, state.env.clock.read().wall_ms);
            response
        }
        Ok(Err(error)) => {
            let code = code_of(&error);
            if matches!(code, ProblemCode::Internal | ProblemCode::Unavailable) {
                tracing::error!(device = %id, %error, "exchange failed");
            }
            problem(code)
        }
        Err(_) => problem(ProblemCode::Unavailable),
    }
}

#[cfg(test)]
mod tests {
    use fieldseal_core::wire::body::{decode, decode_problem, encode};
    use fieldseal_core::wire::{BODY_MAX, SyncAnswer, SyncRequest, VERSION};

    use crate::http::testing::{Bench, LI, Phone, body_of};

    fn request() -> SyncRequest {
        SyncRequest {
            version: VERSION,
            page: 100_000,
            ..SyncRequest::default()
        }
    }

    async fn code_of(bench: &Bench, body: Vec<u8>, token: Option<&str>) -> (u16, String) {
        let response = bench.post_wire("/v1/sync", body, token).await;
        let status = response.status().as_u16();
        (status, decode_problem(&body_of(response).await).unwrap().code)
    }

    #[tokio::test]
    async fn the_first_exchange_grants_the_directory_and_repeats_equal() {
        let bench = Bench::new();
        let token = bench.enrol(&Phone::new(1), LI);
        let mut answers = Vec::new();
        for _ in 0..2 {
            let response = bench
                .post_wire("/v1/sync", encode(&request()).unwrap(), Some(&token))
                .await;
            assert_eq!(response.status(), 200);
            let mut answer: SyncAnswer = decode(&body_of(response).await).unwrap();
            answer.server_time = 0;
            answers.push(answer);
        }
        assert!(answers[0].grants.iter().any(|grant| grant.doc == "directory"));
        assert!(answers[0].position.is_some() && answers[0].exceptions.is_empty());
        assert_eq!(answers[0], answers[1]);
        let device = bench.state.enrolment.authorise(&token).unwrap();
        assert!(bench.state.office.contacts().last(&device).is_some());
    }

    #[tokio::test]
    async fn wrong_and_revoked_tokens_are_told_apart() {
        let bench = Bench::new();
        let body = encode(&request()).unwrap();
        for token in [None, Some("nonsense"), Some("")] {
            assert_eq!(
                code_of(&bench, body.clone(), token).await,
                (401, "wrong_token".into())
            );
        }
        let token = bench.enrol(&Phone::new(1), LI);
        let device = bench.state.enrolment.authorise(&token).unwrap();
        bench.state.enrolment.revoke(device.id, LI, "lost").unwrap();
        assert_eq!(code_of(&bench, body, Some(&token)).await, (403, "revoked".into()));
    }

    #[tokio::test]
    async fn limits_and_versions_have_their_codes() {
        let bench = Bench::new();
        let token = bench.enrol(&Phone::new(1), LI);
        let token = Some(token.as_str());
        assert_eq!(
            code_of(&bench, vec![0x1f; BODY_MAX + 1], token).await,
            (413, "too_large".into())
        );
        let bomb = bench.gzip(&vec![0; 3 * 1024 * 1024]);
        assert_eq!(code_of(&bench, bomb, token).await, (413, "too_large".into()));
        let whole = encode(&request()).unwrap();
        assert_eq!(
            code_of(&bench, whole[..whole.len() - 3].to_vec(), token).await,
            (400, "malformed".into())
        );
        let newer = SyncRequest {
            version: VERSION + 1,
            ..request()
        };
        assert_eq!(
            code_of(&bench, encode(&newer).unwrap(), token).await,
            (426, "unsupported_version".into())
        );
    }
}
