//! AWS Secrets Manager: secrets and their versions.
//!
//! In: its operations, and CloudFormation's `GenerateSecretString`. Out: their answers. Nothing is encrypted
//! here: a secret of this engine protects nothing but this engine.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{FutureExt, LocalBoxFuture};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::kernel::{Access, Arn, AwsError, Call, Caller, Outcome, Service, StoreError, Table, Time, World};
use crate::wire::{AwsJson, Protocol};

/// As ARNs and signatures name it.
pub const NAME: &str = "secretsmanager";

/// How clients call it.
pub const PROTOCOL: Protocol = Protocol::Json(AwsJson { version: "1.1", target: "secretsmanager", query_errors: None });

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";
/// Characters of a secret's text.
const LARGEST: usize = 65_536;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// What a new version of a secret takes of its key.
const WRITE: &[&str] = &["kms:GenerateDataKey", "kms:Decrypt"];
/// What reading a secret takes of its key.
const READ: &[&str] = &["kms:Decrypt"];
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// The service.
#[derive(Debug)]
pub struct Secrets {
    world: World,
    table: Table,
    /// By name.
    secrets: RefCell<BTreeMap<String, Secret>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Secret {
    arn: Arn,
    name: String,
    description: Option<String>,
    kms_key: Option<String>,
    tags: Value,
    created: Time,
    changed: Time,
    /// When it goes, if it was deleted with a window to recover it.
    deleted: Option<Time>,
    /// None if it was made without a value and has none yet.
    current: Option<Version>,
    previous: Option<Version>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Version {
    id: String,
    text: String,
    created: Time,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateSecret {
    name: String,
    client_request_token: Option<String>,
    description: Option<String>,
    kms_key_id: Option<String>,
    secret_string: Option<String>,
    generate_secret_string: Option<Generate>,
    #[serde(default)]
    tags: Vec<Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Generate {
    password_length: Option<usize>,
    exclude_characters: String,
    exclude_lowercase: bool,
    exclude_numbers: bool,
    exclude_punctuation: bool,
    exclude_uppercase: bool,
    include_space: bool,
    require_each_included_type: Option<bool>,
    secret_string_template: Option<String>,
    generate_string_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OfSecret {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ChangeSecret {
    secret_id: String,
    client_request_token: Option<String>,
    secret_string: Option<String>,
    description: Option<String>,
    kms_key_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteSecret {
    secret_id: String,
    recovery_window_in_days: Option<u32>,
    #[serde(default)]
    force_delete_without_recovery: bool,
}

impl Secrets {
    /// Loads the records.
    pub fn start(world: &World) -> Result<Rc<Self>, StoreError> {
        let table = world.store.table("secretsmanager.secrets");
        let secrets = RefCell::new(table.load()?.into_iter().collect());
        Ok(Rc::new(Self { world: world.clone(), table, secrets }))
    }

    async fn answer(&self, call: Call) -> Result<Value, AwsError> {
        let Call { caller, operation, input } = call;
        match operation.as_str() {
            "CreateSecret" => self.create(&caller, read(input)?).await,
            "GetSecretValue" => self.value(&caller, &read(input)?).await,
            "DescribeSecret" => self.describe(&caller, &read(input)?),
            "PutSecretValue" | "UpdateSecret" => self.change(&caller, &operation, read(input)?).await,
            "DeleteSecret" => self.delete(&caller, &read(input)?),
            other => Err(AwsError::unsupported(NAME, other)),
        }
    }

    async fn create(&self, caller: &Caller, input: CreateSecret) -> Result<Value, AwsError> {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
        if input.name.is_empty() || input.name.len() > 512 || !input.name.bytes().all(valid) {
            let message = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
            return Err(AwsError::new("ValidationException", message));
        }
        let suffix = self.world.random.alphanumeric(6);
        let arn = self.world.place.arn(NAME, &format!("secret:{}-{suffix}", input.name));
        self.check(caller, "CreateSecret", &arn)?;
        if let Ok(found) = self.find(&input.name) {
            let message = if found.deleted.is_some() {
                let message =
                    "You can't create this secret because a secret with this name is already scheduled for deletion.";
                return Err(AwsError::new("InvalidRequestException", message));
            } else {
                format!("The operation failed because the secret {} already exists.", input.name)
            };
            return Err(AwsError::new("ResourceExistsException", message));
        }
        let text = match (input.secret_string, input.generate_secret_string) {
            (None, None) => None,
            (Some(text), None) => Some(checked(text)?),
            (None, Some(generate)) => Some(self.generated(&generate)?),
            (Some(_), Some(_)) => return Err(invalid("SecretString and GenerateSecretString exclude each other.")),
        };
        self.use_key(caller, input.kms_key_id.as_deref(), &arn, WRITE).await?;
        // Another may have made it while the key was asked for.
        if self.find(&input.name).is_ok() {
            let message = format!("The operation failed because the secret {} already exists.", input.name);
            return Err(AwsError::new("ResourceExistsException", message));
        }
        let now = self.world.clock.now();
        let current = text.map(|text| {
            let id = input.client_request_token.unwrap_or_else(|| self.world.random.uuid());
            Version { id, text, created: now }
        });
        let id = current.as_ref().map(|version| version.id.clone());
        let secret = Secret {
            arn: arn.clone(),
            name: input.name.clone(),
            description: input.description,
            kms_key: input.kms_key_id,
            tags: input.tags.into(),
            created: now,
            changed: now,
            deleted: None,
            current,
            previous: None,
        };
        self.put(secret);
        self.world.log.tell(NAME, &input.name, "created", Outcome::Done, || json!({"arn": arn}));
        Ok(json!({"ARN": arn, "Name": input.name, "VersionId": id}))
    }

    async fn value(&self, caller: &Caller, input: &OfSecret) -> Result<Value, AwsError> {
        let secret = self.allowed(caller, "GetSecretValue", &input.secret_id)?;
        not_deleted(&secret)?;
        let versions = [(CURRENT, secret.current.as_ref()), (PREVIOUS, secret.previous.as_ref())];
        let wanted = |(stage, version): &(&str, Option<&Version>)| {
            let by_id = input.version_id.as_ref().is_none_or(|id| version.is_some_and(|version| version.id == *id));
            let default = if input.version_id.is_some() { *stage } else { CURRENT };
            by_id && *stage == input.version_stage.as_deref().unwrap_or(default)
        };
        let found = versions.into_iter().find(wanted).and_then(|(stage, version)| Some((stage, version?)));
        let (stage, version) = found.ok_or_else(|| {
            let stage = input.version_stage.as_deref().unwrap_or(CURRENT);
            missing(&format!("Secrets Manager can't find the specified secret value for staging label: {stage}"))
        })?;
        self.use_key(caller, secret.kms_key.as_deref(), &secret.arn, READ).await?;
        Ok(json!({
            "ARN": secret.arn, "Name": secret.name, "VersionId": version.id, "SecretString": version.text,
            "VersionStages": [stage], "CreatedDate": version.created.fractional_seconds(),
        }))
    }

    fn describe(&self, caller: &Caller, input: &OfSecret) -> Result<Value, AwsError> {
        let secret = self.allowed(caller, "DescribeSecret", &input.secret_id)?;
        let versions = [(CURRENT, secret.current.as_ref()), (PREVIOUS, secret.previous.as_ref())];
        let stages = versions.into_iter().filter_map(|(stage, version)| Some((version?.id.clone(), json!([stage]))));
        let stages: Map<String, Value> = stages.collect();
        let mut shown = json!({
            "ARN": secret.arn, "Name": secret.name, "Tags": secret.tags, "VersionIdsToStages": stages,
            "CreatedDate": secret.created.fractional_seconds(),
            "LastChangedDate": secret.changed.fractional_seconds(),
        });
        let more = [
            ("Description", secret.description.map(Value::from)),
            ("KmsKeyId", secret.kms_key.map(Value::from)),
            ("DeletedDate", secret.deleted.map(|at| at.fractional_seconds().into())),
        ];
        if let Some(shown) = shown.as_object_mut() {
            shown.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        Ok(shown)
    }

    async fn change(&self, caller: &Caller, operation: &str, input: ChangeSecret) -> Result<Value, AwsError> {
        let mut secret = self.allowed(caller, operation, &input.secret_id)?;
        not_deleted(&secret)?;
        if operation == "PutSecretValue" && input.secret_string.is_none() {
            return Err(invalid("You must provide either SecretString or SecretBinary."));
        }
        let key = input.kms_key_id.as_deref().or(secret.kms_key.as_deref());
        if input.secret_string.is_some() || input.kms_key_id.is_some() {
            self.use_key(caller, key, &secret.arn, WRITE).await?;
            // As it is now that the key was asked for.
            secret = self.find(secret.arn.as_str())?;
            not_deleted(&secret)?;
        }
        let now = self.world.clock.now();
        secret.changed = now;
        if let Some(text) = input.secret_string {
            let text = checked(text)?;
            let id = input.client_request_token.unwrap_or_else(|| self.world.random.uuid());
            let same = secret.current.as_ref().filter(|current| current.id == id);
            if same.is_some_and(|same| same.text != text) {
                let message = "A resource with the ID you requested already exists.";
                return Err(AwsError::new("ResourceExistsException", message));
            }
            // The same request again changes nothing.
            if same.is_none() {
                secret.previous = secret.current.replace(Version { id, text, created: now });
            }
        }
        secret.description = input.description.or(secret.description);
        secret.kms_key = input.kms_key_id.or(secret.kms_key);
        let mut answer = json!({"ARN": secret.arn, "Name": secret.name, "VersionId": secret.current.as_ref().map(|current| &current.id)});
        if operation == "PutSecretValue"
            && let Some(answer) = answer.as_object_mut()
        {
            answer.insert("VersionStages".to_owned(), json!([CURRENT]));
        }
        self.put(secret);
        Ok(answer)
    }

    fn delete(&self, caller: &Caller, input: &DeleteSecret) -> Result<Value, AwsError> {
        let mut secret = self.allowed(caller, "DeleteSecret", &input.secret_id)?;
        let now = self.world.clock.now();
        let (arn, name) = (secret.arn.clone(), secret.name.clone());
        let at = match (input.force_delete_without_recovery, input.recovery_window_in_days) {
            (true, Some(_)) => {
                return Err(invalid(
                    "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
                ));
            }
            (true, None) => {
                self.remove(&name);
                now
            }
            (false, days) => {
                let days = days.unwrap_or(30);
                if !(7..=30).contains(&days) {
                    return Err(invalid("RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."));
                }
                not_deleted(&secret)?;
                let at = now + DAY.saturating_mul(days);
                secret.deleted = Some(at);
                self.put(secret);
                at
            }
        };
        Ok(json!({"ARN": arn, "Name": name, "DeletionDate": at.fractional_seconds()}))
    }

    /// The secret of a name or ARN, to a caller who may do this to it.
    fn allowed(&self, caller: &Caller, operation: &str, id: &str) -> Result<Secret, AwsError> {
        let found = self.find(id);
        let arn = match &found {
            Ok(secret) => secret.arn.clone(),
            Err(_) => Arn::parse(id).unwrap_or_else(|_| self.world.place.arn(NAME, &format!("secret:{id}"))),
        };
        self.check(caller, operation, &arn)?;
        found
    }

    fn find(&self, id: &str) -> Result<Secret, AwsError> {
        let secrets = self.secrets.borrow();
        let by_arn = |secret: &&Secret| {
            let arn = secret.arn.as_str();
            // An ARN may lack the six characters that were drawn, and their hyphen.
            arn == id || arn.get(..arn.len().saturating_sub(7)) == Some(id)
        };
        let found = if id.starts_with("arn:") { secrets.values().find(by_arn) } else { secrets.get(id) };
        let gone = |secret: &&Secret| secret.deleted.is_none_or(|at| self.world.clock.now() < at);
        found.filter(gone).cloned().ok_or_else(|| missing("Secrets Manager can't find the specified secret."))
    }

    fn check(&self, caller: &Caller, operation: &str, arn: &Arn) -> Result<(), AwsError> {
        let action = format!("secretsmanager:{operation}");
        let access = Access { caller, action: &action, resource: arn.as_str(), policy: None, context: &[] };
        self.world.guard.check(&access)
    }

    /// Asks, in the caller's name, whether the secret's key may be used: AWS makes a data key of it for each
    /// version, and decrypts that for each read (Secrets Manager User Guide, "Secret encryption and decryption").
    async fn use_key(
        &self,
        caller: &Caller,
        key: Option<&str>,
        secret: &Arn,
        actions: &[&str],
    ) -> Result<(), AwsError> {
        let Some(key) = key else { return Ok(()) };
        let asked = json!({
            "KeyId": key, "Actions": actions, "Via": NAME, "EncryptionContext": {"SecretARN": secret},
        });
        let used = self.world.bus.request(caller.clone(), "kms", "eventloom:Use", asked).await;
        used.map(|_| ()).map_err(|error| of_kms(error, actions))
    }

    fn put(&self, secret: Secret) {
        self.table.put(&secret.name, &secret);
        self.secrets.borrow_mut().insert(secret.name.clone(), secret);
    }

    fn remove(&self, name: &str) {
        self.table.delete(name);
        self.secrets.borrow_mut().remove(name);
    }

    /// A password, alone or within a template.
    fn generated(&self, generate: &Generate) -> Result<String, AwsError> {
        let length = generate.password_length.unwrap_or(32);
        let kinds: Vec<Vec<char>> = [
            (generate.exclude_lowercase, "abcdefghijklmnopqrstuvwxyz"),
            (generate.exclude_uppercase, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            (generate.exclude_numbers, "0123456789"),
            (generate.exclude_punctuation, PUNCTUATION),
            (!generate.include_space, " "),
        ]
        .into_iter()
        .filter(|(excluded, _)| !excluded)
        .map(|(_, kind)| kind.chars().filter(|c| !generate.exclude_characters.contains(*c)).collect())
        .filter(|kind: &Vec<char>| !kind.is_empty())
        .collect();
        let all: Vec<char> = kinds.iter().flatten().copied().collect();
        let each = generate.require_each_included_type.unwrap_or(true);
        if all.is_empty() || length == 0 || length > 4096 || each && length < kinds.len() {
            return Err(invalid("no password of this length can be made of these characters"));
        }
        let draw = |characters: &[char]| {
            let index = self.world.random.below(characters.len().try_into().unwrap_or(u64::MAX));
            usize::try_from(index).ok().and_then(|index| characters.get(index)).copied().unwrap_or('x')
        };
        let mut password: Vec<char> = if each { kinds.iter().map(|kind| draw(kind)).collect() } else { Vec::new() };
        while password.len() < length {
            password.push(draw(&all));
        }
        // The first characters must not tell their kind.
        for last in (1..password.len()).rev() {
            let other = self.world.random.below(u64::try_from(last).unwrap_or(0).saturating_add(1));
            password.swap(last, usize::try_from(other).unwrap_or(last));
        }
        let password: String = password.into_iter().collect();
        match (&generate.secret_string_template, &generate.generate_string_key) {
            (None, None) => Ok(password),
            (Some(template), Some(key)) => {
                let mut object: Map<String, Value> = serde_json::from_str(template)
                    .map_err(|_| invalid("SecretStringTemplate must be a JSON object."))?;
                object.insert(key.clone(), password.into());
                Ok(Value::Object(object).to_string())
            }
            _ => Err(invalid("SecretStringTemplate and GenerateStringKey go together.")),
        }
    }
}

impl Service for Secrets {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        async move { self.answer(call).await }.boxed_local()
    }
}

/// KMS's refusal in this service's words. A failure of the engine or a throttle stays what it is.
fn of_kms(error: AwsError, actions: &[&str]) -> AwsError {
    let (code, message) = match error.code.as_str() {
        "AccessDeniedException" => {
            ("AccessDeniedException", format!("Access to KMS is not allowed ({})", error.message))
        }
        "NotFoundException" | "DisabledException" | "KMSInvalidStateException" => (
            if actions == READ { "DecryptionFailure" } else { "EncryptionFailure" },
            format!("Secrets Manager can't use the KMS key of the secret: {}", error.message),
        ),
        _ => return error,
    };
    AwsError::new(code, message)
}

fn read<T: serde::de::DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input).map_err(|error| AwsError::new("ValidationException", error.to_string()))
}

fn checked(text: String) -> Result<String, AwsError> {
    if text.is_empty() || text.len() > LARGEST {
        return Err(AwsError::new("ValidationException", "a secret has 1 to 65536 bytes"));
    }
    Ok(text)
}

fn not_deleted(secret: &Secret) -> Result<(), AwsError> {
    match secret.deleted {
        Some(_) => Err(AwsError::new(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )),
        None => Ok(()),
    }
}

fn invalid(message: &str) -> AwsError {
    AwsError::new("InvalidParameterException", message)
}

fn missing(message: &str) -> AwsError {
    AwsError::new("ResourceNotFoundException", message)
}
