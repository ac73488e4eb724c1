//! What a search reads, and how it reads it (Y-01): every word that was typed occurs somewhere, in any order, whatever
//! its case; numbers are found with spaces and without.

use fieldseal_core::facts::RecordView;

/// The words that were typed, as [`Words::hold`] wants them.
pub fn searched(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

/// What a row is found by: lower case, without spaces, one entry a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words(String);

impl Words {
    pub(super) fn put(&mut self, text: &str) {
        let seen = text.chars().filter(|c| !c.is_whitespace());
        self.0.extend(seen.flat_map(char::to_lowercase));
        self.0.push('\n');
    }

    /// A unit's serial number, a person's name, role and phones.
    pub(super) fn put_record(&mut self, record: &RecordView) {
        for field in ["serial", "name", "role", "phone"] {
            for text in record.fields.texts(field) {
                self.put(text);
            }
        }
    }

    pub(super) fn hold(&self, words: &[String]) -> bool {
        words.iter().all(|word| self.0.contains(word.as_str()))
    }
}
