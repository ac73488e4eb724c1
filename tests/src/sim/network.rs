//! Messages on their way, and the server's end of the wire: bodies in, bodies out, as the HTTP layer does it.

use fieldseal_core::device::sync::Fault;
use fieldseal_core::wire::{ProblemCode, SyncRequest, body};
use fieldseal_server::pipeline::{PipelineError, SyncService};
use fieldseal_server::storage::DeviceRow;

/// Whose request a message belongs to. An answer reaches only the app start that asked: that is what a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// Index of the phone.
    pub phone: usize,
    /// Which app start of it.
    pub start: u64,
    /// Which request of that start.
    pub request: u64,
}

/// One message on its way.
#[derive(Debug, Clone)]
pub enum Message {
    /// To the server.
    Request(Address, Vec<u8>),
    /// To a phone.
    Answer(Address, Result<Vec<u8>, Fault>),
}

/// What the server does with a request's body. `page` bounds the answer, as a busy server may.
pub fn serve(service: &SyncService, device: &DeviceRow, bytes: &[u8], page: u32) -> Result<Vec<u8>, Fault> {
    let problem = |code: ProblemCode| Fault::Problem {
        status: code.status(),
        code: Some(code),
    };
    let mut request: SyncRequest = body::decode(bytes).map_err(|error| problem(error.into()))?;
    request.page = request.page.min(page);
    match service.sync(device, &request) {
        Ok(answer) => Ok(body::encode(&answer).expect("an answer of the server fits its own bounds")),
        Err(PipelineError::Revoked) => Err(problem(ProblemCode::Revoked)),
        Err(error) => panic!("the server failed: {error}"),
    }
}
