//! What a judge found, in one shape for all of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Error;
use crate::repo::read;

/// One thing that a judge does not like.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Finding {
    /// The file it is in, as the judge was given it.
    pub(crate) file: PathBuf,
    /// The judge's own name of the rule.
    pub(crate) rule: String,
    /// Where: `Type.LogicalId` in a template, a JSON pointer or a line elsewhere.
    #[serde(rename = "path")]
    pub(crate) subject: String,
    /// What the judge says.
    pub(crate) message: String,
}

/// The types of a template's resources by their logical ids.
pub(crate) struct ResourceTypes(BTreeMap<String, ResourceType>);

#[derive(Deserialize)]
struct Template {
    #[serde(rename = "Resources", default)]
    resources: BTreeMap<String, ResourceType>,
}

#[derive(Deserialize)]
struct ResourceType {
    #[serde(rename = "Type")]
    name: String,
}

impl ResourceTypes {
    /// Those of the template in `file`.
    pub(crate) fn of(file: &Path) -> Result<Self, Error> {
        let template: Template =
            serde_json::from_str(&read(file)?).map_err(Error::unreadable(file.display().to_string()))?;
        Ok(Self(template.resources))
    }

    /// `Type.LogicalId`.
    pub(crate) fn subject(&self, id: &str) -> String {
        self.0.get(id).map_or_else(|| id.to_owned(), |resource| format!("{}.{id}", resource.name))
    }
}
