//! Inputs that are too large, too deep or no text, made where they are needed instead of kept as files.
//!
//! In: nothing. Out: [`all`], the table. `tests/reject` has what is said of each, word by word; `cargo xtask bounds`
//! runs the compiler on each and measures it.

/// A bad input, or one that is good and large.
pub struct Hostile {
    /// Its name: of a bad one, what the text beside the reject cases is called.
    pub name: &'static str,
    /// The codes of what is said of it; none where it is right.
    pub codes: &'static [&'static str],
    /// The root file, `spec/flow.yaml`.
    pub spec: Vec<u8>,
    /// What lies beside it in the spec folder, by name.
    pub beside: Vec<(&'static str, Beside)>,
}

/// What lies beside a root file.
pub enum Beside {
    /// A file of these bytes.
    File(Vec<u8>),
    /// A symbolic link to this path.
    Link(&'static str),
}

/// A flow with nothing wrong in it: one event, one topic, one queue, one handler.
const FLOW: &str = "\
eventloom: 1
flow: shop
events:
  OrderPlaced: { actor: buyer, object: id, fields: { buyer: string } }
tables:
  orders: { rows: event }
sources:
  placed: { from: { table: orders }, to: activity }
topics:
  activity: { carries: [OrderPlaced] }
queues:
  index: { from: activity, handler: index_order }
handlers:
  index_order: { reads: [orders] }
";

/// All of them.
#[must_use]
pub fn all() -> Vec<Hostile> {
    let mut all = bytes();
    all.extend(yaml());
    all.extend(includes());
    all.extend(large());
    all
}

fn hostile(name: &'static str, codes: &'static [&'static str], spec: impl Into<Vec<u8>>) -> Hostile {
    Hostile { name, codes, spec: spec.into(), beside: Vec::new() }
}

/// The flow with something written in the place of a part of it.
fn with(part: &str, new: &str) -> String {
    FLOW.replacen(part, new, 1)
}

/// The flow with so many more lines in a section.
fn more(section: &str, count: usize, line: impl Fn(usize) -> String) -> String {
    let lines: String = (0..count).map(|i| format!("  {}\n", line(i))).collect();
    with(&format!("\n{section}:\n"), &format!("\n{section}:\n{lines}"))
}

/// The flow with something to say about itself.
fn about(text: &str) -> String {
    with("flow: shop\n", &format!("flow: shop\nabout: {text}\n"))
}

/// So many things, between commas.
fn listed(count: usize, thing: impl Fn(usize) -> String) -> String {
    (0..count).map(thing).collect::<Vec<_>>().join(", ")
}

fn utf16(mark: [u8; 2], bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.into_iter().chain(FLOW.encode_utf16().flat_map(bytes)).collect()
}

/// What is no UTF-8 text, or has more in it than one sees.
fn bytes() -> Vec<Hostile> {
    let overlong = [FLOW.as_bytes(), b"# \xc0\xaf\n"].concat();
    let cut = [FLOW.as_bytes(), b"# \xf0\x9f\x98"].concat();
    vec![
        hostile("E001_utf_16_little_endian", &["E001"], utf16([0xff, 0xfe], u16::to_le_bytes)),
        hostile("E001_utf_16_big_endian", &["E001"], utf16([0xfe, 0xff], u16::to_be_bytes)),
        hostile("E001_overlong_slash", &["E001"], overlong),
        hostile("E001_cut_in_a_character", &["E001"], cut),
        hostile("E002_nul", &["E002"], about("\"a\0b\"")),
        hostile("byte_order_mark", &[], format!("\u{feff}{FLOW}")),
    ]
}

/// What YAML allows and nobody should have to read.
fn yaml() -> Vec<Hostile> {
    let nine = |name: char| vec![format!("*{name}"); 9].join(", ");
    let bomb: String = ('b'..='i').zip('a'..='h').map(|(name, of)| format!("  - &{name} [{}]\n", nine(of))).collect();
    let bomb = format!("include:\n  - &a [x, x, x, x, x, x, x, x, x]\n{bomb}");
    vec![
        hostile("E008_alias_bomb", &["E008", "E015"], with("events:\n", &format!("{bomb}events:\n"))),
        hostile("E008_anchor_of_itself", &["E008"], with("[OrderPlaced]", "&a [OrderPlaced, *a]")),
        hostile("E010_merge_key_of_itself", &["E008", "E010"], with("{ reads:", "&a { <<: *a, reads:")),
        hostile("E003_ten_thousand_lists", &["E003"], about(&["[".repeat(10_000), "]".repeat(10_000)].concat())),
        hostile("E003_ten_thousand_maps", &["E003"], about(&["{a: ".repeat(10_000), "}".repeat(10_000)].concat())),
        hostile("E003_ten_thousand_items", &["E003"], about(&format!("\n  {}x", "- ".repeat(10_000)))),
        hostile("E003_ten_thousand_never_closed", &["E003"], about(&"[".repeat(10_000))),
        hostile("E003_text_of_nine_mebibytes", &["E003"], about(&"x".repeat(9 << 20))),
        hostile(
            "E003_quarter_of_a_million_values",
            &["E003"],
            about(&format!("[{}]", listed(250_000, |_| "x".into()))),
        ),
        hostile("E003_hundred_thousand_events", &["E003"], more("events", 100_000, |i| format!("E{i}: {{}}"))),
        hostile("E013_twenty_thousand_times", &["E013"], more("queues", 20_000, |_| "q: { from: activity }".into())),
        hostile("E016_twenty_thousand_keys", &["E016"], with("events:\n", &format!("{}events:\n", keys(20_000)))),
        hostile(
            "E034_hundred_thousand_names",
            &["E034"],
            with("[OrderPlaced]", &format!("[{}]", listed(100_000, |i| format!("E{i}")))),
        ),
        hostile(
            "E056_hundred_thousand_times",
            &["E056"],
            with("[OrderPlaced]", &format!("[{}]", listed(100_000, |_| "OrderPlaced".into()))),
        ),
        hostile(
            "E031_twenty_thousand_names",
            &["E031"],
            more("queues", 20_000, |i| format!("Q{i}: {{ from: activity, handler: index_order }}")),
        ),
        hostile(
            "E053_chain_of_types",
            &["E053"],
            with("events:\n", &format!("types:\n{}  T20000: string\nevents:\n", chain(20_000))),
        ),
        hostile(
            "E053_circle_of_types",
            &["E053"],
            with("events:\n", &format!("types:\n{}  T20000: T0\nevents:\n", chain(20_000))),
        ),
        hostile(
            "E079_five_thousand_groups",
            &["E079"],
            with(
                "buyer: string",
                &format!("buyer: {{ type: string, pattern: \"{}a{}\" }}", "(".repeat(5_000), ")".repeat(5_000)),
            ),
        ),
    ]
}

fn keys(count: usize) -> String {
    (0..count).map(|i| format!("k{i}: 1\n")).collect()
}

fn chain(count: usize) -> String {
    (0..count).map(|i| format!("  T{i}: T{}\n", i + 1)).collect()
}

/// Files that include what they should not.
fn includes() -> Vec<Hostile> {
    let including = |name: &str| with("flow: shop\n", &format!("flow: shop\ninclude: [{name}]\n"));
    let beside = |name, codes, spec, beside| Hostile { beside, ..hostile(name, codes, spec) };
    let file = |text: &str| Beside::File(text.into());
    vec![
        beside("E050_circle", &["E050"], including("more.yaml"), vec![("more.yaml", file("include: [flow.yaml]\n"))]),
        beside("E050_link", &["E050"], including("more.yaml"), vec![("more.yaml", Beside::Link("/etc/hostname"))]),
        beside(
            "E001_included_file",
            &["E001"],
            including("more.yaml"),
            vec![("more.yaml", Beside::File(vec![0xff; 64]))],
        ),
    ]
}

/// More than a template, a policy or a stack takes, and as much as they do.
fn large() -> Vec<Hostile> {
    let tables = more("tables", 300, |i| format!("t{i}: {{ key: k, fields: {{ k: string }} }}"));
    let reads = format!("reads: [orders, {}]", listed(300, |i| format!("t{i}")));
    let workflow = |steps: usize| {
        let steps: String = (0..steps).map(|i| format!("      - s{i}: {{ handler: index_order }}\n")).collect();
        with("handler: index_order }\nh", &format!("to: ship }}\nworkflows:\n  ship:\n    steps:\n{steps}h"))
    };
    let shipping: String = (0..600).map(|i| format!("      - s{i}: {{ handler: h{i} }}\n")).collect();
    let handlers: String = (0..600).map(|i| format!("  h{i}: {{ returns: T{i} }}\n")).collect();
    // Each adds a field, so that the state grows with every step.
    let types: String = (0..600).map(|i| format!("  T{i}: {{ fields: {{ f{i}: bool }} }}\n")).collect();
    let many_handlers =
        with("handler: index_order }\nh", &format!("to: ship }}\nworkflows:\n  ship:\n    steps:\n{shipping}h"))
            .replacen("  index_order: { reads: [orders] }\n", &handlers, 1)
            .replacen("events:\n", &format!("types:\n{types}events:\n"), 1);
    let values = format!("{{ buyer: string, more: {{ enum: [{}] }} }}", listed(100_000, |i| format!("v{i}")));
    let names = |part: &str| listed(40, |i| part.replace("NAME", &format!("o{i}")));
    let choice = |when: &str| {
        let steps = format!("      - ask: {{ choice: [{{ when: {{ {when} }}, next: end }}] }}\n");
        let fields =
            with("{ buyer: string }", &format!("{{ buyer: string, {} }}", names("NAME: { fields: { p: int } }")));
        fields.replacen(
            "handler: index_order }\nhandlers:\n  index_order: { reads: [orders] }\n",
            &format!("to: ship }}\nworkflows:\n  ship:\n    steps:\n{steps}"),
            1,
        )
    };
    vec![
        hostile("E054_workflow_as_large_as_a_template", &["E054"], workflow(862)),
        hostile("forty_alternatives_of_one_choice", &[], choice(&names("NAME: { $or: [{ p: [1] }, { p: [2] }] }"))),
        hostile(
            "E088_environment_of_a_megabyte",
            &["E088"],
            with("reads: [orders]", &format!("reads: [orders], env: {{ A: {} }}", "x".repeat(1_000_000))),
        ),
        hostile("E123_workflow_of_three_thousand_steps", &["E123"], workflow(3_000)),
        hostile("E140_workflow_of_six_hundred_handlers", &["E140"], many_handlers),
        hostile(
            "one_topic_of_four_hundred_queues",
            &[],
            more("queues", 400, |i| format!("q{i}: {{ from: activity, handler: index_order }}")),
        ),
        hostile("E140_policy_over_the_limit", &["E140"], tables.replacen("reads: [orders]", &reads, 1)),
        hostile(
            "more_than_five_hundred_resources",
            &[],
            more("queues", 150, |i| format!("q{i}: {{ from: activity, handler: index_order }}")),
        ),
        hostile("text_of_seven_mebibytes", &[], about(&"x".repeat(7 << 20))),
        hostile("enum_of_hundred_thousand_values", &[], with("{ buyer: string }", &values)),
        hostile(
            "fifteen_thousand_events",
            &[],
            more("events", 15_000, |i| format!("E{i}: {{ fields: {{ a: int }} }}")),
        ),
    ]
}
