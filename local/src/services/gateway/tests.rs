//! A gateway without sockets, in front of a function that says what it is told to.

use std::cell::RefCell;

use ::http::{HeaderMap, HeaderName};
use tokio::task::LocalSet;

use super::*;
use crate::kernel::Random;

/// A function for every route: answers by the event's route, and remembers the events.
#[derive(Debug, Default)]
struct Functions {
    events: RefCell<Vec<Value>>,
    answers: RefCell<BTreeMap<String, Value>>,
}

impl Service for Functions {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        async move {
            let event = call.input["Payload"].clone();
            let key = match event.get("type") {
                Some(_) => "authorizer".to_owned(),
                None => event["requestContext"]["routeKey"].as_str().unwrap_or_default().to_owned(),
            };
            self.events.borrow_mut().push(event);
            let answer = self.answers.borrow().get(&key).cloned().unwrap_or_else(|| json!({"statusCode": 200}));
            match answer.get("fails") {
                Some(message) => Ok(json!({"FunctionError": "Unhandled", "Payload": {"errorMessage": message}})),
                None => Ok(json!({"StatusCode": 200, "Payload": answer})),
            }
        }
        .boxed_local()
    }
}

struct Test {
    world: World,
    functions: Rc<Functions>,
    gateway: Rc<Gateway>,
    api: String,
}

impl Test {
    fn answer(&self, key: &str, answer: Value) {
        self.functions.answers.borrow_mut().insert(key.to_owned(), answer);
    }

    async fn control(&self, operation: &str, input: Value) -> Value {
        self.world.bus.request(Caller::Account, CONTROL, operation, input).await.unwrap()
    }

    async fn connect(&self) -> Result<Connected, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("sec-websocket-protocol"), "eventloom.v1, jwt.x".parse().unwrap());
        let handshake = Handshake {
            stage: "dev".to_owned(),
            headers,
            query: "a=1&a=2".to_owned(),
            source_ip: "127.0.0.1".to_owned(),
        };
        self.gateway.connect(&self.api, handshake).await
    }

    async fn post(&self, id: &str, text: &str) -> Result<Value, AwsError> {
        use base64::Engine;
        let data = base64::engine::general_purpose::STANDARD.encode(text);
        let input = json!({"Stage": "dev", "ConnectionId": id, "Data": data});
        self.world.bus.request(Caller::Account, NAME, "PostToConnection", input).await
    }

    fn event(&self, index: usize) -> Value {
        self.functions.events.borrow()[index].clone()
    }
}

const FUNCTION: &str = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:000000000000:function:f/invocations";

/// Runs a test before a WebSocket API with an authorizer, a route `send` that answers, one `quiet` that does
/// not, and `$default`.
fn websocket<F: Future<Output = ()>>(test: impl FnOnce(Test) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let world = World::simulated(1);
        let functions = Rc::new(Functions::default());
        world.bus.put("lambda", Rc::clone(&functions) as Rc<dyn Service>);
        let issuer = Issuer::new(&Random::seeded(1));
        let gateway = Gateway::start(&world, issuer, Lifetimes::default(), None).unwrap();
        world.bus.put(CONTROL, Rc::clone(&gateway) as Rc<dyn Service>);
        world.bus.put(NAME, Rc::clone(&gateway) as Rc<dyn Service>);
        let mut made = Test { world, functions, gateway, api: String::new() };
        let api = json!({
            "Name": "live", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action",
        });
        made.api = made.control("CreateApi", api).await["ApiId"].as_str().unwrap().to_owned();
        let id = made.api.clone();
        let integration = json!({"ApiId": id, "IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION});
        let integration = made.control("CreateIntegration", integration).await["IntegrationId"].clone();
        let target = format!("integrations/{}", integration.as_str().unwrap());
        let authorizer = json!({
            "ApiId": id, "Name": "live", "AuthorizerType": "REQUEST", "AuthorizerUri": FUNCTION,
            "IdentitySource": ["route.request.header.Sec-WebSocket-Protocol"],
        });
        let authorizer = made.control("CreateAuthorizer", authorizer).await["AuthorizerId"].clone();
        for key in ["$connect", "$disconnect", "$default", "send", "quiet"] {
            let mut route = json!({"ApiId": id, "RouteKey": key, "Target": target, "AuthorizationType": "NONE"});
            if key == "$connect" {
                route["AuthorizationType"] = "CUSTOM".into();
                route["AuthorizerId"] = authorizer.clone();
            }
            let route = made.control("CreateRoute", route).await["RouteId"].clone();
            if key == "send" {
                let response = json!({"ApiId": id, "RouteId": route, "RouteResponseKey": "$default"});
                made.control("CreateRouteResponse", response).await;
            }
        }
        made.control("CreateStage", json!({"ApiId": id, "StageName": "dev", "AutoDeploy": true})).await;
        let statement = json!({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"});
        let policy =
            json!({"principalId": "agshin", "policyDocument": {"Statement": [statement]}, "context": {"tenant": "t1"}});
        made.answer("authorizer", policy);
        test(made).await;
    });
}

#[test]
fn a_client_is_let_in_with_what_connect_answered() {
    websocket(|test| async move {
        let protocol = json!({"Sec-WebSocket-Protocol": "eventloom.v1"});
        test.answer("$connect", json!({"statusCode": 200, "headers": protocol}));
        let connected = test.connect().await.unwrap();
        assert_eq!(connected.headers, [("Sec-WebSocket-Protocol".to_owned(), "eventloom.v1".to_owned())]);

        let (asked, event) = (test.event(0), test.event(1));
        assert_eq!(asked["headers"]["Sec-WebSocket-Protocol"], "eventloom.v1, jwt.x");
        assert!(asked["methodArn"].as_str().unwrap().ends_with(&format!("{}/dev/$connect", test.api)));
        let context = &event["requestContext"];
        assert_eq!(context["authorizer"], json!({"principalId": "agshin", "tenant": "t1"}));
        assert_eq!((&context["eventType"], &context["connectionId"]), (&json!("CONNECT"), &json!(connected.id)));
        assert_eq!(event["multiValueQueryStringParameters"], json!({"a": ["1", "2"]}));
    });
}

#[test]
fn a_client_that_the_authorizer_or_connect_refuses_is_gone() {
    websocket(|test| async move {
        for (key, answer, status) in [
            ("$connect", json!({"statusCode": 409, "body": "no"}), 409),
            ("$connect", json!({"fails": "broken"}), 502),
            ("authorizer", json!({"fails": "Unauthorized"}), 401),
            ("authorizer", json!({"policyDocument": {"Statement": []}}), 403),
            ("authorizer", json!({"fails": "broken"}), 500),
        ] {
            test.answer(key, answer);
            assert_eq!(test.connect().await.unwrap_err().status, status);
            assert_eq!(test.gateway.connected(), 0);
        }
    });
}

#[test]
fn a_message_goes_to_its_route_and_is_answered_only_by_a_route_response() {
    websocket(|test| async move {
        let mut connected = test.connect().await.unwrap();
        test.answer("send", json!({"statusCode": 200, "body": "sent"}));
        test.answer("quiet", json!({"statusCode": 200, "body": "unheard"}));
        for text in [r#"{"action":"quiet"}"#, r#"{"action":"send"}"#, "no json", r#"{"action":"$connect"}"#] {
            test.gateway.message(&connected.id, text.to_owned()).await;
        }
        let routes: Vec<Value> = (2..6).map(|index| test.event(index)["requestContext"]["routeKey"].clone()).collect();
        assert_eq!(routes, ["quiet", "send", "$default", "$default"]);
        assert_eq!(connected.client.try_recv(), Some(ToClient::Text("sent".to_owned())));
        assert!(connected.client.try_recv().is_none());
    });
}

#[test]
fn a_failing_route_is_said_to_the_client() {
    websocket(|test| async move {
        let mut connected = test.connect().await.unwrap();
        test.answer("quiet", json!({"fails": "secret"}));
        test.gateway.message(&connected.id, r#"{"action":"quiet"}"#.to_owned()).await;
        let Some(ToClient::Text(text)) = connected.client.try_recv() else { panic!("nothing was said") };
        assert!(text.contains("Internal server error") && !text.contains("secret"), "{text}");
    });
}

#[test]
fn a_post_reaches_an_open_connection_alone() {
    websocket(|test| async move {
        assert_eq!(test.post("nobody=", "x").await.unwrap_err().status, 410);
        let mut connected = test.connect().await.unwrap();
        test.post(&connected.id, "hello").await.unwrap();
        assert_eq!(connected.client.try_recv(), Some(ToClient::Text("hello".to_owned())));
        let large = "x".repeat((128 << 10) + 1);
        assert_eq!(test.post(&connected.id, &large).await.unwrap_err().code, "PayloadTooLargeException");
        test.gateway.connections.change(&connected.id, |connection| connection.open = false);
        assert_eq!(test.post(&connected.id, "early").await.unwrap_err().code, "GoneException");
    });
}

#[test]
fn a_connection_ends_once_and_is_told_to_its_function() {
    websocket(|test| async move {
        let connected = test.connect().await.unwrap();
        let close = Close::new(1000, "bye");
        test.gateway.disconnected(&connected.id, &close).await;
        test.gateway.disconnected(&connected.id, &close).await;
        let context = test.event(2)["requestContext"].clone();
        assert_eq!((&context["eventType"], &context["disconnectStatusCode"]), (&json!("DISCONNECT"), &json!(1000)));
        assert_eq!(test.functions.events.borrow().len(), 3);
        assert_eq!(test.post(&connected.id, "x").await.unwrap_err().status, 410);
    });
}

#[test]
fn an_idle_connection_and_an_old_one_are_closed() {
    websocket(|test| async move {
        let mut connected = test.connect().await.unwrap();
        let start = test.world.clock.now();
        let going = ToClient::Close(Close::new(1001, "Going away"));
        assert_eq!(connected.client.recv().await, Some(going.clone()));
        assert_eq!(test.world.clock.now().since(start), Duration::from_secs(600));
        test.gateway.disconnected(&connected.id, &Close::new(1001, "Going away")).await;

        let mut busy = test.connect().await.unwrap();
        let start = test.world.clock.now();
        let ended = loop {
            tokio::select! {
                biased;
                ended = busy.client.recv() => break ended,
                () = test.world.clock.sleep(Duration::from_secs(300)) => test.gateway.alive(&busy.id),
            }
        };
        assert_eq!((ended, test.world.clock.now().since(start)), (Some(going), Duration::from_secs(7200)));
    });
}

#[test]
fn a_token_is_good_for_its_issuer_audience_time_and_scopes_alone() {
    websocket(|test| async move {
        let authorizer = super::api::Authorizer::Jwt {
            issuer: "https://login.example/".to_owned(),
            audience: vec!["orders".to_owned()],
            source: "$request.header.Authorization".to_owned(),
        };
        let now = test.world.clock.now().seconds();
        let good = json!({
            "iss": "https://login.example/", "aud": ["other", "orders"], "sub": "agshin", "exp": now + 60,
            "scope": "read write",
        });
        let check = |claims: &Value, scopes: &[&str]| {
            let token = format!("Bearer {}", test.gateway.issuer.token(claims));
            let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            test.gateway.check_token(&authorizer, |name| (name == "authorization").then(|| token.clone()), &scopes)
        };
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            claims
        };
        assert_eq!(check(&good, &["write"]).unwrap()["jwt"]["claims"]["sub"], "agshin");
        for claims in [
            with("iss", json!("https://login.example")),
            with("iss", json!(["https://login.example/"])),
            with("aud", json!("others")),
            with("aud", Value::Null),
            with("exp", json!(now)),
            with("exp", json!("9999999999")),
            with("nbf", json!(now + 60)),
        ] {
            assert_eq!(check(&claims, &[]).unwrap_err().status(), 401, "{claims}");
        }
        assert_eq!(check(&good, &["admin"]).unwrap_err().status(), 403);
        assert_eq!(check(&with("scope", json!("readwrite")), &["read"]).unwrap_err().status(), 403);
        let none = test.gateway.check_token(&authorizer, |_| None, &[]);
        assert_eq!(none.unwrap_err().status(), 401);
    });
}
