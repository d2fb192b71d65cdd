//! APIs: WebSocket and HTTP, with their authorizers, integrations, routes and stages.

use super::functions::log_group;
use super::metadata;
use super::parameters::if_logged;
use super::scope::{self, Made, Scope};
use crate::cfn::services::apigateway::Account;
use crate::cfn::services::apigatewayv2::{
    AccessLogSettings, Api, AuthorizationType, Authorizer, AuthorizerType, Cors, Integration, IntegrationType,
    JwtConfiguration, ProtocolType, Route as RouteProperties, RouteResponse, RouteSettings, Stage,
};
use crate::cfn::services::iam::Role;
use crate::cfn::{DocumentError, LogicalId, Part, PolicyDocument, Pseudo, Resource, Str, Value, text};
use crate::model::GatewayKind;
use crate::plan::{FunctionRef, Gateway, Route};
use crate::stacks::Layer;

/// The logical ids of what an account has once a region: the role of API Gateway's logs.
const ACCOUNT: &str = "ApiGatewayAccount";
const ACCOUNT_ROLE: &str = "ApiGatewayLogsRole";
/// The longest description of an API. Source: Amazon API Gateway Version 2 API Reference, Apis.
const DESCRIPTION: usize = 1_024;
/// Seconds that a browser keeps the answer to a preflight request.
const PREFLIGHT_SECONDS: u32 = 3_600;
/// The longest that an integration may take, in seconds.
/// Source: Amazon API Gateway Developer Guide, quotas of WebSocket APIs.
const INTEGRATION_SECONDS: u32 = 29;

pub(super) fn gateways(scope: &mut Scope<'_>) -> Made {
    if scope.plan.gateways.iter().any(|g| g.kind == GatewayKind::Websocket) {
        account(scope)?;
    }
    for gateway in &scope.plan.gateways {
        api(scope, gateway)?;
        authorizer(scope, gateway)?;
        let mut integrated: Vec<&FunctionRef> = Vec::new();
        for route in &gateway.routes {
            if !integrated.contains(&&route.function) {
                integrated.push(&route.function);
                integration(scope, gateway, &route.function)?;
            }
            self::route(scope, gateway, route)?;
        }
        stage(scope, gateway)?;
    }
    Ok(())
}

/// The address that browsers are told.
pub(super) fn endpoint(scope: &Scope<'_>, gateway: &Gateway) -> Result<Str, DocumentError> {
    let api = scope::id(&gateway.place.logical)?;
    Ok(match gateway.kind {
        GatewayKind::Http => Value::attribute(&api, "ApiEndpoint"),
        GatewayKind::Websocket => text![Str::attribute(&api, "ApiEndpoint"), "/", &scope.names.stage],
    })
}

/// Kept with the account, which it belongs to: the next stack finds it.
fn account(scope: &mut Scope<'_>) -> Made {
    let mut role = Role::new(PolicyDocument::trust("apigateway.amazonaws.com", Vec::new()));
    role.managed_policy_arns =
        vec![text!["arn:", Pseudo::Partition, ":iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"]];
    role.tags = scope.tags();
    let role_id = scope::id(ACCOUNT_ROLE)?;
    let resource = Resource::new(role_id.clone(), &role)?.only_if(&scope.names.makes_api_logs_role).retained();
    scope.put(Layer::Compute, &scope::shared(ACCOUNT_ROLE), resource);
    let account = Account::new(Str::attribute(&role_id, "Arn"));
    let resource = Resource::new(scope::id(ACCOUNT)?, &account)?.only_if(&scope.names.makes_api_logs_role).retained();
    scope.put(Layer::Compute, &scope::shared(ACCOUNT), resource);
    Ok(())
}

fn api(scope: &mut Scope<'_>, gateway: &Gateway) -> Made {
    let protocol = match gateway.kind {
        GatewayKind::Websocket => ProtocolType::WebSocket,
        GatewayKind::Http => ProtocolType::Http,
    };
    let mut made = Api::new(scope.named(&gateway.name), protocol);
    made.description = Some(scope::cut(&gateway.about, DESCRIPTION).into());
    made.tags = scope.tag_map();
    match gateway.kind {
        GatewayKind::Websocket => made.route_selection_expression = Some("$request.body.action".to_owned()),
        GatewayKind::Http => made.cors_configuration = cors(gateway),
    }
    let resource = Resource::new(scope::id(&gateway.place.logical)?, &made)?
        .metadata(metadata::BLOCK, &metadata::gateway(gateway))?;
    scope.keep(Layer::Compute, &gateway.place, resource);
    Ok(())
}

/// The methods of the API's own routes, for the pages that may call it.
fn cors(gateway: &Gateway) -> Option<Cors> {
    if gateway.origins.is_empty() {
        return None;
    }
    let mut methods: Vec<String> =
        gateway.routes.iter().filter_map(|r| r.key.split(' ').next()).map(str::to_owned).collect();
    methods.sort();
    methods.dedup();
    Some(Cors {
        max_age: Some(PREFLIGHT_SECONDS),
        allow_headers: vec!["authorization".to_owned(), "content-type".to_owned()],
        allow_methods: methods,
        allow_origins: gateway.origins.iter().map(|o| o.as_str().into()).collect(),
        ..Cors::default()
    })
}

/// The URI by which API Gateway calls a function.
fn invocation(function: &FunctionRef) -> Result<Str, DocumentError> {
    Ok(text![
        "arn:",
        Pseudo::Partition,
        ":apigateway:",
        Pseudo::Region,
        ":lambda:path/2015-03-31/functions/",
        scope::arn(&function.0)?,
        "/invocations"
    ])
}

fn authorizer(scope: &mut Scope<'_>, gateway: &Gateway) -> Made {
    let api = scope::reference(&gateway.place.logical)?;
    let made = match (gateway.kind, &gateway.authorizer) {
        (GatewayKind::Websocket, Some(function)) => {
            let mut made = Authorizer::new(api, gateway.name.as_str(), AuthorizerType::Request);
            made.authorizer_uri = Some(invocation(function)?);
            // Browsers can set no other header of a WebSocket's request.
            made.identity_source = vec!["route.request.header.Sec-WebSocket-Protocol".to_owned()];
            made
        }
        (GatewayKind::Websocket, None) => return Ok(()),
        (GatewayKind::Http, _) => {
            let mut made = Authorizer::new(api, gateway.name.as_str(), AuthorizerType::Jwt);
            made.identity_source = vec!["$request.header.Authorization".to_owned()];
            let audience: Vec<Str> = vec![gateway.audience.as_str().into()];
            made.jwt_configuration = Some(JwtConfiguration::new(audience, gateway.issuer.as_str()));
            made
        }
    };
    let resource = Resource::new(scope::part(&gateway.place, "Authorizer")?, &made)?;
    scope.put(Layer::Wiring, &gateway.place, resource);
    Ok(())
}

fn integration_id(function: &FunctionRef) -> Result<LogicalId, DocumentError> {
    scope::id(&[function.0.as_str(), "Integration"].concat())
}

fn integration(scope: &mut Scope<'_>, gateway: &Gateway, function: &FunctionRef) -> Made {
    let mut made = Integration::new(scope::reference(&gateway.place.logical)?, IntegrationType::AwsProxy);
    made.integration_uri = Some(invocation(function)?);
    made.integration_method = Some("POST".to_owned());
    let seconds = scope.function(function).map_or(INTEGRATION_SECONDS, |f| f.timeout.min(INTEGRATION_SECONDS));
    made.timeout_in_millis = Some(seconds.saturating_mul(1_000));
    if gateway.kind == GatewayKind::Http {
        made.payload_format_version = Some("2.0".to_owned());
    }
    let resource = Resource::new(integration_id(function)?, &made)?;
    scope.put(Layer::Wiring, &gateway.place, resource);
    Ok(())
}

fn route_id(gateway: &Gateway, route: &Route) -> Result<LogicalId, DocumentError> {
    scope::part(&gateway.place, &route.id)
}

fn route(scope: &mut Scope<'_>, gateway: &Gateway, route: &Route) -> Made {
    let id = route_id(gateway, route)?;
    let api = scope::reference(&gateway.place.logical)?;
    let mut made = RouteProperties::new(api.clone(), route.key.as_str());
    made.target = Some(text!["integrations/", Str::reference(&integration_id(&route.function)?)]);
    made.authorization_type = Some(match (route.authorized, gateway.kind) {
        (true, GatewayKind::Websocket) => AuthorizationType::Custom,
        (true, GatewayKind::Http) => AuthorizationType::Jwt,
        // The connection was let in by `$connect`.
        (false, _) => AuthorizationType::None,
    });
    if route.authorized {
        made.authorizer_id = Some(Value::reference(&scope::part(&gateway.place, "Authorizer")?));
    }
    let answers = route.answers && gateway.kind == GatewayKind::Websocket;
    made.route_response_selection_expression = answers.then(|| "$default".to_owned());
    let resource = Resource::new(id.clone(), &made)?;
    scope.put(Layer::Wiring, &gateway.place, resource);
    if answers {
        let response = RouteResponse::new(api, Str::reference(&id), "$default");
        let resource = Resource::new(LogicalId::new([id.as_str(), "Response"].concat())?, &response)?;
        scope.put(Layer::Wiring, &gateway.place, resource);
    }
    Ok(())
}

/// What is written of each request: no header, no body, no token.
fn log_format(gateway: &Gateway) -> String {
    let mut fields = vec![
        ("requestId", "requestId"),
        ("time", "requestTime"),
        ("route", "routeKey"),
        ("status", "status"),
        ("error", "error.message"),
        ("integrationError", "integrationErrorMessage"),
    ];
    if gateway.kind == GatewayKind::Websocket {
        fields.extend([("event", "eventType"), ("connection", "connectionId"), ("authorizer", "authorizer.error")]);
    }
    let written: Vec<String> = fields.iter().map(|(name, of)| format!(r#""{name}":"$context.{of}""#)).collect();
    format!("{{{}}}", written.join(","))
}

/// A stage with logs is refused while the account has no role for them. `DependsOn` cannot name what a
/// condition may leave out, but a reference under the same condition can: it stands in the description.
fn logged_by(scope: &Scope<'_>, gateway: &Gateway) -> Result<Option<Str>, DocumentError> {
    Ok(match gateway.kind {
        GatewayKind::Websocket => {
            let made_here = text!["Logged by the role of ", scope::reference(ACCOUNT)?];
            Some(Value::when(&scope.names.makes_api_logs_role, made_here, Value::absent()))
        }
        GatewayKind::Http => None,
    })
}

fn stage(scope: &mut Scope<'_>, gateway: &Gateway) -> Made {
    // Not `Logs`: with a gateway `api` that would be the parameter `ApiGatewayLogs`.
    let logs = scope::part(&gateway.place, "AccessLogs")?;
    // API Gateway writes to the account's policy of log groups, which is short, unless they are named so.
    // Source: Amazon API Gateway Developer Guide, "Configure logging for HTTP APIs".
    let name = text!["/aws/vendedlogs/apis/", scope.named(&gateway.name)];
    let resource =
        Resource::new(logs.clone(), &log_group(scope, Some(name)))?.only_if(&scope.names.writes_api_logs).deleted();
    scope.put(Layer::Compute, &gateway.place, resource);

    let name: Str = match gateway.kind {
        GatewayKind::Websocket => Str::parameter(&scope.names.stage),
        GatewayKind::Http => "$default".into(),
    };
    let mut made = Stage::new(scope::reference(&gateway.place.logical)?, name);
    made.auto_deploy = Some(true);
    made.description = logged_by(scope, gateway)?;
    let (rate, burst) = gateway.throttle;
    made.default_route_settings = Some(RouteSettings {
        throttling_rate_limit: Some(f64::from(rate)),
        throttling_burst_limit: Some(burst),
        detailed_metrics_enabled: Some(true),
        ..RouteSettings::default()
    });
    let group = Str::arn("logs", [Part::from("log-group:"), Part::from(Str::reference(&logs))]);
    made.access_log_settings = Some(if_logged(scope, AccessLogSettings::new(group, log_format(gateway))));
    made.tags = scope.tag_map();
    let mut resource = Resource::new(scope::part(&gateway.place, "Stage")?, &made)?;
    for route in &gateway.routes {
        resource = resource.after(&route_id(gateway, route)?);
    }
    scope.put(Layer::Wiring, &gateway.place, resource);
    Ok(())
}
