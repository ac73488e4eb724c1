//! How the value of a register is read: codes become texts, document names become names, moments become clock times.

use fieldseal_core::domain::ids::PersonId;
use fieldseal_core::domain::texts::all;
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::facts::DocName;
use serde_json::Value;

use super::Names;
use crate::page::words::Words;

/// The label of a field.
pub fn label(words: &Words, field: &str) -> String {
    // A field of the company's own is called what the company called it.
    if let Some(own) = field.strip_prefix("custom.") {
        return own.to_owned();
    }
    words.t(&format!("page.field.{field}"))
}

/// The list of codes that a field's text is one of, if it is.
fn list_of(field: &str) -> Option<&'static str> {
    Some(match field {
        "type" => "order_type",
        "priority" => "priority",
        "category" => "category",
        "channel" => "channel",
        "state" => "ticket_state",
        "opinion_kind" => "opinion",
        "language" | "report_language" => "lang",
        "outcome" => "outcome",
        _ => return None,
    })
}

/// The value of a field as it is read. Empty for an emptied field.
pub fn shown(words: &Words, names: &Names, field: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => words.t(if *yes { "page.yes" } else { "page.no" }),
        Value::Number(number) => number.to_string(),
        Value::String(text) => shown_text(words, names, field, text),
        Value::Array(items) => {
            let parts: Vec<String> = items
                .iter()
                .map(|item| shown(words, names, field, item))
                .filter(|part| !part.is_empty())
                .collect();
            parts.join(words.lang.list_separator())
        }
        Value::Object(map) => {
            let parts: Vec<String> = map
                .iter()
                .map(|(name, part)| (label(words, name), shown(words, names, name, part)))
                .filter(|(_, part)| !part.is_empty())
                .map(|(name, part)| format!("{name} {part}"))
                .collect();
            parts.join(words.lang.list_separator())
        }
    }
}

fn shown_text(words: &Words, names: &Names, field: &str, text: &str) -> String {
    if let Some(list) = list_of(field) {
        let key = format!("{list}.{text}");
        if all(words.lang).contains_key(&key) {
            return words.t(&key);
        }
    }
    if field == "planned_parts" {
        return names.part_text(text);
    }
    if field == "product" {
        return product(words, text);
    }
    if text.contains('/')
        && let Ok(doc) = text.parse::<DocName>()
    {
        return names.record(&doc);
    }
    if is_moment(field)
        && let Ok(time) = text.parse::<LocalTime>()
    {
        return words.brief(words.local(time.utc_ms()));
    }
    if text.len() == 36
        && text.parse::<PersonId>().is_ok()
        && let Ok(user) = text.parse()
        && let Some(name) = names.users.get(&user)
    {
        return name.clone();
    }
    text.to_owned()
}

fn is_moment(field: &str) -> bool {
    matches!(
        field,
        "window_from" | "window_to" | "received_at" | "new_due" | "at"
    )
}

/// A product's name; one that this version does not know stands as it is.
pub fn product(words: &Words, product: &str) -> String {
    let key = format!("page.product.{product}");
    if all(words.lang).contains_key(&key) {
        words.t(&key)
    } else {
        product.to_owned()
    }
}

/// A claimed time with its own offset, brief; an unreadable one as it stands.
pub fn claim(words: &Words, at: &str) -> String {
    at.parse::<LocalTime>()
        .map_or_else(|_| at.to_owned(), |time| words.brief(words.local(time.utc_ms())))
}

/// The same, whole, as its author's clock had it.
pub fn claim_full(words: &Words, at: &str) -> String {
    at.parse::<LocalTime>()
        .map_or_else(|_| at.to_owned(), |time| words.full(time))
}

/// «14:00–16:00», «11-24 14:00–16:00», or one end alone; empty where there is neither.
pub fn window(words: &Words, from: Option<&str>, to: Option<&str>) -> String {
    let read = |text: Option<&str>| text.and_then(|text| text.parse::<LocalTime>().ok());
    match (read(from), read(to)) {
        (Some(from), Some(to)) => {
            let (a, b) = (words.local(from.utc_ms()), words.local(to.utc_ms()));
            if a.wall_date() == b.wall_date() {
                format!("{}–{}", words.brief(a), b.wall_time().format("%H:%M"))
            } else {
                format!("{} – {}", words.brief(a), words.brief(b))
            }
        }
        (Some(from), None) => format!("{} –", words.moment(from.utc_ms())),
        (None, Some(to)) => format!("– {}", words.moment(to.utc_ms())),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use fieldseal_core::domain::texts::Lang;
    use serde_json::json;

    use super::*;
    use crate::page::sample;

    #[test]
    fn values_are_read_not_printed() {
        let (en, zh) = (sample::words(Lang::En), sample::words(Lang::ZhCn));
        let mut names = Names::default();
        let customer: DocName = "customer/0193f2c0-0000-7000-8000-000000000001".parse().unwrap();
        names.records.insert(customer.clone(), "申江".into());
        let read = |words: &Words, field: &str, value: Value| shown(words, &names, field, &value);
        assert_eq!(read(&zh, "priority", json!("p1")), "P1 紧急");
        assert_eq!(read(&en, "type", json!("repair")), "Repair");
        assert_eq!(read(&en, "type", json!("of_a_newer_app")), "of_a_newer_app");
        assert_eq!(read(&en, "customer", json!(customer.to_string())), "申江");
        assert_eq!(
            read(
                &en,
                "assets",
                json!(["asset/0193f2c0-0000-7000-8000-0000000000aa", "x"])
            ),
            "000000aa, x"
        );
        assert_eq!(read(&zh, "key_flag", json!(true)), "是");
        assert_eq!(read(&zh, "summary", Value::Null), "");
        assert_eq!(
            read(&zh, "window_from", json!("2026-11-23T14:00:00+08:00")),
            "14:00"
        );
        assert_eq!(read(&zh, "summary", json!("a/b")), "a/b");
        let (from, to) = ("2026-11-24T14:00:00+08:00", "2026-11-24T16:00:00+08:00");
        assert_eq!(window(&zh, Some(from), Some(to)), "11-24 14:00–16:00");
        assert_eq!(window(&zh, None, None), "");
        assert_eq!(window(&zh, Some("nonsense"), Some(to)), "– 11-24 16:00");
    }
}
