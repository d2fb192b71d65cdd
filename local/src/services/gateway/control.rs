//! Making and changing APIs: the operations of `apigatewayv2`, in the words of CloudFormation.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Gateway;
use super::api::{Api, Authorizer, Cors, Integration, Protocol, Route, Stage};
use crate::kernel::AwsError;

/// The longest that API Gateway waits for an integration, in milliseconds ("API Gateway quotas").
const LONGEST: u64 = 29_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ApiInput {
    name: String,
    protocol_type: String,
    #[serde(default)]
    route_selection_expression: Option<String>,
    #[serde(default)]
    cors_configuration: Option<Cors>,
    // Text for people.
    #[serde(default, rename = "Description")]
    _description: Option<String>,
    #[serde(default, rename = "Tags")]
    _tags: Option<Value>,
    #[serde(default, rename = "ApiId")]
    _api: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteInput {
    api_id: String,
    route_key: String,
    target: String,
    #[serde(default)]
    authorization_type: Option<String>,
    #[serde(default)]
    authorizer_id: Option<String>,
    #[serde(default)]
    authorization_scopes: Vec<String>,
    #[serde(default)]
    route_response_selection_expression: Option<String>,
    #[serde(default)]
    route_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteResponseInput {
    api_id: String,
    route_id: String,
    route_response_key: String,
    #[serde(default)]
    route_response_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct IntegrationInput {
    api_id: String,
    integration_type: String,
    integration_uri: String,
    #[serde(default)]
    integration_method: Option<String>,
    #[serde(default)]
    payload_format_version: Option<String>,
    #[serde(default)]
    timeout_in_millis: Option<u64>,
    #[serde(default)]
    integration_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AuthorizerInput {
    api_id: String,
    #[serde(rename = "Name")]
    _name: String,
    authorizer_type: String,
    #[serde(default)]
    authorizer_uri: Option<String>,
    #[serde(default)]
    identity_source: Value,
    #[serde(default)]
    jwt_configuration: Option<Jwt>,
    #[serde(default)]
    authorizer_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Jwt {
    issuer: String,
    #[serde(default)]
    audience: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StageInput {
    api_id: String,
    stage_name: String,
    #[serde(default)]
    auto_deploy: bool,
    #[serde(default)]
    default_route_settings: Option<Settings>,
    #[serde(default)]
    access_log_settings: Option<Value>,
    #[serde(default)]
    stage_variables: BTreeMap<String, String>,
    #[serde(default, rename = "Description")]
    _description: Option<String>,
    #[serde(default, rename = "Tags")]
    _tags: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    throttling_rate_limit: Option<f64>,
    #[serde(default)]
    throttling_burst_limit: Option<f64>,
    #[serde(default, rename = "DetailedMetricsEnabled")]
    _detailed_metrics: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    api_id: String,
    #[serde(alias = "IntegrationId", alias = "AuthorizerId", alias = "StageName", alias = "RouteResponseId")]
    #[serde(default)]
    route_id: String,
}

impl Gateway {
    /// One operation of the control plane; `Update…` takes what `Create…` takes, and the id.
    pub(super) fn control(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        match operation {
            "CreateApi" | "UpdateApi" => self.put_api(input),
            "GetApi" => self.with(&read::<Named>(input)?.api_id, |api| Ok(described(api))),
            "GetApis" => Ok(json!({"Items": self.apis.borrow().values().map(described).collect::<Vec<_>>()})),
            "DeleteApi" => self.delete_api(&read::<Named>(input)?.api_id),
            "CreateRoute" | "UpdateRoute" => self.put_route(read(input)?),
            "CreateRouteResponse" | "UpdateRouteResponse" => self.put_route_response(read(input)?),
            "CreateIntegration" | "UpdateIntegration" => self.put_integration(read(input)?),
            "CreateAuthorizer" | "UpdateAuthorizer" => self.put_authorizer(read(input)?),
            "CreateStage" | "UpdateStage" => self.put_stage(read(input)?),
            "DeleteRoute" => self.remove(input, |api, id| api.routes.remove(id).is_some()),
            "DeleteRouteResponse" => {
                self.remove(input, |api, id| api.routes.values_mut().any(|route| route.responses.remove(id).is_some()))
            }
            "DeleteIntegration" => self.remove(input, |api, id| api.integrations.remove(id).is_some()),
            "DeleteAuthorizer" => self.remove(input, |api, id| api.authorizers.remove(id).is_some()),
            "DeleteStage" => self.remove(input, |api, id| api.stages.remove(id).is_some()),
            other => Err(AwsError::unsupported("API Gateway", other)),
        }
    }

    fn put_api(&self, input: Value) -> Result<Value, AwsError> {
        let known = input.get("ApiId").and_then(Value::as_str).map(str::to_owned);
        let input: ApiInput = read(input)?;
        let protocol = match input.protocol_type.as_str() {
            "WEBSOCKET" => Protocol::WebSocket,
            "HTTP" => Protocol::Http,
            other => return Err(bad(format!("the protocol `{other}` is neither WEBSOCKET nor HTTP"))),
        };
        let route_selection = input.route_selection_expression.unwrap_or_default();
        if protocol == Protocol::WebSocket && !route_selection.starts_with("$request.body.") {
            return Err(bad("a WebSocket API selects its route by `$request.body.NAME`"));
        }
        let id = known.unwrap_or_else(|| self.world.random.alphanumeric(10).to_lowercase());
        let mut api = match self.apis.borrow().get(&id) {
            Some(api) => Api::clone(api),
            None => Api {
                authority: self.authority(&id),
                id: id.clone(),
                name: String::new(),
                protocol,
                route_selection: String::new(),
                cors: None,
                routes: BTreeMap::new(),
                integrations: BTreeMap::new(),
                authorizers: BTreeMap::new(),
                stages: BTreeMap::new(),
            },
        };
        (api.name, api.route_selection, api.cors) = (input.name, route_selection, input.cors_configuration);
        let answer = described(&api);
        self.keep(api);
        self.changed.notify_one();
        Ok(answer)
    }

    /// The next port behind those that are taken; without ports, a name that nothing resolves.
    fn authority(&self, id: &str) -> String {
        let Some(first) = self.first_port else {
            return format!("{id}.execute-api.{}.localhost", self.world.place.region);
        };
        let taken: Vec<String> = self.apis.borrow().values().map(|api| api.authority.clone()).collect();
        let free = (first..).map(|port| format!("127.0.0.1:{port}")).find(|authority| !taken.contains(authority));
        free.unwrap_or_default()
    }

    fn delete_api(&self, id: &str) -> Result<Value, AwsError> {
        self.apis.borrow_mut().remove(id).ok_or_else(|| not_found("API", id))?;
        self.records.delete(id);
        self.changed.notify_one();
        Ok(json!({}))
    }

    fn put_route(&self, input: RouteInput) -> Result<Value, AwsError> {
        match input.route_response_selection_expression.as_deref() {
            None | Some("$default") => {}
            Some(other) => return Err(bad(format!("RouteResponseSelectionExpression `{other}` is not `$default`"))),
        }
        let authorization = input.authorization_type.unwrap_or_else(|| "NONE".to_owned());
        if !matches!(authorization.as_str(), "NONE" | "CUSTOM" | "JWT") {
            return Err(bad(format!("the local engine does not have the authorization type {authorization}")));
        }
        let id = input.route_id.unwrap_or_else(|| self.id());
        self.change(&input.api_id, |api| {
            if api.routes.iter().any(|(other, route)| *other != id && route.key == input.route_key) {
                let message = format!("Route with key {} already exists for this API", input.route_key);
                return Err(AwsError::new("ConflictException", message).status(409));
            }
            let responses = api.routes.get(&id).map(|route| route.responses.clone()).unwrap_or_default();
            api.routes.insert(
                id.clone(),
                Route {
                    key: input.route_key,
                    target: input.target,
                    authorization,
                    authorizer: input.authorizer_id,
                    scopes: input.authorization_scopes,
                    responses,
                },
            );
            Ok(json!({"ApiId": api.id, "RouteId": id}))
        })
    }

    fn put_route_response(&self, input: RouteResponseInput) -> Result<Value, AwsError> {
        let id = input.route_response_id.unwrap_or_else(|| self.id());
        self.change(&input.api_id, |api| {
            let route = api.routes.get_mut(&input.route_id).ok_or_else(|| not_found("route", &input.route_id))?;
            route.responses.insert(id.clone(), input.route_response_key);
            Ok(json!({"ApiId": input.api_id, "RouteId": input.route_id, "RouteResponseId": id}))
        })
    }

    fn put_integration(&self, input: IntegrationInput) -> Result<Value, AwsError> {
        if input.integration_type != "AWS_PROXY" {
            let kind = input.integration_type;
            return Err(bad(format!("the local engine does not have the integration type {kind}, only AWS_PROXY")));
        }
        if input.integration_method.is_some_and(|method| method != "POST") {
            return Err(bad("a function is called by POST"));
        }
        if input.payload_format_version.as_deref().is_some_and(|version| version != "2.0" && version != "1.0") {
            return Err(bad("PayloadFormatVersion is 1.0 or 2.0"));
        }
        let timeout = input.timeout_in_millis.unwrap_or(LONGEST);
        if !(50..=LONGEST).contains(&timeout) {
            return Err(bad(format!("Timeout should be between 50 ms and {LONGEST} ms")));
        }
        let function = function(&input.integration_uri)?;
        let id = input.integration_id.unwrap_or_else(|| self.id());
        self.change(&input.api_id, |api| {
            api.integrations.insert(id.clone(), Integration { function, timeout });
            Ok(json!({"ApiId": api.id, "IntegrationId": id}))
        })
    }

    fn put_authorizer(&self, input: AuthorizerInput) -> Result<Value, AwsError> {
        let sources: Vec<String> = match input.identity_source {
            Value::String(source) => vec![source],
            Value::Null => Vec::new(),
            list => serde_json::from_value(list).map_err(|error| bad(error.to_string()))?,
        };
        let authorizer = match (input.authorizer_type.as_str(), input.jwt_configuration) {
            ("REQUEST", _) => {
                Authorizer::Function { function: function(&input.authorizer_uri.unwrap_or_default())?, sources }
            }
            ("JWT", Some(jwt)) => Authorizer::Jwt {
                issuer: jwt.issuer,
                audience: jwt.audience,
                source: sources.into_iter().next().unwrap_or_else(|| "$request.header.Authorization".to_owned()),
            },
            (other, _) => return Err(bad(format!("the authorizer type {other} is neither REQUEST nor JWT"))),
        };
        let id = input.authorizer_id.unwrap_or_else(|| self.id());
        self.change(&input.api_id, |api| {
            api.authorizers.insert(id.clone(), authorizer);
            Ok(json!({"ApiId": api.id, "AuthorizerId": id}))
        })
    }

    fn put_stage(&self, input: StageInput) -> Result<Value, AwsError> {
        if !input.auto_deploy {
            return Err(bad("the local engine has stages with AutoDeploy alone"));
        }
        let throttle = input
            .default_route_settings
            .and_then(|settings| Some((settings.throttling_rate_limit?, settings.throttling_burst_limit?)));
        self.change(&input.api_id, |api| {
            let stage = Stage {
                name: input.stage_name.clone(),
                throttle,
                variables: input.stage_variables,
                access_log: input.access_log_settings,
            };
            api.stages.insert(input.stage_name.clone(), stage);
            Ok(json!({"ApiId": api.id, "StageName": input.stage_name}))
        })
    }

    fn id(&self) -> String {
        self.world.random.alphanumeric(7).to_lowercase()
    }

    fn with<T>(&self, id: &str, look: impl FnOnce(&Api) -> Result<T, AwsError>) -> Result<T, AwsError> {
        look(self.apis.borrow().get(id).ok_or_else(|| not_found("API", id))?)
    }

    fn change<T>(&self, id: &str, change: impl FnOnce(&mut Api) -> Result<T, AwsError>) -> Result<T, AwsError> {
        let mut api = self.with(id, |api| Ok(api.clone()))?;
        let changed = change(&mut api)?;
        self.keep(api);
        Ok(changed)
    }

    fn remove(&self, input: Value, remove: impl FnOnce(&mut Api, &str) -> bool) -> Result<Value, AwsError> {
        let named: Named = read(input)?;
        self.change(&named.api_id, |api| {
            if remove(api, &named.route_id) { Ok(json!({})) } else { Err(not_found("part", &named.route_id)) }
        })
    }

    fn keep(&self, api: Api) {
        self.records.put(&api.id, &api);
        self.apis.borrow_mut().insert(api.id.clone(), std::rc::Rc::new(api));
    }
}

fn described(api: impl AsRef<Api>) -> Value {
    let api = api.as_ref();
    json!({
        "ApiId": api.id, "Name": api.name, "ProtocolType": api.protocol, "ApiEndpoint": api.endpoint(),
        "Stages": api.stages.keys().collect::<Vec<_>>(),
    })
}

impl AsRef<Self> for Api {
    fn as_ref(&self) -> &Self {
        self
    }
}

fn read<T: DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input).map_err(|error| bad(error.to_string()))
}

fn bad(message: impl Into<String>) -> AwsError {
    AwsError::new("BadRequestException", message)
}

fn not_found(kind: &str, id: &str) -> AwsError {
    AwsError::new("NotFoundException", format!("Unable to find {kind} by ID {id}")).status(404)
}

/// The function's ARN in the URI that API Gateway calls it by, or the ARN itself.
fn function(uri: &str) -> Result<String, AwsError> {
    let arn = uri.split_once("/functions/").and_then(|(_, rest)| rest.strip_suffix("/invocations")).unwrap_or(uri);
    if arn.starts_with("arn:") && arn.contains(":lambda:") && !arn.contains("${") {
        Ok(arn.to_owned())
    } else {
        Err(bad(format!("`{uri}` names no function")))
    }
}
