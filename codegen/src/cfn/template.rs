//! Templates and their parts.

use std::borrow::Cow;

use serde::Serialize;

use super::condition::{Condition, Rule};
use super::error::{DocumentError, Problem};
use super::id::{ConditionName, LogicalId, ParameterName};
use super::print::{Printer, at_most};
use super::serialize::{check_text, to_tree};
use super::tree::Tree;
use super::value::Str;

/// The longest description of a template, in bytes.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
const DESCRIPTION: usize = 1024;
/// Bytes that most resources take in a template.
const USUAL_RESOURCE: usize = 1536;

/// The properties of one type of resource.
pub trait Properties: Serialize {
    /// The type, as `AWS::SQS::Queue`.
    const TYPE: &'static str;
}

/// What becomes of a resource that leaves the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// It is deleted.
    Delete,
    /// It stays.
    Retain,
    /// It stays, unless the operation that made it is rolled back.
    RetainExceptOnCreate,
}

/// What becomes of a resource that another has replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateReplacePolicy {
    /// It is deleted.
    Delete,
    /// It stays.
    Retain,
}

impl DeletionPolicy {
    const fn name(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Retain => "Retain",
            Self::RetainExceptOnCreate => "RetainExceptOnCreate",
        }
    }
}

impl UpdateReplacePolicy {
    const fn name(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Retain => "Retain",
        }
    }
}

/// One resource; its properties have passed the gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    pub(crate) id: LogicalId,
    pub(crate) kind: &'static str,
    pub(crate) properties: Tree,
    pub(crate) depends_on: Vec<LogicalId>,
    pub(crate) condition: Option<ConditionName>,
    pub(crate) deletion_policy: Option<DeletionPolicy>,
    pub(crate) update_replace_policy: Option<UpdateReplacePolicy>,
    pub(crate) metadata: Vec<(&'static str, Tree)>,
}

impl Resource {
    /// A resource of these properties.
    ///
    /// # Errors
    /// If a literal in the properties would be read by CloudFormation as something else.
    pub fn new<P: Properties>(id: LogicalId, properties: &P) -> Result<Self, DocumentError> {
        let tree = to_tree(properties).map_err(|error| error.within(id.as_str()))?;
        Ok(Self {
            id,
            kind: P::TYPE,
            properties: tree,
            depends_on: Vec::new(),
            condition: None,
            deletion_policy: None,
            update_replace_policy: None,
            metadata: Vec::new(),
        })
    }

    /// Its logical id.
    #[must_use]
    pub fn id(&self) -> &LogicalId {
        &self.id
    }

    /// Its type, as `AWS::SQS::Queue`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Its properties.
    #[must_use]
    pub fn properties(&self) -> &Tree {
        &self.properties
    }

    /// Made after another; to be said wherever a name stands in the place of a reference.
    #[must_use]
    pub fn after(mut self, id: &LogicalId) -> Self {
        if !self.depends_on.contains(id) {
            self.depends_on.push(id.clone());
        }
        self
    }

    /// Made only if a condition holds.
    #[must_use]
    pub fn only_if(mut self, condition: &ConditionName) -> Self {
        self.condition = Some(condition.clone());
        self
    }

    /// Kept when it leaves the stack, and when another replaces it.
    #[must_use]
    pub fn retained(mut self) -> Self {
        self.deletion_policy = Some(DeletionPolicy::Retain);
        self.update_replace_policy = Some(UpdateReplacePolicy::Retain);
        self
    }

    /// Deleted when it leaves the stack, said outright because judges ask for it.
    #[must_use]
    pub fn deleted(mut self) -> Self {
        self.deletion_policy = Some(DeletionPolicy::Delete);
        self.update_replace_policy = Some(UpdateReplacePolicy::Delete);
        self
    }

    /// With a block of metadata, as `Eventloom` for the local engine.
    ///
    /// # Errors
    /// If a literal in it would be read by CloudFormation as something else.
    pub fn metadata<T: Serialize + ?Sized>(mut self, key: &'static str, block: &T) -> Result<Self, DocumentError> {
        let tree = to_tree(block).map_err(|error| error.within(key).within(self.id.as_str()))?;
        self.metadata.push((key, tree));
        Ok(self)
    }

    /// At least as many bytes as it takes in a template.
    pub(crate) fn at_most(&self) -> usize {
        let fixed = 300 + self.id.as_str().len() + self.kind.len();
        let depends: usize = self.depends_on.iter().map(|id| 12 + id.as_str().len()).sum();
        let metadata: usize = self.metadata.iter().map(|(key, tree)| 14 + key.len() + at_most(tree, 8)).sum();
        fixed + depends + metadata + at_most(&self.properties, 6)
    }

    fn print(&self, printer: &mut Printer) {
        printer.key(self.id.as_str());
        printer.open();
        printer.key("Type");
        printer.text(self.kind);
        if let Some(condition) = &self.condition {
            printer.key("Condition");
            printer.text(condition.as_str());
        }
        if !self.depends_on.is_empty() {
            printer.key("DependsOn");
            printer.value(&Tree::List(self.depends_on.iter().map(|id| Tree::Text(id.as_str().to_owned())).collect()));
        }
        if let Some(policy) = self.deletion_policy {
            printer.key("DeletionPolicy");
            printer.text(policy.name());
        }
        if let Some(policy) = self.update_replace_policy {
            printer.key("UpdateReplacePolicy");
            printer.text(policy.name());
        }
        if !self.metadata.is_empty() {
            printer.key("Metadata");
            printer.open();
            for (key, tree) in &self.metadata {
                printer.key(key);
                printer.value(tree);
            }
            printer.close();
        }
        if !self.properties.is_absent() {
            printer.key("Properties");
            printer.value(&self.properties);
        }
        printer.close();
    }
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ParameterType {
    /// Any text.
    String,
    /// A number.
    Number,
    /// The value of a parameter of Systems Manager, by its name.
    #[serde(rename = "AWS::SSM::Parameter::Value<String>")]
    SsmString,
}

/// One parameter of a template.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    /// Its name.
    #[serde(skip)]
    pub name: ParameterName,
    /// Its type.
    #[serde(rename = "Type")]
    pub kind: ParameterType,
    /// What it is for.
    pub description: Option<String>,
    /// Its value if none is given; without one, the deployer must give it.
    pub default: Option<String>,
    /// The only values it may have.
    pub allowed_values: Vec<String>,
    /// A regular expression for the whole of it.
    pub allowed_pattern: Option<String>,
    /// The shortest it may be, in characters.
    pub min_length: Option<u32>,
    /// The longest it may be, in characters.
    pub max_length: Option<u32>,
    /// What the deployer reads if a value is not allowed.
    pub constraint_description: Option<String>,
    /// Whether it is never shown.
    pub no_echo: Option<bool>,
}

impl Parameter {
    /// A parameter of any text, that the deployer must give.
    #[must_use]
    pub fn text(name: ParameterName, description: impl Into<String>) -> Self {
        Self {
            name,
            kind: ParameterType::String,
            description: Some(description.into()),
            default: None,
            allowed_values: Vec::new(),
            allowed_pattern: None,
            min_length: None,
            max_length: None,
            constraint_description: None,
            no_echo: None,
        }
    }

    /// With a value that it has if none is given.
    #[must_use]
    pub fn default(mut self, value: impl Into<String>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// With the only values that it may have.
    #[must_use]
    pub fn one_of<'a>(mut self, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.allowed_values = values.into_iter().map(str::to_owned).collect();
        self
    }

    /// With a regular expression for the whole of it, and what to say to a value that is none.
    #[must_use]
    pub fn pattern(mut self, pattern: impl Into<String>, otherwise: impl Into<String>) -> Self {
        self.allowed_pattern = Some(pattern.into());
        self.constraint_description = Some(otherwise.into());
        self
    }
}

/// One output of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: LogicalId,
    /// What it says.
    pub value: Str,
    /// What it is.
    pub description: Option<String>,
    /// Made only if this holds.
    pub condition: Option<ConditionName>,
    /// Exported to other stacks of the account and region under this name.
    pub export: Option<Str>,
}

impl Output {
    /// An output of this value.
    #[must_use]
    pub fn new(name: LogicalId, value: impl Into<Str>, description: impl Into<String>) -> Self {
        Self { name, value: value.into(), description: Some(description.into()), condition: None, export: None }
    }

    fn tree(&self) -> Result<Tree, DocumentError> {
        let mut entries = Vec::new();
        if let Some(condition) = &self.condition {
            entries.push((Cow::Borrowed("Condition"), Tree::Text(condition.as_str().to_owned())));
        }
        if let Some(description) = &self.description {
            entries.push((Cow::Borrowed("Description"), to_tree(description)?));
        }
        entries.push((Cow::Borrowed("Value"), to_tree(&self.value)?));
        if let Some(export) = &self.export {
            entries.push((Cow::Borrowed("Export"), Tree::map([("Name", to_tree(export)?)])));
        }
        Ok(Tree::Map(entries))
    }
}

/// A template: everything in the order in which it is written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Template {
    /// What it is; at most 1,024 bytes.
    pub description: String,
    /// Blocks of metadata, as `AWS::CloudFormation::Interface`.
    pub metadata: Vec<(&'static str, Tree)>,
    /// What the deployer gives.
    pub parameters: Vec<Parameter>,
    /// What parameters must fulfil.
    pub rules: Vec<Rule>,
    /// What is decided from parameters.
    pub conditions: Vec<Condition>,
    /// The resources.
    pub resources: Vec<Resource>,
    /// What the stack says when it is deployed.
    pub outputs: Vec<Output>,
}

impl Template {
    /// The template as JSON text, ended by a newline.
    ///
    /// # Errors
    /// If a literal outside of the resources would be read by CloudFormation as something else, or the
    /// description is too long.
    pub fn render(&self) -> Result<String, DocumentError> {
        let mut printer = Printer::with_room(self.resources.len() * USUAL_RESOURCE);
        printer.open();
        printer.key("AWSTemplateFormatVersion");
        printer.text("2010-09-09");
        if !self.description.is_empty() {
            let len = self.description.len();
            if len > DESCRIPTION {
                let problem = Problem::TooLong { len, limit: DESCRIPTION };
                return Err(DocumentError::from(problem).within("Description"));
            }
            check_text(&self.description).map_err(|problem| DocumentError::from(problem).within("Description"))?;
            printer.key("Description");
            printer.text(&self.description);
        }
        let metadata = self.metadata.iter().map(|(key, tree)| (*key, to_tree(tree)));
        section(&mut printer, "Metadata", metadata)?;
        let parameters = self.parameters.iter().map(|p| (p.name.as_str(), to_tree(p)));
        section(&mut printer, "Parameters", parameters)?;
        section(&mut printer, "Rules", self.rules.iter().map(|r| (r.name.as_str(), r.tree())))?;
        section(&mut printer, "Conditions", self.conditions.iter().map(|c| (c.name.as_str(), c.expr.tree())))?;
        printer.key("Resources");
        printer.open();
        for resource in &self.resources {
            resource.print(&mut printer);
        }
        printer.close();
        section(&mut printer, "Outputs", self.outputs.iter().map(|o| (o.name.as_str(), o.tree())))?;
        printer.close();
        Ok(printer.finish())
    }
}

fn section<'a>(
    printer: &mut Printer,
    title: &str,
    entries: impl ExactSizeIterator<Item = (&'a str, Result<Tree, DocumentError>)>,
) -> Result<(), DocumentError> {
    if entries.len() == 0 {
        return Ok(());
    }
    printer.key(title);
    printer.open();
    for (key, tree) in entries {
        printer.key(key);
        printer.value(&tree.map_err(|error| error.within(key).within(title))?);
    }
    printer.close();
    Ok(())
}
