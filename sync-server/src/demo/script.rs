//! What a demo engineer does on one visit: a list of deeds from a seed, the same for seeded history and live work.
//!
//! Only a script: every deed is then done through the real `Engine`, which decides the warranty, computes what was
//! known, and refuses to seal what is incomplete.

use fieldseal_core::domain::work::Outcome;

use super::data::{Company, Fault, KEY};

/// One thing that an engineer does, and how long it takes at speed 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Pause before it, seconds.
    pub after_s: u32,
    /// What.
    pub what: What,
}

/// See [`Deed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Accepts the assignment with a plan.
    Accept(&'static str),
    /// Gives it back.
    Decline(&'static str),
    /// Calls the customer.
    Contact(&'static str),
    /// Starts travelling.
    Travel,
    /// Arrives.
    Arrive,
    /// Goes into a cellar: the line is cut until [`What::Daylight`].
    Cellar,
    /// Comes back into the network.
    Daylight,
    /// The customer lets him work on the computer from afar, and he begins (000-14).
    Remote,
    /// Progress text.
    Progress(&'static str),
    /// Consent to work and price, spoken.
    Consent,
    /// Takes a photo.
    Photograph(Subject),
    /// Examines the unit; what it shows stands in the case.
    Examine,
    /// Learns the version of the seal software on site (D.5-7).
    Learn(&'static str),
    /// Fills in the report.
    Report {
        /// Finding.
        found: &'static str,
        /// What was done.
        done: &'static str,
    },
    /// Uses a part from the van.
    UsePart(&'static str, u32),
    /// Asks for parts to restock.
    Restock(&'static str, u32),
    /// Asks for parts for this order and waits for them.
    WaitParts(&'static str, u32),
    /// Goes home until the store has answered.
    Pause,
    /// Work ended.
    Done(Outcome, Option<&'static str>),
    /// The customer signs, or refuses, and the revision is sealed.
    Seal {
        /// Which revision.
        revision: u32,
        /// Refuses.
        refused: bool,
    },
    /// Opens a correction.
    Correct(&'static str),
    /// Hands in.
    Submit,
    /// Leaves.
    Leave,
}

/// What a photo is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The place.
    Site,
    /// The unit.
    Whole,
    /// The label of goods, the screen of the computer on which a key was tried.
    Label,
    /// What is broken, near.
    Damage,
    /// From further sides.
    Detail(u8),
    /// That it works again.
    After,
}

/// What a script is about.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What is found and done.
    pub fault: Fault,
}

/// What a visitor's own ticket may be about where no table knows better.
const UNKNOWN: Fault = Fault {
    code: "unknown",
    product: "any",
    look: "visit",
    reported: "",
    found: "现场检查未发现硬件故障",
    done: "清洁接口、重装驱动，功能测试正常",
    part: "CARD-INST",
    pieces: 1,
};

impl Case {
    /// The case of an order: by its summary, else one that fits the product.
    pub fn of(company: &Company, product: Option<&str>, summary: &str, seed: u64) -> Self {
        let known = company.fault_by_text(summary).copied();
        let fitting = || {
            let faults = company.faults_of(product.unwrap_or(KEY));
            let any = usize::try_from(Dice(seed ^ 0x51).below(faults.len() as u64)).unwrap_or(0);
            faults.get(any).map(|fault| **fault)
        };
        Self {
            fault: known.or_else(fitting).unwrap_or(UNKNOWN),
        }
    }
}

/// How a visit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Comes, works, has it signed.
    Plain,
    /// Needs a part that the van does not have.
    Parts,
    /// The customer refuses to sign.
    Refused,
    /// Nobody is there.
    Absent,
    /// From afar.
    Remote,
    /// Gives the order back.
    Declined,
}

impl Course {
    /// Live engineers' luck, as far as it suits the case.
    pub fn of(seed: u64, case: &Case) -> Self {
        let look = case.fault.look;
        match Dice(seed ^ 0x2d).below(24) {
            0..=2 if !matches!(look, "visit" | "works") => Self::Parts,
            3..=6 if matches!(look, "cracked" | "deformed" | "plug" | "mist") => Self::Refused,
            7 => Self::Absent,
            8..=13 if look == "works" => Self::Remote,
            14 => Self::Declined,
            _ => Self::Plain,
        }
    }
}

/// The deeds of one visit. `seed` varies words, pauses and whether the site has no signal.
pub fn script(case: &Case, course: Course, seed: u64) -> Vec<Deed> {
    let mut dice = Dice(seed);
    let mut deeds = Deeds {
        deeds: Vec::new(),
        dice: Dice(seed ^ 0x5bd1_e995),
    };
    if course == Course::Declined {
        deeds.then(6, What::Decline("当天已排满，且客户在另一城区，请改派"));
        return deeds.deeds;
    }
    deeds.then(4, What::Accept(one(&mut dice, PLANS)));
    deeds.then(3, What::Contact(one(&mut dice, CALLS)));
    if course == Course::Remote {
        from_afar(&mut deeds, case);
        return deeds.deeds;
    }
    deeds.then(4, What::Travel);
    deeds.then(8, What::Arrive);
    if course == Course::Absent {
        deeds.then(
            6,
            What::Progress("到场后前台告知经办人外出，电话无人接听，等候二十分钟"),
        );
        deeds.then(
            3,
            What::Done(Outcome::CustomerAbsent, Some("经办人不在，另约时间")),
        );
        deeds.then(2, What::Submit);
        deeds.then(3, What::Leave);
        return deeds.deeds;
    }
    let cellar = course != Course::Parts && dice.below(10) < 6;
    if cellar {
        deeds.then(2, What::Cellar);
    }
    on_site(&mut deeds, &mut dice, case, course);
    deeds.then(
        4,
        What::Seal {
            revision: 1,
            refused: course == Course::Refused,
        },
    );
    deeds.then(2, What::Submit);
    deeds.then(3, What::Leave);
    if cellar {
        deeds.then(5, What::Daylight);
    }
    if dice.below(4) == 0 {
        deeds.then(2, What::Restock(case.fault.part, case.fault.pieces * 2));
    }
    deeds.deeds
}

/// What a returned report gets: the missing words, the customer's signature again, and the next revision.
pub fn correction(case: &Case, revision: u32) -> Vec<Deed> {
    let deed = |after_s, what| Deed { after_s, what };
    vec![
        deed(5, What::Correct("审核退回：补充测试方法与结果")),
        deed(
            8,
            What::Report {
                found: case.fault.found,
                done: one(&mut Dice(u64::from(revision)), TESTS),
            },
        ),
        deed(
            6,
            What::Seal {
                revision,
                refused: false,
            },
        ),
        deed(2, What::Submit),
    ]
}

fn from_afar(deeds: &mut Deeds, case: &Case) {
    deeds.then(5, What::Remote);
    deeds.then(8, What::Progress("已远程连接，检查驱动与签章控件"));
    let (found, done) = (case.fault.found, case.fault.done);
    deeds.then(6, What::Report { found, done });
    deeds.then(3, What::Done(Outcome::Solved, None));
    deeds.then(2, What::Submit);
}

fn on_site(deeds: &mut Deeds, dice: &mut Dice, case: &Case, course: Course) {
    let fault = &case.fault;
    let (found, done) = (fault.found, fault.done);
    let key = fault.product == KEY;
    deeds.then(
        5,
        What::Progress(match (fault.look, key) {
            ("visit", _) => "与经办人核对本次内容，开始处理",
            (_, true) => one(dice, KEY_TESTS),
            (_, false) => one(dice, GOODS_TESTS),
        }),
    );
    if fault.look != "visit" {
        let sides = if dice.below(3) == 0 { 6 } else { 1 };
        deeds.then(2, What::Photograph(Subject::Site));
        deeds.then(2, What::Photograph(Subject::Whole));
        deeds.then(2, What::Photograph(Subject::Label));
        deeds.then(2, What::Photograph(Subject::Damage));
        for side in 0..sides {
            deeds.then(1, What::Photograph(Subject::Detail(side)));
        }
        deeds.then(4, What::Examine);
    }
    if key && dice.below(5) == 0 {
        deeds.then(2, What::Learn(one(dice, VERSIONS)));
    }
    if course == Course::Parts {
        deeds.then(4, What::WaitParts(fault.part, fault.pieces));
        deeds.then(1, What::Pause);
        deeds.then(4, What::Travel);
        deeds.then(7, What::Arrive);
    }
    if !matches!(fault.look, "visit" | "works") {
        deeds.then(3, What::Consent);
    }
    deeds.then(6, What::Report { found, done });
    deeds.then(1, What::UsePart(fault.part, fault.pieces));
    if key && matches!(fault.look, "cracked" | "deformed" | "plug") {
        deeds.then(1, What::UsePart("CAP-KEY", 1));
    }
    if fault.look != "visit" {
        deeds.then(1, What::Photograph(Subject::After));
    }
    deeds.then(2, What::Done(Outcome::Solved, None));
}

const PLANS: &[&str] = &[
    "带测试电脑与备用KEY，按约定时间上门",
    "先电话排查，再带备件上门",
    "带万用表、测线仪与常用备件",
    "与同区工单顺路处理",
];
const CALLS: &[&str] = &[
    "已电话联系，确认地址与时间",
    "电话确认现场有人，停车需登记车牌",
    "客户希望午休后上门，已约好",
    "客户补充：昨天下午开始出现",
];
const KEY_TESTS: &[&str] = &[
    "已换前后USB口与另一台电脑测试",
    "在客户电脑与测试电脑上各试三次，结果一致",
    "用测试电脑读取设备信息，检查外壳与接头",
];
const GOODS_TESTS: &[&str] = &[
    "现场复现故障，检查供电与线路",
    "测线仪逐段测试，排除交换机端口问题",
    "查看设备日志，测量供电电压",
];
const VERSIONS: &[&str] = &["签章控件 5.2.1", "签章控件 5.3.0", "签章客户端 4.8"];
const TESTS: &[&str] = &[
    "更换后在两台电脑上各签章十次，验章全部通过，并由经办人复核",
    "复测供电与链路各三十分钟无异常，录像与日志已截图存档",
];

fn one(dice: &mut Dice, of: &[&'static str]) -> &'static str {
    let place = usize::try_from(dice.below(of.len() as u64)).unwrap_or(0);
    of.get(place).copied().unwrap_or_default()
}

struct Deeds {
    deeds: Vec<Deed>,
    dice: Dice,
}

impl Deeds {
    /// Adds a deed after `pause` seconds, more or less.
    fn then(&mut self, pause: u32, what: What) {
        let wobble = u32::try_from(self.dice.below(u64::from(pause) + 1)).unwrap_or(0);
        self.deeds.push(Deed {
            after_s: pause + wobble,
            what,
        });
    }
}

/// SplitMix64: the demo's dice. Seeded, so that a run can be told apart from another and repeated.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_accepts_first_seals_before_it_submits_and_comes_back_into_daylight() {
        let company = Company::load().unwrap();
        for fault in &company.faults {
            for seed in 0..40 {
                for course in [Course::Plain, Course::Parts, Course::Refused] {
                    let deeds = script(&Case { fault: *fault }, course, seed);
                    assert_eq!(deeds, script(&Case { fault: *fault }, course, seed));
                    let place = |wanted: fn(&What) -> bool| deeds.iter().position(|deed| wanted(&deed.what));
                    let seal = place(|what| matches!(what, What::Seal { .. }));
                    assert_eq!(place(|what| matches!(what, What::Accept(_))), Some(0));
                    assert!(place(|what| matches!(what, What::Done(..))) < seal);
                    assert!(seal < place(|what| matches!(what, What::Submit)));
                    let last = deeds
                        .iter()
                        .rposition(|deed| matches!(deed.what, What::Photograph(_)));
                    assert!(last < seal, "what the customer signs shows every photo");
                    assert_eq!(
                        place(|what| matches!(what, What::Examine)).is_some(),
                        fault.look != "visit"
                    );
                    assert_eq!(
                        place(|what| matches!(what, What::Cellar)).is_some(),
                        place(|what| matches!(what, What::Daylight)).is_some()
                    );
                    assert_eq!(
                        place(|what| matches!(what, What::Pause)).is_some(),
                        course == Course::Parts
                    );
                }
            }
        }
    }

    #[test]
    fn every_course_occurs_and_most_visits_are_plain() {
        let company = Company::load().unwrap();
        let courses: Vec<Course> = (0..2_000)
            .map(|seed| {
                let place = usize::try_from(seed).unwrap() % company.faults.len();
                let fault = company.faults[place];
                Course::of(seed, &Case { fault })
            })
            .collect();
        for course in [
            Course::Parts,
            Course::Refused,
            Course::Absent,
            Course::Remote,
            Course::Declined,
        ] {
            assert!(courses.contains(&course), "{course:?}");
        }
        assert!(courses.iter().filter(|course| **course == Course::Plain).count() > 1_300);
    }
}
