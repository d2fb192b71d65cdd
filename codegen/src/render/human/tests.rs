//! What a person sees, to the letter.

use super::human;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, SourceMap, Span};
use crate::yaml::read;

const FLOW: &str = "flow: everi\nqueues:\n  notify: { form: activity, to: notices }\n";

/// The report of one diagnostic, whose places are given as words of the text.
fn one(text: &str, make: impl Fn(&dyn Fn(&str) -> Span) -> Diagnostic) -> String {
    let mut map = SourceMap::default();
    let file = map.add("spec/flow.yaml", text);
    let offset = |at| u32::try_from(at).unwrap();
    let place = |word: &str| {
        let start = text.find(word).unwrap();
        Span::new(file, offset(start), offset(start + word.len()))
    };
    human(&map, &[make(&place)], false)
}

/// The report of everything that reading a text finds.
fn of_reading(text: &str) -> String {
    let mut map = SourceMap::default();
    let file = map.add("spec/flow.yaml", text);
    let mut out = Diagnostics::default();
    read(file, text, &mut out);
    human(&map, &out.sorted(), false)
}

#[test]
fn nothing_found_says_nothing() {
    assert_eq!(human(&SourceMap::default(), &[], false), "");
}

#[test]
fn a_fix_is_shown_as_an_edit() {
    let unknown = one(FLOW, |at| {
        Diagnostic::new("E016", at("form"), "unknown key `form` in a queue")
            .label("here")
            .help("did you mean `from`?")
            .replace_with("from")
    });
    assert_eq!(
        unknown,
        "\
error[E016]: unknown key `form` in a queue
 --> spec/flow.yaml:3:13
  |
3 |   notify: { form: activity, to: notices }
  |             ^^^^ here
  |
help: did you mean `from`?
  |
3 -   notify: { form: activity, to: notices }
3 +   notify: { from: activity, to: notices }
  |

1 error
"
    );
}

#[test]
fn a_near_place_shares_the_snippet() {
    let text = one(FLOW, |at| {
        Diagnostic::new("W001", at("everi"), "doubtful").help("look again").related(at("notices"), "because of this")
    });
    assert_eq!(
        text,
        "\
warning[W001]: doubtful
 --> spec/flow.yaml:1:7
  |
1 | flow: everi
  |       ^^^^^
2 | queues:
3 |   notify: { form: activity, to: notices }
  |                                 ------- because of this
  |
  = help: look again

1 warning
"
    );
}

#[test]
fn a_far_place_has_a_snippet_of_its_own() {
    let text = format!("flow: everi\n{}queues: 1\n", "# x\n".repeat(20));
    let report = one(&text, |at| Diagnostic::new("E013", at("queues"), "twice").related(at("flow"), "first here"));
    assert_eq!(
        report,
        "\
error[E013]: twice
  --> spec/flow.yaml:22:1
   |
22 | queues: 1
   | ^^^^^^
   |
note: first here
  --> spec/flow.yaml:1:1
   |
 1 | flow: everi
   | ----

1 error
"
    );
}

#[test]
fn a_long_line_is_cut_and_its_column_is_right() {
    let text = format!("flow: {} bad {}\n", "é".repeat(5000), "y".repeat(5000));
    let report = one(&text, |at| Diagnostic::new("E024", at("bad"), "wrong").replace_with("good"));
    assert!(report.contains("--> spec/flow.yaml:1:5008\n"), "{report}");
    assert!(report.contains(" bad "), "{report}");
    assert!(report.contains("= help: write `good`"), "{report}");
    assert!(report.lines().all(|line| line.chars().count() < 160), "{report}");
}

#[test]
fn a_place_of_many_lines_shows_its_first() {
    let report = one("a: 1\r\nb:\r\n  c: 1\r\n  d: 1\r\n", |at| Diagnostic::new("E024", at("c: 1\r\n  d: 1"), "wrong"));
    assert_eq!(report, "error[E024]: wrong\n --> spec/flow.yaml:3:3\n  |\n3 |   c: 1 \n  |   ^^^^\n\n1 error\n");
}

#[test]
fn an_empty_file_and_a_place_in_no_file_have_a_report() {
    let report = one("", |at| Diagnostic::new("E012", at(""), "the file is empty"));
    assert_eq!(report, "error[E012]: the file is empty\n --> spec/flow.yaml:1:1\n  |\n1 |\n  | ^\n\n1 error\n");
    let nowhere = Diagnostic::new("E012", Span::new(FileId(3), 10, 20), "nowhere").replace_with("x");
    let report = human(&SourceMap::default(), &[nowhere], false);
    assert_eq!(report, "error[E012]: nowhere\n |\n = help: write `x`\n\n1 error\n");
}

#[test]
fn what_a_file_holds_reaches_no_terminal_as_a_command() {
    let text = "flow: \u{1b}]0;title\u{7} \u{9b}31m \u{202e}\n";
    let report = one(text, |at| {
        Diagnostic::new("E002", at("flow"), format!("wrong {text}"))
            .label(text)
            .help(text)
            .replace_with(text)
            .related(at("title"), text)
    });
    assert!(!report.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{report:?}");
    assert!(report.starts_with("error[E002]: wrong flow: \\u{1b}]0;title\\u{7} \\u{9b}31m \\u{202e} \n"), "{report}");
}

#[test]
fn colour_changes_nothing_but_colour() {
    let mut map = SourceMap::default();
    let file = map.add("spec/flow.yaml", FLOW);
    let found = [Diagnostic::new("E016", Span::new(file, 0, 4), "wrong").help("right")];
    let styled = human(&map, &found, true);
    assert!(styled.contains("\u{1b}["));
    let plain: String = styled
        .split('\u{1b}')
        .enumerate()
        .map(|(at, part)| match part.split_once('m') {
            Some((_, text)) if at > 0 => text,
            _ => part,
        })
        .collect();
    assert_eq!(plain, human(&map, &found, false));
}

#[test]
fn mistakes_of_newcomers_are_shown_with_what_to_write() {
    assert_eq!(
        of_reading("about: Orders: placed\nkey: {target}/{event}\nb: [1, {x} y]\n"),
        "\
error[E005]: text with `: ` needs quotes
 --> spec/flow.yaml:1:8
  |
1 | about: Orders: placed
  |        ^^^^^^^^^^^^^^ the second colon makes a second key
  |
help: quote it: `\"Orders: placed\"`
  |
1 - about: Orders: placed
1 + about: \"Orders: placed\"
  |

error[E006]: expected text, found a map and more text
 --> spec/flow.yaml:2:6
  |
2 | key: {target}/{event}
  |      ^^^^^^^^^^^^^^^^
  |
help: quote it: `\"{target}/{event}\"`
  |
2 - key: {target}/{event}
2 + key: \"{target}/{event}\"
  |

error[E006]: expected text, found a map and more text
 --> spec/flow.yaml:3:8
  |
3 | b: [1, {x} y]
  |        ^^^^^
  |
help: quote it: `\"{x} y\"`
  |
3 - b: [1, {x} y]
3 + b: [1, \"{x} y\"]
  |

3 errors
"
    );
}
