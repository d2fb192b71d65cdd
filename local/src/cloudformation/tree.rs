//! The stacks and what they nest.
//!
//! In: [`Sources`]. Out: a tree of templates for each root. Guaranteed: it ends, and has as many stacks as
//! CloudFormation would make at once.

use std::collections::BTreeMap;

use serde_json::Value;

use super::expression::Expression;
use super::problem::{Place, Problem, Problems, shown};
use super::sources::{Origin, Sources};
use super::template::{Resource, Template};
use super::types::Make;

/// How deep stacks may nest, and how many resources one operation takes: "CloudFormation quotas" for the second.
const DEPTH: usize = 8;
const RESOURCES: usize = 2500;

/// A stack and those in it.
#[derive(Debug)]
pub(super) struct Tree {
    /// `main`, `main/StateStack1`.
    pub(super) path: String,
    pub(super) template: Template,
    /// By logical id.
    pub(super) nested: BTreeMap<String, Tree>,
    /// Of a root: parameters that come from other roots.
    pub(super) from: BTreeMap<String, Origin>,
}

/// Reads all templates; what is wrong is added to `found`.
pub(super) fn read(sources: &Sources, found: &mut Vec<Problem>) -> Vec<Tree> {
    let mut trees: Vec<Tree> = Vec::new();
    for root in &sources.stacks {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let mut problems = Problems::new(&root.name, found);
        if root.name.is_empty() || root.name.len() > 128 || !root.name.bytes().all(plain) {
            problems.add("", "a stack's name has 1 to 128 letters, digits and hyphens");
        }
        if trees.iter().any(|tree| tree.path == root.name) {
            problems.add("", "there are two stacks of this name");
        }
        for (parameter, origin) in &root.from {
            if !trees.iter().any(|tree| tree.path == origin.stack) {
                let what =
                    format!("`{parameter}` comes from the stack `{}`, which is not before this one", origin.stack);
                problems.add("", what);
            }
        }
        let mut left = RESOURCES;
        let mut tree = nest(&root.name, &root.template, &mut vec![&root.template], &mut left, sources, found);
        tree.from.clone_from(&root.from);
        trees.push(tree);
    }
    trees
}

fn nest<'a>(
    path: &str,
    text: &'a str,
    within: &mut Vec<&'a str>,
    left: &mut usize,
    sources: &'a Sources,
    found: &mut Vec<Problem>,
) -> Tree {
    let template = Template::read(text, &mut Problems::new(path, found));
    let mut nested = BTreeMap::new();
    match left.checked_sub(template.resources.len()) {
        Some(rest) => *left = rest,
        None => {
            let what = format!("the stack and those in it have more than {RESOURCES} resources");
            Problems::new(path, found).add("", what);
            *left = 0;
            return Tree { path: path.to_owned(), template, nested, from: BTreeMap::new() };
        }
    }
    let stacks = template.resources.iter().filter(|(_, resource)| matches!(resource.kind.make, Make::Stack));
    for (logical, resource) in stacks {
        if *left == 0 {
            break;
        }
        let text = match inner(resource, within, sources) {
            Ok(text) => text,
            Err(what) => {
                let place = Place::of(["Resources", logical.as_str(), "Properties", "TemplateURL"]);
                Problems::new(path, found).add(place, what);
                continue;
            }
        };
        within.push(text);
        let tree = nest(&format!("{path}/{logical}"), text, within, left, sources, found);
        within.pop();
        nested.insert(logical.clone(), tree);
    }
    Tree { path: path.to_owned(), template, nested, from: BTreeMap::new() }
}

/// The template that a resource nests.
fn inner<'a>(resource: &Resource, within: &[&str], sources: &'a Sources) -> Result<&'a str, String> {
    let Some(Expression::Literal(Value::String(url))) = resource.properties.get("TemplateURL") else {
        return Err("the local engine takes a nested template by the name of its file".to_owned());
    };
    let Some(text) = sources.nested.get(url.strip_prefix("./").unwrap_or(url)) else {
        return Err(format!("there is no template `{}` in `stacks.json`", shown(url)));
    };
    if within.contains(&text.as_str()) {
        return Err("a template cannot nest itself".to_owned());
    }
    if within.len() >= DEPTH {
        return Err(format!("stacks are nested more than {DEPTH} deep"));
    }
    Ok(text)
}
