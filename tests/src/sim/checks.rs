//! What must be true: at any time, and once everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use fieldseal_core::device::store::changes::Hash;
use fieldseal_core::device::store::{StoreError, projections};
use fieldseal_core::documents::Document;
use fieldseal_core::facts::{Action, DocName, FoldContext, StoredAction, fold_order, fold_record};
use fieldseal_server::pipeline::SyncService;
use fieldseal_server::storage::ReadTx;
use rusqlite::Connection;

use super::phone::{Phone, WANTED};
use super::rng::Rng;
use super::world::World;

/// I2: what a phone takes for sent is on the server's disk, and stays there.
pub fn acknowledged_is_durable(service: &SyncService, phone: &mut Phone) -> Result<(), String> {
    let tx = service.storage().read().unwrap();
    for (doc, hash) in phone.newly_confirmed() {
        if !accepted(tx.as_ref(), &doc, &hash) {
            return Err(format!("phone {} takes a change of {doc} for sent", phone.index));
        }
    }
    Ok(())
}

fn accepted(tx: &dyn ReadTx, doc: &DocName, hash: &Hash) -> bool {
    tx.doc(doc)
        .unwrap()
        .is_some_and(|row| tx.known(row.key, hash).unwrap().is_some())
}

/// I16: a started order stays on its engineer's phone until it was handed in.
pub fn started_orders_are_there(phone: &Phone) -> Result<(), String> {
    let present: BTreeSet<DocName> = phone.names("order/").into_iter().collect();
    for visit in phone.names("visit/") {
        let DocName::Visit(order, engineer) = visit else {
            continue;
        };
        if engineer != phone.user() || present.contains(&DocName::Order(order)) {
            continue;
        }
        let own: Vec<Action> = phone
            .actions(&visit.family())
            .iter()
            .filter(|stored| stored.doc == visit && stored.actor[8..] == phone.device.tag)
            .map(|stored| Action::parse(&stored.text).unwrap())
            .collect();
        let kinds: BTreeSet<&str> = own
            .iter()
            .flat_map(|action| &action.facts)
            .map(|fact| fact.kind.as_str())
            .collect();
        let started = kinds.iter().any(|kind| !matches!(*kind, "accept" | "decline"));
        // No backups are simulated, so nothing that was started may ever go.
        if started {
            return Err(format!("phone {} lost the started order {order}", phone.index));
        }
    }
    Ok(())
}

/// Lists and search as they were kept in step are those that the facts in the file alone make, however they came in,
/// waited, were refused, written again or removed. Asked now and then: asking empties what the store had parsed.
pub fn lists_are_those_of_the_facts(phone: &mut Phone) -> Result<(), String> {
    phone.looks += 1;
    if !phone.looks.is_multiple_of(5) {
        return Ok(());
    }
    let dump = |tx: &Connection| -> Result<Vec<String>, StoreError> {
        let mut lines = Vec::new();
        for sql in [
            "SELECT id || ' ' || sort || ' ' || row FROM order_list ORDER BY id",
            "SELECT id || ' ' || name FROM order_refs ORDER BY id, name",
            "SELECT name || ' ' || title || ' ' || body FROM search_entries ORDER BY name",
        ] {
            let mut statement = tx.prepare(sql)?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            lines.extend(rows.collect::<Result<Vec<_>, _>>()?);
        }
        Ok(lines)
    };
    let kept = phone.store().read::<_, StoreError>(|tx| dump(tx)).unwrap();
    let made = phone
        .store()
        .write::<_, StoreError>(|tx| {
            projections::rebuild(tx)?;
            dump(tx)
        })
        .unwrap();
    match kept.iter().zip(&made).find(|(kept, made)| kept != made) {
        Some((kept, made)) => Err(format!(
            "phone {} lists {kept}, but its facts say {made}",
            phone.index
        )),
        None if kept.len() != made.len() => Err(format!(
            "phone {} lists {} lines, its facts make {}",
            phone.index,
            kept.len(),
            made.len()
        )),
        None => Ok(()),
    }
}

/// Everything that must hold once all messages have arrived.
pub fn at_rest(world: &mut World) -> Result<(), String> {
    let tx = world.service.storage().read().unwrap();
    let tx = tx.as_ref();
    if tx.parked_count().unwrap() != 0 {
        return Err("changes stay parked on the server".to_owned());
    }
    for phone in &world.phones {
        every_action_counts_once(tx, phone)?;
        nothing_waits(phone)?;
        same_view(tx, phone, &mut world.rng)?;
        proofs_are_there(tx, &world.service, phone)?;
        rows_are_known(tx, phone)?;
    }
    no_document_is_wedged(tx)
}

/// I2 and «no duplicate effect»: what was saved is accepted exactly once, byte for byte; what the faulty app wrote is
/// accepted nowhere and lost nowhere.
fn every_action_counts_once(tx: &dyn ReadTx, phone: &Phone) -> Result<(), String> {
    let mut by_doc: BTreeMap<&DocName, Vec<(uuid::Uuid, String)>> = BTreeMap::new();
    for written in &phone.written {
        if !by_doc.contains_key(&written.doc) {
            let actions = match tx.doc(&written.doc).unwrap() {
                Some(row) => tx.actions_of_doc(row.key).unwrap(),
                None => Vec::new(),
            };
            let list = actions
                .into_iter()
                .map(|action| (action.key.0, action.text))
                .collect();
            by_doc.insert(&written.doc, list);
        }
        let count = by_doc[&written.doc]
            .iter()
            .filter(|(key, text)| *key == written.key.0 && *text == written.text)
            .count();
        let right = usize::from(!written.faulty);
        if count != right {
            return Err(format!(
                "an action {} in {} counts {count} times, not {right}; on its phone {} times; in quarantine: {:?}",
                written.key,
                written.doc,
                phone
                    .actions(&written.doc.family())
                    .iter()
                    .filter(|action| action.key == written.key && *action.text == *written.text)
                    .count(),
                tx.quarantine(50)
                    .unwrap()
                    .into_iter()
                    .filter(|row| row.doc == written.doc.to_string())
                    .map(|row| (row.reason, row.detail))
                    .collect::<Vec<_>>()
            ));
        }
    }
    let faulty = phone.written.iter().filter(|written| written.faulty).count();
    let kept = phone.count("SELECT count(*) FROM quarantine WHERE own = 1 AND reason LIKE 'gate%'");
    if usize::try_from(kept).unwrap() != faulty {
        return Err(format!(
            "{faulty} actions were refused, {kept} are kept for their author"
        ));
    }
    Ok(())
}

/// Nothing waits on the phone: outbox, parked, wanted blobs.
fn nothing_waits(phone: &Phone) -> Result<(), String> {
    for (what, sql) in [
        ("unsent changes", "SELECT count(*) FROM changes WHERE state = 0"),
        ("parked changes", "SELECT count(*) FROM parked"),
        ("wanted blobs", WANTED),
        ("unsent blobs", "SELECT count(*) FROM blobs WHERE state = 0"),
    ] {
        let count = phone.count(sql);
        if count != 0 {
            let parked: Vec<String> = phone
                .store()
                .read::<_, StoreError>(|tx| {
                    let mut statement =
                        tx.prepare("SELECT doc || ' ' || state || ' waits for ' || hex(needs) FROM parked")?;
                    let rows = statement.query_map([], |row| row.get(0))?;
                    Ok(rows.collect::<Result<_, _>>()?)
                })
                .unwrap();
            return Err(format!(
                "phone {} has {count} {what}; parked: {parked:?}",
                phone.index
            ));
        }
    }
    Ok(())
}

/// I14: the phone shows what the server shows, byte for byte; I1: in whatever order and however often it came.
fn same_view(tx: &dyn ReadTx, phone: &Phone, rng: &mut Rng) -> Result<(), String> {
    let scope = tx.scope_heads(phone.user()).unwrap();
    for (name, heads) in &scope {
        let doc: DocName = name.parse().unwrap();
        if heads_of(phone, &doc) != heads.iter().copied().collect() {
            return Err(format!("phone {} has other heads of {name}", phone.index));
        }
        let theirs: Vec<StoredAction> = tx
            .actions_of_family(&doc.family())
            .unwrap()
            .into_iter()
            .map(|action| StoredAction {
                doc: action.doc,
                key: action.key,
                text: action.text.into(),
                hash: action.hash,
                deps: action.deps,
                actor: action.actor,
            })
            .collect();
        let mut ours = phone.actions(&doc.family());
        let mut theirs = theirs;
        // A visit to an order that went to somebody else: the visit alone is what both have.
        if matches!(doc, DocName::Visit(..)) {
            ours.retain(|action| action.doc == doc);
            theirs.retain(|action| action.doc == doc);
        }
        if view(&doc, &ours) != view(&doc, &theirs) {
            return Err(format!("phone {} shows another {name}", phone.index));
        }
        let mut shuffled = theirs.clone();
        shuffled.extend(
            theirs
                .iter()
                .filter(|_| rng.chance(30))
                .cloned()
                .collect::<Vec<_>>(),
        );
        for last in (1..shuffled.len()).rev() {
            shuffled.swap(last, rng.below(last + 1));
        }
        if view(&doc, &shuffled) != view(&doc, &theirs) {
            return Err(format!("{name} depends on the order of its actions"));
        }
    }
    // Nothing else is shown as in scope, but what was begun here and not yet said to be anywhere.
    let names: BTreeSet<&str> = scope.iter().map(|(name, _)| name.as_str()).collect();
    let ours: Vec<String> = phone
        .store()
        .read::<_, StoreError>(|tx| {
            let mut statement = tx.prepare(
                "SELECT name FROM docs WHERE in_scope = 1
                   AND EXISTS (SELECT 1 FROM changes WHERE doc = docs.id)",
            )?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .unwrap();
    match ours.iter().find(|name| !names.contains(name.as_str())) {
        Some(name) => Err(format!("phone {} still shows {name}", phone.index)),
        None => Ok(()),
    }
}

/// The bytes of a document's view.
fn view(doc: &DocName, actions: &[StoredAction]) -> String {
    match doc {
        DocName::Order(order) | DocName::Visit(order, _) => {
            serde_json::to_string(&fold_order(*order, actions, &FoldContext::default())).unwrap()
        }
        other => format!("{:?}", fold_record(other, actions)),
    }
}

fn heads_of(phone: &Phone, doc: &DocName) -> BTreeSet<Hash> {
    let name = doc.to_string();
    phone
        .store()
        .read::<_, StoreError>(|tx| {
            let mut statement =
                tx.prepare("SELECT h.hash FROM heads h JOIN docs d ON d.id = h.doc WHERE d.name = ?1")?;
            let rows = statement.query_map([name], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .unwrap()
}

/// Every head that the phone has can be proven to this server later.
fn proofs_are_there(tx: &dyn ReadTx, service: &SyncService, phone: &Phone) -> Result<(), String> {
    for (name, heads) in tx.scope_heads(phone.user()).unwrap() {
        for head in heads {
            let mac: Option<Vec<u8>> = phone
                .store()
                .read::<_, StoreError>(|tx| {
                    let mut statement = tx.prepare(
                        "SELECT p.mac FROM proofs p JOIN docs d ON d.id = p.doc WHERE d.name = ?1 AND p.hash = ?2",
                    )?;
                    let mut rows = statement.query(rusqlite::params![name, head])?;
                    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
                })
                .unwrap();
            if mac.as_deref() != Some(&service.keys().proof(&name, &head)[..]) {
                return Err(format!(
                    "phone {} cannot prove head {} of {name}; {mac:?}",
                    phone.index,
                    hex::encode(head)
                ));
            }
        }
    }
    Ok(())
}

/// A row number that a phone holds is not below the true one: it decides when a backup covers the change.
fn rows_are_known(tx: &dyn ReadTx, phone: &Phone) -> Result<(), String> {
    let rows: Vec<(String, Hash, Option<i64>)> = phone
        .store()
        .read::<_, StoreError>(|tx| {
            let mut statement = tx.prepare(
                "SELECT d.name, c.hash, c.server_row FROM changes c JOIN docs d ON d.id = c.doc WHERE c.state = 1",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .unwrap();
    for (name, hash, row) in rows {
        let doc = tx.doc(&name.parse().unwrap()).unwrap().unwrap();
        let known = tx.known(doc.key, &hash).unwrap().unwrap();
        let claimed = row.map(|row| u64::try_from(row).unwrap());
        if claimed.is_none_or(|claimed| claimed < known.row) {
            return Err(format!(
                "phone {} holds row {claimed:?} for one in row {}",
                phone.index, known.row
            ));
        }
    }
    Ok(())
}

/// Every accepted change makes a document that loads, saves and loads again.
fn no_document_is_wedged(tx: &dyn ReadTx) -> Result<(), String> {
    for name in tx.doc_names("").unwrap() {
        let row = tx.doc(&name).unwrap().unwrap();
        let chunks: Vec<Vec<u8>> = tx
            .chunks_after(row.key, 0)
            .unwrap()
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect();
        let mut document = Document::from_changes(&chunks).map_err(|error| format!("{name}: {error}"))?;
        document
            .save_checked()
            .map_err(|error| format!("{name} does not survive saving: {error}"))?;
        if document.heads() != row.heads {
            return Err(format!("{name} has other heads than its rows"));
        }
    }
    Ok(())
}
