//! The same spec with the entries of its maps in another order.

use codegen::diagnostic::Diagnostics;
use codegen::source::FileId;
use codegen::yaml::{self, Kind, Node};

/// A small generator of numbers that look random, the same for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n.max(1) as u64).unwrap_or(0)
    }
}

/// The text of a spec with every map's entries in an order that comes from the seed.
///
/// # Panics
/// If the spec cannot be read.
#[must_use]
#[expect(clippy::expect_used, reason = "a test without its spec cannot go on")]
pub fn shuffled(spec: &str, seed: u64) -> String {
    let mut out = Diagnostics::default();
    let tree = yaml::read(FileId(0), spec, &mut out).expect("the spec is YAML");
    let mut text = String::new();
    print(&tree, &mut Numbers(seed | 1), &mut text);
    text.push('\n');
    text
}

fn print(node: &Node, numbers: &mut Numbers, text: &mut String) {
    match &node.kind {
        Kind::Scalar { text: scalar, plain } => {
            let bare = *plain && scalar.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
            text.push_str(&if bare { scalar.clone() } else { format!("{scalar:?}") });
        }
        Kind::Sequence(items) => {
            text.push('[');
            for item in items {
                print(item, numbers, text);
                text.push_str(", ");
            }
            text.push(']');
        }
        Kind::Mapping(entries) => {
            let mut order: Vec<usize> = (0..entries.len()).collect();
            for last in (1..order.len()).rev() {
                order.swap(last, numbers.below(last + 1));
            }
            text.push_str("{\n");
            for (key, value) in order.iter().filter_map(|at| entries.get(*at)) {
                print(key, numbers, text);
                text.push_str(": ");
                print(value, numbers, text);
                text.push_str(",\n");
            }
            text.push('}');
        }
        Kind::Refused => {}
    }
}
