//! The closing half of the page: photos, the customer's word and hand, and how all of it is checked.

use super::body::section;
use super::html::Html;
use super::words::{Words, grouped};
use super::{Page, Photo, qr};
use crate::domain::sealed::{SealedContent, Signing};
use crate::domain::work::OpinionKind;

const TICKED: &str = "<svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><rect x=\".7\" y=\".7\" width=\"14.6\" height=\"14.6\" \
    fill=\"none\" stroke=\"#16181d\" stroke-width=\"1.4\"/><path d=\"M3.6 8.3l3 3.2 5.8-7\" fill=\"none\" \
    stroke=\"#16181d\" stroke-width=\"2\"/></svg>";
const OPEN: &str = "<svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><rect x=\".7\" y=\".7\" width=\"14.6\" height=\"14.6\" \
    fill=\"none\" stroke=\"#7a808a\" stroke-width=\"1.2\"/></svg>";

pub(super) fn photos(html: &mut Html, page: &Page<'_>) {
    let (words, content) = (page.words, &page.verified.content);
    section(html, words, "printed.photos");
    if let Some(forbidden) = &content.photography_forbidden {
        let text = words.t2(
            "printed.photos.forbidden",
            "reason",
            &forbidden.reason,
            "witness",
            &forbidden.witness,
        );
        html.wrap("<p class=\"forbidden\">", &text, "</p>\n");
    }
    if page.photos.is_empty() {
        if content.photography_forbidden.is_none() {
            html.wrap("<p>", &words.t("printed.photos.none"), "</p>\n");
        }
        html.fixed("</section>\n");
        return;
    }
    html.fixed("<div class=\"photos\">\n");
    let count = page.photos.len().to_string();
    for (index, (hash, photo)) in page.photos.iter().enumerate() {
        let caption = words.t2(
            "printed.photos.caption",
            "n",
            &(index + 1).to_string(),
            "count",
            &count,
        );
        html.fixed("<figure>");
        match photo {
            Photo::Missing => {
                html.wrap("<p class=\"absent\">", &words.t("printed.photos.missing"), "</p>");
            }
            Photo::Unknown => {
                html.wrap("<p class=\"absent\">", &words.t("printed.photos.format"), "</p>");
            }
            Photo::Shown(media, bytes) => {
                html.wrap("<img alt=\"", &caption, "\" src=\"data:");
                html.fixed(media);
                html.fixed(";base64,");
                html.base64(bytes);
                html.fixed("\">");
            }
        }
        html.wrap("<figcaption>", &caption, " · SHA-256<code>");
        html.wrap("", &grouped(*hash), "</code></figcaption></figure>\n");
    }
    html.fixed("</div>\n</section>\n");
}

/// All three ways, the customer's ticked (000-30).
pub(super) fn opinion(html: &mut Html, words: Words, content: &SealedContent) {
    section(html, words, "printed.opinion");
    let Some(opinion) = &content.opinion else {
        html.wrap("<p>", &words.t("printed.opinion.none"), "</p>\n</section>\n");
        return;
    };
    html.fixed("<ul class=\"ways\">\n");
    for kind in OpinionKind::ALL {
        let chosen = *kind == opinion.kind;
        html.fixed(if chosen {
            "<li class=\"on\" aria-label=\""
        } else {
            "<li aria-label=\""
        });
        let state = words.t(if chosen {
            "printed.opinion.chosen"
        } else {
            "printed.opinion.not_chosen"
        });
        html.text(&format!("{}: {state}", words.t(kind.text_key())));
        html.fixed("\">");
        html.fixed(if chosen { TICKED } else { OPEN });
        html.wrap("", &words.t(kind.text_key()), "</li>\n");
    }
    html.fixed("</ul>\n");
    if let Some(text) = &opinion.text {
        html.wrap("<p class=\"words\">", text, "</p>\n");
    }
    html.fixed("</section>\n");
}

pub(super) fn signatures(html: &mut Html, words: Words, content: &SealedContent) {
    section(html, words, "printed.signatures");
    html.wrap(
        "<div class=\"sign\">\n<div>\n<h3>",
        &words.t("printed.signatures.customer"),
        "</h3>\n",
    );
    match &content.signing {
        Signing::Signed {
            name,
            role,
            relation,
            at,
            strokes,
        } => {
            html.wrap(
                "<div class=\"ink\" role=\"img\" aria-label=\"",
                &words.t1("printed.signatures.picture", "name", name),
                "\">",
            );
            html.strokes(strokes);
            html.fixed("</div>\n<dl>\n");
            html.row(&words.t("printed.signatures.name"), name);
            html.row(&words.t("printed.signatures.role"), role);
            if let Some(relation) = relation {
                html.row(&words.t("printed.signatures.relation"), relation);
            }
            html.row(
                &words.t("printed.signatures.at"),
                &words.time(*at, content.sealed_at),
            );
        }
        Signing::Refused { reason, witness } => {
            html.wrap(
                "<p class=\"refused\">",
                &words.t("printed.signatures.refused"),
                "</p>\n<dl>\n",
            );
            html.row(&words.t("printed.signatures.reason"), reason);
            html.row(&words.t("printed.signatures.witness"), witness);
        }
    }
    html.wrap(
        "</dl>\n</div>\n<div>\n<h3>",
        &words.t("printed.signatures.engineer"),
        "</h3>\n",
    );
    html.wrap(
        "<div class=\"ink\"><b>",
        &content.engineer.name,
        "</b></div>\n<p class=\"note\">",
    );
    html.text(&words.t("printed.signatures.sealed_by"));
    html.fixed("</p>\n</div>\n</div>\n</section>\n");
}

pub(super) fn proof(html: &mut Html, page: &Page<'_>) {
    let (words, verified) = (page.words, page.verified);
    let certificate = verified.certificate.body();
    html.fixed("<section class=\"proof\">\n<div>");
    if let Some(code) = qr(verified.sha256) {
        html.qr(&code, &words.t("printed.proof.qr"));
    }
    html.wrap("</div>\n<div>\n<h2>", &words.t("printed.proof"), "</h2>\n<dl>\n");
    html.row(&words.t("printed.proof.organisation"), &certificate.organisation);
    html.code_row(
        &words.t("printed.proof.fingerprint"),
        &verified.organisation.to_string(),
    );
    html.row(
        &words.t("printed.proof.sealed_at"),
        &verified.content.sealed_at.to_string(),
    );
    html.code_row(&words.t("printed.proof.device"), &certificate.device.to_string());
    html.code_row(
        &words.t("printed.proof.engineer"),
        &certificate.engineer.to_string(),
    );
    html.row(
        &words.t("printed.proof.issued"),
        &certificate.issued_at.to_string(),
    );
    if let Some(before) = verified.place.prev {
        html.code_row(&words.t("printed.proof.before"), &grouped(before));
    }
    html.wrap("<div><dt>", &words.t("printed.proof.sha256"), "</dt>");
    html.wrap(
        "<dd><code class=\"hash\">",
        &grouped(verified.sha256),
        "</code></dd></div>\n</dl>\n",
    );
    html.wrap("<p>", &words.t("printed.proof.carries"), "</p>\n");
    html.fixed("<p class=\"command\"><code>fieldseal-server verify FILE.html</code></p>\n");
    html.wrap(
        "<p>",
        &words.t("printed.proof.compare"),
        "</p>\n</div>\n</section>\n",
    );
}
