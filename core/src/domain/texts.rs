//! The texts of all three faces, once, in both languages: flat JSON files per area under `core/texts/`.
//!
//! The core returns codes and parameters; here they become sentences. Invariants, all tested: both languages have
//! the same keys and the same `{placeholders}`, no key stands in two areas, and every code list is complete (I15).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::codes::codes;
use super::params::Params;

codes! {
    /// A language of screens and reports. Seeds are Chinese; foreign customers get English reports.
    pub enum Lang in "lang" {
        /// English.
        En = "en",
        /// Simplified Chinese.
        ZhCn = "zh-CN",
    }
}

impl Lang {
    /// What stands between the items of a list in running text.
    pub const fn list_separator(self) -> &'static str {
        match self {
            Self::En => ", ",
            Self::ZhCn => "、",
        }
    }
}

/// One area: its name, its English and its Chinese file.
struct Area {
    name: &'static str,
    en: &'static str,
    zh_cn: &'static str,
}

macro_rules! areas {
    ($($name:literal),+ $(,)?) => {
        &[$(Area {
            name: $name,
            en: include_str!(concat!("../../texts/", $name, ".en.json")),
            zh_cn: include_str!(concat!("../../texts/", $name, ".zh-CN.json")),
        }),+]
    };
}

/// Every area. Add the name of a new pair of files here.
#[rustfmt::skip]
const AREAS: &[Area] = areas![
    "auth",
    "codes",
    "engine",
    "facts",
    "gate",
    "ledger",
    "media",
    "office",
    "page",
    "printed",
    "report",
    "sealed",
    "service_level",
    "warranty",
    "wire",
];

type Texts = BTreeMap<String, String>;

/// A file that does not parse gives no texts, and the tests fail; a program never stops over a text.
fn merged(lang: Lang) -> Texts {
    let mut all = Texts::new();
    for area in AREAS {
        let file = match lang {
            Lang::En => area.en,
            Lang::ZhCn => area.zh_cn,
        };
        match serde_json::from_str::<Texts>(file) {
            Ok(texts) => all.extend(texts),
            Err(error) => tracing::error!(area = area.name, %error, "text file does not parse"),
        }
    }
    all
}

static EN: LazyLock<Texts> = LazyLock::new(|| merged(Lang::En));
static ZH_CN: LazyLock<Texts> = LazyLock::new(|| merged(Lang::ZhCn));

/// All texts of a language by key, for the apps' generated resources and the page's scripts.
pub fn all(lang: Lang) -> &'static BTreeMap<String, String> {
    match lang {
        Lang::En => &EN,
        Lang::ZhCn => &ZH_CN,
    }
}

/// The text of a key without parameters; an unknown key (a newer app's) is shown as itself, never as nothing.
pub fn label(lang: Lang, key: &str) -> String {
    all(lang).get(key).cloned().unwrap_or_else(|| key.to_owned())
}

/// The text of a key with its parameters put in. A placeholder without value stays visible as `{name}`; an unknown
/// key (a newer app's fact) is shown as the key and its values, so that nothing is hidden.
pub fn text(lang: Lang, key: &str, params: &Params) -> String {
    let Some(template) = all(lang).get(key) else {
        let values: Vec<String> = params.values().map(|value| value.render(lang)).collect();
        return if values.is_empty() {
            key.to_owned()
        } else {
            format!("{key} ({})", values.join(", "))
        };
    };
    let mut out = String::with_capacity(template.len());
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) => {
                match params.get(name) {
                    Some(value) => out.push_str(&value.render(lang)),
                    None => {
                        out.push('{');
                        out.push_str(name);
                        out.push('}');
                    }
                }
                rest = tail;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
