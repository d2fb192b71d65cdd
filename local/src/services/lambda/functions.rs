//! The functions: made, changed, listed, deleted.

use std::path::Path;

use indexmap::IndexMap;
use ring::digest;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::errors::{among, conflict, invalid, not_honoured, number, read, within};
use super::function::{Code, Function, Logging};
use super::settings::arn_or_nothing;
use super::{Entry, Lambda, names, role};
use crate::kernel::{Access, Arn, AwsError, Caller, Outcome};

/// The bucket whose keys are paths on this machine.
const BUCKET: &str = "eventloom";
/// AWS's limit for a function's variables, names and values together.
const VARIABLES: usize = 4096;
/// Names that Lambda sets itself (Lambda Developer Guide, "Defined runtime environment variables").
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// Members of `CreateFunction` that say which function, not how it is.
const IDENTITY: [&str; 5] = ["FunctionName", "Code", "PackageType", "Publish", "Tags"];

/// Where the binary is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Source {
    s3_bucket: String,
    s3_key: String,
}

/// What `CreateFunction` and `UpdateFunctionConfiguration` both set; what is not named stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Settings {
    role: Option<Arn>,
    handler: Option<String>,
    runtime: Option<String>,
    description: Option<String>,
    timeout: Option<u32>,
    memory_size: Option<u32>,
    environment: Option<Environment>,
    logging_config: Option<Logging>,
    tracing_config: Option<Tracing>,
    dead_letter_config: Option<DeadLetters>,
    #[serde(rename = "KMSKeyArn", alias = "KmsKeyArn")]
    kms_key_arn: Option<String>,
    ephemeral_storage: Option<Storage>,
    architectures: Option<Vec<String>>,
    revision_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: IndexMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Tracing {
    mode: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct DeadLetters {
    #[serde(default, deserialize_with = "arn_or_nothing")]
    target_arn: Option<Arn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Storage {
    size: u32,
}

/// `CreateFunction`
pub(super) async fn create(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Identity {
        function_name: String,
        code: Source,
        package_type: Option<String>,
        #[serde(default)]
        publish: bool,
        #[serde(default)]
        tags: std::collections::BTreeMap<String, String>,
    }
    let Value::Object(members) = input else { return Err(invalid("the input is no object")) };
    let (identity, settings): (Map<_, _>, Map<_, _>) =
        members.into_iter().partition(|(name, _)| IDENTITY.contains(&name.as_str()));
    let identity: Identity = read(Value::Object(identity))?;
    let settings: Settings = read(Value::Object(settings))?;
    if identity.publish {
        return Err(not_honoured("Publish"));
    }
    if identity.package_type.is_some_and(|kind| kind != "Zip") {
        return Err(not_honoured("PackageType"));
    }
    let world = &lambda.world;
    let name = names::resolve(world, &identity.function_name, None)?;
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(invalid(format!("`{name}` is no function name: 1 to 64 letters, digits, hyphens and underscores")));
    }
    let arn = names::arn(world, &name);
    let access = Access { caller, action: "lambda:CreateFunction", resource: arn.as_str(), policy: None, context: &[] };
    world.guard.check(&access)?;
    let required = |name: &str| invalid(format!("{name} is required"));
    let role = settings.role.clone().ok_or_else(|| required("Role"))?;
    pass(lambda, caller, &arn, &role)?;
    let handler = settings.handler.clone().ok_or_else(|| required("Handler"))?;
    let runtime = settings.runtime.clone().ok_or_else(|| required("Runtime"))?;
    let code = code(lambda, &[&name, arn.as_str(), &handler], identity.code)?;
    if lambda.find(&name).is_some() {
        return Err(conflict(format!("Function already exist: {name}")));
    }
    let mut function = Function {
        name: name.clone(),
        arn,
        role,
        handler,
        runtime,
        description: String::new(),
        timeout: 3,
        memory: 128,
        variables: IndexMap::new(),
        logging: Logging {
            log_format: "Text".to_owned(),
            application_log_level: None,
            system_log_level: None,
            log_group: String::new(),
        },
        code,
        architectures: vec!["x86_64".to_owned()],
        kms_key: None,
        tracing: "PassThrough".to_owned(),
        storage: 512,
        tags: identity.tags,
        modified: world.clock.now(),
        revision: world.random.uuid(),
        reserved: None,
        statements: Vec::new(),
        policy_revision: world.random.uuid(),
        event_invoke: None,
        dead_letters: None,
        url: None,
        recursive_loop: "Terminate".to_owned(),
    };
    set(&mut function, settings)?;
    let configuration = function.configuration();
    let entry = Entry::new(world, function.clone());
    lambda.put(&entry, function);
    lambda.functions.borrow_mut().insert(name.clone(), entry.into());
    world.log.tell(super::NAME, &name, "created", Outcome::Done, || Value::Null);
    Ok(configuration)
}

/// Changes what the settings name.
fn set(function: &mut Function, settings: Settings) -> Result<(), AwsError> {
    if settings.revision_id.is_some_and(|revision| revision != function.revision) {
        let message = "The RevisionId provided does not match the latest RevisionId. Call the \
                       GetFunction/GetAlias API to retrieve the latest RevisionId for your resource.";
        return Err(AwsError::new("PreconditionFailedException", message).status(412));
    }
    if let Some(runtime) = settings.runtime {
        if !runtime.starts_with("provided.") {
            return Err(invalid(format!(
                "the local engine runs binaries: Runtime `{runtime}` is none of provided.al2023, provided.al2"
            )));
        }
        function.runtime = runtime;
    }
    if let Some(seconds) = settings.timeout {
        function.timeout = within("timeout", seconds, 1, 900)?;
    }
    if let Some(size) = settings.memory_size {
        function.memory = within("memorySize", size, 128, 10_240)?;
    }
    if let Some(Storage { size }) = settings.ephemeral_storage {
        function.storage = within("ephemeralStorage.size", size, 512, 10_240)?;
    }
    if let Some(Environment { variables }) = settings.environment {
        if let Some(name) = variables.keys().find(|name| RESERVED.contains(&name.as_str())) {
            return Err(invalid(format!(
                "Lambda was unable to configure your environment variables because the environment variables you \
                 have provided contains reserved keys that are currently not supported for modification. Reserved \
                 keys used in this request: {name}"
            )));
        }
        let size: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
        if size > VARIABLES {
            return Err(invalid(
                "Lambda was unable to configure your environment variables because the environment variables you \
                 have provided exceeded the 4KB limit.",
            ));
        }
        function.variables = variables;
    }
    if let Some(logging) = settings.logging_config {
        among("LogFormat", &logging.log_format, &["JSON", "Text"])?;
        let application = logging.application_log_level.as_deref();
        let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
        application.map_or(Ok(()), |level| among("ApplicationLogLevel", level, &levels))?;
        let system = logging.system_log_level.as_deref();
        system.map_or(Ok(()), |level| among("SystemLogLevel", level, &["DEBUG", "INFO", "WARN"]))?;
        function.logging = logging;
    }
    if let Some(Tracing { mode }) = settings.tracing_config {
        among("Mode", &mode, &["Active", "PassThrough"])?;
        function.tracing = mode;
    }
    if let Some(DeadLetters { target_arn }) = settings.dead_letter_config {
        if let Some(arn) = target_arn.as_ref().filter(|arn| !["sqs", "sns"].contains(&arn.service())) {
            return Err(invalid(format!("the dead letters of a function go to a queue or a topic, not to `{arn}`")));
        }
        function.dead_letters = target_arn;
    }
    if let Some(architectures) = settings.architectures {
        set_architectures(function, architectures)?;
    }
    function.role = settings.role.unwrap_or_else(|| function.role.clone());
    function.handler = settings.handler.unwrap_or_else(|| function.handler.clone());
    function.description = settings.description.unwrap_or_else(|| function.description.clone());
    function.kms_key = match settings.kms_key_arn {
        Some(key) => Some(key).filter(|key| !key.is_empty()),
        None => function.kms_key.take(),
    };
    Ok(())
}

/// Whether the caller may hand a function this role, and Lambda can take it on for it.
fn pass(lambda: &Lambda, caller: &Caller, function: &Arn, role: &Arn) -> Result<(), AwsError> {
    let context = &[("iam:PassedToService", role::PRINCIPAL)];
    let access = Access { caller, action: "iam:PassRole", resource: role.as_str(), policy: None, context };
    lambda.world.guard.check(&access)?;
    role::check(&lambda.world, function, role)
}

/// What a function is built for is kept and shown: the binary that runs here is this machine's.
fn set_architectures(function: &mut Function, architectures: Vec<String>) -> Result<(), AwsError> {
    match architectures.as_slice() {
        [one] => among("Architectures", one, &["x86_64", "arm64"])?,
        _ => return Err(invalid("Architectures has one member: x86_64 or arm64")),
    }
    function.architectures = architectures;
    Ok(())
}

/// The binary at a path of this machine; a function in this process (by any of `names`) has none.
fn code(lambda: &Lambda, names: &[&str], source: Source) -> Result<Code, AwsError> {
    if source.s3_bucket != BUCKET {
        return Err(invalid(format!(
            "the local engine reads code from the bucket `{BUCKET}` alone, where a key is the absolute path of an \
             executable file on this machine; not from `{}`",
            source.s3_bucket
        )));
    }
    let key = source.s3_key;
    if lambda.in_process.any(names) {
        return Ok(Code { sha256: sha256(key.as_bytes()), size: 0, path: key });
    }
    let missing = |why: String| {
        invalid(format!(
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not \
             exist. (`{key}` {why})"
        ))
    };
    let path = Path::new(&key);
    if !path.is_absolute() {
        return Err(missing("is no absolute path".to_owned()));
    }
    let metadata = std::fs::metadata(path).map_err(|error| missing(format!("cannot be read: {error}")))?;
    if !metadata.is_file() || !is_executable(&metadata) {
        return Err(missing("is no executable file".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| missing(format!("cannot be read: {error}")))?;
    Ok(Code { sha256: sha256(&bytes), size: metadata.len(), path: key })
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    true
}

fn sha256(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(digest::digest(&digest::SHA256, bytes))
}

/// What names a function in most operations.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Named {
    pub(super) function_name: String,
    pub(super) qualifier: Option<String>,
}

impl Named {
    pub(super) fn read(input: Value) -> Result<Self, AwsError> {
        read(input)
    }

    pub(super) fn entry(&self, lambda: &Lambda, caller: &Caller, action: &str) -> Result<std::rc::Rc<Entry>, AwsError> {
        lambda.entry(caller, action, &self.function_name, self.qualifier.as_deref())
    }
}

/// `GetFunction`
pub(super) fn get(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let function = Named::read(input)?.entry(lambda, caller, "lambda:GetFunction")?.function();
    let mut answer = json!({
        "Configuration": function.configuration(),
        "Code": {"RepositoryType": "S3", "Location": format!("file://{}", function.code.path)},
    });
    if let Some(members) = answer.as_object_mut() {
        if !function.tags.is_empty() {
            members.insert("Tags".to_owned(), json!(function.tags));
        }
        if let Some(reserved) = function.reserved {
            members.insert("Concurrency".to_owned(), json!({"ReservedConcurrentExecutions": reserved}));
        }
    }
    Ok(answer)
}

/// `GetFunctionConfiguration`
pub(super) fn configuration(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let entry = Named::read(input)?.entry(lambda, caller, "lambda:GetFunctionConfiguration")?;
    Ok(entry.function().configuration())
}

/// `ListFunctions`
pub(super) fn list(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        marker: Option<String>,
        #[serde(default, deserialize_with = "number")]
        max_items: Option<u32>,
    }
    let Input { marker, max_items } = read(input)?;
    let most = max_items.map_or(Ok(50), |most| within("maxItems", most, 1, 10_000))?.min(50);
    let access = Access { caller, action: "lambda:ListFunctions", resource: "*", policy: None, context: &[] };
    lambda.world.guard.check(&access)?;
    let functions = lambda.functions.borrow();
    let after = marker.unwrap_or_default();
    let mut rest = functions.iter().filter(|(name, _)| **name > after);
    let page: Vec<_> = rest.by_ref().take(most.try_into().unwrap_or(50)).collect();
    let configurations: Vec<Value> = page.iter().map(|(_, entry)| entry.function().configuration()).collect();
    let mut answer = json!({"Functions": configurations});
    if let (Some(_), Some((last, _)), Some(members)) = (rest.next(), page.last(), answer.as_object_mut()) {
        members.insert("NextMarker".to_owned(), json!(last));
    }
    Ok(answer)
}

/// `UpdateFunctionCode`: sandboxes of the code as it was end with the invocation they have.
pub(super) async fn update_code(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        function_name: String,
        s3_bucket: Option<String>,
        s3_key: Option<String>,
        architectures: Option<Vec<String>>,
        #[serde(default)]
        publish: bool,
        #[serde(default)]
        dry_run: bool,
    }
    let input: Input = read(input)?;
    if input.publish {
        return Err(not_honoured("Publish"));
    }
    let entry = lambda.entry(caller, "lambda:UpdateFunctionCode", &input.function_name, None)?;
    let (Some(s3_bucket), Some(s3_key)) = (input.s3_bucket, input.s3_key) else {
        return Err(invalid("Please provide a source for function code: S3Bucket and S3Key"));
    };
    let now = entry.function();
    let code = code(lambda, &[&now.name, now.arn.as_str(), &now.handler], Source { s3_bucket, s3_key })?;
    let mut changed = Function::clone(&now);
    changed.code = code;
    if let Some(architectures) = input.architectures {
        set_architectures(&mut changed, architectures)?;
    }
    changed.modified = lambda.world.clock.now();
    changed.revision = lambda.world.random.uuid();
    if input.dry_run {
        return Ok(changed.configuration());
    }
    let function = lambda.put(&entry, changed);
    entry.pool.renew();
    lambda.world.log.tell(
        super::NAME,
        &function.name,
        "updated",
        Outcome::Done,
        || json!({"code": function.code.path}),
    );
    Ok(function.configuration())
}

/// `UpdateFunctionConfiguration`
pub(super) fn update_configuration(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let Value::Object(mut members) = input else { return Err(invalid("the input is no object")) };
    let name = members.remove("FunctionName").unwrap_or_default();
    let settings: Settings = read(Value::Object(members))?;
    let name = name.as_str().unwrap_or_default();
    let entry = lambda.entry(caller, "lambda:UpdateFunctionConfiguration", name, None)?;
    if let Some(role) = &settings.role {
        pass(lambda, caller, &entry.function().arn, role)?;
    }
    let function = lambda.change(&entry, |function| {
        set(function, settings)?;
        function.modified = lambda.world.clock.now();
        function.revision = lambda.world.random.uuid();
        Ok(())
    })?;
    entry.pool.renew();
    lambda.world.log.tell(super::NAME, &function.name, "updated", Outcome::Done, || Value::Null);
    Ok(function.configuration())
}

/// `DeleteFunction`: its mappings stay, and find no function, as in AWS.
pub(super) fn delete(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let entry = Named::read(input)?.entry(lambda, caller, "lambda:DeleteFunction")?;
    let name = entry.function().name.clone();
    lambda.functions.borrow_mut().remove(&name);
    lambda.records.delete(&name);
    entry.pool.renew();
    lambda.world.log.tell(super::NAME, &name, "deleted", Outcome::Done, || Value::Null);
    Ok(json!({}))
}
