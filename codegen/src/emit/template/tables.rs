//! Tables and secrets: on demand, encrypted, recoverable, and kept when the stack is gone.

use super::metadata;
use super::scope::{self, Made, Scope};
use crate::cfn::Resource;
use crate::cfn::services::dynamodb::{
    AttributeDefinition, AttributeType, BillingMode, GlobalSecondaryIndex, KeySchema, KeyType,
    PointInTimeRecoverySpecification, Projection, ProjectionType, SseSpecification, SseType, StreamSpecification,
    StreamViewType, Table as Properties, TimeToLiveSpecification,
};
use crate::cfn::services::secretsmanager::{GenerateSecretString, Secret as SecretProperties};
use crate::plan::{self, KeyAttribute, Secret, StreamView, Table};
use crate::stacks::Layer;

/// Characters of a generated secret; without punctuation 5.9 bits each.
const SECRET_LENGTH: u32 = 64;

pub(super) fn tables(scope: &mut Scope<'_>) -> Made {
    for table in &scope.plan.tables {
        let resource = Resource::new(scope::id(&table.place.logical)?, &properties(scope, table))?
            .retained()
            .metadata(metadata::BLOCK, &metadata::table(table))?;
        scope.keep(Layer::State, &table.place, resource);
    }
    for secret in &scope.plan.secrets {
        let resource = Resource::new(scope::id(&secret.place.logical)?, &secret_properties(scope, secret))?
            .retained()
            .metadata(metadata::BLOCK, &metadata::secret(secret))?;
        scope.keep(Layer::State, &secret.place, resource);
    }
    Ok(())
}

/// No physical name: one that is kept and one that replaces it could not both have it.
fn properties(scope: &Scope<'_>, table: &Table) -> Properties {
    let mut made = Properties::new(attributes(table), key_schema(&table.key, table.sort.as_ref()));
    made.billing_mode = Some(BillingMode::PayPerRequest);
    made.deletion_protection_enabled = Some(true);
    made.point_in_time_recovery_specification = Some(PointInTimeRecoverySpecification::new(true));
    // Without a customer key DynamoDB encrypts with its own, which is not said.
    made.sse_specification = scope.data_key().map(|key| {
        let mut sse = SseSpecification::new(true);
        sse.sse_type = Some(SseType::Kms);
        sse.kms_master_key_id = Some(key);
        sse
    });
    made.stream_specification = table.stream.map(|view| {
        StreamSpecification::new(match view {
            StreamView::NewImage => StreamViewType::NewImage,
            StreamView::NewAndOldImages => StreamViewType::NewAndOldImages,
        })
    });
    made.time_to_live_specification = table.ttl.as_ref().map(|ttl| TimeToLiveSpecification::new(ttl.as_str(), true));
    made.global_secondary_indexes = table
        .indexes
        .iter()
        .map(|index| {
            let kind = if index.keys_only { ProjectionType::KeysOnly } else { ProjectionType::All };
            let schema = key_schema(&index.key, index.sort.as_ref());
            GlobalSecondaryIndex::new(index.name.as_str(), schema, Projection::new(kind))
        })
        .collect();
    made.tags = scope.tags();
    made
}

/// Every attribute that is a key of the table or of an index, once.
fn attributes(table: &Table) -> Vec<AttributeDefinition> {
    let indexes = table.indexes.iter().flat_map(|i| std::iter::once(&i.key).chain(&i.sort));
    let mut made: Vec<AttributeDefinition> = Vec::new();
    for key in std::iter::once(&table.key).chain(&table.sort).chain(indexes) {
        if made.iter().all(|a| a.attribute_name != key.name) {
            let ty = match key.ty {
                plan::AttributeType::String => AttributeType::String,
                plan::AttributeType::Number => AttributeType::Number,
                plan::AttributeType::Binary => AttributeType::Binary,
            };
            made.push(AttributeDefinition::new(key.name.as_str(), ty));
        }
    }
    made
}

fn key_schema(key: &KeyAttribute, sort: Option<&KeyAttribute>) -> Vec<KeySchema> {
    let mut made = vec![KeySchema::new(key.name.as_str(), KeyType::Hash)];
    made.extend(sort.map(|sort| KeySchema::new(sort.name.as_str(), KeyType::Range)));
    made
}

/// A secret that a person puts in has no value yet: none may stand in a template.
fn secret_properties(scope: &Scope<'_>, secret: &Secret) -> SecretProperties {
    SecretProperties {
        description: Some(secret.about.as_str().into()),
        kms_key_id: scope.data_key(),
        generate_secret_string: secret.generated.then(|| GenerateSecretString {
            password_length: Some(SECRET_LENGTH),
            exclude_punctuation: Some(true),
            ..GenerateSecretString::default()
        }),
        tags: scope.tags(),
        ..SecretProperties::default()
    }
}
