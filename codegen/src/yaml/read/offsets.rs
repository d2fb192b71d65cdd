//! From the character indexes of the parser to byte offsets.

/// How many characters lie between two marks: a lookup walks at most this far.
const STEP: usize = 8;

/// The byte offsets of a text's characters.
#[derive(Debug)]
pub(super) struct Offsets<'a> {
    text: &'a str,
    /// The byte offset of every `STEP`th character; none for ASCII text, where index and offset are one.
    marks: Option<Vec<usize>>,
}

impl<'a> Offsets<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let marks = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).step_by(STEP).collect());
        Self { text, marks }
    }

    /// The byte offset of a character; the text's length for one past its end.
    pub(super) fn byte(&self, index: usize) -> usize {
        let Some(marks) = &self.marks else { return index.min(self.text.len()) };
        let Some(base) = marks.get(index / STEP) else { return self.text.len() };
        let rest = self.text.get(*base..).unwrap_or_default();
        rest.char_indices().nth(index % STEP).map_or(self.text.len(), |(at, _)| base + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_finds_its_byte() {
        for text in ["", "abc", "é", &"aé漢𝄞".repeat(100), &"x".repeat(200)] {
            let offsets = Offsets::of(text);
            for (index, (byte, _)) in text.char_indices().enumerate() {
                assert_eq!(offsets.byte(index), byte);
            }
            for past in [text.chars().count(), text.chars().count() + 1000] {
                assert_eq!(offsets.byte(past), text.len());
            }
        }
    }
}
