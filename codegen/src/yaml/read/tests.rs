//! What is said of files that are no flow, from a slip of the keyboard to an attack.

use super::{DEPTH, NODES, read};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, SourceMap};
use crate::yaml::{BYTES, Kind, Node};

fn reading(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let mut out = Diagnostics::default();
    let node = read(FileId(0), text, &mut out);
    (node, out.sorted())
}

/// Every diagnostic of a text as `line:column code [place] message`.
fn said(text: &str) -> Vec<String> {
    let mut map = SourceMap::default();
    map.add("flow.yaml", text);
    let lines = reading(text).1.into_iter().map(|d| {
        let (line, column) = map.line_column(d.span);
        let place: String = map.text(d.span).chars().take(40).collect();
        format!("{line}:{column} {} [{place}] {}", d.code, d.message)
    });
    lines.collect()
}

#[track_caller]
fn says(text: &str, expected: &[&str]) {
    assert_eq!(said(text), expected, "{text}");
}

/// The tree as JSON-like text, with `!` for what was refused.
fn shape(node: &Node) -> String {
    match &node.kind {
        Kind::Scalar { text, plain: true } => text.clone(),
        Kind::Scalar { text, plain: false } => format!("{text:?}"),
        Kind::Sequence(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(", ")),
        Kind::Mapping(entries) => {
            let entries: Vec<_> = entries.iter().map(|(k, v)| format!("{}: {}", shape(k), shape(v))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Kind::Refused => "!".to_owned(),
    }
}

#[track_caller]
fn reads(text: &str, expected: &str) {
    assert_eq!(reading(text).0.map(|node| shape(&node)).as_deref(), Some(expected), "{text}");
}

#[test]
fn a_right_file_is_read_without_a_word() {
    let text = "---\n# a comment\na: 1   # and one here\nb: [x, \"y\", 'z']\nc:\n  d: |\n    e\n  f: { g: h, i: }\n";
    says(text, &[]);
    reads(text, r#"{a: 1, b: [x, "y", "z"], c: {d: "e\n", f: {g: h, i: }}}"#);
}

#[test]
fn places_cover_the_values_and_nothing_more() {
    let text =
        "é: { a: b }  # c\nlist:\n  - x   # y\n  - [ é, z ]\n\n\"q\\\"\": 'it''s'  # z\nlast: |\n  text\n\nend:\n";
    let mut map = SourceMap::default();
    map.add("f", text);
    let root = reading(text).0.unwrap();
    let places: Vec<_> = root.entries().iter().flat_map(|(k, v)| [map.text(k.span), map.text(v.span)]).collect();
    assert_eq!(
        places,
        ["é", "{ a: b }", "list", "- x   # y\n  - [ é, z ]", "\"q\\\"\"", "'it''s'", "last", "text", "end", ""]
    );
    assert_eq!(map.text(root.span), text.trim_end().trim_end_matches(':'));
}

#[test]
fn a_file_without_content_is_refused() {
    for text in ["", "\n\n", "# only a comment\n"] {
        says(text, &["1:1 E012 [] the file is empty"]);
    }
}

#[test]
fn anchors_aliases_tags_and_merge_keys_are_refused() {
    says(
        "a: &x 1\nb: *x\nc: !!str d\ne: !Ref f\ng:\n  <<: *x\n  h: i\n",
        &[
            "1:4 E008 [&x] an anchor is not part of the language",
            "2:4 E008 [*x] an alias is not part of the language",
            "3:4 E009 [!!str] a tag `!!str` is not part of the language",
            "4:4 E009 [!Ref] a tag `!Ref` is not part of the language",
            "6:3 E010 [<<] a merge key `<<` is not part of the language",
        ],
    );
    reads("a: &x 1\nb: *x\nc: [!t d, e]\ng: { <<: *x, h: i }\n", "{a: !, b: !, c: [!, e], g: {h: i}}");
}

#[test]
fn an_alias_of_itself_and_an_alias_bomb_are_refused_where_they_begin() {
    says(
        "&a [*a]",
        &["1:1 E008 [&a] an anchor is not part of the language", "1:5 E008 [*a] an alias is not part of the language"],
    );
    let mut bomb = "a: &a [x]\n".to_owned();
    for (before, name) in ('a'..='h').zip('b'..='i') {
        bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(", ")));
    }
    let found = reading(&bomb).1;
    assert_eq!(found.len(), 20, "no more than are worth reading");
    assert!(found.iter().all(|d| d.code == "E008"));
}

#[test]
fn a_second_document_and_a_directive_are_refused() {
    says("a: 1\n---\nb: 2\n", &["2:1 E011 [---] a second document begins here; a file has one"]);
    says("%YAML 1.2\n---\na: 1\n", &["1:1 E011 [%YAML 1.2] a directive is not part of the language"]);
    reads("a: 1\n---\nb: 2\n", "{a: 1}");
}

#[test]
fn a_key_stands_once() {
    let (node, found) = reading("a: 1\nb: { c: 1, c: 2 }\na: 3\n");
    assert_eq!(shape(&node.unwrap()), "{a: 1, b: {c: 1}}");
    assert_eq!(
        found.iter().map(|d| (d.code, d.message.as_str())).collect::<Vec<_>>(),
        [("E013", "`c` stands twice here"), ("E013", "`a` stands twice here"),]
    );
    assert_eq!((found[0].related[0].span.start, found[1].related[0].span.start), (10, 0));
}

#[test]
fn a_key_is_text() {
    says("? [a]\n: b\n", &["1:3 E014 [[a]] a list stands where a key is expected"]);
    says("w: { {g}: x }\n", &["1:6 E014 [{g}] a map stands where a key is expected"]);
    assert_eq!(reading("w: { {g}: x }\n").1[0].fix.as_ref().unwrap().replacement, "\"{g}\"");
}

#[test]
fn characters_that_cannot_be_seen_are_refused() {
    says("flow: \0a\n", &["1:7 E002 [\0] the character U+0000 (NUL) is not allowed in a file"]);
    says("a: 1 # \u{1b}[31m\n", &["1:8 E002 [\u{1b}] the character U+001B (escape) is not allowed in a file"]);
    says("a: 1 # \u{9b}31m\n", &["1:8 E002 [\u{9b}] the character U+009B is not allowed in a file"]);
    says("a\u{200b}: 1\n", &["1:2 E002 [\u{200b}] the character U+200B (zero-width space) cannot be seen"]);
    says(
        "a: [\"b\u{202e}\"]\n",
        &["1:7 E002 [\u{202e}] the character U+202E (changes the direction of the text) cannot be seen"],
    );
    says("\u{feff}a: 1\n", &["1:1 E002 [\u{feff}] the character U+FEFF (byte order mark) cannot be seen"]);
}

#[test]
fn invisible_characters_may_be_escaped_and_stand_in_comments() {
    says("a: \"\\u200b\" # a \u{200d} here\n", &[]);
    reads("a: \"\\u200b\"\n", "{a: \"\\u{200b}\"}");
}

#[test]
fn text_after_a_hash_may_be_text() {
    says("about: fix #12\n", &["1:12 W001 [#12] `#12` is read as a comment"]);
    says(
        "about: #12\nb: [x #y\n]\n",
        &["1:8 W001 [#12] `#12` is read as a comment", "2:7 W001 [#y] `#y` is read as a comment"],
    );
    says("a: 1 # b\nb: \"c\" #d\nc: x#y\nd: 1 #\ne: 2 ## f\n", &[]);
}

#[test]
fn a_placeholder_or_colon_without_quotes_is_told_and_the_rest_is_read() {
    let text = "about: Orders: placed # soon\nkey: {target}/{event}\nl: [{a} b, c]\nm: { d: e: f, g: h }\nn: 1\n";
    says(
        text,
        &[
            "1:8 E005 [Orders: placed] text with `: ` needs quotes",
            "2:6 E006 [{target}/{event}] expected text, found a map and more text",
            "3:5 E006 [{a} b] expected text, found a map and more text",
            "4:9 E005 [e: f] text with `: ` needs quotes",
        ],
    );
    reads(text, "{about: !, key: !, l: [!, c], m: {d: !, g: h}, n: 1}");
}

#[test]
fn what_was_told_once_is_not_told_again() {
    says("early:\t\u{2014}  { a: b }\n", &["1:8 E005 [\u{2014}  { a: b }] text with `: ` needs quotes"]);
}

#[test]
fn text_with_a_comma_in_brackets_is_told() {
    let text = "a: { at: cron(0 8,20 * * ? *), b: c }\nd: [cron(0 8,20 * * ? *), e]\nf:\n  - g (h\n  - i) j\n";
    says(
        text,
        &[
            "1:10 E026 [cron(0 8,20 * * ? *)] text with a comma needs quotes here",
            "2:5 E026 [cron(0 8,20 * * ? *)] text with a comma needs quotes here",
        ],
    );
    reads(text, "{a: {at: !, b: c}, d: [!, e], f: [g (h, i) j]}");
}

#[test]
fn a_character_that_yaml_keeps_for_itself_is_told_and_the_rest_is_read() {
    let text = "at: */5 * * * *\nb: @every\nc: `x`\nd: 1\n";
    says(
        text,
        &[
            "1:5 E008 [*/5 * * * *] an alias is not part of the language",
            "2:4 E004 [@every] text cannot begin with `@`",
            "3:4 E004 [`x`] text cannot begin with ```",
        ],
    );
    reads(text, "{at: !, b: !, c: !, d: 1}");
}

#[test]
fn broken_syntax_is_explained_where_it_stands() {
    for (text, expected) in [
        ("a:\n\t- b\n", "2:1 E007 [\t] a tab is no indentation"),
        ("a:\n  b: 1\n\tc: 2\n", "3:1 E007 [\t] a tab is no indentation"),
        ("a: \"abc\n", "1:4 E004 [\"] the quote that begins here is never closed"),
        ("a: \"abc\nb: 1\n", "1:4 E004 [\"] the quote that begins here is never closed"),
        ("a: \"x\" y\n", "1:8 E004 [y] text goes on after its closing quote"),
        ("a: 'it's'\n", "1:8 E004 [s] text goes on after its closing quote"),
        ("a: \"\\q\"\n", "1:4 E004 [\"] an unknown escape after `\\` in this text"),
        ("a: [1, 2\n", "1:9 E004 [] expected `,` or `]`"),
        ("a: [1, 2\nb: 3\n", "2:1 E004 [b] expected `,` or `]`"),
        ("a: { b: 1\n", "1:10 E004 [] expected `,` or `}`"),
        ("a: { b: [1 }\n", "1:12 E004 [}] expected `,` or `]`"),
        ("a: 1\n b: 2\n", "2:2 E004 [b] a key cannot stand here"),
        ("a:\n  b: 1\n c: 2\n", "3:2 E004 [c] a key cannot stand here"),
        ("- a\nb: 1\n", "2:1 E004 [b] a list and keys are mixed"),
        ("a: -\n", "1:4 E004 [-] a list and keys are mixed"),
        ("a: { b: 7 c: 2s }\n", "1:9 E004 [7 c] expected `,` before `c`"),
        ("a: 1\nb:2\nc: 3\n", "2:1 E004 [b:2] a space is missing after `b:`"),
        ("a: 1\nb :2\n", "2:1 E004 [b :2] a space is missing after `b:`"),
        ("a: 1\nb:\u{a0}2\nc: 3\n", "2:3 E004 [\u{a0}] a no-break space (U+00A0) is no space in YAML"),
        ("a: b\nc\n", "2:1 E004 [c] expected `key: value`"),
    ] {
        says(text, &[expected]);
    }
}

#[test]
fn nesting_has_a_bound() {
    let nested = |depth: usize| format!("{}x{}", "[".repeat(depth), "]".repeat(depth));
    says(&nested(DEPTH), &[]);
    let expected = "lists and maps are nested more than 64 deep";
    let block: String = (0..10_000).map(|depth| format!("{}a:\n", " ".repeat(depth.min(100)))).collect();
    for text in
        [nested(DEPTH + 1), nested(10_000), "{a: ".repeat(10_000), "- ".repeat(10_000), "? ".repeat(10_000), block]
    {
        let (node, found) = reading(&text);
        assert_eq!(node, None);
        assert_eq!(found.iter().map(|d| d.message.as_str()).collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn size_has_a_bound() {
    says(&"#".repeat(BYTES + 1), &["1:1 E003 [] the file has 8388609 bytes; at most 8388608 are read"]);
    let expected = &["1:1 E003 [] the file has more than 200000 values"];
    says(&format!("[{}]", "a,".repeat(1_000_000)), expected);
    says(&format!("{{{}}}", "a: b,".repeat(500_000)), expected);
    let lines = "- a\n".repeat(NODES + 1);
    assert_eq!(said(&lines), [format!("{}:3 E003 [] the file has more than 200000 values", NODES)]);
}

#[test]
fn the_largest_files_that_are_meant_are_read() {
    let events: String =
        (0..10_000).map(|n| format!("  E{n}: {{ actor: a, fields: {{ a: string, b: [x, y] }} }}\n")).collect();
    let (node, found) = reading(&format!("events:\n{events}"));
    assert_eq!(found, []);
    assert_eq!(node.unwrap().get("events").unwrap().entries().len(), 10_000);
    let scalar = format!("a: {}\n", "x".repeat(BYTES - 4));
    let (node, found) = reading(&scalar);
    assert_eq!(found, []);
    assert_eq!(node.unwrap().get("a").unwrap().text().unwrap().len(), BYTES - 4);
}

#[test]
fn a_hundred_thousand_events_have_an_answer() {
    let text: String = (0..100_000).map(|n| format!("E{n}: {{ a: b }}\n")).collect();
    assert_eq!(reading(&text).1.iter().map(|d| d.code).collect::<Vec<_>>(), ["E003"]);
}

#[test]
fn mistakes_that_repeat_for_ever_are_counted_out() {
    assert_eq!(reading(&"- &a x\n".repeat(50_000)).1.len(), 20);
    assert_eq!(reading(&"a: 1\n".repeat(50_000)).1.len(), 20);
    assert_eq!(reading(&"- a #b\n".repeat(50_000)).1.len(), 20);
    assert_eq!(reading(&"- a\u{200b}\n".repeat(50_000)).1.len(), 20);
    assert_eq!(reading(&"\u{1}".repeat(50_000)).1.len(), 20);
    assert_eq!(reading(&"- a: b: c\n".repeat(500)).1.len(), 21);
}

#[test]
fn any_cut_of_a_file_has_an_answer() {
    let text = "a: { b: [\"é\\n\", 'x', {t}/{u}], c: d: e }\nf: |\n  g\n\th: *i &j !k #l\n? m\n: n\n--- o\n%p\n";
    for (at, _) in text.char_indices() {
        for part in <[&str; 2]>::from(text.split_at(at)) {
            let (node, found) = reading(part);
            assert!(node.is_some() || !found.is_empty(), "{part:?}");
            let length = u32::try_from(part.len()).unwrap();
            assert!(found.iter().all(|d| d.span.start <= d.span.end && d.span.end <= length), "{part:?}");
            for d in found {
                let mut map = SourceMap::default();
                map.add("f", part);
                assert_eq!(map.text(d.span).len(), (d.span.end - d.span.start) as usize, "a place cuts a character");
            }
        }
    }
}
