//! What a demo engineer does on one visit: a list of deeds from a seed, the same for seeded history and live work.
//!
//! Only a script: every deed is then done through the real `Engine`, which decides the warranty, computes what was
//! known, and refuses to seal what is incomplete.

use fieldseal_core::domain::work::{Outcome, Symptom};

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
    /// Progress text.
    Progress(&'static str),
    /// Consent to work and price, spoken.
    Consent,
    /// Examines the unit: does it work elsewhere, and which symptoms were found.
    Examine {
        /// Whether it works on another port and computer.
        works: bool,
        /// What is seen.
        symptoms: Vec<Symptom>,
    },
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
    RequestPart(&'static str, u32),
    /// Work ended.
    Done(Outcome),
    /// The customer signs and the report is sealed.
    Seal,
    /// Hands in.
    Submit,
    /// Leaves.
    Leave,
}

/// What a script is about.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The unit's product code.
    pub product: &'a str,
    /// What was reported.
    pub summary: &'a str,
}

/// The deeds of one visit. `seed` varies findings, pauses and whether the site has no signal.
pub fn script(case: Case<'_>, seed: u64) -> Vec<Deed> {
    let mut dice = Dice(seed);
    let mut deeds = Deeds {
        deeds: Vec::new(),
        dice: Dice(seed ^ 0x5bd1_e995),
    };
    deeds.then(4, What::Accept("带测试电脑与备用KEY，按约定时间上门"));
    deeds.then(3, What::Contact("已电话联系，确认地址与时间"));
    deeds.then(4, What::Travel);
    deeds.then(8, What::Arrive);
    let cellar = dice.below(10) < 6;
    if cellar {
        deeds.then(2, What::Cellar);
    }
    match case.product {
        "eseal_key" => key_visit(&mut deeds, &mut dice, case.summary),
        product => goods_visit(&mut deeds, &mut dice, product),
    }
    deeds.then(4, What::Seal);
    deeds.then(2, What::Submit);
    deeds.then(3, What::Leave);
    if cellar {
        deeds.then(5, What::Daylight);
    }
    if dice.below(4) == 0 {
        deeds.then(2, What::RequestPart("KEY-BLANK", 2));
    }
    deeds.deeds
}

fn key_visit(deeds: &mut Deeds, dice: &mut Dice, summary: &str) {
    deeds.then(5, What::Progress("已换前后USB口与另一台电脑测试"));
    let broken = summary.contains("开裂") || summary.contains("松动");
    let wet = summary.contains("进水");
    let symptoms = match (broken, wet, dice.below(4)) {
        (true, _, 0 | 1) => vec![Symptom::ShellCracked, Symptom::UsbPlugBrokenOffBoard],
        (true, ..) => vec![Symptom::ShellCracked],
        (_, true, _) => vec![Symptom::WaterOrMistInside],
        _ => Vec::new(),
    };
    let works = symptoms.is_empty() && dice.below(5) == 0;
    let damaged = !symptoms.is_empty();
    deeds.then(4, What::Examine { works, symptoms });
    if works {
        deeds.then(
            5,
            What::Report {
                found: "KEY本身正常，机箱前置USB口供电不足",
                done: "改用后置USB口并加装延长线，签章测试通过",
            },
        );
        deeds.then(1, What::UsePart("USB-EXT", 1));
    } else {
        deeds.then(3, What::Consent);
        deeds.then(
            6,
            What::Report {
                found: if damaged {
                    "KEY外部损坏，芯片无响应"
                } else {
                    "KEY无外部损坏，芯片无响应，判断为自然损坏"
                },
                done: "更换新KEY并重新写入印章，现场签章验证成功",
            },
        );
        deeds.then(1, What::UsePart("KEY-BLANK", 1));
        deeds.then(1, What::UsePart("CAP-KEY", 1));
    }
    deeds.then(2, What::Done(Outcome::Solved));
}

fn goods_visit(deeds: &mut Deeds, dice: &mut Dice, product: &str) {
    deeds.then(5, What::Progress("现场复现故障，检查供电与线路"));
    let (found, done, part) = match product {
        "camera" => (
            "红外灯板供电不稳，支架松动",
            "更换电源适配器并重新固定支架，夜视恢复",
            "PSU-12V",
        ),
        "switch" => (
            "水晶头氧化导致端口反复协商",
            "重做水晶头并测试四小时无掉线",
            "RJ45-CAT6",
        ),
        _ => (
            "控制器保险丝熔断",
            "更换保险丝并检查负载，刷卡恢复正常",
            "FUSE-1A",
        ),
    };
    deeds.then(
        4,
        What::Examine {
            works: false,
            symptoms: Vec::new(),
        },
    );
    deeds.then(2, What::Consent);
    deeds.then(6, What::Report { found, done });
    deeds.then(
        1,
        What::UsePart(part, 1 + u32::try_from(dice.below(2)).unwrap_or(0)),
    );
    deeds.then(2, What::Done(Outcome::Solved));
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
        for seed in 0..300 {
            for product in ["eseal_key", "camera", "switch", "access-controller"] {
                let deeds = script(
                    Case {
                        product,
                        summary: "KEY外壳开裂，USB接头松动，无法识别",
                    },
                    seed,
                );
                assert_eq!(
                    deeds,
                    script(
                        Case {
                            product,
                            summary: "KEY外壳开裂，USB接头松动，无法识别"
                        },
                        seed
                    )
                );
                let place = |wanted: fn(&What) -> bool| deeds.iter().position(|deed| wanted(&deed.what));
                assert_eq!(place(|what| matches!(what, What::Accept(_))), Some(0));
                assert!(
                    place(|what| matches!(what, What::Done(_))) < place(|what| matches!(what, What::Seal))
                );
                assert!(
                    place(|what| matches!(what, What::Seal)) < place(|what| matches!(what, What::Submit))
                );
                assert_eq!(
                    place(|what| matches!(what, What::Cellar)).is_some(),
                    place(|what| matches!(what, What::Daylight)).is_some()
                );
            }
        }
    }
}
