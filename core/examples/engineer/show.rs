//! What the commands print, in the person's language.

use fieldseal_core::device::engine::{
    Founded, Hit, OrderDetails, OrderRow, Reminder, Saved, Status, SyncReport,
};
use fieldseal_core::device::sync::SyncState;
use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ledger::PeriodReport;
use fieldseal_core::domain::report_rules::Missing;
use fieldseal_core::domain::texts::{Lang, label};
use fieldseal_core::domain::warranty::Decision;
use fieldseal_core::facts::VanView;
use fieldseal_core::facts::conflict::Conflict;
use fieldseal_core::facts::registers::Fields;
use fieldseal_core::facts::van::CountState;

/// Prints in one language.
pub struct Printer {
    pub lang: Lang,
}

impl Printer {
    fn say<'t>(&self, en: &'t str, zh: &'t str) -> &'t str {
        match self.lang {
            Lang::En => en,
            Lang::ZhCn => zh,
        }
    }

    fn code(&self, family: &str, code: &str) -> String {
        label(self.lang, &format!("{family}.{code}"))
    }

    pub fn saved(&self, saved: &Saved) {
        tell!(
            "{} {}",
            self.say("saved on this device:", "已保存在本机："),
            saved.action
        );
    }

    pub fn enrolled(&self, status: &Status) {
        let tag = status
            .enrolment
            .as_ref()
            .map_or("-", |enrolment| enrolment.tag.as_str());
        tell!(
            "{} {tag}",
            self.say("enrolled; this device's tag is", "已注册，本机标识：")
        );
    }

    pub fn sealed(&self, revision: u32, sha256: &str) {
        tell!(
            "{} r{revision}  SHA-256 {sha256}",
            self.say("sealed:", "已封存：")
        );
    }

    pub fn founded(&self, founded: &Founded) {
        tell!(
            "{} {}  {}",
            self.say("founded", "已建单"),
            founded.provisional,
            founded.order
        );
    }

    pub fn photo(&self, hash: &ContentHash) {
        tell!("{} {hash}", self.say("photo", "照片"));
    }

    /// «3 of 12 on the server».
    fn on_server(&self, there: usize, taken: usize) -> String {
        match self.lang {
            Lang::En => format!("photos: {there} of {taken} on the server"),
            Lang::ZhCn => format!("照片：{taken} 张中 {there} 张已在服务器"),
        }
    }

    pub fn orders(&self, rows: &[OrderRow]) {
        if rows.is_empty() {
            tell!(
                "{}",
                self.say("no work orders yet: run «sync»", "暂无派工单：请先同步 (sync)")
            );
        }
        for row in rows {
            let mut line = format!(
                "{}  {}  [{}]  {}  {}",
                row.number.as_deref().unwrap_or("-"),
                row.priority.as_deref().unwrap_or("-").to_uppercase(),
                self.code("order_state", &row.state),
                row.customer.as_deref().unwrap_or("-"),
                row.summary.as_deref().unwrap_or("-"),
            );
            if row.unsent > 0 {
                line.push_str(&format!("  · {} {}", row.unsent, self.say("unsent", "项未发送")));
            }
            if row.photos > 0 {
                let there = usize::try_from(row.photos_on_server).unwrap_or(usize::MAX);
                let taken = usize::try_from(row.photos).unwrap_or(usize::MAX);
                line.push_str(&format!("  · {}", self.on_server(there, taken)));
            }
            if row.conflicts > 0 {
                line.push_str(&format!(
                    "  · {} {}",
                    row.conflicts,
                    self.say("conflicts", "处冲突")
                ));
            }
            tell!("{line}\n    {}", row.id);
        }
    }

    fn fields(&self, fields: &Fields) {
        for (name, field) in &fields.0 {
            let value = match fields.known(name) {
                None | Some(serde_json::Value::Null) => continue,
                Some(serde_json::Value::String(text)) => text,
                Some(other) => other.to_string(),
            };
            tell!("    {name}: {value}");
            for other in &field.others {
                tell!(
                    "        {} {} ({})",
                    self.say("also entered:", "另有录入："),
                    other.value,
                    other.stamp.at
                );
            }
        }
    }

    pub fn details(&self, details: &OrderDetails) {
        let order = &details.order;
        tell!(
            "{}  [{}]",
            order.order,
            self.code("order_state", order.state.as_str())
        );
        for flag in &order.flags {
            tell!("  ! {}", label(self.lang, flag.text_key()));
        }
        self.fields(&order.fields);
        let records = details
            .ticket
            .iter()
            .chain(&details.customer)
            .chain(&details.assets)
            .chain(&details.people);
        for record in records {
            tell!("  {}", record.doc);
            self.fields(&record.fields);
        }
        for visit in &order.visits {
            tell!("  {}", self.say("report:", "服务报告："));
            self.fields(&visit.fields);
            for seal in &visit.seals {
                tell!("    r{} {} {}", seal.revision, seal.blob, seal.stamp.at);
            }
        }
        for decision in &order.decisions {
            if let Ok(read) = serde_json::from_value::<Decision>(decision.decision.clone()) {
                self.decision(&read);
            }
        }
        if !details.photos.is_empty() {
            let taken = details.photos.iter().filter(|photo| photo.own).count();
            let there = details.photos.iter().filter(|photo| photo.on_server).count();
            tell!("  {}", self.on_server(there, taken));
        }
        for photo in &details.photos {
            let view = &photo.view;
            let what = match view.symptom {
                Some(symptom) => label(self.lang, symptom.text_key()),
                None => label(self.lang, view.what.text_key()),
            };
            let place = match (photo.on_server, photo.here) {
                (true, true) => self.say("here and on the server", "本机及服务器均有"),
                (true, false) => self.say("on the server", "在服务器"),
                (false, true) => self.say("here", "在本机"),
                (false, false) => self.say("elsewhere", "不在本机"),
            };
            tell!(
                "    {}  {what}  {} × {}  {} KB  {place}  {}",
                &view.sha256.to_string()[..12],
                view.width,
                view.height,
                view.size.div_ceil(1_000),
                view.caption.as_deref().unwrap_or("")
            );
        }
        for line in &order.lines {
            tell!(
                "  {} {} × {}",
                self.code("movement", &line.movement),
                line.part,
                line.qty
            );
        }
        tell!("  {}", self.say("timeline:", "时间线："));
        for event in &order.timeline {
            let text = event
                .record
                .payload
                .get("text")
                .and_then(|text| text.as_str())
                .unwrap_or("");
            tell!(
                "    {}  {}  {text}",
                event.record.stamp.at,
                self.code("fact", &event.record.kind)
            );
        }
    }

    pub fn missing(&self, missing: &[Missing]) {
        if missing.is_empty() {
            return;
        }
        tell!(
            "  {}",
            self.say("still missing before the report can be sealed:", "封存前还缺：")
        );
        for gap in missing {
            tell!("    · {}", gap.render(self.lang));
        }
    }

    pub fn decision(&self, decision: &Decision) {
        tell!(
            "  {}",
            fieldseal_core::domain::warranty::explain::in_one_line(decision, self.lang)
        );
    }

    pub fn reminders(&self, reminders: &[Reminder]) {
        if reminders.is_empty() {
            tell!("{}", self.say("nothing is due", "没有待办提醒"));
        }
        for reminder in reminders {
            let at = |ms| CompanyZone::default().local_time(ms).to_string();
            tell!(
                "{}  {} {}  {}",
                at(reminder.due_ms),
                reminder.number.as_deref().unwrap_or_default(),
                label(self.lang, reminder.due.text_key()),
                reminder.summary.as_deref().unwrap_or_default()
            );
            tell!(
                "    {} {}",
                self.say("rings at", "提醒时间"),
                at(reminder.ring_ms)
            );
        }
    }

    pub fn stock(&self, van: &VanView) {
        if van.good.is_empty() && van.defective.is_empty() {
            tell!("{}", self.say("the van is empty", "名下没有备件"));
        }
        for (title, rows) in [
            (self.say("good", "良品"), &van.good),
            (self.say("defective", "坏件"), &van.defective),
            (self.say("on the way", "在途"), &van.coming),
        ] {
            for row in rows.iter().filter(|row| row.qty != 0) {
                let mark = if row.qty < 0 {
                    self.say("  ! discrepancy", "  ! 账实不符")
                } else {
                    ""
                };
                tell!(
                    "{:>6} × {}  ({title}) {}{mark}",
                    row.qty,
                    row.part,
                    row.serials.join(", ")
                );
            }
        }
        self.shortages(van);
    }

    pub fn stock_report(&self, report: &PeriodReport) {
        for row in &report.rows {
            let (sums, shelf) = (
                &row.sums,
                if row.defective {
                    self.say("defective", "坏件")
                } else {
                    self.say("good", "良品")
                },
            );
            tell!(
                "{} ({shelf})  {} {}  {} {}  {} {}  {} {}  {} {}  {} {}",
                row.part,
                self.say("opening", "期初"),
                sums.opening,
                self.say("received", "入车"),
                sums.received,
                self.say("used", "消耗"),
                sums.used,
                self.say("returned", "归还"),
                sums.returned,
                self.say("scrapped", "报废"),
                sums.scrapped,
                self.say("closing", "期末"),
                sums.closing
            );
        }
    }

    /// A code for another phone.
    pub fn shown(&self, code: &str) {
        tell!("{code}");
    }

    fn shortages(&self, van: &VanView) {
        for short in &van.stock.shortages {
            let level = short.level;
            tell!(
                "{}  {}  {} / {} / {}  {} {}",
                self.say("short", "缺料"),
                short.part,
                level.safety(),
                level.min(),
                level.max(),
                self.say("missing", "缺"),
                short.missing.propose
            );
        }
        for loan in &van.stock.loans {
            let serial = loan.serial.clone().unwrap_or_default();
            tell!(
                "{}  {}  {} × {} {serial}",
                self.say("lent", "借出"),
                loan.rma,
                loan.qty,
                loan.part
            );
        }
        for count in van.stock.counts.iter().filter(|count| count.of.is_none()) {
            let state = match count.state {
                CountState::Proposed => self.say("proposed", "待入账"),
                CountState::Posted => self.say("posted", "已入账"),
                CountState::Refused => self.say("refused", "未入账"),
            };
            for line in &count.lines {
                tell!(
                    "{}  {}  {}: {} → {}",
                    self.say("counted", "盘点"),
                    state,
                    line.part,
                    line.book,
                    line.counted
                );
            }
        }
    }

    pub fn conflicts(&self, conflicts: &[Conflict]) {
        if conflicts.is_empty() {
            tell!("{}", self.say("no conflicts", "没有冲突"));
        }
        for conflict in conflicts {
            tell!(
                "{}  ({})",
                label(self.lang, conflict.kind.text_key()),
                conflict.doc
            );
            for side in &conflict.sides {
                tell!(
                    "    {}  {}  {}",
                    side.stamp.at,
                    self.code("fact", &side.kind),
                    side.value
                );
            }
        }
    }

    pub fn hits(&self, hits: &[Hit]) {
        for hit in hits {
            tell!("{}  {}", hit.title, hit.name);
        }
    }

    pub fn status(&self, status: &Status) {
        match &status.enrolment {
            Some(enrolment) => tell!(
                "{} {} · {}",
                self.say("enrolled as", "已注册："),
                enrolment.device_name.as_deref().unwrap_or("-"),
                enrolment.server_url.as_deref().unwrap_or("-"),
            ),
            None => tell!(
                "{}",
                self.say("not enrolled: run «enrol CODE»", "尚未注册：请运行 enrol CODE")
            ),
        }
        tell!(
            "{}: {} · {}: {} · {}: {}",
            self.say("unsent", "未发送"),
            status.unsent,
            self.say("waiting for others", "等待前置"),
            status.parked,
            self.say("refused", "被拒绝"),
            status.refused,
        );
        if status.photos_waiting > 0 {
            tell!(
                "{}: {} ({} KB)",
                self.say("photos not on the server yet", "尚未上传的照片"),
                status.photos_waiting,
                status.photo_bytes_waiting.div_ceil(1_000),
            );
        }
        if let Some(why) = status.postponed {
            tell!("{}", label(self.lang, &format!("postponed.{}", why.as_str())));
        }
        if status.last_sync.is_none() {
            tell!("{}", self.say("never synced", "从未同步"));
        }
    }

    pub fn synced(&self, report: &SyncReport) {
        let told = match report.state {
            SyncState::Running => self.say("a sync is running", "正在同步").to_owned(),
            SyncState::Synced if report.news => self.say("synced, with news", "已同步，有更新").to_owned(),
            SyncState::Synced => self.say("synced, nothing new", "已同步，无更新").to_owned(),
            SyncState::Waiting(fault) => format!(
                "{} {}",
                self.say("not now, everything stays here:", "暂未同步，数据均保存在本机："),
                label(self.lang, fault.text_key()),
            ),
            SyncState::Attention(fault) => format!(
                "{} {}",
                self.say("needs attention:", "需要处理："),
                label(self.lang, fault.text_key()),
            ),
        };
        tell!("{told}");
        if report.photos_waiting > 0 {
            let waiting = self.say("photos not on the server yet", "尚未上传的照片");
            tell!("{waiting}: {}", report.photos_waiting);
        }
        if let Some(fault) = report.photo_fault {
            tell!("{}", label(self.lang, fault.text_key()));
        }
    }
}
