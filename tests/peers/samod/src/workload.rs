//! The numbers and texts that every side reads, and the edits that follow from them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use automerge::transaction::Transactable;
use automerge::{AutoSerde, Automerge, AutomergeError, ObjType, ROOT, ReadDoc};
use samod::DocHandle;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::Failed;

/// What workload.json says.
pub struct Workload {
    json: Value,
    /// Documents in scope.
    pub documents: usize,
    /// Of these edited on the phone.
    pub edited: usize,
    /// Edits in each of them.
    pub edits_each: usize,
    /// Edits at the server, each in another document.
    pub down: usize,
}

impl Workload {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, Failed> {
        let json: Value = serde_json::from_slice(&std::fs::read(path)?)?;
        let number = |key: &str| {
            json[key]
                .as_u64()
                .map(|number| number as usize)
                .ok_or(key.to_owned())
        };
        Ok(Self {
            documents: number("documents")?,
            edited: number("edited")?,
            edits_each: number("edits_each")?,
            down: number("down")?,
            json,
        })
    }

    /// How many runs.
    pub fn runs(&self) -> Result<u64, Failed> {
        match std::env::var("FIELDSEAL_PEERS_RUNS") {
            Ok(runs) => Ok(runs.parse()?),
            Err(_) => Ok(self.json["runs"].as_u64().ok_or("runs")?),
        }
    }

    /// How long nothing is said on an open connection.
    pub fn rest(&self) -> Result<Duration, Failed> {
        Ok(Duration::from_millis(
            self.json["rest_ms"].as_u64().ok_or("rest_ms")?,
        ))
    }

    /// The line's numbers, as its program takes them.
    pub fn line(&self) -> [String; 2] {
        ["one_way_ms", "handshake_ms"].map(|key| self.json["line"][key].to_string())
    }

    fn text(&self, list: &str, index: usize) -> String {
        let texts = self.json[list].as_array().map_or(&[][..], Vec::as_slice);
        texts[index % texts.len()].as_str().unwrap_or_default().to_owned()
    }

    /// A document as it is at first.
    pub fn document(&self, index: usize) -> Result<Automerge, Failed> {
        let mut document = Automerge::new();
        document
            .transact::<_, _, AutomergeError>(|tx| {
                for (key, value) in self.json["fields"].as_object().into_iter().flatten() {
                    let value = value
                        .as_str()
                        .unwrap_or_default()
                        .replace("{n}", &format!("{index:08}"));
                    tx.put(ROOT, key.as_str(), value)?;
                }
                let notes = tx.put_object(ROOT, "notes", ObjType::List)?;
                for (at, note) in self.json["notes"].as_array().into_iter().flatten().enumerate() {
                    tx.insert(&notes, at, note.as_str().unwrap_or_default())?;
                }
                Ok(())
            })
            .map_err(|failed| failed.error)?;
        Ok(document)
    }

    /// One edit of the phone, the `saves`th of all: two fields, or one field and a note where it is a document's last.
    pub fn edit(&self, document: &mut Automerge, saves: usize, last: bool) -> Result<(), Failed> {
        let findings = self.json["findings"].as_array().map_or(1, Vec::len);
        let round = self.json["round"].as_str().unwrap_or_default();
        let suffix = round.replace("{round}", &(saves / findings % 90 + 1).to_string());
        let found = self.text("findings", saves) + &suffix;
        let done = self.text("actions", saves + 2) + &suffix;
        document
            .transact::<_, _, AutomergeError>(|tx| {
                tx.put(ROOT, "action_taken", done)?;
                if last {
                    let (_, notes) = tx.get(ROOT, "notes")?.ok_or(AutomergeError::Fail)?;
                    tx.insert(&notes, tx.length(&notes), found)
                } else {
                    tx.put(ROOT, "fault_found", found)
                }
            })
            .map_err(|failed| failed.error)?;
        Ok(())
    }

    /// Which document the server's `count`th edit is in, and what it sets.
    pub fn window(&self, count: usize) -> (usize, String, String) {
        let index = self.edited + count % (self.documents - self.edited);
        let (hour, minute) = (8 + count % 10, count % 60);
        let at = |hour: usize| format!("2026-11-24T{hour:02}:{minute:02}:00+08:00");
        (index, at(hour), at(hour + 2))
    }
}

/// What stands in all documents, as a hash, and how many changes they have.
pub fn contents(documents: &[DocHandle]) -> Result<(String, usize), Failed> {
    let mut hash = Sha256::new();
    let mut changes = 0;
    for (index, handle) in documents.iter().enumerate() {
        let (value, count) = handle.with_document(|document| {
            let value: Result<BTreeMap<String, Value>, _> =
                serde_json::to_value(AutoSerde::from(&*document)).and_then(serde_json::from_value);
            (value, document.get_changes(&[]).len())
        });
        hash.update(format!("{index} {}\n", serde_json::to_string(&value?)?));
        changes += count;
    }
    let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hash, changes))
}
