//! The sealed report: its chain of revisions, what each says, whether it is unchanged (I5).

use super::{Chip, Row};

/// A signature as vectors, ready for an SVG.
#[derive(Debug, Clone, Default)]
pub struct Drawing {
    /// `0 0 width height`.
    pub view_box: String,
    /// One path of `M` and `L` a stroke: numbers only.
    pub paths: Vec<String>,
}

/// What checking the sealed bytes found.
#[derive(Debug, Clone)]
pub enum Proof {
    /// Unchanged: which device of whom sealed it, under which organisation.
    Unchanged {
        /// The device's tag.
        device: String,
        /// The engineer.
        engineer: String,
        /// Fingerprint of the organisation's key.
        fingerprint: String,
    },
    /// It does not verify, and why.
    Broken {
        /// Why.
        reason: String,
    },
    /// The bytes have not arrived yet.
    Missing,
}

/// One sealed revision.
#[derive(Debug, Clone)]
pub struct RevisionView {
    /// `1`, `2`, … or `1a` where two seals have one number.
    pub n: String,
    /// Id of the seal's fact.
    pub fact: String,
    /// Whether it is the one that counts.
    pub current: bool,
    /// Signed, refused, waived.
    pub kind: Chip,
    /// Who sealed it and when.
    pub by: String,
    /// When the server received it.
    pub received: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// SHA-256 of the revision before, hex; empty for the first.
    pub prev: String,
    /// The result of checking it now.
    pub proof: Proof,
    /// Name, role, relation of the signer; or the refusal's reason and witness.
    pub signer: Vec<Row>,
    /// The signature.
    pub strokes: Option<Drawing>,
    /// What the customer saw.
    pub rows: Vec<Row>,
    /// Address of the sealed file; empty while it is missing.
    pub href: String,
    /// Whether the reader may pick this one as current (two of one number).
    pub may_pick: bool,
}

/// The report panel.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Revisions, the current first.
    pub revisions: Vec<RevisionView>,
    /// What stands in the way of a report, where there is none yet.
    pub waiting: String,
    /// The audit that holds: «Audited by Wang at 17:00, snapshot 3f9a…».
    pub audit: String,
    /// Why it was sent back, while that is so.
    pub returned: String,
}
