//! No exported type has a name that generated Kotlin or Swift imports from elsewhere (mobile: a record called `Job`
//! made generated Kotlin fail with dozens of errors), no method is called as the foreign side's own, no error has a
//! field `message`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

const TYPES: &[&str] = &[
    "Job",
    "Flow",
    "Data",
    "Result",
    "Error",
    "State",
    "View",
    "Task",
    "Pointer",
    "Point",
    "String",
    "List",
    "Map",
    "Any",
    "Unit",
    "Engine",
    "Exception",
    "Date",
    "URL",
    "Type",
    "Protocol",
    "Optional",
];
const METHODS: &[&str] = &[
    "close",
    "destroy",
    "equals",
    "hash_code",
    "to_string",
    "init",
    "clone",
    "finalize",
];

/// Names of exported types, and of methods and fields in modules that export.
fn exported() -> (Vec<String>, Vec<String>, Vec<String>) {
    let (mut types, mut methods, mut fields) = (Vec::new(), Vec::new(), Vec::new());
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let mut exports = false;
        for line in text.lines() {
            exports |= line.contains("uniffi::");
            let word = |rest: &str| -> String {
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect()
            };
            let line = line.trim_start();
            for keyword in ["pub struct ", "pub enum ", "pub trait "] {
                if let Some(rest) = line.strip_prefix(keyword) {
                    if exports {
                        types.push(word(rest));
                    }
                    exports = false;
                }
            }
            for keyword in ["pub fn ", "fn "] {
                if let Some(rest) = line.strip_prefix(keyword) {
                    methods.push(word(rest));
                }
            }
            if let Some((name, _)) = line.trim_start_matches("pub ").split_once(": ") {
                fields.push(name.to_owned());
            }
        }
    }
    (types, methods, fields)
}

#[test]
fn no_exported_name_is_one_of_the_foreign_sides_own() {
    let (types, methods, fields) = exported();
    for known in [
        "OrderDetails",
        "FieldsealError",
        "Step",
        "FieldsealEngine",
        "NewsListener",
        "Saved",
    ] {
        assert!(types.iter().any(|name| name == known), "{known} is not found");
    }
    for name in TYPES {
        assert!(!types.iter().any(|found| found == name), "{name}");
    }
    for name in METHODS {
        assert!(!methods.iter().any(|found| found == name), "{name}");
    }
    assert!(methods.iter().any(|name| name == "missing_for_seal"));
    assert!(fields.iter().any(|name| name == "pressure"));
    assert!(!fields.iter().any(|name| name == "message"));
}

/// The core is free of uniffi, and the server does not pull the bindings in: the lock file knows both.
#[test]
fn only_the_bindings_depend_on_uniffi() {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let lock = std::fs::read_to_string(lock).unwrap();
    let mut users = Vec::new();
    for package in lock.split("[[package]]").skip(1) {
        let name = package
            .lines()
            .find_map(|line| line.strip_prefix("name = "))
            .unwrap()
            .trim_matches('"');
        let depends = |on: &str| {
            package.lines().any(|line| {
                line.trim()
                    .trim_end_matches(',')
                    .trim_matches('"')
                    .split(' ')
                    .next()
                    == Some(on)
            })
        };
        if !name.starts_with("uniffi") && (depends("uniffi") || depends("uniffi_core")) {
            users.push(name.to_owned());
        }
        assert!(!depends("fieldseal-bindings"), "{name}");
    }
    assert_eq!(users, ["fieldseal-bindings"]);
}
