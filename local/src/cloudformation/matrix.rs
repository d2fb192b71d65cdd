//! The table of what holds, made from the types themselves.

use std::fmt::Write;

use super::types::{Effect, KINDS, Kind, Make, Property, Shape};

/// The types and properties as a part of a page of documentation.
pub fn matrix() -> String {
    let mut page = String::from("| type | `Fn::GetAtt` | |\n| --- | --- | --- |\n");
    let mut kinds: Vec<&Kind> = KINDS.iter().copied().flatten().copied().collect();
    kinds.sort_unstable_by_key(|kind| kind.name);
    for kind in &kinds {
        let attributes: Vec<String> = kind.attributes.iter().map(|name| format!("`{name}`")).collect();
        let note = match kind.make {
            Make::Calls(_) => String::new(),
            Make::Inert(why, _) => format!("inert: {why}"),
            Make::Stack => "a stack in a stack; `Outputs.NAME` are its attributes".to_owned(),
        };
        let row = writeln!(page, "| `{}` | {} | {note} |", kind.name, attributes.join(", "));
        debug_assert!(row.is_ok(), "a text takes every text");
    }
    page.push_str("\n| property | a change | |\n| --- | --- | --- |\n");
    for kind in kinds {
        for property in kind.properties {
            row(&mut page, kind, property);
        }
    }
    page
}

fn row(page: &mut String, kind: &Kind, property: &Property) {
    let (change, why) = match property.effect {
        _ if matches!(kind.make, Make::Inert(..)) => ("nothing", ""),
        Effect::Update => ("in place", ""),
        Effect::Replace => ("replaces", ""),
        Effect::Inert(why) => ("nothing", why),
    };
    let needed = if property.required { " (needed)" } else { "" };
    let row = writeln!(
        page,
        "| `{}.{}`{}{needed} | {change} | {why} |",
        kind.name.trim_start_matches("AWS::"),
        property.name,
        members(property.shape)
    );
    debug_assert!(row.is_ok(), "a text takes every text");
}

/// The names within a property.
fn members(shape: Shape) -> String {
    match shape {
        Shape::Members(properties) | Shape::Items(properties) => {
            let names: Vec<String> =
                properties.iter().map(|property| format!("{}{}", property.name, members(property.shape))).collect();
            format!(" {{{}}}", names.join(", "))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    /// What stands before the table in the page, for `Write`.
    const MARK: &str = "<!-- made by `matrix()`: the test says how to make it again -->\n\n";

    #[test]
    fn the_page_says_what_the_tables_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/local/cloudformation.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (text, table) = page.split_once(MARK).unwrap();
        if std::env::var_os("EVENTLOOM_WRITE_DOCS").is_some() {
            std::fs::write(path, format!("{text}{MARK}{}", super::matrix())).unwrap();
            return;
        }
        assert!(table == super::matrix(), "stale: run this test with EVENTLOOM_WRITE_DOCS=1");
    }
}
