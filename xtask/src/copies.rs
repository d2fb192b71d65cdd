//! A spec with many copies of a flow in it, for measuring how the compiler grows.
//!
//! In: the text of a spec. Out: the text of one spec in which everything that becomes
//! something stands as often as asked: the first time as it was, then with `_c2`, `C2` and so on at the
//! end of its name and of every mention of it. Guaranteed: comments and quoted text are copied as they
//! are; what a flow has only once (its name, recipients and alarms) and its types stay single. It works on text, so the spec's
//! sections stand at column 0 and their names are indented by two.

use std::collections::BTreeSet;

/// The sections whose entries are copied. The types are shared, because what a flow has only once, such
/// as its recipients, speaks of them.
const NAMING: [&str; 10] =
    ["events", "tables", "gateways", "sources", "topics", "queues", "groupers", "workflows", "handlers", "sinks"];

/// The keys after which a name in snake_case is meant; elsewhere the same word is a field or a kind.
const MENTIONING: [&str; 10] =
    ["to", "from", "first", "table", "gateway", "send", "handler", "reads", "writes", "publishes"];

/// A section: its headline, and the lines below it.
struct Section<'a> {
    key: &'a str,
    head: &'a str,
    body: Vec<&'a str>,
}

/// `count` copies of the flow in `spec`.
#[must_use]
pub fn copies(spec: &str, count: usize) -> String {
    let sections = sections(spec);
    let names = names(&sections);
    let mut out = String::new();
    for section in &sections {
        out.push_str(section.head);
        out.push('\n');
        let times = if NAMING.contains(&section.key) && !section.body.is_empty() { count } else { 1 };
        for copy in 1..=times {
            for line in &section.body {
                out.push_str(&renamed(line, &names, copy, NAMING.contains(&section.key)));
                out.push('\n');
            }
        }
    }
    out
}

fn sections(spec: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in spec.lines() {
        let inside = line.is_empty() || line.starts_with([' ', '#']);
        match sections.last_mut() {
            Some(section) if inside => section.body.push(line),
            _ => {
                let key = line.split_once(':').map_or("", |(key, _)| key);
                sections.push(Section { key, head: line, body: Vec::new() });
            }
        }
    }
    sections
}

/// Every name that the spec gives: the entries of its sections, and the groups' own types.
fn names(sections: &[Section<'_>]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for section in sections.iter().filter(|section| NAMING.contains(&section.key)) {
        for line in &section.body {
            if let Some(name) = entry(line) {
                names.insert(name.to_owned());
            }
            let emitted = line.split_once("emits:").map(|(_, rest)| rest.trim_start());
            if let Some(emitted) = emitted.and_then(|rest| rest.split(|c| !is_word(c)).next()) {
                names.insert(emitted.to_owned());
            }
        }
    }
    names
}

/// The name that a line of a section gives, if it is indented by two.
fn entry(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix("  ")?.split_once(':')?;
    (!name.is_empty() && name.chars().all(is_word)).then_some(name)
}

/// One line of a copy.
fn renamed(line: &str, names: &BTreeSet<String>, copy: usize, naming: bool) -> String {
    if copy == 1 {
        return line.to_owned();
    }
    let given = if naming { entry(line) } else { None };
    let mut out = String::new();
    let mut key = "";
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let verbatim = match first {
            '"' | '\'' => quoted(rest, first),
            '#' if out.is_empty() || out.ends_with(' ') => rest.len(),
            _ if is_word(first) => 0,
            _ => first.len_utf8(),
        };
        if verbatim > 0 {
            let (text, after) = rest.split_at(verbatim);
            out.push_str(text);
            rest = after;
            continue;
        }
        let (word, after) = rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
        let is_key = after.starts_with(':');
        let gives = is_key && out == "  " && given == Some(word);
        let is_type = word.starts_with(|c: char| c.is_ascii_uppercase());
        let mentions = !is_key && MENTIONING.contains(&key);
        out.push_str(word);
        if names.contains(word) && (gives || is_type || mentions) {
            out.push_str(&if is_type { format!("C{copy}") } else { format!("_c{copy}") });
        }
        if is_key {
            key = word;
        }
        rest = after;
    }
    out
}

/// How many bytes the quoted text at the start of `text` takes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + c.len_utf8();
        }
        escaped = quote == '"' && c == '\\' && !escaped;
    }
    text.len()
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = "\
flow: everi
types:
  UserId: string
events:
  UpdateLiked: { actor: liker, fields: { liker: UserId, email: email } }   # an UpdateLiked
tables:
  members: { key: user_id, fields: { user_id: UserId, members: int } }
  preferences: { rows: preferences }
recipients: { table: members, email: email, preferences: preferences }
topics:
  activity: { carries: [UpdateLiked] }
queues:
  notify:
    from: activity
    targets: { table: members, where: { user_id: \"{members}\" } }
    to: { first: [email, notices] }
groupers:
  notices:
    window: { session: { gap: 30s } }
    emits: Notice
    to: email
sinks:
  email: { email: { subject: \"it''s {title} for members\" } }
";

    #[test]
    fn one_copy_is_the_spec_itself() {
        assert_eq!(copies(SPEC, 1), SPEC);
    }

    #[test]
    fn every_name_and_every_mention_of_it_is_numbered() {
        let spec = copies(SPEC, 2);
        for line in [
            "  UpdateLikedC2: { actor: liker, fields: { liker: UserId, email: email } }   # an UpdateLiked",
            "  members_c2: { key: user_id, fields: { user_id: UserId, members: int } }",
            "  preferences_c2: { rows: preferences }",
            "  activity_c2: { carries: [UpdateLikedC2] }",
            "    from: activity_c2",
            "    targets: { table: members_c2, where: { user_id: \"{members}\" } }",
            "    to: { first: [email_c2, notices_c2] }",
            "    emits: NoticeC2",
            "  email_c2: { email: { subject: \"it''s {title} for members\" } }",
        ] {
            assert!(spec.lines().any(|found| found == line), "{line} is not in\n{spec}");
        }
    }

    #[test]
    fn what_a_flow_has_once_stays_single() {
        let spec = copies(SPEC, 3);
        assert_eq!(spec.matches("flow: everi").count(), 1);
        assert_eq!(spec.matches("recipients:").count(), 1);
        assert_eq!(spec.matches("  UserId: string").count(), 1);
        assert_eq!(spec.matches("sinks:").count(), 1);
        assert_eq!(spec.matches("  email_c3: ").count(), 1);
    }
}
