//! Which templates there are: `stacks.json` and the files that it names.
//!
//! In: the folder that the compiler wrote. Out: [`Sources`], texts only. Guaranteed: no file outside the
//! folder was read, and none that is larger than CloudFormation takes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::problem::{DeployError, Problem};

/// The largest template, in bytes: "CloudFormation quotas", a template body in an object of S3.
pub(super) const TEMPLATE: usize = 1_000_000;

/// The version of `stacks.json` that is read here.
const VERSION: u32 = 1;

/// The templates of a flow, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The root stacks, each behind those whose outputs it takes.
    pub stacks: Vec<Root>,
    /// The templates that others nest, by what `TemplateURL` says.
    pub nested: BTreeMap<String, String>,
}

/// A stack that is in no other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Root {
    /// Its name: `main`.
    pub name: String,
    /// Its template.
    pub template: String,
    /// Where parameters come from that the deployer does not give: outputs of roots before it.
    pub from: BTreeMap<String, Origin>,
}

/// An output of a root.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The root.
    pub stack: String,
    /// Its output. If it is absent, the parameter's default applies.
    pub output: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    version: u32,
    stacks: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    template: String,
    #[serde(default, rename = "depends_on")]
    _depends_on: Vec<String>,
    #[serde(default)]
    parameters: Vec<Given>,
    #[serde(default)]
    nested: Vec<Nested>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    name: String,
    #[serde(default)]
    from: Option<Origin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nested {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "logical_id")]
    _logical_id: String,
    template: String,
}

impl Sources {
    /// One stack of one template.
    pub fn one(name: &str, template: impl Into<String>) -> Self {
        let root = Root { name: name.to_owned(), template: template.into(), from: BTreeMap::new() };
        Self { stacks: vec![root], nested: BTreeMap::new() }
    }

    /// The names of the parameters that any root declares; none of a template that cannot be read.
    pub fn parameters(&self) -> BTreeSet<String> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default, rename = "Parameters")]
            parameters: BTreeMap<String, serde::de::IgnoredAny>,
        }
        let heads = self.stacks.iter().filter_map(|root| serde_json::from_str::<Head>(&root.template).ok());
        heads.flat_map(|head| head.parameters.into_keys()).collect()
    }

    /// The templates that `stacks.json` in `folder` names.
    ///
    /// # Errors
    ///
    /// [`DeployError::Refused`] with each file that cannot be read.
    pub fn read(folder: &Path) -> Result<Self, DeployError> {
        let mut problems = Vec::new();
        let mut sources = Self::default();
        let manifest = file(folder, "stacks.json")
            .and_then(|text| serde_json::from_str::<Manifest>(&text).map_err(|error| error.to_string()))
            .and_then(|manifest| match manifest.version {
                VERSION => Ok(manifest),
                other => Err(format!("version {other} of the list of stacks, and this engine reads {VERSION}")),
            });
        let mut read = |name: &str| {
            file(folder, name).map_err(|what| {
                problems.push(Problem { stack: name.to_owned(), place: String::new(), what });
            })
        };
        let entries = match manifest {
            Ok(manifest) => manifest.stacks,
            Err(what) => {
                let problem = Problem { stack: "stacks.json".to_owned(), place: String::new(), what };
                return Err(DeployError::Refused(vec![problem]));
            }
        };
        for entry in entries {
            for nested in entry.nested {
                if let Ok(text) = read(&nested.template) {
                    sources.nested.insert(nested.template, text);
                }
            }
            let from = entry.parameters.into_iter().filter_map(|given| Some((given.name, given.from?))).collect();
            if let Ok(template) = read(&entry.template) {
                sources.stacks.push(Root { name: entry.name, template, from });
            }
        }
        if problems.is_empty() { Ok(sources) } else { Err(DeployError::Refused(problems)) }
    }
}

/// The text of a file in the folder.
fn file(folder: &Path, name: &str) -> Result<String, String> {
    let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain || name.is_empty() {
        return Err("a template is a file in the folder of `stacks.json`".to_owned());
    }
    let canonical = |path: &Path| path.canonicalize().map_err(|error| format!("cannot be read: {error}"));
    let path: PathBuf = canonical(&folder.join(name))?;
    if !path.starts_with(canonical(folder)?) {
        return Err("leads out of the folder of `stacks.json`".to_owned());
    }
    let size = std::fs::metadata(&path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if usize::try_from(size).is_ok_and(|size| size <= TEMPLATE) {
        std::fs::read_to_string(&path).map_err(|error| format!("cannot be read: {error}"))
    } else {
        Err(format!("has {size} bytes, and CloudFormation takes at most {TEMPLATE}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("eventloom-sources-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("nested")).unwrap();
        folder
    }

    fn problems(folder: &Path) -> Vec<String> {
        Sources::read(folder).unwrap_err().problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_list_names_roots_and_what_they_nest() {
        let folder = folder("list");
        let list = r#"{"version": 1, "stacks": [
            {"name": "main", "template": "template.json", "depends_on": [], "parameters": [{"name": "Prefix"}],
             "nested": [{"name": "main/state-1", "logical_id": "StateStack1", "template": "nested/main-state-1.json"}]},
            {"name": "main-2", "template": "template-2.json", "depends_on": ["main"],
             "parameters": [{"name": "QueueArn", "from": {"stack": "main", "output": "QueueArn"}}], "nested": []}
        ]}"#;
        for (name, text) in
            [("stacks.json", list), ("template.json", "a"), ("template-2.json", "b"), ("nested/main-state-1.json", "c")]
        {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let sources = Sources::read(&folder).unwrap();
        assert_eq!(sources.stacks.iter().map(|root| &*root.template).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(sources.nested["nested/main-state-1.json"], "c");
        let origin = Origin { stack: "main".into(), output: "QueueArn".into() };
        assert_eq!(sources.stacks[1].from["QueueArn"], origin);
    }

    #[cfg(unix)]
    #[test]
    fn no_file_outside_the_folder_is_read() {
        let folder = folder("outside");
        std::os::unix::fs::symlink("/etc/hostname", folder.join("link.json")).unwrap();
        let stack = |template: &str| format!(r#"{{"name": "s", "template": {template:?}}}"#);
        let stacks = ["../x.json", "/etc/hostname", "link.json", "", "a/../b"].map(stack).join(",");
        std::fs::write(folder.join("stacks.json"), format!(r#"{{"version": 1, "stacks": [{stacks}]}}"#)).unwrap();
        assert_eq!(
            problems(&folder),
            [
                "../x.json: a template is a file in the folder of `stacks.json`",
                "/etc/hostname: a template is a file in the folder of `stacks.json`",
                "link.json: leads out of the folder of `stacks.json`",
                "a template is a file in the folder of `stacks.json`",
                "a/../b: a template is a file in the folder of `stacks.json`",
            ]
        );
    }

    #[test]
    fn a_file_that_is_too_large_or_of_another_version_is_refused() {
        let folder = folder("large");
        std::fs::write(folder.join("stacks.json"), r#"{"version": 2, "stacks": []}"#).unwrap();
        assert_eq!(problems(&folder), ["stacks.json: version 2 of the list of stacks, and this engine reads 1"]);
        let list = r#"{"version": 1, "stacks": [{"name": "main", "template": "template.json"}]}"#;
        std::fs::write(folder.join("stacks.json"), list).unwrap();
        std::fs::write(folder.join("template.json"), " ".repeat(TEMPLATE + 1)).unwrap();
        assert_eq!(problems(&folder), ["template.json: has 1000001 bytes, and CloudFormation takes at most 1000000"]);
    }
}
