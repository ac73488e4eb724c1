//! The photos of an order as its page shows them.

use std::collections::BTreeMap;

use fieldseal_core::domain::ids::UserId;
use fieldseal_core::facts::OrderView;
use fieldseal_core::facts::order::view::PhotoView;

use super::{Names, values};
use crate::office::Arrived;
use crate::page::model::{PhotoItem, Photos};
use crate::page::words::Words;

/// The photos; `heard` is when each engineer was last heard of.
pub fn photos(
    words: &Words,
    names: &Names,
    view: &OrderView,
    arrived: &Arrived,
    heard: &BTreeMap<UserId, i64>,
) -> Photos {
    let here = view
        .photos
        .iter()
        .filter(|photo| arrived.has(&photo.sha256))
        .count();
    Photos {
        count: words.tp2(
            "page.photos.count",
            "n",
            &here.to_string(),
            "all",
            &view.photos.len().to_string(),
        ),
        missing: here < view.photos.len(),
        items: view
            .photos
            .iter()
            .map(|photo| item(words, names, view, photo, arrived, heard))
            .collect(),
    }
}

fn item(
    words: &Words,
    names: &Names,
    view: &OrderView,
    photo: &PhotoView,
    arrived: &Arrived,
    heard: &BTreeMap<UserId, i64>,
) -> PhotoItem {
    let here = arrived.has(&photo.sha256);
    let mut what = words.t(photo.what.text_key());
    if let Some(symptom) = photo.symptom {
        what = format!("{what}{}{}", words.t("page.colon"), words.t(symptom.text_key()));
    }
    let taken = photo.taken_at.as_deref().unwrap_or(&photo.stamp.at);
    PhotoItem {
        fact: photo.id.to_string(),
        href: if here {
            format!("/orders/{}/photos/{}", view.order, photo.sha256)
        } else {
            String::new()
        },
        width: photo.width,
        height: photo.height,
        what,
        caption: photo.caption.clone().unwrap_or_default(),
        taken: words.tp2(
            "page.photo.taken",
            "by",
            &names.user(photo.engineer),
            "at",
            &values::claim(words, taken),
        ),
        received: arrived
            .at(&photo.sha256)
            .map(|at| words.moment(at))
            .unwrap_or_default(),
        waiting: if here {
            String::new()
        } else {
            waiting(words, photo, heard.get(&photo.engineer).copied())
        },
        sensitive: photo.sensitive,
        late: photo.late,
    }
}

/// How long a photo has been on the phone, and when that was last heard of.
fn waiting(words: &Words, photo: &PhotoView, heard: Option<i64>) -> String {
    let age = words.duration((words.now_ms - photo.stamp.utc_ms).max(0));
    match heard {
        Some(at) => words.tp2("page.photo.waiting", "d", &age, "at", &words.moment(at)),
        None => words.tp("page.photo.waiting_unheard", "d", &age),
    }
}
