//! The visible page, section by section, in the order in which a customer reads it.

use super::Page;
use super::changes::changes;
use super::closing::{opinion, photos, proof, signatures};
use super::html::Html;
use super::words::{Words, offset};
use crate::domain::sealed::{SealedContent, SealedDecision};

pub(super) fn body(html: &mut Html, page: &Page<'_>) {
    let (words, content) = (page.words, &page.verified.content);
    html.fixed("<body>\n<main class=\"paper\">\n");
    letterhead(html, page);
    if content.language != words.0 {
        let signed_in = words.t(content.language.text_key());
        html.wrap(
            "<p class=\"note\">",
            &words.t1("printed.translation", "language", &signed_in),
            "</p>\n",
        );
    }
    correction(html, page);
    html.fixed("<div class=\"two\">\n");
    customer(html, words, content);
    visit(html, words, content);
    html.fixed("</div>\n");
    units(html, words, content);
    times(html, words, content);
    work(html, words, content);
    if !content.decisions.is_empty() {
        section(html, words, "printed.decision");
        for decision in &content.decisions {
            one_decision(html, words, content, decision);
        }
        html.fixed("</section>\n");
    }
    parts(html, words, content);
    custody(html, words, content);
    charges(html, words, content);
    photos(html, page);
    opinion(html, words, content);
    signatures(html, words, content);
    proof(html, page);
    html.fixed("</main>\n</body>\n</html>\n");
}

pub(super) fn section(html: &mut Html, words: Words, title: &str) {
    html.wrap("<section>\n<h2>", &words.t(title), "</h2>\n");
}

fn letterhead(html: &mut Html, page: &Page<'_>) {
    let (words, verified) = (page.words, page.verified);
    html.wrap(
        "<header>\n<div>\n<p class=\"org\">",
        &verified.certificate.body().organisation,
        "</p>\n",
    );
    html.wrap("<h1>", &words.t("printed.title"), "</h1>\n</div>\n");
    html.wrap("<p class=\"no\"><span>", &words.t("printed.number"), "</span><b>");
    html.wrap("", &verified.content.order.number, "</b><span>");
    let revision = words.t1("printed.revision", "n", &verified.place.revision.to_string());
    let date = verified.content.sealed_at.wall_date();
    html.wrap("", &format!("{revision} · {date}"), "</span></p>\n</header>\n");
}

/// What this revision corrects, why, and every printed value that differs (D.5-3).
fn correction(html: &mut Html, page: &Page<'_>) {
    let (words, verified) = (page.words, page.verified);
    let revision = verified.place.revision;
    if revision == 1 {
        return;
    }
    html.wrap(
        "<section class=\"box\">\n<h2>",
        &words.t("printed.correction"),
        "</h2>\n",
    );
    let before = revision.saturating_sub(1).to_string();
    let of = words.t2(
        "printed.correction.of",
        "n",
        &revision.to_string(),
        "before",
        &before,
    );
    html.wrap("<p>", &of, "</p>\n");
    if let Some(reason) = &verified.content.correction {
        html.fixed("<dl>\n");
        html.row(&words.t("printed.correction.reason"), reason);
        html.fixed("</dl>\n");
    }
    let Some(content) = page.before else {
        html.wrap(
            "<p class=\"note\">",
            &words.t("printed.correction.missing"),
            "</p>\n</section>\n",
        );
        return;
    };
    let changed = changes(words, content, &verified.content);
    if changed.is_empty() {
        html.wrap(
            "<p class=\"note\">",
            &words.t("printed.correction.none"),
            "</p>\n</section>\n",
        );
        return;
    }
    html.wrap(
        "<div class=\"wide\"><table>\n<thead><tr><th>",
        &words.t("printed.correction.changed"),
        "</th>",
    );
    html.wrap("<th>", &words.t("printed.correction.before"), "</th>");
    html.wrap(
        "<th>",
        &words.t("printed.correction.after"),
        "</th></tr></thead>\n<tbody>\n",
    );
    for change in changed {
        html.wrap("<tr><td>", &change.label, "</td>");
        html.wrap("<td>", or_dash(&change.before), "</td>");
        html.wrap("<td>", or_dash(&change.now), "</td></tr>\n");
    }
    html.fixed("</tbody>\n</table></div>\n</section>\n");
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}

fn customer(html: &mut Html, words: Words, content: &SealedContent) {
    section(html, words, "printed.customer");
    html.fixed("<dl>\n");
    html.row(&words.t("printed.customer.name"), or_dash(&content.customer.name));
    for (key, value) in [
        ("printed.customer.address", &content.customer.address),
        ("printed.customer.contact", &content.customer.contact),
    ] {
        if let Some(value) = value {
            html.row(&words.t(key), value);
        }
    }
    html.fixed("</dl>\n</section>\n");
}

fn visit(html: &mut Html, words: Words, content: &SealedContent) {
    section(html, words, "printed.visit");
    html.fixed("<dl>\n");
    html.row(
        &words.t("printed.visit.type"),
        &words.t(content.order.kind.text_key()),
    );
    html.row(&words.t("printed.visit.engineer"), &content.engineer.name);
    if let Some(date) = &content.order.reported_on {
        html.row(&words.t("printed.visit.reported_on"), date);
    }
    html.fixed("</dl>\n</section>\n");
}

fn units(html: &mut Html, words: Words, content: &SealedContent) {
    if content.assets.is_empty() {
        return;
    }
    section(html, words, "printed.units");
    html.wrap(
        "<table>\n<thead><tr><th>",
        &words.t("printed.units.product"),
        "</th>",
    );
    html.wrap(
        "<th>",
        &words.t("printed.units.serial"),
        "</th></tr></thead>\n<tbody>\n",
    );
    for unit in &content.assets {
        html.wrap(
            "<tr><td>",
            or_dash(&words.code("printed.product", &unit.product)),
            "</td>",
        );
        html.wrap(
            "<td><code>",
            unit.serial.as_deref().unwrap_or("–"),
            "</code></td></tr>\n",
        );
    }
    html.fixed("</tbody>\n</table>\n</section>\n");
}

fn times(html: &mut Html, words: Words, content: &SealedContent) {
    if content.times.is_empty() {
        return;
    }
    section(html, words, "printed.times");
    html.fixed("<ul class=\"times\">\n");
    for time in &content.times {
        html.wrap("<li><span>", &words.code("printed.time", &time.what), "</span>");
        html.wrap("<b>", &words.time(time.at, content.sealed_at), "</b>");
        if time.suspect {
            html.wrap("<em>", &words.t("printed.times.suspect"), "</em>");
        }
        html.fixed("</li>\n");
    }
    html.fixed("</ul>\n");
    html.wrap(
        "<p class=\"note\">",
        &words.t1("printed.times.clock", "offset", &offset(content.sealed_at)),
        "",
    );
    if content.times.iter().any(|time| time.suspect) {
        html.wrap(" ", &words.t("printed.times.suspect_note"), "");
    }
    html.fixed("</p>\n");
    html.fixed("</section>\n");
}

fn work(html: &mut Html, words: Words, content: &SealedContent) {
    let report = &content.report;
    section(html, words, "printed.work");
    html.fixed("<dl class=\"long\">\n");
    let mut row = |key: &str, value: &str| {
        if !value.is_empty() {
            html.row(&words.t(key), value);
        }
    };
    row("printed.work.summary", &content.order.summary);
    row(
        "printed.work.environment",
        report.environment.as_deref().unwrap_or_default(),
    );
    row("printed.work.found", &report.fault_found);
    row(
        "printed.work.cause",
        report.cause_code.as_deref().unwrap_or_default(),
    );
    row("printed.work.done", &report.action_taken);
    row("printed.work.outcome", &words.t(report.outcome.text_key()));
    row(
        "printed.work.outcome_reason",
        report.outcome_reason.as_deref().unwrap_or_default(),
    );
    html.fixed("</dl>\n</section>\n");
}

/// The outcome, then why, line by line: as it was shown, or for a reader of the other language from the same codes.
fn one_decision(html: &mut Html, words: Words, content: &SealedContent, seen: &SealedDecision) {
    let decision = &seen.decision;
    html.wrap(
        "<div class=\"decision\">\n<h3>",
        &words.t1("printed.decision.unit", "label", &seen.label),
        "</h3>\n",
    );
    html.wrap(
        "<p class=\"outcome\">",
        &words.t(decision.outcome.text_key()),
        "</p>\n",
    );
    let lines: Vec<String> = if content.language == words.0 {
        seen.shown.clone()
    } else {
        decision
            .explanation
            .iter()
            .map(|line| line.render(words.0))
            .collect()
    };
    html.fixed("<ol>\n");
    for line in lines {
        html.wrap("<li>", line.trim_start_matches("→ "), "</li>\n");
    }
    html.fixed("</ol>\n");
    let answer = seen.answer.map_or_else(
        || words.t("printed.decision.no_answer"),
        |answer| words.t(answer.text_key()),
    );
    html.fixed("<dl class=\"answer\">\n");
    html.row(&words.t("printed.decision.answer"), &answer);
    html.fixed("</dl>\n</div>\n");
}

fn parts(html: &mut Html, words: Words, content: &SealedContent) {
    section(html, words, "printed.parts");
    if content.lines.is_empty() {
        html.wrap("<p>", &words.t("printed.parts.none"), "</p>\n</section>\n");
        return;
    }
    let priced = content.lines.iter().any(|line| line.price.is_some());
    html.wrap(
        "<div class=\"wide\"><table>\n<thead><tr><th>",
        &words.t("printed.parts.name"),
        "</th>",
    );
    html.wrap("<th>", &words.t("printed.parts.number"), "</th>");
    html.wrap("<th>", &words.t("printed.parts.serial"), "</th>");
    html.wrap("<th class=\"n\">", &words.t("printed.parts.qty"), "</th>");
    if priced {
        html.wrap("<th class=\"n\">", &words.t("printed.parts.price"), "</th>");
    }
    html.fixed("</tr></thead>\n<tbody>\n");
    for line in &content.lines {
        // A part without a name stands under its number, once.
        let name = Some(line.name.as_str()).filter(|name| *name != line.part);
        html.wrap("<tr><td>", name.unwrap_or("–"), "</td>");
        html.wrap("<td><code>", &line.part, "</code></td>");
        html.wrap(
            "<td><code>",
            line.serial.as_deref().unwrap_or("–"),
            "</code></td>",
        );
        html.wrap("<td class=\"n\">", &line.qty.to_string(), "</td>");
        if priced {
            let price = line
                .price
                .map_or_else(|| "–".to_owned(), |price| price.to_string());
            html.wrap("<td class=\"n\">", &price, "</td>");
        }
        html.fixed("</tr>\n");
    }
    html.fixed("</tbody>\n</table></div>\n</section>\n");
}

/// What changed hands (W-19): only where something did.
fn custody(html: &mut Html, words: Words, content: &SealedContent) {
    if content.custody.is_empty() {
        return;
    }
    section(html, words, "printed.custody");
    html.wrap(
        "<div class=\"wide\"><table>\n<thead><tr><th>",
        &words.t("printed.custody.how"),
        "</th>",
    );
    for column in [
        "printed.parts.name",
        "printed.parts.number",
        "printed.parts.serial",
    ] {
        html.wrap("<th>", &words.t(column), "</th>");
    }
    html.wrap("<th class=\"n\">", &words.t("printed.parts.qty"), "</th>");
    html.wrap("<th>", &words.t("printed.custody.rma"), "</th>");
    html.wrap("<th>", &words.t("printed.custody.note"), "</th>");
    html.fixed("</tr></thead>\n<tbody>\n");
    for line in &content.custody {
        let name = Some(line.name.as_str()).filter(|name| *name != line.part);
        html.wrap("<tr><td>", &words.t(line.movement.text_key()), "</td>");
        html.wrap("<td>", name.unwrap_or("–"), "</td>");
        html.wrap("<td><code>", &line.part, "</code></td>");
        html.wrap(
            "<td><code>",
            line.serial.as_deref().unwrap_or("–"),
            "</code></td>",
        );
        html.wrap("<td class=\"n\">", &line.qty.to_string(), "</td>");
        html.wrap("<td><code>", line.rma.as_deref().unwrap_or("–"), "</code></td>");
        html.wrap("<td>", line.note.as_deref().unwrap_or("–"), "</td>");
        html.fixed("</tr>\n");
    }
    html.fixed("</tbody>\n</table></div>\n</section>\n");
}

fn charges(html: &mut Html, words: Words, content: &SealedContent) {
    section(html, words, "printed.charges");
    if content.charges.is_empty() {
        html.wrap("<p>", &words.t("printed.charges.none"), "</p>\n</section>\n");
        return;
    }
    html.wrap(
        "<div class=\"wide\"><table>\n<thead><tr><th>",
        &words.t("printed.charges.kind"),
        "</th>",
    );
    html.wrap("<th>", &words.t("printed.charges.basis"), "</th>");
    html.wrap("<th>", &words.t("printed.charges.list"), "</th>");
    html.wrap(
        "<th class=\"n\">",
        &words.t("printed.charges.amount"),
        "</th></tr></thead>\n<tbody>\n",
    );
    let amount = |amount: Option<crate::domain::money::Fen>| {
        amount.map_or_else(|| words.t("printed.charges.open"), |fen| fen.to_string())
    };
    for charge in &content.charges {
        html.wrap("<tr><td>", &words.code("charge_kind", &charge.kind), "</td>");
        html.wrap("<td>", &words.code("charge_basis", &charge.basis), "</td>");
        let list = charge
            .list
            .as_ref()
            .map_or_else(|| "–".to_owned(), ToString::to_string);
        html.wrap("<td>", &list, "</td>");
        html.wrap("<td class=\"n\">", &amount(charge.amount), "</td></tr>\n");
    }
    html.wrap(
        "</tbody>\n<tfoot><tr><td colspan=\"3\">",
        &words.t("printed.charges.total"),
        "</td>",
    );
    html.wrap(
        "<td class=\"n\">",
        &amount(content.total),
        "</td></tr></tfoot>\n</table></div>\n</section>\n",
    );
}
