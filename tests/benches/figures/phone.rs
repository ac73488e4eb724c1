//! One phone: the real engine over a file, enrolled with the server, and a look into its file between measurements.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use fieldseal_core::device::engine::{OpenOptions, SyncReport};
use fieldseal_core::device::system::system_env;
use fieldseal_core::device::{Engine, EngineError};
use fieldseal_core::documents::Document;
use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::ids::OrderId;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::Failed;
use crate::server::Server;

/// What an engineer writes into a report while he works: what he found.
pub const FINDINGS: [&str; 5] = [
    "插入后指示灯不亮，换口后仍无反应",
    "USB接头松动，外壳有裂纹",
    "驱动版本过旧，签章控件未注册",
    "证书已过期，需重新申领",
    "主机前置接口供电不足",
];
/// What he did.
pub const ACTIONS: [&str; 5] = [
    "更换USB延长线后识别正常，签章测试通过",
    "清洁接头并重新插拔，连续测试三次正常",
    "升级驱动，重新注册控件，重启后正常",
    "协助客户提交证书更新申请，已告知时限",
    "改接后置接口，加装带电源集线器",
];

/// A phone.
pub struct Phone {
    /// Its engine.
    pub engine: Engine,
    /// Its file.
    pub path: PathBuf,
    saves: usize,
}

/// How the engine is opened, here and in an app.
pub fn open(path: &Path) -> Result<Engine, EngineError> {
    Engine::open(OpenOptions {
        path: path.to_owned(),
        key: None,
        env: system_env(),
        zone: CompanyZone::default(),
    })
}

impl Phone {
    /// A new phone of the engineer, which reaches the server at `address`, with everything in scope on it.
    pub fn enrol(
        server: &mut Server,
        address: SocketAddr,
        folder: &Path,
        name: &str,
    ) -> Result<Self, Failed> {
        let phone = Self::enrol_only(server, address, folder, name)?;
        phone.settle()?;
        Ok(phone)
    }

    /// The same before its first sync.
    pub fn enrol_only(
        server: &mut Server,
        address: SocketAddr,
        folder: &Path,
        name: &str,
    ) -> Result<Self, Failed> {
        let path = folder.join(format!("{name}.sqlite"));
        let engine = open(&path)?;
        let code = server.ask(&format!("code {name}"))?;
        engine.enrol(&format!("http://{address}"), &code, name)?;
        Ok(Self {
            engine,
            path,
            saves: 0,
        })
    }

    /// Syncs until there is nothing more on either side; the last report, which brought nothing.
    pub fn settle(&self) -> Result<SyncReport, Failed> {
        for _ in 0..10 {
            let report = self.engine.sync_once()?;
            if !report.news {
                return Ok(report);
            }
        }
        Err("the phone does not come to rest".into())
    }

    /// Saves the report form of an order with two fields changed, as its screen shows it now.
    pub fn save(&mut self, order: OrderId) -> Result<(), Failed> {
        let token = self.engine.order(order)?.token;
        let fields = self.form();
        self.engine.save_report(order, &token, fields)?;
        Ok(())
    }

    /// Two fields, other ones than the last time.
    pub fn form(&mut self) -> BTreeMap<String, Value> {
        self.saves += 1;
        let round = self.saves / FINDINGS.len();
        let text = |texts: &[&str; 5], shift: usize| {
            let text = texts[(self.saves + shift) % texts.len()];
            json!(format!("{text}（第{}次记录）", round % 90 + 1))
        };
        BTreeMap::from([
            ("fault_found".to_owned(), text(&FINDINGS, 0)),
            ("action_taken".to_owned(), text(&ACTIONS, 2)),
        ])
    }

    /// A look into the file, closed again before anything is measured.
    fn look(&self) -> Result<Connection, Failed> {
        Ok(Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?)
    }

    /// How many documents with changes are in scope.
    pub fn documents(&self) -> Result<i64, Failed> {
        let sql = "SELECT count(*) FROM docs d WHERE in_scope = 1 AND EXISTS (SELECT 1 FROM changes c WHERE c.doc = d.id)";
        Ok(self.look()?.query_row(sql, [], |row| row.get(0))?)
    }

    /// The number of the newest change.
    pub fn newest(&self) -> Result<i64, Failed> {
        Ok(self
            .look()?
            .query_row("SELECT coalesce(max(id), 0) FROM changes", [], |row| row.get(0))?)
    }

    /// The bytes of every change behind `after`, in order.
    pub fn changes(&self, after: i64) -> Result<Vec<Vec<u8>>, Failed> {
        let look = self.look()?;
        let mut statement = look.prepare("SELECT bytes FROM changes WHERE id > ?1 ORDER BY id")?;
        let rows = statement.query_map([after], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The bytes of every change of the document whose name begins so, in order.
    pub fn changes_of(&self, prefix: &str) -> Result<Vec<Vec<u8>>, Failed> {
        let look = self.look()?;
        let sql = "SELECT c.bytes FROM docs d JOIN changes c ON c.doc = d.id WHERE substr(d.name, 1, length(?1)) = ?1 ORDER BY c.id";
        let mut statement = look.prepare(sql)?;
        let rows = statement.query_map([prefix], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A hash over the names and contents of all documents in scope.
    pub fn contents(&self) -> Result<String, Failed> {
        let look = self.look()?;
        let sql = "SELECT d.name, c.bytes FROM docs d JOIN changes c ON c.doc = d.id WHERE d.in_scope = 1 ORDER BY c.id";
        let mut statement = look.prepare(sql)?;
        let mut all: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        for row in statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (name, bytes): (String, Vec<u8>) = row?;
            all.entry(name).or_default().push(bytes);
        }
        contents(all)
    }

    /// How many changes wait for the server.
    pub fn unsent(&self) -> Result<i64, Failed> {
        let sql = "SELECT count(*) FROM changes WHERE state = 0";
        Ok(self.look()?.query_row(sql, [], |row| row.get(0))?)
    }
}

/// A hash over named documents, each given by its changes: what stands in it.
pub fn contents(documents: BTreeMap<String, Vec<Vec<u8>>>) -> Result<String, Failed> {
    let mut hash = Sha256::new();
    for (name, changes) in documents {
        let values = Document::from_changes(&changes)?.values()?;
        hash.update(format!("{name} {values:?}\n"));
    }
    Ok(hex::encode(hash.finalize()))
}

/// The physical floor: the size of these bytes deflated, at the level that the bodies have.
pub fn deflated(changes: &[Vec<u8>]) -> Result<usize, Failed> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    for bytes in changes {
        encoder.write_all(bytes)?;
    }
    Ok(encoder.finish()?.len())
}
