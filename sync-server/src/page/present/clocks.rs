//! Service-level clocks as words: «Response: 1 h 20 min left», right at the moment of rendering (N1 to N4, Q15).

use fieldseal_core::domain::service_level::{ClockView, Judgement};

use crate::page::model::{Clock, Tone};
use crate::page::words::Words;

/// A running clock with less left than this asks for a look, ms.
const SOON_MS: i64 = 60 * 60_000;

/// A clock as the board and the order's page show it. One that was met is left out on the board.
pub fn clock(words: &Words, view: &ClockView) -> Clock {
    let what = words.t(view.kind.text_key());
    let slack = view.slack_ms.unwrap_or_default();
    let timed = |key: &str| words.tp2(key, "what", &what, "d", &words.duration(slack));
    let named = |judgement: Judgement| {
        words.tp2(
            "page.clock.state",
            "what",
            &what,
            "state",
            &words.t(judgement.text_key()),
        )
    };
    let (text, tone) = match view.judgement {
        Judgement::Running if slack < 0 => (timed("page.clock.late"), Tone::Bad),
        Judgement::Running if slack < SOON_MS => (timed("page.clock.left"), Tone::Warn),
        Judgement::Running => (timed("page.clock.left"), Tone::Plain),
        Judgement::Breached => (timed("page.clock.late"), Tone::Bad),
        Judgement::TargetMissed => (timed("page.clock.late"), Tone::Warn),
        Judgement::Met => (named(Judgement::Met), Tone::Good),
        Judgement::Unheard | Judgement::Provisional => (named(view.judgement), Tone::Warn),
        Judgement::Paused => (named(Judgement::Paused), Tone::Plain),
    };
    Clock {
        text,
        due: view.due_ms.map_or_else(String::new, |due| {
            words.tp("page.clock.due", "at", words.full(words.local(due)))
        }),
        tone,
    }
}

/// Whether a clock still matters on the board: it runs, stands still, or was not met.
pub fn matters(view: &ClockView) -> bool {
    view.ended_ms.is_none() || !matches!(view.judgement, Judgement::Met)
}

#[cfg(test)]
mod tests {
    use fieldseal_core::domain::service_level::ClockKind;
    use fieldseal_core::domain::texts::Lang;

    use super::*;
    use crate::page::sample;

    #[test]
    fn n01_countdowns_are_sentences() {
        let (en, zh) = (sample::words(Lang::En), sample::words(Lang::ZhCn));
        let view = |judgement, slack: Option<i64>| ClockView {
            kind: ClockKind::Response,
            started_ms: en.now_ms,
            due_ms: slack.map(|slack| en.now_ms + slack),
            ended_ms: None,
            judgement,
            slack_ms: slack,
            earlier: Vec::new(),
        };
        let left = clock(&zh, &view(Judgement::Running, Some(80 * 60_000)));
        assert_eq!(left.text, "响应 剩 1 小时 20 分");
        assert_eq!(left.due, "应于 2026-11-23 14:25:00");
        assert_eq!(left.tone, Tone::Plain);
        let soon = clock(&en, &view(Judgement::Running, Some(59 * 60_000)));
        assert_eq!(
            (soon.text.as_str(), soon.tone),
            ("Response: 59 min left", Tone::Warn)
        );
        let late = clock(&en, &view(Judgement::Breached, Some(-12 * 60_000)));
        assert_eq!(
            (late.text.as_str(), late.tone),
            ("Response: 12 min late", Tone::Bad)
        );
        let paused = clock(&en, &view(Judgement::Paused, None));
        assert_eq!(
            (paused.text.as_str(), paused.due.as_str()),
            ("Response: Paused while waiting", "")
        );
        assert!(matters(&view(Judgement::Running, None)));
    }
}
