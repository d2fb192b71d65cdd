//! Keys that are made of several texts.
//!
//! Guaranteed: two different lists of parts never make one key, whatever a user put into a part.

/// The parts, a `#` between them. What is a `#` or a `%` within a part is written as `%23` and `%25`.
pub(super) fn join(parts: &[&str]) -> String {
    parts.iter().map(|part| part.replace('%', "%25").replace('#', "%23")).collect::<Vec<_>>().join("#")
}

/// The parts of a key.
pub(super) fn split(key: &str) -> Vec<String> {
    key.split('#').map(|part| part.replace("%23", "#").replace("%25", "%")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_as_they_were() {
        for parts in [vec!["a", "b"], vec!["a#b", "%23"], vec!["", "%", "#"], vec!["%2523", "Rüstəm"]] {
            assert_eq!(split(&join(&parts)), parts);
        }
    }

    #[test]
    fn a_part_cannot_pretend_to_be_two() {
        assert_ne!(join(&["a#b"]), join(&["a", "b"]));
        assert_ne!(join(&["a", "b#c"]), join(&["a#b", "c"]));
    }
}
