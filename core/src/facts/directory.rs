//! The directory: people with accounts and devices with their certificates (design 3, table of documents).
//!
//! A later fact about a person or device replaces an earlier one that its author knew; of two that did not know
//! each other the higher is shown and the other stays in `changes`. A revocation is never taken back.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::ids::{DeviceId, UserId};
use crate::facts::family::{Family, FoldContext, Ix, UnreadableAction};
use crate::facts::hides::Hides;
use crate::facts::kinds::{Device, DeviceRevoked, User};
use crate::facts::order::view::token_text;
use crate::facts::record::{Change, basic_flags};
use crate::facts::stored::{ParsedAction, Stamp, StoredAction};
use crate::facts::{DocName, Fact, FactId, ViewToken};

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserEntry {
    /// The fact that says so.
    pub fact: FactId,
    /// The person.
    pub user: User,
    /// Who entered it, when.
    pub stamp: Stamp,
}

/// An enrolled device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceEntry {
    /// The fact that says so.
    pub fact: FactId,
    /// The device.
    pub device: Device,
    /// Its revocation, where there is one: it may no longer write.
    pub revoked: Option<DeviceRevoked>,
    /// Who entered it, when.
    pub stamp: Stamp,
}

/// The directory as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DirectoryView {
    /// Set where a fact asks for a newer version.
    pub update_needed: Option<u32>,
    /// People by id.
    pub users: BTreeMap<UserId, UserEntry>,
    /// Devices by id.
    pub devices: BTreeMap<DeviceId, DeviceEntry>,
    /// Everything that was ever written, in order.
    pub changes: Vec<Change>,
    /// Actions that cannot be read.
    pub unreadable: Vec<UnreadableAction>,
    /// Heads and displayed facts.
    #[serde(serialize_with = "token_text")]
    pub token: ViewToken,
}

impl DirectoryView {
    /// The devices of a person that may write.
    pub fn devices_of(&self, user: UserId) -> impl Iterator<Item = &DeviceEntry> {
        self.devices
            .values()
            .filter(move |entry| entry.device.user == user && entry.revoked.is_none())
    }
}

/// Folds the directory.
pub fn fold_directory(actions: &[StoredAction]) -> DirectoryView {
    fold_directory_parsed(&ParsedAction::read_all(actions), &FoldContext::default())
}

/// As [`fold_directory`], for actions that were parsed before.
pub fn fold_directory_parsed(actions: &[ParsedAction], context: &FoldContext) -> DirectoryView {
    let family = Family::new(actions, context, |doc| *doc == DocName::Directory);
    let (mut users, mut devices) = (BTreeMap::new(), BTreeMap::new());
    let mut revoked: BTreeMap<&str, &DeviceRevoked> = BTreeMap::new();
    for (ix, fact) in family.live() {
        let record = family.record(ix);
        let stamp = || record.stamp.as_ref().clone();
        match fact {
            Fact::User(user) => {
                let entry = UserEntry {
                    fact: record.id,
                    user: user.clone(),
                    stamp: stamp(),
                };
                users.insert(user.user, entry);
            }
            Fact::Device(device) => {
                let entry = DeviceEntry {
                    fact: record.id,
                    device: device.clone(),
                    revoked: None,
                    stamp: stamp(),
                };
                devices.insert(device.device, entry);
            }
            Fact::DeviceRevoked(gone) => {
                // The first reason stays.
                revoked.entry(gone.tag.as_str()).or_insert(gone);
            }
            _ => {}
        }
    }
    for entry in devices.values_mut() {
        entry.revoked = revoked.get(entry.device.tag.as_str()).map(|gone| (*gone).clone());
    }
    let mut token = family.token();
    token.facts.extend(users.values().map(|entry| entry.fact));
    token.facts.extend(devices.values().map(|entry| entry.fact));
    DirectoryView {
        update_needed: family.update_needed,
        users,
        devices,
        changes: (0..family.items.len() as Ix)
            .map(|ix| Change::of(&family, ix, basic_flags(&family, ix, &Hides::default())))
            .collect(),
        unreadable: family.unreadable.clone(),
        token,
    }
}
