//! A small writer of HTML in which what a person wrote can only become text.
//!
//! Invariant: markup comes in as `&'static str` (this program's own), everything else is escaped by the method that
//! takes it; there is no way to put a run-time string into the page as markup. Characters that hide or reorder text
//! (controls, bidirectional overrides) are printed by their number, so that paper and screen show what was sealed.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qrcodegen::QrCode;

use crate::domain::signature::Strokes;

/// The page being written.
#[derive(Debug, Default)]
pub(super) struct Html {
    out: String,
}

/// Whether a character would not be seen as itself.
const fn hidden(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}'
    )
}

impl Html {
    /// This program's own markup.
    pub(super) fn fixed(&mut self, markup: &'static str) {
        self.out.push_str(markup);
    }

    /// Text, inside an element or a quoted attribute.
    pub(super) fn text(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n");
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                '\r' | '\u{2028}' | '\u{2029}' => self.out.push('\n'),
                c if hidden(c) => {
                    // Writing to a String cannot fail.
                    let _ = write!(self.out, "[U+{:04X}]", u32::from(c));
                }
                c => self.out.push(c),
            }
        }
    }

    /// Text between two pieces of markup.
    pub(super) fn wrap(&mut self, before: &'static str, text: &str, after: &'static str) {
        self.fixed(before);
        self.text(text);
        self.fixed(after);
    }

    /// A label with its value, as a row of a list `dl`.
    pub(super) fn row(&mut self, label: &str, value: &str) {
        self.wrap("<div><dt>", label, "</dt>");
        self.wrap("<dd>", value, "</dd></div>\n");
    }

    /// The same for a value of which every character counts.
    pub(super) fn code_row(&mut self, label: &str, value: &str) {
        self.wrap("<div><dt>", label, "</dt>");
        self.wrap("<dd><code>", value, "</code></dd></div>\n");
    }

    /// A text as a string of the style sheet, quotes included: letters and digits stand, all else is written by number.
    pub(super) fn css_string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            if c.is_ascii_alphanumeric() {
                self.out.push(c);
            } else {
                let shown = if hidden(c) || c.is_control() { ' ' } else { c };
                let _ = write!(self.out, "\\{:06x}", u32::from(shown));
            }
        }
        self.out.push('"');
    }

    /// Bytes as base64, inside a quoted attribute.
    pub(super) fn base64(&mut self, bytes: &[u8]) {
        STANDARD.encode_string(bytes, &mut self.out);
    }

    /// A signature as a vector picture: digits and the letters of a path.
    pub(super) fn strokes(&mut self, strokes: &Strokes) {
        self.out.push_str(&strokes.to_svg());
    }

    /// A QR code as one path of dark runs, with the quiet zone of four modules that readers want.
    pub(super) fn qr(&mut self, code: &QrCode, label: &str) {
        const QUIET: i32 = 4;
        let size = code.size();
        let _ = write!(
            self.out,
            "<svg class=\"qr\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {0}\" role=\"img\" \
             shape-rendering=\"crispEdges\" aria-label=\"",
            size + 2 * QUIET
        );
        self.text(label);
        self.out.push_str("\"><path d=\"");
        for y in 0..size {
            let mut x = 0;
            while x < size {
                let from = x;
                while code.get_module(x, y) {
                    x += 1;
                }
                if x > from {
                    let run = x - from;
                    let _ = write!(self.out, "M{} {}h{run}v1h-{run}z", from + QUIET, y + QUIET);
                }
                x += 1;
            }
        }
        self.out.push_str("\" fill=\"#000\"/></svg>");
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        let mut html = Html::default();
        html.text(text);
        html.finish()
    }

    #[test]
    fn markup_in_a_text_is_text() {
        assert_eq!(
            text("<script>alert(\"1\" & '2')</script>"),
            "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;"
        );
        assert_eq!(
            text("两行\r\n第二行\r第三行\u{2028}完"),
            "两行\n第二行\n第三行\n完"
        );
    }

    #[test]
    fn what_hides_or_reorders_is_shown_by_its_number() {
        assert_eq!(text("¥\u{202e}001\u{202c}"), "¥[U+202E]001[U+202C]");
        assert_eq!(
            text("a\0b\u{7}c\u{1b}[2J\u{feff}"),
            "a[U+0000]b[U+0007]c[U+001B][2J[U+FEFF]"
        );
        // Names of other scripts and emoji stay whole.
        for name in ["Zoë O’Neil", "李雷", "محمد", "👩‍🔧", "𠮷野"] {
            assert_eq!(text(name), name);
        }
    }

    #[test]
    fn a_text_cannot_leave_its_string_in_the_style_sheet() {
        let mut html = Html::default();
        html.css_string("SS1\";}</style><script>\\");
        let css = html.finish();
        assert!(css.starts_with("\"SS1\\000022\\00003b"), "{css}");
        assert_eq!(css.matches('"').count(), 2);
        assert!(!css.contains('<') && !css.contains('}') && !css.contains(';'));
    }

    #[test]
    fn a_qr_code_draws_every_dark_module_once() {
        let code = QrCode::encode_text("fieldseal", qrcodegen::QrCodeEcc::Medium).unwrap();
        let mut html = Html::default();
        html.qr(&code, "<label>");
        let svg = html.finish();
        assert!(svg.contains("aria-label=\"&lt;label&gt;\""));
        let dark: i32 = svg
            .split('h')
            .skip(1)
            .filter_map(|part| part.split_once("v1").and_then(|(run, _)| run.parse::<i32>().ok()))
            .sum();
        let modules = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        let all = modules.filter(|(x, y)| code.get_module(*x, *y)).count();
        assert_eq!(usize::try_from(dark).unwrap(), all);
    }
}
