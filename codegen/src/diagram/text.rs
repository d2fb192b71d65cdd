//! Text on paper: how wide it is, how it is cut to fit, and how it is made safe.
//!
//! Widths come from a table and not from a font file, so that the same graph is the same picture on
//! every machine. The table is Helvetica's, which Arial and Liberation Sans share.

/// Advance widths of U+0020 to U+007E in thousandths of an em: Adobe Core 14 AFM, Helvetica.
const REGULAR: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, // space to /
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, // 0 to ?
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, // @ to O
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, // P to _
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, // ` to o
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, // p to ~
];

/// The same of Helvetica-Bold.
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, // space to /
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, // 0 to ?
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778, // @ to O
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, // P to _
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, // ` to o
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584, // p to ~
];

/// A size and weight of the one family used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Font {
    /// Em size in user units.
    pub(super) size: f64,
    /// Bold, or regular.
    pub(super) bold: bool,
    /// Extra space after each character, in user units.
    pub(super) spacing: f64,
}

impl Font {
    pub(super) const fn regular(size: f64) -> Self {
        Self { size, bold: false, spacing: 0.0 }
    }

    pub(super) const fn bold(size: f64) -> Self {
        Self { size, bold: true, spacing: 0.0 }
    }

    /// Width of `text` in user units.
    pub(super) fn width(self, text: &str) -> f64 {
        text.chars().map(|c| self.advance(c)).sum()
    }

    fn advance(self, c: char) -> f64 {
        let table = if self.bold { &BOLD } else { &REGULAR };
        let known = (c as usize).checked_sub(0x20).and_then(|index| table.get(index)).copied();
        let thousandths = known.unwrap_or_else(|| guess(c));
        if thousandths == 0 { 0.0 } else { f64::from(thousandths) * self.size / 1000.0 + self.spacing }
    }

    /// `text` in one line where it is at most `room` wide, and else in two: after a comma or a dot where
    /// both then fit, or at the space that makes them most alike.
    pub(super) fn wrap(self, text: &str, room: f64) -> Vec<String> {
        if self.width(text) <= room {
            return vec![text.to_owned()];
        }
        let split = |(at, _): (usize, &str)| text.split_at_checked(at).map(|(first, second)| (first, second.trim()));
        let rank = |(first, second): &(&str, &str)| {
            let longer = self.width(first).max(self.width(second));
            let pause = first.ends_with([',', '·', ';', ':']) && longer <= room;
            (!pause, longer)
        };
        let better = |a: &(bool, f64), b: &(bool, f64)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
        match text.match_indices(' ').filter_map(split).min_by(|a, b| better(&rank(a), &rank(b))) {
            Some((first, second)) => vec![first.to_owned(), second.to_owned()],
            None => vec![text.to_owned()],
        }
    }

    /// `text` made printable, and cut with an ellipsis where it is wider than `room`.
    pub(super) fn fit(self, text: &str, room: f64) -> String {
        let clean = printable(text);
        if self.width(&clean) <= room {
            return clean;
        }
        let mut left = room - self.advance('…');
        let mut cut: String = clean
            .chars()
            .take_while(|&c| {
                left -= self.advance(c);
                left >= 0.0
            })
            .collect();
        // A joiner or a variation selector at the end would act upon the ellipsis.
        cut.truncate(cut.trim_end_matches(|c: char| c.is_whitespace() || guess(c) == 0).len());
        cut.push('…');
        cut
    }
}

/// Widths outside ASCII, by script: nothing for marks that combine, one em for ideographs and emoji.
fn guess(c: char) -> u16 {
    match c as u32 {
        0x0300..=0x036F | 0x200B..=0x200D | 0x20D0..=0x20F0 | 0xFE00..=0xFE0F | 0x1F3FB..=0x1F3FF => 0,
        0x00B7 => 278,
        0x2014 | 0x2026 | 0xFFFD | 0x2190..=0x21FF => 1000,
        0x1100..=0x115F | 0x2600..=0x27BF | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF => 1000,
        0xFF00..=0xFF60 | 0x1F000..=0x1FFFF | 0x20000..=0x3FFFF => 1250,
        0x0400..=0x052F => 640,
        _ => 600,
    }
}

/// `text` without what a reader cannot see: controls, characters XML forbids, and those that turn
/// the direction of the text around become U+FFFD.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if unseen(c) { '\u{FFFD}' } else { c }).collect()
}

fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c as u32,
            0x061C | 0x200B | 0x200E | 0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB | 0xFFFE | 0xFFFF)
}

/// `text` made printable and escaped for XML content and for attributes in either quote.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if unseen(c) => out.push('\u{FFFD}'),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// `text` as part of an id: letters, digits and `_` stay, anything else is its code point between dots.
/// Different texts stay different.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            out.push(c);
        } else {
            out.push_str(&format!(".{:x}.", c as u32));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Font, escape, slug};

    #[test]
    fn bold_is_wider_than_regular_and_capitals_wider_than_small_letters() {
        assert!(Font::bold(16.0).width("notify") > Font::regular(16.0).width("notify"));
        assert!(Font::regular(16.0).width("WIDE") > Font::regular(16.0).width("wide"));
    }

    #[test]
    fn a_word_is_as_wide_as_its_letters_in_the_font_s_metrics() {
        // n 556, o 556, t 278, i 222, f 278, y 500
        assert!((Font::regular(1000.0).width("notify") - 2390.0).abs() < 1e-6);
    }

    #[test]
    fn text_that_fits_is_kept_and_longer_text_ends_in_an_ellipsis_within_its_room() {
        let font = Font::bold(16.0);
        assert_eq!(font.fit("notify", 200.0), "notify");
        let cut = font.fit(&"deliver_messages".repeat(4), 200.0);
        assert!(cut.ends_with('…') && font.width(&cut) <= 200.0, "{cut}");
        assert!(font.width(&cut) > 180.0, "cut too early: {cut}");
    }

    #[test]
    fn markup_controls_and_direction_overrides_are_made_harmless() {
        assert_eq!(escape("<a b='c' d=\"e\">&"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;");
        assert_eq!(escape("x\u{202E}y\u{0}z\u{FFFE}"), "x\u{FFFD}y\u{FFFD}z\u{FFFD}");
    }

    #[test]
    fn different_ids_have_different_slugs() {
        assert_eq!(slug("deliver_notice"), "deliver_notice");
        assert_eq!(slug("a b"), "a.20.b");
        assert_ne!(slug("a.20.b"), slug("a b"));
    }
}
