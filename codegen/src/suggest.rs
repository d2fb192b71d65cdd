//! The nearest name to a mistyped one.
//!
//! In: what was written and what may be written. Out: at most one suggestion, the same for the same
//! candidates in the same order.

/// Words of other tools, and ours that mean the same. Only a word that may stand there is suggested.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("on", &["event", "events", "from"]),
    ("topic", &["from", "to"]),
    ("source", &["from"]),
    ("target", &["to", "targets"]),
    ("destination", &["to"]),
    ("desc", &["about"]),
    ("description", &["about"]),
    ("doc", &["about"]),
    ("lambda", &["handler"]),
    ("function", &["handler"]),
    ("retention", &["keep"]),
    ("retries", &["retry"]),
    ("attributes", &["fields"]),
    ("properties", &["fields"]),
    ("partition_key", &["key"]),
    ("hash_key", &["key"]),
    ("hash", &["key"]),
    ("range_key", &["sort"]),
    ("sort_key", &["sort"]),
    ("range", &["sort"]),
];

/// How many candidates are looked at: every unknown name of a hostile file is compared with so many.
const MOST: usize = 2_000;

/// The candidate that `word` was most likely meant to be: equal but for case or `-` and `_`, or within a few
/// slips of the keyboard (one for up to four letters, then one in three).
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = folded(word);
    let allowed = if word.len() <= 4 { 1 } else { (word.len() / 3).min(4) };
    candidates
        .into_iter()
        .take(MOST)
        .map(|candidate| (distance(&word, &folded(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The candidate that means what `word` means in other tools.
#[must_use]
pub fn synonym<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let meant = SYNONYMS.iter().find(|(other, _)| *other == word).map(|(_, meant)| *meant)?;
    let candidates: Vec<&str> = candidates.into_iter().collect();
    meant.iter().find_map(|m| candidates.iter().find(|c| *c == m).copied())
}

/// A name longer than any of ours is no slip: cutting it keeps the cost of the table bounded.
fn folded(word: &str) -> Vec<char> {
    word.chars().take(64).map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |line: &[usize], k: usize| line.get(k).copied().unwrap_or(usize::MAX - 1);
            let mut best = (at(&last, j + 1) + 1).min(at(&row, j) + 1).min(at(&last, j) + usize::from(x != y));
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 6] = ["from", "to", "events", "batch", "filter", "max_targets"];

    #[test]
    fn a_slip_finds_its_name() {
        assert_eq!(nearest("form", KEYS), Some("from"));
        assert_eq!(nearest("evnts", KEYS), Some("events"));
        assert_eq!(nearest("Filter", KEYS), Some("filter"));
        assert_eq!(nearest("max-targets", KEYS), Some("max_targets"));
        assert_eq!(nearest("ot", KEYS), Some("to"));
    }

    #[test]
    fn another_word_finds_nothing() {
        assert_eq!(nearest("on", KEYS), None);
        assert_eq!(nearest("concurrency", KEYS), None);
        assert_eq!(nearest("", KEYS), None);
        assert_eq!(nearest(&"x".repeat(10_000), KEYS), None);
    }

    #[test]
    fn the_nearest_of_several_wins_and_the_first_of_equals() {
        assert_eq!(nearest("counts", ["amounts", "count"]), Some("count"));
        assert_eq!(nearest("bat", ["cat", "hat"]), Some("cat"));
    }

    #[test]
    fn a_word_of_another_tool_finds_ours_where_it_may_stand() {
        assert_eq!(synonym("on", ["event", "to"]), Some("event"));
        assert_eq!(synonym("on", ["from", "to"]), Some("from"));
        assert_eq!(synonym("on", ["key"]), None);
        assert_eq!(synonym("frm", ["from"]), None);
    }
}
