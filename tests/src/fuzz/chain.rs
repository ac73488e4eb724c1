//! Runs chains of crafted changes through the gate and holds what passes to its promise.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use fieldseal_core::documents::{
    ActorId, Document, DocumentError, Verdict, changes_of_snapshot, read_change,
};

use super::base::{Base, TAG, envelope, honest, verdict};
use super::craft::{encode, honest_next, spoil, spoil_bytes};
use super::oracle::agrees;
use super::rng::Rng;

/// What is wrong with something that passed the gate (or with the gate).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The gate itself panicked on the bytes.
    GatePanics,
    /// Automerge panicked.
    Panics,
    /// It was not applied, or what was saved does not load.
    Unloadable,
    /// It means something else after applying, saving or loading.
    Differs,
    /// The gate says another thing than its rules.
    GateErrs,
}

/// The result of a run.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Chains run.
    pub chains: u64,
    /// Changes offered to the gate.
    pub tried: u64,
    /// Changes that passed.
    pub passed: u64,
    /// Changes that were parked (a dependency was unknown) or known already.
    pub parked: u64,
    /// Refusals by code.
    pub refused: BTreeMap<&'static str, u64>,
    /// Documents that held what passed: applied, saved, reloaded, written on, compared.
    pub documents: u64,
    /// Findings by kind: gate panics, panics, unloadable, differing, gate errs.
    pub findings: [u64; 5],
    /// Seeds of the first chains with a finding.
    pub seeds: Vec<(u64, Finding)>,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [gate, panics, unloadable, differing, errs] = self.findings;
        writeln!(
            f,
            "chains {}, changes tried {}, passed {}, parked or known {}, refused {}",
            self.chains,
            self.tried,
            self.passed,
            self.parked,
            self.refused.values().sum::<u64>()
        )?;
        writeln!(
            f,
            "documents {}, panics {panics}, unloadable {unloadable}, differing {differing}, gate panics {gate}, gate errs {errs}",
            self.documents
        )?;
        for (code, count) in &self.refused {
            writeln!(f, "  {code} {count}")?;
        }
        for (seed, finding) in &self.seeds {
            writeln!(f, "  seed {seed}: {finding:?}")?;
        }
        Ok(())
    }
}

/// Runs `chains` chains from `seed` on; chain number i has the seed `seed + i`.
pub fn run(seed: u64, chains: u64, mut progress: impl FnMut(&Counts)) -> Counts {
    let mut counts = Counts::default();
    // A panic that is caught is a count, not a message; one of the fuzzer itself is told with its seed.
    let hook = std::panic::take_hook();
    let last = Arc::new(Mutex::new(String::new()));
    let told = Arc::clone(&last);
    std::panic::set_hook(Box::new(move |panic| *told.lock().unwrap() = panic.to_string()));
    for index in 0..chains {
        let seed = seed.wrapping_add(index);
        let Ok(result) = catch_unwind(AssertUnwindSafe(|| run_chain(seed, &mut counts))) else {
            std::panic::set_hook(hook);
            panic!("the fuzzer failed at seed {seed}: {}", last.lock().unwrap());
        };
        if let Err(finding) = result {
            counts.findings[finding as usize] += 1;
            if counts.seeds.len() < 10 {
                counts.seeds.push((seed, finding));
            }
        }
        if (index + 1) % 50_000 == 0 {
            progress(&counts);
        }
    }
    std::panic::set_hook(hook);
    counts
}

/// One chain: a base document, one to three crafted changes, the promise.
///
/// # Errors
/// What broke the promise.
pub fn run_chain(seed: u64, counts: &mut Counts) -> Result<(), Finding> {
    let mut rng = Rng(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5ea1);
    // A few hundred documents serve all chains; what is crafted upon them differs every time.
    let mut base = bases(seed);
    counts.chains += 1;
    let mut passed = Vec::new();
    for _ in 0..=rng.below(3) {
        let mut change = honest_next(&mut rng, &base);
        for _ in 0..*rng.pick(&[0, 0, 1, 1, 1, 2, 3]) {
            spoil(&mut rng, &base, &mut change);
        }
        let Some(mut bytes) = encode(change) else { continue };
        if rng.one_in(6) {
            bytes = spoil_bytes(&mut rng, bytes);
        }
        counts.tried += 1;
        let asked = catch_unwind(AssertUnwindSafe(|| {
            read_change(&bytes).map(|read| (verdict(&read, &base.ancestry), read))
        }));
        let asked = asked.map_err(|_| Finding::GatePanics)?;
        if let Ok((verdict, read)) = &asked
            && !agrees(verdict, read, &base)
        {
            return Err(Finding::GateErrs);
        }
        match asked {
            Err(error) | Ok((Verdict::Refuse(error), _)) => {
                *counts.refused.entry(error.code()).or_default() += 1;
            }
            Ok((Verdict::AlreadyKnown | Verdict::Park { .. } | Verdict::Later, _)) => counts.parked += 1,
            Ok((Verdict::Accept, read)) => {
                counts.passed += 1;
                passed.push(read.bytes.clone());
                base.keep(read);
            }
        }
    }
    if passed.is_empty() {
        return Ok(());
    }
    counts.documents += 1;
    check(&mut rng, &mut base, &passed)
}

/// The honest documents, made once for each of a few hundred shapes.
fn bases(seed: u64) -> Base {
    use std::cell::RefCell;
    const SHAPES: u64 = 400;
    thread_local! {
        static MADE: RefCell<BTreeMap<u64, Base>> = const { RefCell::new(BTreeMap::new()) };
    }
    let shape = seed % SHAPES;
    MADE.with_borrow_mut(|made| {
        made.entry(shape)
            .or_insert_with(|| {
                let mut rng = Rng(shape ^ 0xba5e);
                let most = [3, 6, 10, 16, 24, 50][rng.below(6)];
                honest(&mut rng, most)
            })
            .clone()
    })
}

fn finding(error: DocumentError) -> Finding {
    match error {
        DocumentError::Broken => Finding::Panics,
        DocumentError::Differs => Finding::Differs,
        _ => Finding::Unloadable,
    }
}

/// Applies what passed, saves, reloads, writes on, and compares with what the changes say.
fn check(rng: &mut Rng, base: &mut Base, passed: &[Vec<u8>]) -> Result<(), Finding> {
    // What the document must show, told from the changes alone.
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for change in &base.changes {
        expected
            .entry(change.key.to_string())
            .or_default()
            .insert(change.text.clone());
    }
    let mut document = base.document.clone();
    if rng.one_in(2) {
        for bytes in passed {
            document.apply(&[bytes]).map_err(finding)?;
        }
    } else {
        let all: Vec<&[u8]> = passed.iter().map(Vec::as_slice).collect();
        document.apply(&all).map_err(finding)?;
    }
    compare(&mut document, base, &expected)?;
    let mut reloaded = reload(&mut document)?;
    compare(&mut reloaded, base, &expected)?;
    // Case G only showed after the next local write.
    let actor = ActorId::new(rng.bytes(), TAG);
    let text = envelope(base.highest_n() + 1, "继续");
    let written = reloaded.append(&actor, rng.action_id(), &text).map_err(finding)?;
    if verdict(&written, &base.ancestry) != Verdict::Accept {
        return Err(Finding::Differs);
    }
    expected
        .entry(written.key.to_string())
        .or_default()
        .insert(written.text.clone());
    base.keep(written);
    compare(&mut reloaded, base, &expected)?;
    let bytes = reloaded.save_checked().map_err(finding)?;
    let again = changes_of_snapshot(&bytes, 10_000).map_err(|_| Finding::Unloadable)?;
    same_changes(again, base)
}

fn reload(document: &mut Document) -> Result<Document, Finding> {
    let bytes = document.save();
    if document.is_broken() {
        return Err(Finding::Panics);
    }
    Document::load(&bytes).map_err(|_| Finding::Unloadable)
}

/// Heads, values and raw changes are those of the accepted changes.
fn compare(
    document: &mut Document,
    base: &Base,
    expected: &BTreeMap<String, BTreeSet<String>>,
) -> Result<(), Finding> {
    let mut heads = base.ancestry.heads();
    heads.sort_unstable();
    if document.heads() != heads {
        return Err(Finding::Differs);
    }
    let values = document.values().map_err(finding)?;
    if values != *expected {
        return Err(Finding::Differs);
    }
    let rebuilt = document.changes();
    if document.is_broken() {
        return Err(Finding::Panics);
    }
    same_changes(rebuilt, base)
}

/// The raw bytes are those that were accepted, to the last byte.
fn same_changes(mut rebuilt: Vec<Vec<u8>>, base: &Base) -> Result<(), Finding> {
    let mut kept: Vec<&Vec<u8>> = base.changes.iter().map(|change| &change.bytes).collect();
    rebuilt.sort_unstable();
    kept.sort_unstable();
    if rebuilt.iter().eq(kept) {
        Ok(())
    } else {
        Err(Finding::Differs)
    }
}
