//! Parts lists: what a part number is called in each language. A report shows the name that was valid on its day.

use serde::{Deserialize, Serialize};

use super::{PolicyError, PolicyRef, require};
use crate::domain::texts::Lang;

/// What a part is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartName {
    /// In Chinese.
    #[serde(rename = "zh-CN")]
    pub zh_cn: String,
    /// In English.
    pub en: String,
}

impl PartName {
    /// In a language.
    pub fn of(&self, lang: Lang) -> &str {
        match lang {
            Lang::ZhCn => &self.zh_cn,
            Lang::En => &self.en,
        }
    }
}

/// One part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartEntry {
    /// Part number.
    pub number: String,
    /// Its name.
    pub name: PartName,
}

/// A versioned list of parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartList {
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its parts.
    pub parts: Vec<PartEntry>,
}

impl PartList {
    /// A list without parts: numbers stand for themselves.
    pub fn empty() -> Self {
        Self {
            id: "none".to_owned(),
            version: 0,
            parts: Vec::new(),
        }
    }

    /// Reads and checks a list.
    ///
    /// # Errors
    /// [`PolicyError`]: unreadable, a part without number or without a name in one of the languages, a number twice.
    pub fn read(json: &str) -> Result<Self, PolicyError> {
        let list: Self = serde_json::from_str(json).map_err(|_| PolicyError::Unreadable)?;
        require(!list.id.is_empty(), "id")?;
        let mut numbers: Vec<&str> = list.parts.iter().map(|part| part.number.as_str()).collect();
        require(
            numbers
                .iter()
                .all(|number| !number.is_empty() && number.trim() == *number),
            "number",
        )?;
        numbers.sort_unstable();
        require(
            numbers.windows(2).all(|pair| pair.first() != pair.last()),
            "number",
        )?;
        let named = |part: &PartEntry| !part.name.zh_cn.trim().is_empty() && !part.name.en.trim().is_empty();
        require(list.parts.iter().all(named), "name")?;
        Ok(list)
    }

    /// The list's reference.
    pub fn reference(&self) -> PolicyRef {
        PolicyRef {
            id: self.id.clone(),
            version: self.version,
        }
    }

    /// What a part is called, if the list has it.
    pub fn name(&self, number: &str, lang: Lang) -> Option<&str> {
        let part = self.parts.iter().find(|part| part.number == number)?;
        Some(part.name.of(lang))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"id":"parts","version":2,"parts":[
        {"number":"CAP-KEY","name":{"zh-CN":"KEY保护帽","en":"key cap"}},
        {"number":"USB-HUB","name":{"zh-CN":"带电源USB集线器","en":"powered USB hub"}}]}"#;

    #[test]
    fn a_part_has_a_name_in_each_language() {
        let list = PartList::read(LIST).unwrap();
        assert_eq!(list.reference().to_string(), "parts@2");
        assert_eq!(list.name("CAP-KEY", Lang::ZhCn), Some("KEY保护帽"));
        assert_eq!(list.name("USB-HUB", Lang::En), Some("powered USB hub"));
        assert_eq!(list.name("CAP", Lang::En), None);
        assert_eq!(PartList::empty().name("CAP-KEY", Lang::En), None);
    }

    #[test]
    fn nonsense_lists_are_refused() {
        let field = |from: &str, to: &str| PartList::read(&LIST.replace(from, to)).unwrap_err();
        let invalid = |field| PolicyError::Invalid { field };
        assert_eq!(field("USB-HUB", "CAP-KEY"), invalid("number"));
        assert_eq!(field("USB-HUB", ""), invalid("number"));
        assert_eq!(field("USB-HUB", "USB-HUB "), invalid("number"));
        assert_eq!(field("key cap", " "), invalid("name"));
        assert_eq!(field("\"id\":\"parts\"", "\"id\":\"\""), invalid("id"));
        assert_eq!(field(",\"en\":\"key cap\"", ""), PolicyError::Unreadable);
    }
}
