//! What a person means by a word: people name a work order by its number or the beginning of its id.

use fieldseal_core::device::engine::Engine;
use fieldseal_core::device::{EngineError, Problem};
use fieldseal_core::domain::ids::{CustomerId, OrderId, UserId};
use fieldseal_core::facts::DocName;

/// The one order that a text names.
pub fn order(engine: &Engine, text: &str) -> Result<OrderId, EngineError> {
    let rows = engine.orders()?;
    let mut found = rows.iter().filter(|row| {
        row.number
            .as_deref()
            .is_some_and(|number| number.eq_ignore_ascii_case(text))
            || row.id.to_string().starts_with(text)
    });
    match (found.next(), found.next()) {
        (Some(row), None) => Ok(row.id),
        _ => Err(EngineError::NotFound),
    }
}

/// The one customer of exactly this name that this phone knows.
pub fn customer(engine: &Engine, name: &str) -> Result<Option<CustomerId>, EngineError> {
    let mut found = Vec::new();
    for hit in engine.search(name)? {
        if let Ok(doc @ DocName::Customer(id)) = hit.name.parse::<DocName>()
            && engine.record(&doc)?.fields.known_text("name").as_deref() == Some(name)
        {
            found.push(id);
        }
    }
    match found.as_slice() {
        [one] => Ok(Some(*one)),
        [] => Ok(None),
        _ => Err(EngineError::NotFound),
    }
}

/// The one colleague that a text names.
pub fn colleague(engine: &Engine, text: &str) -> Result<UserId, EngineError> {
    let colleagues = engine.colleagues()?.into_iter();
    let mut found = colleagues.filter(|(_, name)| name == text);
    match (found.next(), found.next()) {
        (Some((user, _)), None) => Ok(user),
        _ => Err(EngineError::NotFound),
    }
}

/// Input that this program itself finds wrong.
pub fn invalid(code: &str) -> EngineError {
    EngineError::Invalid {
        problems: vec![Problem::new(code)],
    }
}

/// What should not happen.
pub fn unexpected(code: &str) -> EngineError {
    EngineError::Unexpected {
        code: code.to_owned(),
    }
}
