//! Ids, document names, view tokens and hashes: opaque texts on the foreign side, handed back as they came.
//! What is none is answered by `Invalid` with `step_problem.argument`, before the engine is asked.

use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::{ActionId, DeviceId, OrderId, PersonId, UserId};
use fieldseal_core::facts::{DocName, FactId, ViewToken};

use crate::error::FieldsealError;

macro_rules! opaque {
    ($($name:ident: $kind:literal;)+) => {$(
        uniffi::custom_type!($name, String, {
            remote,
            try_lift: |text| Ok(text.parse().map_err(|_| FieldsealError::argument($kind))?),
            lower: |value| value.to_string(),
        });
    )+};
}

opaque! {
    ActionId: "action";
    ContentHash: "hash";
    DeviceId: "device";
    DocName: "document";
    FactId: "fact";
    OrderId: "order";
    PersonId: "person";
    UserId: "user";
    ViewToken: "token";
}
