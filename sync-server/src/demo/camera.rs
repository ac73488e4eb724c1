//! An engineer's camera: draws what is in front of it, writes the file, and hands it to the engine as an app would.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDateTime;
use fieldseal_core::device::EngineError;
use fieldseal_core::device::engine::{OrderDetails, PhotoNote};
use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::work::PhotoSubject;
use fieldseal_core::env::Clock;

use super::data::{Fault, KEY};
use super::deeds::Hand;
use super::examine::symptoms_of;
use super::photo::{Drawn, Shot, shoot};
use super::script::Subject;

/// Somewhere in Shanghai: what a file says and the core drops.
const PLACE: (f64, f64) = (31.2312, 121.4737);

/// Pictures by what they show: drawn once.
pub(super) type Album = Arc<Mutex<BTreeMap<String, Arc<Drawn>>>>;

/// A camera.
pub(super) struct Camera {
    /// Where its files lie for a moment.
    pub(super) folder: PathBuf,
    /// What it says of the time.
    pub(super) clock: Arc<dyn Clock>,
    /// Pixels across.
    pub(super) across: usize,
    /// What was drawn before; none for a camera that draws everything anew.
    pub(super) album: Option<Album>,
}

/// What a photo is said to be: words, and what varies the picture.
fn caption_of(subject: Subject, key: bool) -> String {
    match (subject, key) {
        (Subject::Site, _) => "现场环境".to_owned(),
        (Subject::Whole, true) => "KEY整体外观与序列号".to_owned(),
        (Subject::Whole, false) => "设备现状".to_owned(),
        (Subject::Label, true) => "测试电脑提示".to_owned(),
        (Subject::Label, false) => "铭牌与序列号".to_owned(),
        (Subject::Damage, _) => "故障部位近照".to_owned(),
        (Subject::Detail(side), _) => format!("细节 {}", side + 1),
        (Subject::After, _) => "处理后测试".to_owned(),
    }
}

/// What stands before the camera.
fn shot_of<'a>(subject: Subject, fault: &Fault, product: &'a str, serial: &'a str) -> Shot<'a> {
    let look = fault.look;
    if product.starts_with(KEY) {
        match subject {
            Subject::Site => Shot::Site,
            Subject::Whole => Shot::Key { look, serial },
            Subject::Damage | Subject::Detail(_) => Shot::Near { look, serial },
            Subject::Label => Shot::Screen {
                works: look == "works",
                serial,
            },
            Subject::After => Shot::Screen { works: true, serial },
        }
    } else {
        match subject {
            Subject::Site => Shot::Site,
            Subject::Label => Shot::Label { product, serial },
            _ => Shot::Goods { product, serial },
        }
    }
}

/// Varies pictures by what they show.
fn seed_of(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

impl Camera {
    /// Draws, or takes out of the album.
    fn drawn(&self, subject: Subject, fault: &Fault, product: &str, serial: &str) -> Arc<Drawn> {
        let name = format!("{serial} {subject:?} {} {}", fault.look, self.across);
        if let Some(album) = &self.album
            && let Some(drawn) = album.lock().unwrap_or_else(PoisonError::into_inner).get(&name)
        {
            return drawn.clone();
        }
        let shot = shot_of(subject, fault, product, serial);
        let drawn = Arc::new(shoot(&shot, seed_of(&name), self.across));
        if let Some(album) = &self.album {
            album
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(name, drawn.clone());
        }
        drawn
    }

    /// Draws for the album.
    pub(super) fn prepare(&self, subject: Subject, fault: &Fault, product: &str, serial: &str) {
        self.drawn(subject, fault, product, serial);
    }

    fn now(&self) -> NaiveDateTime {
        let now = CompanyZone::default().local_time(self.clock.read().wall_ms);
        now.wall_date().and_time(now.wall_time())
    }

    /// Takes a photo of the order's first unit, once, where that is allowed.
    pub(super) fn photograph(
        &self,
        hand: &Hand<'_>,
        details: &OrderDetails,
        subject: Subject,
    ) -> Result<(), EngineError> {
        let Some(asset) = details.assets.first() else {
            return Ok(());
        };
        if hand.photos_forbidden(details) {
            return Ok(());
        }
        let product = asset.fields.text("product").unwrap_or(KEY);
        let serial = asset.fields.text("serial").unwrap_or_default();
        let key = product.starts_with(KEY);
        let caption = caption_of(subject, key);
        let mut taken = details.order.photos.iter();
        if taken.any(|photo| photo.engineer == hand.me && photo.caption.as_deref() == Some(&caption)) {
            return Ok(());
        }
        let fault = hand.case(details).fault;
        let symptom = symptoms_of(fault.look).first().filter(|_| key).copied();
        let mut note = match (subject, symptom) {
            (Subject::Damage, Some(symptom)) => PhotoNote::of_symptom(symptom),
            (Subject::Site, _) => PhotoNote::of(PhotoSubject::Site),
            (Subject::Label, _) if !key => PhotoNote::of(PhotoSubject::Label),
            (Subject::Label | Subject::After, _) => PhotoNote::of(PhotoSubject::Other),
            (Subject::Damage, None) if !key => PhotoNote::of(PhotoSubject::Damage),
            _ => PhotoNote::of(PhotoSubject::Device),
        };
        note.about = Some(asset.doc.clone());
        note.caption = Some(caption);
        let bytes = self
            .drawn(subject, &fault, product, serial)
            .file(self.now(), PLACE);
        let unwritten = |_| EngineError::StorageFull;
        std::fs::create_dir_all(&self.folder).map_err(unwritten)?;
        let file = self.folder.join(format!(
            "IMG_{:08X}.jpg",
            seed_of(&format!("{serial}{subject:?}"))
        ));
        std::fs::write(&file, bytes).map_err(unwritten)?;
        let added = hand.engine.add_photo(hand.order, &details.token, &file, note);
        // The engine has it; a camera's roll would only fill the visitor's disk.
        std::fs::remove_file(&file).map_err(unwritten)?;
        added.map(drop)
    }
}
