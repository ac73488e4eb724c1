//! The embedded static files: stylesheet, scripts, icon. Their address carries a digest of their bytes, so that a
//! browser may keep them for a year and never shows an old stylesheet with a new page.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

/// One embedded file.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// File name.
    pub name: &'static str,
    /// Media type.
    pub media: &'static str,
    /// The bytes.
    pub bytes: &'static [u8],
}

/// All of them.
pub const ASSETS: &[Asset] = &[
    Asset {
        name: "app.css",
        media: "text/css; charset=utf-8",
        bytes: include_bytes!("../../static/app.css"),
    },
    Asset {
        name: "app.js",
        media: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../static/app.js"),
    },
    Asset {
        name: "keys.js",
        media: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../static/keys.js"),
    },
    Asset {
        name: "icon.svg",
        media: "image/svg+xml",
        bytes: include_bytes!("../../static/icon.svg"),
    },
];

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for asset in ASSETS {
        hash.update(asset.bytes);
    }
    hex::encode(hash.finalize()).chars().take(12).collect()
});

/// The version of all static files together: the middle part of `/static/<version>/<name>`.
pub fn version() -> &'static str {
    &VERSION
}

/// The file of a name.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// The entity tag of a file.
pub fn etag(asset: &Asset) -> String {
    let digest = hex::encode(Sha256::digest(asset.bytes));
    format!("\"{}\"", digest.chars().take(32).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_and_tagged() {
        assert_eq!(version().len(), 12);
        for asset in ASSETS {
            let found = find(asset.name).unwrap();
            assert!(!found.bytes.is_empty());
            assert_eq!(etag(found).len(), 34);
        }
        assert!(find("../secret").is_none());
        assert_ne!(etag(&ASSETS[0]), etag(&ASSETS[1]));
    }

    /// No inline script or style and no foreign address anywhere, or the content security policy would have holes.
    #[test]
    fn templates_need_nothing_but_self() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut files = Vec::new();
        for dir in [folder.clone(), folder.join("part")] {
            files.extend(std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()));
        }
        let mut seen = 0;
        for file in files
            .iter()
            .filter(|file| file.extension().is_some_and(|e| e == "html"))
        {
            let text = std::fs::read_to_string(file).unwrap();
            for forbidden in [
                " style=",
                "<style",
                " onclick",
                " onchange",
                "javascript:",
                "http://",
                "https://",
                "|safe",
            ] {
                assert!(!text.contains(forbidden), "{forbidden} in {}", file.display());
            }
            assert_eq!(
                text.matches("<script").count(),
                text.matches("<script src=").count(),
                "{}",
                file.display()
            );
            seen += 1;
        }
        assert!(seen > 15, "templates not found");
        for script in ["app.js", "keys.js"] {
            assert!(!String::from_utf8_lossy(find(script).unwrap().bytes).contains("eval("));
        }
    }
}
