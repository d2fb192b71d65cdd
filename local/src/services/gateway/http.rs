//! HTTP APIs: one request, one call (payload format 2.0).

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::api::{Api, Cors, Protocol, Route, Stage};
use super::authorize::Denied;
pub(crate) use super::event::request_time;
use super::{Failure, Gateway, event};
use crate::kernel::Outcome;
use crate::wire::{Request, Response};

const JSON: &str = "application/json";

impl Gateway {
    /// Answers a request to an HTTP API.
    pub async fn request(self: &Rc<Self>, api: &str, request: Request, source_ip: &str) -> Response {
        let _busy = self.world.activity.begin();
        let Some(api) = self.api(api).filter(|api| api.protocol == Protocol::Http) else {
            return message(404, "Not Found");
        };
        let origin = request.header("origin").map(str::to_owned);
        if request.method == "OPTIONS"
            && let Some(cors) = &api.cors
        {
            return preflight(cors, origin.as_deref());
        }
        let response = self.routed(&api, request, source_ip).await;
        match &api.cors {
            Some(cors) => allowed(response, cors, origin.as_deref()),
            None => response,
        }
    }

    async fn routed(&self, api: &Api, request: Request, source_ip: &str) -> Response {
        let Some((stage, path)) = staged(api, &request.path) else { return message(404, "Not Found") };
        let Some((route, parameters)) = route(api, request.method.as_str(), &path) else {
            return message(404, "Not Found");
        };
        let now = self.world.clock.now();
        if !self.throttle.admits(api, stage, now) {
            return message(429, "Too Many Requests");
        }
        let said = match self.authorized(api, route, &request) {
            Ok(said) => said,
            Err(denied) => return message(denied.status(), denied.message()),
        };
        let Some(integration) = api.integration(route) else { return message(500, "Internal Server Error") };
        let id = self.world.random.alphanumeric(16);
        let mut context = json!({
            "accountId": &*self.world.place.account,
            "apiId": api.id,
            "domainName": api.authority,
            "domainPrefix": api.id,
            "http": {
                "method": request.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source_ip,
                "userAgent": request.header("user-agent").unwrap_or_default(),
            },
            "requestId": id,
            "routeKey": route.key,
            "stage": stage.name,
            "time": event::request_time(now),
            "timeEpoch": now.millis(),
        });
        if let (Some(said), Some(members)) = (said, context.as_object_mut()) {
            members.insert("authorizer".to_owned(), said);
        }
        let event = payload(&route.key, &request, &path, parameters, context);
        let (verb, rest) = route.key.split_once(' ').unwrap_or(("*", "/*"));
        let verb = if verb == "ANY" { request.method.as_str() } else { verb };
        let source = self.arn(&api.id, &format!("{}/{verb}{rest}", stage.name));
        let answer = self.invoke(source.as_str(), &integration.function, integration.timeout, event).await;
        let outcome = if answer.is_ok() { Outcome::Done } else { Outcome::Failed };
        let key = &route.key;
        self.world.log.tell("gateway", &api.name, "received", outcome, || json!({"request": id, "route": key}));
        match answer {
            Ok(answer) => written(answer),
            Err(Failure::Timeout) => message(503, "Service Unavailable"),
            Err(Failure::Function(_)) => message(500, "Internal Server Error"),
        }
    }

    fn authorized(&self, api: &Api, route: &Route, request: &Request) -> Result<Option<Value>, Denied> {
        match (route.authorization.as_str(), &route.authorizer) {
            ("NONE", _) => Ok(None),
            ("JWT", Some(id)) => {
                let authorizer = api.authorizers.get(id).ok_or(Denied::Failed)?;
                let header = |name: &str| request.header(name).map(str::to_owned);
                self.check_token(authorizer, header, &route.scopes).map(Some)
            }
            _ => Err(Denied::Failed),
        }
    }
}

/// The stage of a path, and the path behind it; `$default` has no name in the path.
fn staged<'a>(api: &'a Api, path: &str) -> Option<(&'a Stage, String)> {
    let named = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if let Some(stage) = api.stages.get(named) {
        let rest = path.trim_start_matches('/').strip_prefix(named).unwrap_or_default();
        return Some((stage, if rest.is_empty() { "/".to_owned() } else { rest.to_owned() }));
    }
    api.stages.get("$default").map(|stage| (stage, path.to_owned()))
}

/// The route of a request: one with the exact path, then one with the fewest labels, then `$default`.
fn route<'a>(api: &'a Api, method: &str, path: &str) -> Option<(&'a Route, Map<String, Value>)> {
    let fitting = api.routes.values().filter_map(|route| {
        let (verb, pattern) = route.key.split_once(' ')?;
        (verb == "ANY" || verb == method).then_some(())?;
        let labels = labels(pattern, path)?;
        let greedy = pattern.contains("+}");
        Some(((greedy, labels.len(), verb == "ANY"), route, labels))
    });
    let best = fitting.min_by_key(|(rank, route, _)| (*rank, route.key.clone()));
    best.map(|(_, route, labels)| (route, labels)).or_else(|| Some((api.route("$default")?, Map::new())))
}

/// The labels of a path by a route's pattern, `{label}` or `{label+}`; `None` if it does not fit.
fn labels(pattern: &str, path: &str) -> Option<Map<String, Value>> {
    let mut found = Map::new();
    let mut parts = path.trim_end_matches('/').split('/');
    for expected in pattern.trim_end_matches('/').split('/') {
        let label = expected.strip_prefix('{').and_then(|label| label.strip_suffix('}'));
        if let Some(greedy) = label.and_then(|label| label.strip_suffix('+')) {
            let rest: Vec<&str> = parts.by_ref().collect();
            found.insert(greedy.to_owned(), rest.join("/").into());
            return (!rest.is_empty()).then_some(found);
        }
        let part = parts.next()?;
        match label {
            Some(_) if part.is_empty() => return None,
            Some(label) => drop(found.insert(label.to_owned(), part.into())),
            None if expected != part => return None,
            None => {}
        }
    }
    parts.next().is_none().then_some(found)
}

/// The function's event.
pub(crate) fn payload(
    route: &str,
    request: &Request,
    path: &str,
    parameters: Map<String, Value>,
    context: Value,
) -> Value {
    let joined = |name: &http::HeaderName| {
        let values = request.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.collect::<Vec<_>>().join(",")
    };
    let headers: Map<String, Value> = request
        .headers
        .keys()
        .filter(|name| *name != "cookie")
        .map(|name| (name.to_string(), joined(name).into()))
        .collect();
    let mut event = json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": false,
    });
    let Some(members) = event.as_object_mut() else { return event };
    if let Some(cookies) = request.header("cookie") {
        members.insert("cookies".to_owned(), json!(cookies.split("; ").collect::<Vec<_>>()));
    }
    let (_, query) = event::query(&request.query);
    if !query.is_empty() {
        let joined: Map<String, Value> = query
            .into_iter()
            .map(|(name, values)| {
                let values = values.as_array().into_iter().flatten().filter_map(Value::as_str);
                (name, values.collect::<Vec<_>>().join(",").into())
            })
            .collect();
        members.insert("queryStringParameters".to_owned(), joined.into());
    }
    if !parameters.is_empty() {
        members.insert("pathParameters".to_owned(), parameters.into());
    }
    if !request.body.is_empty() {
        let text = std::str::from_utf8(&request.body).ok();
        members.insert("isBase64Encoded".to_owned(), text.is_none().into());
        let body = text.map_or_else(|| STANDARD.encode(&request.body), str::to_owned);
        members.insert("body".to_owned(), body.into());
    }
    event
}

/// A function's answer: a response, or any JSON, which is then the body.
pub(crate) fn written(answer: Value) -> Response {
    let Some(status) = answer.get("statusCode").and_then(Value::as_u64) else {
        let body = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        return Response::new(200, JSON, body);
    };
    let text = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let body = match answer.get("isBase64Encoded").and_then(Value::as_bool) {
        Some(true) => STANDARD.decode(text).unwrap_or_default(),
        _ => text.as_bytes().to_vec(),
    };
    let Ok(status) = u16::try_from(status) else { return message(500, "Internal Server Error") };
    let mut response = Response::new(status, "text/plain;charset=UTF-8", body);
    for (name, value) in answer.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value)) {
            response.headers.insert(name, value);
        }
    }
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if let Ok(cookie) = http::HeaderValue::from_str(cookie) {
            response.headers.append("set-cookie", cookie);
        }
    }
    response
}

fn message(status: u16, text: &str) -> Response {
    Response::new(status, JSON, json!({"message": text}).to_string())
}

fn preflight(cors: &Cors, origin: Option<&str>) -> Response {
    let response = allowed(Response::new(204, JSON, ""), cors, origin);
    let response = response
        .header("access-control-allow-methods", &cors.allow_methods.join(","))
        .header("access-control-allow-headers", &cors.allow_headers.join(","));
    match cors.max_age {
        Some(seconds) => response.header("access-control-max-age", &seconds.to_string()),
        None => response,
    }
}

fn allowed(response: Response, cors: &Cors, origin: Option<&str>) -> Response {
    let Some(origin) = origin else { return response };
    let fits = |pattern: &String| {
        pattern == "*" || pattern == origin || pattern.strip_suffix('*').is_some_and(|start| origin.starts_with(start))
    };
    if !cors.allow_origins.iter().any(fits) {
        return response;
    }
    let any = cors.allow_origins.iter().any(|pattern| pattern == "*") && !cors.allow_credentials;
    let mut response = response.header("access-control-allow-origin", if any { "*" } else { origin });
    if cors.allow_credentials {
        response = response.header("access-control-allow-credentials", "true");
    }
    if !cors.expose_headers.is_empty() {
        response = response.header("access-control-expose-headers", &cors.expose_headers.join(","));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_takes_a_part_and_a_greedy_one_the_rest() {
        assert_eq!(labels("/orders/{id}", "/orders/7"), Some(Map::from_iter([("id".to_owned(), json!("7"))])));
        assert_eq!(labels("/orders/{id}", "/orders/"), None);
        assert_eq!(labels("/orders/{id}", "/orders/7/items"), None);
        assert_eq!(labels("/{proxy+}", "/a/b"), Some(Map::from_iter([("proxy".to_owned(), json!("a/b"))])));
    }

    #[test]
    fn a_function_may_answer_with_any_json() {
        assert_eq!(written(json!({"a": 1})).body, r#"{"a":1}"#);
        assert_eq!(written(json!({"statusCode": 201, "body": "made", "headers": {"x-a": "1"}})).headers["x-a"], "1");
    }
}
