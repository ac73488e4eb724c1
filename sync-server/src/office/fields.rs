//! What a form may put into a register: which fields a record has, of which form, how long.
//!
//! Invariants: a value that passes here is what phones and page know how to show; unknown fields are refused (mass
//! assignment); text is trimmed and free of control characters; an emptied field is `null`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::domain::work::{Category, Channel, OrderType, Priority};
use fieldseal_core::facts::DocName;
use serde_json::Value;

use super::OfficeError;

/// Longest short text (names, serial numbers), characters.
const SHORT: usize = 200;
/// Longest text (descriptions), characters.
const LONG: usize = 4_000;
/// Longest list.
const LIST: usize = 100;

/// New values of a record's fields, by name; `null` empties.
pub type Changes = BTreeMap<String, Value>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Short,
    Long,
    Date,
    Moment,
    Flag,
    Category,
    Channel,
    Priority,
    OrderType,
    Language,
    /// A document name of this kind (`customer`, `asset`, …).
    Doc(&'static str),
    Docs(&'static str),
    Texts,
    /// A policy with its version, a code of a list that is data.
    Code,
    /// A field of the company's own: a text, a number or a yes.
    Custom,
}

/// The beginning of the names of the company's own fields; each merges by itself like any other.
const CUSTOM: &str = "custom.";
/// Longest name of one, characters.
const CUSTOM_NAME: usize = 60;

const CUSTOMER: &[(&str, Form)] = &[
    ("name", Form::Short),
    ("kind", Form::Code),
    ("region", Form::Short),
    ("group", Form::Short),
    ("key_flag", Form::Flag),
    ("report_language", Form::Language),
    ("address", Form::Long),
    ("contacts", Form::Docs("person")),
    ("stub", Form::Flag),
];
const ASSET: &[(&str, Form)] = &[
    ("serial", Form::Short),
    ("product", Form::Short),
    ("customer", Form::Doc("customer")),
    ("applied_on", Form::Date),
    ("sold_on", Form::Date),
    ("accepted_on", Form::Date),
    ("maker_warranty_end", Form::Date),
    ("not_removable", Form::Flag),
    ("version", Form::Short),
    ("licence", Form::Short),
    ("stub", Form::Flag),
];
const PERSON: &[(&str, Form)] = &[
    ("name", Form::Short),
    ("phone", Form::Texts),
    ("address", Form::Long),
    ("role", Form::Short),
];
const TICKET: &[(&str, Form)] = &[
    ("category", Form::Category),
    ("priority", Form::Priority),
    ("nature", Form::Short),
    ("channel", Form::Channel),
    ("received_at", Form::Moment),
    ("reported_on", Form::Date),
    ("caller", Form::Doc("person")),
    ("description", Form::Long),
    ("tried_already", Form::Long),
    ("error_text", Form::Long),
    ("customer_wish", Form::Long),
    ("environment", Form::Long),
    ("fault_occurred_at", Form::Short),
    ("steps", Form::Long),
    ("analysis", Form::Long),
    ("solution", Form::Long),
    ("plan", Form::Long),
    ("team", Form::Short),
    ("confirmed_with_customer", Form::Flag),
    ("provisional_no", Form::Short),
    ("duplicate_of", Form::Doc("ticket")),
    ("sla_policy", Form::Code),
    ("customer", Form::Doc("customer")),
    ("assets", Form::Docs("asset")),
];
const CASE: &[(&str, Form)] = &[
    ("kind", Form::Code),
    ("ticket", Form::Doc("ticket")),
    ("customer", Form::Doc("customer")),
    ("origin", Form::Code),
    ("opened_at", Form::Moment),
    ("state", Form::Code),
    ("owner", Form::Code),
    ("cause", Form::Long),
    ("action", Form::Long),
];
const ORDER: &[(&str, Form)] = &[
    ("ticket", Form::Doc("ticket")),
    ("type", Form::OrderType),
    ("customer", Form::Doc("customer")),
    ("assets", Form::Docs("asset")),
    ("window_from", Form::Moment),
    ("window_to", Form::Moment),
    ("priority", Form::Priority),
    ("summary", Form::Long),
    ("planned_parts", Form::Texts),
    ("contact", Form::Doc("person")),
];

fn forms_of(doc: &DocName) -> &'static [(&'static str, Form)] {
    match doc {
        DocName::Customer(_) => CUSTOMER,
        DocName::Asset(_) => ASSET,
        DocName::Person(..) => PERSON,
        DocName::Ticket(_) => TICKET,
        DocName::Order(_) => ORDER,
        DocName::Case(_) => CASE,
        _ => &[],
    }
}

/// Checks and tidies the values that a form wants to put into a record.
///
/// # Errors
/// [`OfficeError::Invalid`] naming the field: `unknown_field`, `empty`, `too_long`, `bad_date`, `bad_time`,
/// `unknown_choice`, `bad_value`, or `bad_window` where a window ends before it begins.
pub fn check(doc: &DocName, changes: &Changes) -> Result<Changes, OfficeError> {
    let forms = forms_of(doc);
    let mut checked = Changes::new();
    for (name, value) in changes {
        if let Some((name, form)) = forms.iter().find(|(known, _)| known == name) {
            checked.insert((*name).to_owned(), check_value(name, *form, value)?);
        } else if !forms.is_empty() && is_custom(name) {
            checked.insert(name.clone(), check_value("custom", Form::Custom, value)?);
        } else {
            return Err(OfficeError::whole("unknown_field"));
        }
    }
    for required in ["name", "summary", "serial"] {
        if checked.get(required).is_some_and(Value::is_null)
            && let Some((name, _)) = forms.iter().find(|(known, _)| *known == required)
        {
            return Err(OfficeError::field(name, "empty"));
        }
    }
    check_window(&checked)?;
    Ok(checked)
}

/// As [`check`], field by field: those that can be taken.
pub(crate) fn takeable(doc: &DocName, changes: Changes) -> Changes {
    let good = changes
        .into_iter()
        .filter_map(|(name, value)| check(doc, &Changes::from([(name, value)])).ok());
    good.flatten().filter(|(_, value)| !value.is_null()).collect()
}

fn is_custom(name: &str) -> bool {
    name.strip_prefix(CUSTOM).is_some_and(|rest| {
        let characters = rest.chars().count();
        (1..=CUSTOM_NAME).contains(&characters) && rest == tidy(rest) && !rest.contains('\n')
    })
}

/// A window that ends before it begins. Only where both ends are set together: an end alone is judged by the fold.
fn check_window(changes: &Changes) -> Result<(), OfficeError> {
    let end = |name| {
        changes
            .get(name)
            .and_then(Value::as_str)
            .and_then(|text| text.parse::<LocalTime>().ok())
    };
    match (end("window_from"), end("window_to")) {
        (Some(from), Some(to)) if to.utc_ms() < from.utc_ms() => {
            Err(OfficeError::field("window_to", "bad_window"))
        }
        _ => Ok(()),
    }
}

fn check_value(name: &'static str, form: Form, value: &Value) -> Result<Value, OfficeError> {
    let bad = |code| OfficeError::field(name, code);
    if value.is_null() {
        return Ok(Value::Null);
    }
    match form {
        Form::Flag => value.as_bool().map(Value::Bool).ok_or_else(|| bad("bad_value")),
        Form::Custom if value.is_boolean() || value.is_i64() || value.is_u64() => Ok(value.clone()),
        Form::Docs(_) | Form::Texts => {
            let items = value.as_array().ok_or_else(|| bad("bad_value"))?;
            if items.len() > LIST {
                return Err(bad("too_long"));
            }
            let one = match form {
                Form::Docs(kind) => Form::Doc(kind),
                _ => Form::Short,
            };
            let mut checked = Vec::with_capacity(items.len());
            for item in items {
                let item = check_value(name, one, item)?;
                if !item.is_null() && !checked.contains(&item) {
                    checked.push(item);
                }
            }
            Ok(Value::Array(checked))
        }
        _ => check_text(name, form, value.as_str().ok_or_else(|| bad("bad_value"))?),
    }
}

fn check_text(name: &'static str, form: Form, text: &str) -> Result<Value, OfficeError> {
    let text = tidy(text);
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let long = if matches!(form, Form::Long | Form::Custom) {
        LONG
    } else {
        SHORT
    };
    if text.chars().count() > long {
        return Err(OfficeError::field(name, "too_long"));
    }
    let fits = match form {
        Form::Date => NaiveDate::parse_from_str(&text, "%Y-%m-%d").is_ok_and(|date| date.to_string() == text),
        Form::Moment => text.parse::<LocalTime>().is_ok(),
        Form::Category => text.parse::<Category>().is_ok(),
        Form::Channel => text.parse::<Channel>().is_ok(),
        Form::Priority => text.parse::<Priority>().is_ok(),
        Form::OrderType => text.parse::<OrderType>().is_ok(),
        Form::Language => text.parse::<Lang>().is_ok(),
        Form::Doc(kind) => {
            // Who was met on site stands in a document of the engineer's.
            let named = text.starts_with(&format!("{kind}/"))
                || (kind == "person" && text.starts_with("person-field/"));
            named && text.parse::<DocName>().is_ok()
        }
        Form::Code => text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'@' | b'.')),
        Form::Short | Form::Long | Form::Flag | Form::Docs(_) | Form::Texts | Form::Custom => true,
    };
    if fits {
        return Ok(Value::String(text));
    }
    let code = match form {
        Form::Date => "bad_date",
        Form::Moment => "bad_time",
        Form::Category | Form::Channel | Form::Priority | Form::OrderType | Form::Language => {
            "unknown_choice"
        }
        _ => "bad_value",
    };
    Err(OfficeError::field(name, code))
}

/// Without white space at the ends and without control characters other than line breaks.
pub fn tidy(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .collect::<String>()
        .trim()
        .to_owned()
}

/// A text that a command cannot do without: a reason, a note, an instruction.
///
/// # Errors
/// [`OfficeError::Invalid`]: `empty`, `too_long`.
pub fn required(name: &'static str, text: &str) -> Result<String, OfficeError> {
    match check_text(name, Form::Long, text)? {
        Value::String(text) => Ok(text),
        _ => Err(OfficeError::field(name, "empty")),
    }
}

/// A text that may be missing.
///
/// # Errors
/// [`OfficeError::Invalid`]: `too_long`.
pub fn optional(name: &'static str, text: Option<&str>) -> Result<Option<String>, OfficeError> {
    match text {
        Some(text) if !tidy(text).is_empty() => required(name, text).map(Some),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use fieldseal_core::domain::ids::{CustomerId, OrderId};
    use serde_json::json;

    use super::*;

    fn order() -> DocName {
        DocName::Order(OrderId(uuid::Uuid::from_u128(1)))
    }

    fn changes(value: Value) -> Changes {
        serde_json::from_value(value).unwrap()
    }

    fn code(doc: &DocName, value: Value) -> &'static str {
        check(doc, &changes(value)).unwrap_err().code()
    }

    #[test]
    fn good_values_are_tidied() {
        let customer = "customer/00000000-0000-0000-0000-000000000001";
        let checked = check(
            &order(),
            &changes(json!({
                "summary": "  印章无法识别\r\n第二行\u{7} ", "type": "repair", "priority": "", "customer": customer,
                "planned_parts": ["K-1", " K-1 ", ""], "custom.楼层": 3, "custom.门禁": " 凭证 ",
                "window_from": "2026-11-23T14:00:00+08:00", "window_to": "2026-11-23T16:00:00+08:00",
            })),
        )
        .unwrap();
        assert_eq!(checked["summary"], json!("印章无法识别\n第二行"));
        assert_eq!(checked["priority"], Value::Null);
        assert_eq!(checked["planned_parts"], json!(["K-1"]));
        assert_eq!(
            (&checked["custom.楼层"], &checked["custom.门禁"]),
            (&json!(3), &json!("凭证"))
        );
        let mixed = changes(json!({"summary": "x", "state": "audited", "priority": "p9", "type": "repair"}));
        assert_eq!(
            takeable(&order(), mixed).keys().collect::<Vec<_>>(),
            ["summary", "type"]
        );
    }

    #[test]
    fn bad_values_are_named() {
        let order = order();
        assert_eq!(code(&order, json!({"state": "audited"})), "unknown_field");
        assert_eq!(code(&order, json!({"type": "dance"})), "unknown_choice");
        assert_eq!(code(&order, json!({"summary": " "})), "empty");
        assert_eq!(code(&order, json!({"summary": "x".repeat(4_001)})), "too_long");
        assert_eq!(code(&order, json!({"summary": 7})), "bad_value");
        assert_eq!(code(&order, json!({"window_from": "tomorrow"})), "bad_time");
        assert_eq!(code(&order, json!({"assets": ["customer/x"]})), "bad_value");
        assert_eq!(
            code(
                &order,
                json!({"window_from": "2026-11-23T14:00:00+08:00", "window_to": "2026-11-23T13:00:00+08:00"})
            ),
            "bad_window"
        );
        let customer = DocName::Customer(CustomerId(uuid::Uuid::from_u128(1)));
        assert_eq!(code(&customer, json!({"key_flag": "yes"})), "bad_value");
        assert_eq!(code(&customer, json!({"name": null})), "empty");
        assert_eq!(code(&customer, json!({"custom.": 1})), "unknown_field");
        assert_eq!(code(&customer, json!({"custom. x": 1})), "unknown_field");
        assert_eq!(code(&customer, json!({"custom.x": {"a": 1}})), "bad_value");
        assert_eq!(code(&customer, json!({"custom.x": 1.5})), "bad_value");
        assert_eq!(code(&DocName::Directory, json!({"custom.x": 1})), "unknown_field");
        assert_eq!(code(&DocName::Directory, json!({"name": "x"})), "unknown_field");
    }
}
