//! What an app hands in: steps, signature and seal; and what was acknowledged.

use fieldseal_core::device::engine::{Closing, Printed, Saved, SealRequest, Sealed, Step, Unsealed};
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::{ActionId, PersonId};
use fieldseal_core::domain::signature::{Point, Strokes};
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::work::{AttemptChannel, ConsentKind, ConsentWay, Outcome};
use fieldseal_core::facts::FactId;

use crate::error::FieldsealError;

/// The way of one attempt to solve.
#[uniffi::remote(Enum)]
pub enum AttemptChannel {
    /// By phone.
    Phone,
    /// On the customer's machine from afar.
    Remote,
    /// At the customer's.
    OnSite,
    /// In our workshop.
    Depot,
}

/// What a customer agreed to.
#[uniffi::remote(Enum)]
pub enum ConsentKind {
    /// Remote work.
    Remote,
    /// Work and price.
    WorkAndPrice,
    /// A later due time.
    Extension,
    /// A copy of something sensitive.
    SensitiveCopy,
    /// The place of a photo.
    Location,
}

/// How a consent was given.
#[uniffi::remote(Enum)]
pub enum ConsentWay {
    /// By word of mouth.
    Spoken,
    /// By signature.
    Signature,
    /// In a message.
    Message,
}

/// How a visit ended.
#[uniffi::remote(Enum)]
pub enum Outcome {
    /// The fault is gone.
    Solved,
    /// Not solved; a reason goes with it.
    Unresolved,
    /// Parts are needed first.
    NeedsParts,
    /// Nobody there.
    CustomerAbsent,
    /// Nothing found.
    NoFaultFound,
}

/// Why a report is handed in without a seal.
#[uniffi::remote(Enum)]
pub enum Unsealed {
    /// Remote work that the customer confirmed by word of mouth.
    VerbalConfirmation,
    /// Nobody was there; the arrival is recorded.
    CustomerAbsent,
}

/// One step of a visit.
#[uniffi::remote(Enum)]
pub enum Step {
    /// Takes the assignment.
    Accept {
        /// What is planned.
        plan: Option<String>,
    },
    /// Gives it back.
    Decline {
        /// Why.
        reason: String,
    },
    /// Spoke with the customer, or tried to.
    Contact {
        /// How.
        channel: AttemptChannel,
        /// Whether the customer was reached.
        reached: bool,
        /// What was said.
        text: Option<String>,
    },
    /// Sets out.
    Travel,
    /// Arrived.
    Arrive,
    /// Begins remote work under a consent.
    Remote {
        /// The consent.
        consent: FactId,
    },
    /// Waits for parts.
    WaitParts {
        /// For what.
        reason: String,
    },
    /// Waits for the customer.
    WaitCustomer {
        /// For what.
        reason: String,
    },
    /// Cannot go on.
    Block {
        /// Why.
        reason: String,
    },
    /// Progress.
    Progress {
        /// What.
        text: String,
    },
    /// The customer agreed to something.
    Consent {
        /// To what.
        kind: ConsentKind,
        /// How it was given.
        how: ConsentWay,
        /// By whom.
        given_by: Option<PersonId>,
        /// For an extension: the new due time, RFC 3339.
        new_due: Option<String>,
        /// What was told.
        text: Option<String>,
    },
    /// Cannot solve it alone and asks for help.
    Escalate {
        /// From whom: a team, a colleague, the maker.
        to: String,
        /// Why.
        reason: String,
    },
    /// Ends the work.
    Done {
        /// How it ended.
        outcome: Outcome,
        /// Why, where unresolved.
        reason: Option<String>,
    },
    /// Left the site.
    Leave,
}

/// What was acknowledged: it is on disk.
#[uniffi::remote(Record)]
pub struct Saved {
    /// The action.
    pub action: ActionId,
    /// Its counter.
    pub n: u64,
    /// Its facts.
    pub facts: Vec<FactId>,
}

/// A printable report.
#[uniffi::remote(Record)]
pub struct Printed {
    /// The revision that it shows.
    pub revision: u32,
    /// SHA-256 of the sealed file.
    pub sha256: ContentHash,
    /// One self-contained HTML file, UTF-8.
    pub html: String,
}

/// One sample of the pen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct PenPoint {
    /// Units from the left edge.
    pub x: u16,
    /// Units from the upper edge.
    pub y: u16,
    /// Milliseconds since the first touch.
    pub t: u32,
    /// Pressure, 0 to 1000, where the device reports it.
    pub pressure: Option<u16>,
}

/// A signature: strokes in a box whose long edge has 10,000 units.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PenStrokes {
    /// Width of the box.
    pub width: u16,
    /// Its height.
    pub height: u16,
    /// The strokes.
    pub strokes: Vec<Vec<PenPoint>>,
}

/// How the customer ends the visit.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ClosingForm {
    /// Signs by hand; name and role stand in the form.
    Signed {
        /// The signature.
        pen: PenStrokes,
    },
    /// Refuses.
    Refused {
        /// Why.
        reason: String,
        /// Who saw it: a name, or a person's id.
        witness: String,
    },
}

/// What is to be sealed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SealForm {
    /// The language in which the customer saw the report.
    pub language: Lang,
    /// Signature or refusal.
    pub closing: ClosingForm,
}

/// A sealed revision.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SealedReport {
    /// Its number.
    pub revision: u32,
    /// SHA-256 of the file, hex.
    pub sha256: ContentHash,
    /// The file, at most 16 KB: verifies by itself.
    pub bytes: Vec<u8>,
    /// What was acknowledged.
    pub saved: Saved,
}

impl From<PenPoint> for Point {
    fn from(point: PenPoint) -> Self {
        let PenPoint { x, y, t, pressure } = point;
        Self { x, y, t, pressure }
    }
}

impl From<Point> for PenPoint {
    fn from(point: Point) -> Self {
        let Point { x, y, t, pressure } = point;
        Self { x, y, t, pressure }
    }
}

impl TryFrom<PenStrokes> for Strokes {
    type Error = FieldsealError;
    fn try_from(pen: PenStrokes) -> Result<Self, FieldsealError> {
        let strokes = pen.strokes.into_iter();
        let strokes = strokes
            .map(|stroke| stroke.into_iter().map(Into::into).collect())
            .collect();
        Self::new(pen.width, pen.height, strokes).map_err(|error| FieldsealError::invalid(error.text_key()))
    }
}

impl From<Strokes> for PenStrokes {
    fn from(strokes: Strokes) -> Self {
        let points = |stroke: &Vec<Point>| stroke.iter().copied().map(Into::into).collect();
        Self {
            width: strokes.width(),
            height: strokes.height(),
            strokes: strokes.strokes().iter().map(points).collect(),
        }
    }
}

impl TryFrom<SealForm> for SealRequest {
    type Error = FieldsealError;
    fn try_from(form: SealForm) -> Result<Self, FieldsealError> {
        Ok(Self {
            language: form.language,
            closing: match form.closing {
                ClosingForm::Signed { pen } => Closing::Signed {
                    strokes: pen.try_into()?,
                },
                ClosingForm::Refused { reason, witness } => Closing::Refused { reason, witness },
            },
        })
    }
}

impl From<Sealed> for SealedReport {
    fn from(sealed: Sealed) -> Self {
        Self {
            revision: sealed.revision,
            sha256: sealed.sha256,
            bytes: sealed.bytes,
            saved: sealed.saved,
        }
    }
}
