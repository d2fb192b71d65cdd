//! What calls a function: mappings, permissions, its URL; and where goes what an asynchronous call could not do.

use super::scope::{self, Made, Scope};
use crate::cfn::services::lambda::{
    AuthType, Destination, DestinationConfig, EventInvokeConfig, EventSourceMapping, FailureDestination, Filter,
    FilterCriteria, FunctionResponseType, Permission, ProvisionedPollerConfig, ScalingConfig, StartingPosition, Url,
};
use crate::cfn::{DocumentError, LogicalId, Part, Resource, Str, Value};
use crate::model::GatewayKind;
use crate::plan::{EnvValue, Function, Gateway, Invoker, Mapping, MappingSource};
use crate::stacks::Layer;

/// What the logical id of a function's URL ends with.
pub(super) const URL: &str = "Url";
/// Tries after the first of an asynchronous call, and how long: the most.
/// Source: AWS Lambda API Reference, PutFunctionEventInvokeConfig.
const ASYNC_RETRIES: u32 = 2;
const ASYNC_SECONDS: u32 = 21_600;

pub(super) fn triggers(scope: &mut Scope<'_>, function: &Function) -> Made {
    for mapping in &function.mappings {
        let mut resource = Resource::new(scope::id(&mapping.place.logical)?, &properties(scope, function, mapping)?)?;
        // A machine is named, not referred to: nothing is read before what it may start is there.
        for (_, value) in &function.env {
            if let EnvValue::MachineArn(machine) = value {
                resource = resource.after(&scope::id(&machine.0)?);
            }
        }
        scope.put(Layer::Wiring, &mapping.place, resource);
    }
    for invoker in &function.invokers {
        match invoker {
            Invoker::Route(gateway, key) => {
                if let Some(gateway) = scope.gateway(gateway) {
                    route(scope, function, gateway, key)?;
                }
            }
            Invoker::Authorizer(gateway) => {
                if let Some(gateway) = scope.gateway(gateway) {
                    authorizer(scope, function, gateway)?;
                }
            }
            Invoker::Topic(topic) => {
                let source = scope::reference(&topic.0)?;
                let id = scope::id(&[topic.0.as_str(), "Permission"].concat())?;
                permit(scope, function, id, "sns.amazonaws.com", source)?;
            }
            Invoker::PublicUrl => public(scope, function)?,
        }
    }
    if let Some(queue) = &function.async_failures {
        let mut config = EventInvokeConfig::new(scope::reference(&function.place.logical)?, "$LATEST");
        config.maximum_retry_attempts = Some(ASYNC_RETRIES);
        config.maximum_event_age_in_seconds = Some(ASYNC_SECONDS);
        config.destination_config = Some(DestinationConfig {
            on_failure: Some(Destination::new(scope::arn(&queue.0)?)),
            ..DestinationConfig::default()
        });
        let resource = Resource::new(scope::part(&function.place, "Asynchronous")?, &config)?;
        scope.put(Layer::Wiring, &function.place, resource);
    }
    Ok(())
}

fn properties(scope: &Scope<'_>, function: &Function, mapping: &Mapping) -> Result<EventSourceMapping, DocumentError> {
    let from = match &mapping.source {
        MappingSource::Queue(queue) => scope::arn(&queue.0)?,
        MappingSource::Stream(table) => Value::attribute(&scope::id(&table.0)?, "StreamArn"),
    };
    let mut made = EventSourceMapping::new(scope::reference(&function.place.logical)?, from);
    made.batch_size = Some(mapping.batch);
    made.maximum_batching_window_in_seconds = (mapping.window > 0).then_some(mapping.window);
    made.function_response_types = vec![FunctionResponseType::ReportBatchItemFailures];
    made.scaling_config = mapping.concurrency.map(ScalingConfig::new);
    made.provisioned_poller_config = mapping.pollers.map(|(least, most)| ProvisionedPollerConfig::new(least, most));
    if !mapping.filters.is_empty() {
        let filters: Vec<Filter> = mapping.filters.iter().map(|f| Filter::new(f.as_str())).collect();
        made.filter_criteria = Some(FilterCriteria::new(filters));
    }
    if matches!(mapping.source, MappingSource::Stream(_)) {
        made.starting_position = Some(StartingPosition::TrimHorizon);
        made.bisect_batch_on_function_error = Some(true);
        made.maximum_retry_attempts = mapping.max_retries.and_then(|n| i32::try_from(n).ok());
        made.maximum_record_age_in_seconds = mapping.max_age.and_then(|n| i32::try_from(n).ok());
        made.parallelization_factor = mapping.parallelization;
        if let Some(queue) = &mapping.failures {
            made.destination_config = Some(FailureDestination::new(Destination::new(scope::arn(&queue.0)?)));
        }
    }
    made.tags = scope.tags();
    Ok(made)
}

fn permit(scope: &mut Scope<'_>, function: &Function, id: LogicalId, service: &str, source: Str) -> Made {
    let mut made = Permission::new(scope::reference(&function.place.logical)?, "lambda:InvokeFunction", service);
    made.source_arn = Some(source);
    let resource = Resource::new(id, &made)?;
    scope.put(Layer::Wiring, &function.place, resource);
    Ok(())
}

fn route(scope: &mut Scope<'_>, function: &Function, gateway: &Gateway, key: &str) -> Made {
    let Some(route) = gateway.routes.iter().find(|r| r.key == key) else { return Ok(()) };
    let path = match gateway.kind {
        GatewayKind::Websocket => key.to_owned(),
        // `POST /orders/{id}` is `POST/orders/*` here.
        GatewayKind::Http => any_parts(&key.replacen(' ', "", 1)),
    };
    let source = [Part::from(scope::reference(&gateway.place.logical)?), Part::from("/*/"), Part::from(path)];
    let id = scope::id(&[gateway.place.logical.as_str(), route.id.as_str(), "Permission"].concat())?;
    permit(scope, function, id, "apigateway.amazonaws.com", Str::arn("execute-api", source))
}

/// A path with `*` in the place of each part in braces.
fn any_parts(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "*".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn authorizer(scope: &mut Scope<'_>, function: &Function, gateway: &Gateway) -> Made {
    let authorizer = scope::reference(&[gateway.place.logical.as_str(), "Authorizer"].concat())?;
    let api = scope::reference(&gateway.place.logical)?;
    let source = Str::arn("execute-api", [Part::from(api), Part::from("/authorizers/"), Part::from(authorizer)]);
    let id = scope::part(&gateway.place, "AuthorizerPermission")?;
    permit(scope, function, id, "apigateway.amazonaws.com", source)
}

/// A mail client that unsubscribes knows nothing but the link (RFC 8058), so anybody may post to it; what
/// they may change is in the link's signature. AWS wants both permissions.
/// Source: AWS Lambda Developer Guide, "Control access to Lambda function URLs".
fn public(scope: &mut Scope<'_>, function: &Function) -> Made {
    let url = Url::new(scope::arn(&function.place.logical)?, AuthType::None);
    let resource = Resource::new(scope::part(&function.place, URL)?, &url)?;
    scope.put(Layer::Compute, &function.place, resource);
    let name = scope::reference(&function.place.logical)?;
    let mut by_url = Permission::new(name.clone(), "lambda:InvokeFunctionUrl", "*");
    by_url.function_url_auth_type = Some(AuthType::None);
    let resource = Resource::new(scope::part(&function.place, "UrlPermission")?, &by_url)?;
    scope.put(Layer::Wiring, &function.place, resource);
    let mut through_url = Permission::new(name, "lambda:InvokeFunction", "*");
    through_url.invoked_via_function_url = Some(true);
    let resource = Resource::new(scope::part(&function.place, "UrlInvokePermission")?, &through_url)?;
    scope.put(Layer::Wiring, &function.place, resource);
    Ok(())
}
