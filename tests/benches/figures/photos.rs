//! Photos: taken in, and sent over a line that is cut at every percent (S9, B49).

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use fieldseal_core::device::engine::PhotoNote;
use fieldseal_core::domain::work::PhotoSubject;
use fieldseal_core::media::{jpeg, read_photo};
use fieldseal_server::demo::proxy::{CutProxy, Line};

use crate::Failed;
use crate::phone::Phone;
use crate::server::Server;
use crate::table::{Sample, Table};

/// Set for a process that takes one photo and says what it cost.
pub const TAKE: &str = "FIELDSEAL_BENCH_PHOTO";

/// A scene with soft and hard edges and the noise of a sensor.
fn scene(width: usize, height: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let noise = state & 15;
            let edge = if (x / 97 + y / 61 + seed as usize).is_multiple_of(5) {
                60
            } else {
                0
            };
            let soft = u32::try_from((x * 90 / width) + (y * 60 / height)).unwrap_or(0);
            for colour in [20, 35, 50] {
                rgb.push(u8::try_from((colour + edge + soft + noise).min(255)).unwrap_or(255));
            }
        }
    }
    rgb
}

fn file(folder: &Path, name: &str, width: usize, height: usize, seed: u32) -> Result<PathBuf, Failed> {
    let path = folder.join(name);
    std::fs::write(
        &path,
        jpeg::encode(&scene(width, height, seed), width, height, 92),
    )?;
    Ok(path)
}

/// The process that takes one photo: milliseconds and the highest resident memory in KB, on one line.
pub fn take(path: &Path) -> Result<(), Failed> {
    let begun = Instant::now();
    let photo = read_photo(path)?;
    let ms = begun.elapsed().as_secs_f64() * 1_000.0;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    println!("{ms} {} {}", peak.unwrap_or("0"), photo.jpeg.len());
    std::io::stdout().flush()?;
    Ok(())
}

/// Everything.
pub fn measure(server: &mut Server, folder: &Path, quick: bool, table: &mut Table) -> Result<(), Failed> {
    intake(folder, if quick { 3 } else { 9 }, table)?;
    cuts(server, folder, if quick { 10 } else { 1 }, table)
}

fn intake(folder: &Path, runs: usize, table: &mut Table) -> Result<(), Failed> {
    let path = file(folder, "12mp.jpg", 4_000, 3_000, 1)?;
    let (mut ms, mut peak, mut size) = (Vec::new(), Vec::new(), 0.0);
    for _ in 0..runs {
        let out = Command::new(std::env::current_exe()?).env(TAKE, &path).output()?;
        let text = String::from_utf8(out.stdout)?;
        let mut parts = text.split_whitespace().map(str::parse::<f64>);
        let mut next = || parts.next().ok_or_else(|| format!("said {text:?}"));
        ms.push(next()??);
        peak.push(next()?? / 1_024.0);
        size = next()??;
    }
    let (ms, peak) = (Sample::new(ms), Sample::new(peak));
    table.at_most(
        format!(
            "12-megapixel photo ({:.1} MB) taken: decoded, upright, 1600 px ({:.0} KB), thumbnail, hash: p50",
            std::fs::metadata(&path)?.len() as f64 / 1e6,
            size / 1e3
        ),
        ms.median(),
        600.0,
        "ms",
    );
    table.spread(&ms, "ms");
    // 0 where the system does not tell.
    table.at_most(
        "12-megapixel photo taken: most memory",
        peak.percentile(1.0),
        150.0,
        "MB",
    );
    Ok(())
}

/// One photo for every percent: cut there once, then sent to its end. All bytes up count: headers, and the exchange that
/// carries its mention.
fn cuts(server: &mut Server, folder: &Path, step: usize, table: &mut Table) -> Result<(), Failed> {
    let name = "engineer-photos";
    server.ask(&format!("engineer {name}"))?;
    server.ask(&format!("jobs {name} 1"))?;
    let proxy = CutProxy::start(server.address, Line::default())?;
    let phone = Phone::enrol(server, proxy.address(), folder, name)?;
    let order = phone.engine.orders()?.first().ok_or("no order")?.id;
    let (mut overheads, mut seed) = (Vec::new(), 100);
    for percent in (1..100).step_by(step) {
        seed += 1;
        let path = file(folder, "photo.jpg", 1_600, 1_200, seed)?;
        let token = phone.engine.order(order)?.token;
        let (hash, _) = phone
            .engine
            .add_photo(order, &token, &path, PhotoNote::of(PhotoSubject::Site))?;
        let size = phone.engine.photo(hash)?.len() as u64;
        let before = proxy.traffic().up;
        proxy.cut_after(size * percent as u64 / 100 + 2_500);
        for _ in 0..5 {
            let report = phone.engine.sync_once();
            if report.is_ok_and(|report| report.photos_waiting == 0) {
                break;
            }
        }
        if phone.engine.status()?.photos_waiting != 0 {
            return Err(format!("the photo that was cut at {percent} % did not arrive").into());
        }
        let up = proxy.traffic().up - before;
        overheads.push((up as f64 / size as f64 - 1.0) * 100.0);
        std::fs::remove_file(path)?;
    }
    let overheads = Sample::new(overheads);
    table.at_most(
        "photo sent, cut once at every 1 %: most bytes up beside its own (S9)",
        overheads.percentile(1.0),
        5.0,
        "%",
    );
    table.spread(&overheads, "%");

    let path = file(folder, "photo.jpg", 1_600, 1_200, 99)?;
    let token = phone.engine.order(order)?.token;
    let (hash, _) = phone
        .engine
        .add_photo(order, &token, &path, PhotoNote::of(PhotoSubject::Site))?;
    let size = phone.engine.photo(hash)?.len() as u64;
    let before = proxy.traffic();
    proxy.cut_every(size / 100 + 1_500);
    for _ in 0..400 {
        // Each is cut; the next goes on.
        let _cut = phone.engine.sync_once();
        if phone.engine.status()?.photos_waiting == 0 {
            break;
        }
    }
    proxy.cut_every(u64::MAX);
    let after = proxy.traffic();
    if phone.engine.status()?.photos_waiting != 0 {
        return Err("the photo that was cut again and again did not arrive".into());
    }
    table.report(
        format!(
            "photo of {:.0} KB sent over {} connections that broke: bytes up beside its own",
            size as f64 / 1e3,
            after.connections - before.connections
        ),
        format!(
            "{:.1} %",
            ((after.up - before.up) as f64 / size as f64 - 1.0) * 100.0
        ),
    );
    Ok(())
}
