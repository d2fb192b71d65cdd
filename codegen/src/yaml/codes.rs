//! The codes of what can be wrong with a file as YAML and as a shape, each with its documentation.
//!
//! Codes are stable: one that is no longer given is never given to something else.

/// The documentation of one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// `E012` or `W003`.
    pub code: &'static str,
    /// What it is about, in a few words: lower case, no full stop.
    pub title: &'static str,
    /// Why it is refused, with a wrong and a right fragment, in Markdown.
    pub doc: &'static str,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal, $doc:literal;)*) => {
        $(#[doc = $title] pub const $name: &str = $code;)*

        /// All codes of this layer, in their order.
        pub const ENTRIES: &[Entry] = &[$(Entry { code: $code, title: $title, doc: $doc }),*];
    };
}

codes! {
    ENCODING = "E001", "the file is not UTF-8 text",
"A flow is UTF-8 text. A file in UTF-16, as some Windows editors save it, or with bytes that are not UTF-8 \
(Latin-1) is refused with the place of the first wrong byte. A byte order mark before the text is ignored.

Save the file as UTF-8.";

    CHARACTER = "E002", "a character that cannot be seen",
"Control characters are refused anywhere. Characters of no width and those that change the direction of the text \
are refused outside comments, because what a reader sees would not be what is compiled. Where one is meant, write \
it as an escape in double quotes.

```yaml
about: \"a<U+200B>b\"                      # wrong, with the character itself
```

```yaml
about: \"a\\u200Bb\"
```";

    TOO_LARGE = "E003", "the file is too large or too deep",
"A file has at most 8 MiB, 200,000 values, and 64 levels of maps and lists. Larger flows are split with `include:`.";

    SYNTAX = "E004", "not YAML",
"The file cannot be read as YAML. Nothing after the place shown was looked at.

```yaml
topics:
  activity: { carries: [UpdateShared }     # wrong: the list is never closed
```

```yaml
topics:
  activity: { carries: [UpdateShared] }
```";

    COLON_IN_TEXT = "E005", "text with `: ` needs quotes",
"A colon and a space make a key. Text that holds them is quoted.

```yaml
about: Orders: placed and shipped          # wrong
```

```yaml
about: \"Orders: placed and shipped\"
```";

    BRACES = "E006", "a placeholder needs quotes",
"To YAML, `{target}` is a map with the key `target`. A text that begins with a brace is quoted.

```yaml
key: {target}/{event}                      # wrong
```

```yaml
key: \"{target}/{event}\"
```";

    TAB = "E007", "a tab is no indentation",
"YAML is indented with spaces: how wide a tab is depends on the reader. Set the editor to insert spaces.";

    ALIAS = "E008", "anchors and aliases are not part of the language",
"`&name` and `*name` are YAML's way to repeat a value. A flow says a thing once, under a name. Text that begins with \
`*` or `&` is quoted.

```yaml
at: */5 * * * *                            # wrong
```

```yaml
at: \"cron(0/5 * * * ? *)\"
```";

    TAG = "E009", "tags are not part of the language",
"`!name` is YAML's way to say of what type a value is. Here the place says it. Text that begins with `!` is quoted.

```yaml
flow: !!str everi                          # wrong
```

```yaml
flow: everi
```";

    MERGE_KEY = "E010", "merge keys are not part of the language",
"`<<` copies one map into another in some YAML tools. Write the keys out.

```yaml
counts: { <<: *defaults, to: counter }     # wrong
```

```yaml
counts: { from: activity, to: counter }
```";

    DOCUMENTS = "E011", "more than one document",
"A file holds one document. `---` begins another one; `%` at the start of a line is a directive to other tools.";

    EMPTY = "E012", "the file is empty",
"A file with nothing in it, or with comments only, says nothing.

```yaml
eventloom: 1
flow: everi
```";

    DUPLICATE_KEY = "E013", "a key stands twice in one map",
"Which of the two is meant cannot be known; many YAML tools take the last one, silently.

```yaml
queues:
  notify: { from: activity, to: notices }
  notify: { from: messages, to: notices }  # wrong
```

```yaml
queues:
  notify: { from: activity, to: notices }
  notify_members: { from: messages, to: notices }
```";

    KEY = "E014", "a key is not text",
"A key is a word, not a list or a map.

```yaml
where: { {group}: \"{group}\" }              # wrong
```

```yaml
where: { group: \"{group}\" }
```";

    SHAPE = "E015", "a value of another shape",
"Text, a list or a map is expected, and something else stands there.

```yaml
topics:
  activity: { carries: UpdateShared }      # wrong
```

```yaml
topics:
  activity: { carries: [UpdateShared] }
```";

    UNKNOWN_KEY = "E016", "an unknown key",
"The key means nothing here. Where it looks like a slip, the nearest key is suggested.

```yaml
queues:
  notify: { form: activity, to: notices }  # wrong
```

```yaml
queues:
  notify: { from: activity, to: notices }
```";

    MISSING_KEY = "E017", "a key is missing",
"Something that has no default was left out.

```yaml
queues:
  notify: { to: notices }                  # wrong: from which topic?
```

```yaml
queues:
  notify: { from: activity, to: notices }
```";

    UNKNOWN_KIND = "E018", "an unknown kind",
"The word is none of those that may stand here. Where it looks like a slip, the nearest one is suggested.

```yaml
window: { sesion: { gap: 30s } }           # wrong
```

```yaml
window: { session: { gap: 30s } }
```";

    NO_KIND = "E019", "no kind",
"A kind is the single key of its object.

```yaml
window: {}                                 # wrong
```

```yaml
window: { session: { gap: 30s } }
```";

    SEVERAL_KINDS = "E020", "more than one kind",
"A kind is the single key of its object; nothing stands beside it.

```yaml
window: { session: { gap: 30s }, count: 3 }   # wrong
```

```yaml
window: { session: { gap: 30s } }
```";

    NUMBER = "E021", "not a number, or out of its range",
"A number is written in decimal digits without quotes, has no leading zero, and lies in the range shown. `NaN`, \
infinity, and what would be rounded to zero or infinity are refused.

```yaml
max: 1e999                                 # wrong
```

```yaml
max: 100
```";

    BOOLEAN = "E022", "not `true` or `false`",
"A boolean is `true` or `false`; `yes`, `no`, `on` and `off` are text.

```yaml
fifo: yes                                  # wrong
```

```yaml
fifo: true
```";

    NOTHING = "E023", "a key without a value",
"A key stands there with nothing after it. Give it a value, or leave it out.

```yaml
queues:
  notify:
    from: activity
    filter:                                # wrong
```

```yaml
queues:
  notify:
    from: activity
```";

    VALUE = "E024", "a value of another form",
"The value has the right shape, but it is not written as this place asks; the message \
says how it is.";

    LENGTH = "E025", "a list of another length",
"A list with a fixed number of entries has more or fewer.";

    COMMA_IN_TEXT = "E026", "text with `, ` needs quotes",
"Between `{` and `}`, and between `[` and `]`, a comma ends a value. Text that holds one is quoted.

```yaml
every: { at: cron(0 8,20 * * ? *) }        # wrong
```

```yaml
every: { at: \"cron(0 8,20 * * ? *)\" }
```";

    COMMENT_IN_TEXT = "W001", "a comment that may be text",
"A space and `#` begin a comment. Quote the text if the rest belongs to it, or put a space after `#` if it is a \
comment.

```yaml
about: fix #12                             # warned of: the text is `fix`
```

```yaml
about: \"fix #12\"
```";

    READ_OTHERWISE = "W002", "text that other tools read otherwise",
"Here it is text, because text is expected. Another YAML tool that looks at the file (an editor, a linter) reads a \
boolean, a number or a date. Quotes make it text for everyone.

```yaml
answer: { enum: [yes, no] }                # warned of
```

```yaml
answer: { enum: [\"yes\", \"no\"] }
```";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_their_range() {
        let mut seen = std::collections::BTreeSet::new();
        for entry in ENTRIES {
            assert!(seen.insert(entry.code), "{} twice", entry.code);
            let (letter, number) = entry.code.split_at(1);
            let number: u32 = number.parse().unwrap();
            assert!(matches!((letter, number), ("E", 1..=29) | ("W", 1..=9)), "{}", entry.code);
        }
    }

    #[test]
    fn every_code_is_documented() {
        for entry in ENTRIES {
            assert!(!entry.title.is_empty() && !entry.title.ends_with('.'), "{}", entry.code);
            assert!(entry.doc.len() > 50, "{}", entry.code);
            let fragments = entry.doc.matches("```yaml").count();
            assert!(fragments <= 2 && entry.doc.matches("```").count() == 2 * fragments, "{}", entry.code);
        }
    }

    #[test]
    fn what_the_documentation_calls_wrong_is_refused_and_what_it_calls_right_is_read() {
        let of_reading = [
            SYNTAX,
            COLON_IN_TEXT,
            BRACES,
            ALIAS,
            TAG,
            MERGE_KEY,
            EMPTY,
            DUPLICATE_KEY,
            KEY,
            COMMA_IN_TEXT,
            COMMENT_IN_TEXT,
        ];
        let said = |fragment: &str| {
            let mut out = crate::diagnostic::Diagnostics::default();
            crate::yaml::read(crate::source::FileId(0), fragment, &mut out);
            out.sorted().into_iter().map(|found| found.code).collect::<Vec<_>>()
        };
        for entry in ENTRIES {
            let mut fragments: Vec<&str> =
                entry.doc.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
            if let Some(right) = fragments.pop() {
                assert_eq!(said(right), Vec::<&str>::new(), "{right}");
            }
            if let (Some(wrong), true) = (fragments.pop(), of_reading.contains(&entry.code)) {
                assert!(said(wrong).contains(&entry.code), "{wrong}");
            }
        }
    }
}
