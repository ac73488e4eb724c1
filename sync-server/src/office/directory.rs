//! Users and devices as the `directory` document has them: of each person the highest fact (`n`, hash of id) counts.

use std::collections::BTreeMap;

use fieldseal_core::domain::ids::UserId;
use fieldseal_core::facts::{Fact, ParsedAction, StoredAction, ViewToken, kinds};

/// The people of the directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryView {
    /// The fact that counts of each person.
    pub users: BTreeMap<UserId, kinds::User>,
    /// Heads of the document.
    pub token: ViewToken,
}

/// Folds the directory.
pub(super) fn fold_directory(actions: &[StoredAction]) -> DirectoryView {
    let mut view = DirectoryView::default();
    let mut best: BTreeMap<UserId, (u64, [u8; 32])> = BTreeMap::new();
    for action in ParsedAction::read_all(actions) {
        view.token
            .heads
            .insert(fieldseal_core::facts::Head::of(&action.hash));
        for record in action.content.iter().flat_map(|content| &content.facts) {
            if let Some(Fact::User(user)) = record.fact() {
                let place = (record.stamp.n, record.order_hash);
                if best.get(&user.user).is_none_or(|kept| *kept < place) {
                    best.insert(user.user, place);
                    view.users.insert(user.user, user.clone());
                }
            }
        }
    }
    let inner: Vec<_> = actions.iter().flat_map(|action| &action.deps).collect();
    for dep in inner {
        view.token.heads.remove(&fieldseal_core::facts::Head::of(dep));
    }
    view
}
