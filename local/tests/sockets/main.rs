//! The flow's own APIs on real sockets, under a WebSocket client that nobody here wrote.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails should panic")]

mod http;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use futures_util::{SinkExt, StreamExt};
use local::engine::{Engine, Settings};
use local::front::{Limits, Origins};
use local::kernel::{Caller, Clock, Place, Random, Store, World};
use local::services::gateway::Lifetimes;
use local::sockets::Sockets;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

type Client = WebSocketStream<TcpStream>;

/// An engine in real time with one API on a socket. Its functions say what they are told to, and
/// remember what they were asked.
struct Test {
    engine: Engine,
    sockets: Sockets,
    api: String,
    authority: String,
    events: Rc<RefCell<Vec<Value>>>,
}

/// A port that nothing listens on.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn run<F: Future<Output = ()>>(protocol: &'static str, limits: Limits, test: impl FnOnce(Test) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let world = World::new(Clock::system(), Random::seeded(1), Store::memory(), Place::default());
        let lifetimes = Lifetimes { longest: Duration::from_secs(7200), idle: Duration::from_secs(600) };
        let settings = Settings { lifetimes, first_port: Some(free_port()), ..Settings::default() };
        let engine = Engine::start_with(world, settings).unwrap();
        let events: Rc<RefCell<Vec<Value>>> = Rc::default();
        let seen = Rc::clone(&events);
        engine.functions().put("f", move |_, event: Value, _| {
            seen.borrow_mut().push(event.clone());
            async move { Ok(answer(&event)) }
        });
        let (api, authority) = make(&engine, protocol).await;
        let sockets = Sockets::new(Rc::clone(engine.gateway()), limits);
        sockets.renew().await.unwrap();
        test(Test { engine, sockets, api, authority, events }).await;
    });
}

/// What the function says: the subprotocol to a handshake, an echo to a message.
fn answer(event: &Value) -> Value {
    match event["requestContext"]["routeKey"].as_str() {
        Some("$connect") if event["queryStringParameters"]["refuse"] == "yes" => {
            json!({"statusCode": 403, "body": "not you"})
        }
        Some("$connect") => json!({"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "eventloom.v1"}}),
        Some("echo") => json!({"statusCode": 200, "body": event["body"]}),
        Some("GET /hello/{name}") => json!({"hello": event["pathParameters"]["name"]}),
        _ => json!({"statusCode": 200, "body": "nobody hears this"}),
    }
}

async fn ask(engine: &Engine, service: &str, operation: &str, input: Value) -> Value {
    engine.world().bus.request(Caller::Account, service, operation, input).await.unwrap()
}

async fn make(engine: &Engine, protocol: &str) -> (String, String) {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]});
    let role = json!({"RoleName": "f", "AssumeRolePolicyDocument": trust.to_string()});
    ask(engine, "iam", "CreateRole", role).await;
    let function = json!({
        "FunctionName": "f", "Runtime": "provided.al2023", "Handler": "f", "Code": {"S3Bucket": "eventloom", "S3Key": "none"},
        "Role": "arn:aws:iam::000000000000:role/f",
    });
    let arn = ask(engine, "lambda", "CreateFunction", function).await["FunctionArn"].as_str().unwrap().to_owned();
    let permission = json!({
        "FunctionName": "f", "StatementId": "api", "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
    });
    ask(engine, "lambda", "AddPermission", permission).await;
    let mut api = json!({"Name": "live", "ProtocolType": protocol});
    if protocol == "WEBSOCKET" {
        api["RouteSelectionExpression"] = "$request.body.action".into();
    }
    let made = ask(engine, "apigatewayv2", "CreateApi", api).await;
    let id = made["ApiId"].as_str().unwrap().to_owned();
    let uri = format!("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{arn}/invocations");
    let mut integration = json!({"ApiId": id, "IntegrationType": "AWS_PROXY", "IntegrationUri": uri});
    if protocol == "HTTP" {
        integration["PayloadFormatVersion"] = "2.0".into();
    }
    let integration = ask(engine, "apigatewayv2", "CreateIntegration", integration).await;
    let target = format!("integrations/{}", integration["IntegrationId"].as_str().unwrap());
    let routes: &[&str] = match protocol {
        "WEBSOCKET" => &["$connect", "$disconnect", "$default", "echo"],
        _ => &["GET /hello/{name}"],
    };
    for key in routes {
        let route = json!({"ApiId": id, "RouteKey": key, "Target": target});
        let route = ask(engine, "apigatewayv2", "CreateRoute", route).await["RouteId"].clone();
        if *key == "echo" {
            let response = json!({"ApiId": id, "RouteId": route, "RouteResponseKey": "$default"});
            ask(engine, "apigatewayv2", "CreateRouteResponse", response).await;
        }
    }
    ask(engine, "apigatewayv2", "CreateStage", json!({"ApiId": id, "StageName": "dev", "AutoDeploy": true})).await;
    let authority = engine.gateway().served()[0].authority.clone();
    (id, authority)
}

impl Test {
    async fn connect(&self) -> Client {
        self.try_connect("", None).await.unwrap()
    }

    async fn try_connect(&self, query: &str, origin: Option<&str>) -> Result<Client, Error> {
        let mut request = format!("ws://{}/dev{query}", self.authority).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "eventloom.v1, jwt.x".parse().unwrap());
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        let stream = TcpStream::connect(&self.authority).await.unwrap();
        // A client that may send what the server must refuse.
        let config = WebSocketConfig::default().max_frame_size(None).max_message_size(None);
        let (client, response) = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
        assert_eq!(response.headers()["sec-websocket-protocol"], "eventloom.v1");
        Ok(client)
    }

    /// Says something over a plain socket and reads what comes back.
    async fn say(&self, text: &str) -> String {
        let mut stream = TcpStream::connect(&self.authority).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    fn connection(&self) -> String {
        self.events.borrow()[0]["requestContext"]["connectionId"].as_str().unwrap().to_owned()
    }

    async fn post(&self, text: &str) -> Result<Value, local::kernel::AwsError> {
        let data = base64::engine::general_purpose::STANDARD.encode(text);
        let input = json!({"Stage": "dev", "ConnectionId": self.connection(), "Data": data});
        self.engine.world().bus.request(Caller::Account, "execute-api", "PostToConnection", input).await
    }

    /// Waits for the end to be told to `$disconnect`, and gives its code.
    async fn disconnected(&self) -> u64 {
        loop {
            let found = self.events.borrow().iter().find_map(|event| {
                let context = &event["requestContext"];
                (context["routeKey"] == "$disconnect").then(|| context["disconnectStatusCode"].as_u64().unwrap())
            });
            match found {
                Some(code) => return code,
                None => tokio::task::yield_now().await,
            }
        }
    }
}

async fn closed(client: &mut Client) -> u16 {
    loop {
        if let Message::Close(frame) = client.next().await.unwrap().unwrap() {
            return frame.unwrap().code.into();
        }
    }
}

/// The frames of one text message, each of so many bytes.
fn frames(sizes: &[usize]) -> Vec<Message> {
    let frame = |(index, size): (usize, &usize)| {
        let code = if index == 0 { Data::Text } else { Data::Continue };
        let header =
            FrameHeader { is_final: index + 1 == sizes.len(), opcode: OpCode::Data(code), ..FrameHeader::default() };
        Message::Frame(Frame::from_payload(header, Bytes::from(vec![b'x'; *size])))
    };
    sizes.iter().enumerate().map(frame).collect()
}

fn websocket<F: Future<Output = ()>>(test: impl FnOnce(Test) -> F) {
    run("WEBSOCKET", Limits { origins: Origins::Loopback(Rc::default()), ..Limits::default() }, test);
}

#[test]
fn messages_go_both_ways() {
    websocket(|test| async move {
        let mut client = test.connect().await;
        client.send(Message::text(r#"{"action":"echo","n":1}"#)).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text(r#"{"action":"echo","n":1}"#));
        test.post("from the flow").await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text("from the flow"));
        let context = test.events.borrow()[0]["requestContext"].clone();
        assert_eq!(context["domainName"], test.authority, "with the port, so that `@connections` is reached");
        client.close(None).await.unwrap();
        assert_eq!(test.disconnected().await, 1005);
        assert_eq!(test.post("too late").await.unwrap_err().code, "GoneException");
    });
}

#[test]
fn connect_may_refuse_a_client_by_its_status() {
    websocket(|test| async move {
        let Err(Error::Http(response)) = test.try_connect("?refuse=yes", None).await else { panic!("let in") };
        assert_eq!((response.status().as_u16(), response.body().as_deref()), (403, Some(&b"not you"[..])));
        assert_eq!(test.engine.gateway().connected(), 0);
    });
}

#[test]
fn a_page_of_another_origin_is_refused_before_any_function_runs() {
    websocket(|test| async move {
        let Err(Error::Http(response)) = test.try_connect("", Some("https://evil.example")).await else {
            panic!("let in")
        };
        assert_eq!(response.status(), 403);
        assert!(test.events.borrow().is_empty());
        test.try_connect("", Some("http://localhost:3000")).await.unwrap();
    });
}

#[test]
fn a_frame_of_33_kb_and_a_message_of_129_kb_end_the_connection() {
    websocket(|test| async move {
        for sizes in [&[33 << 10][..], &[32 << 10; 5]] {
            let mut client = test.connect().await;
            for frame in frames(sizes) {
                // The server may have ended it before all is sent.
                let _ = client.send(frame).await;
            }
            assert_eq!(closed(&mut client).await, 1009);
            assert_eq!(test.disconnected().await, 1009);
            test.events.borrow_mut().clear();
        }
        let mut client = test.connect().await;
        for frame in frames(&[32 << 10; 4]) {
            client.send(frame).await.unwrap();
        }
        client.send(Message::text(r#"{"action":"echo"}"#)).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text(r#"{"action":"echo"}"#));
        assert_eq!(test.events.borrow()[1]["body"].as_str().unwrap().len(), 128 << 10);
    });
}

#[test]
fn binary_frames_are_not_taken() {
    websocket(|test| async move {
        let mut client = test.connect().await;
        client.send(Message::binary(vec![1, 2, 3])).await.unwrap();
        assert_eq!(closed(&mut client).await, 1003);
        assert_eq!(test.disconnected().await, 1003);
    });
}

#[test]
fn a_client_that_vanishes_is_told_to_disconnect() {
    websocket(|test| async move {
        drop(test.connect().await);
        assert_eq!(test.disconnected().await, 1006);
        assert_eq!(test.engine.gateway().connected(), 0);
    });
}

#[test]
fn a_connection_that_was_idle_for_ten_minutes_ends() {
    websocket(|test| async move {
        let mut client = test.connect().await;
        test.engine.world().clock.jump(Duration::from_secs(599));
        test.post("still here").await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text("still here"));
        test.engine.world().clock.jump(Duration::from_secs(600));
        assert_eq!(closed(&mut client).await, 1001);
    });
}

#[test]
fn a_client_that_does_not_read_is_not_waited_for() {
    websocket(|test| async move {
        let _client = test.connect().await;
        let text = "x".repeat(100 << 10);
        let mut refused = None;
        for _ in 0..1000 {
            match test.post(&text).await {
                Ok(_) => tokio::task::yield_now().await,
                Err(error) => {
                    refused = Some(error.code);
                    break;
                }
            }
        }
        assert_eq!(refused.as_deref(), Some("LimitExceededException"));
    });
}

#[test]
fn a_client_that_speaks_no_websocket_is_told_so() {
    websocket(|test| async move {
        let request = format!("GET /dev HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", test.authority);
        assert!(test.say(&request).await.starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
        let rebound = "GET /dev HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
        assert!(test.say(rebound).await.starts_with("HTTP/1.1 403 Forbidden\r\n"));
    });
}

#[test]
fn a_client_that_dribbles_its_headers_is_left() {
    let limits = Limits { patience: Duration::from_millis(50), ..Limits::default() };
    run("WEBSOCKET", limits, |test| async move {
        assert_eq!(test.say("GET /dev HTTP/1.1\r\nhost:").await, "");
    });
}

#[test]
fn an_http_api_answers_and_says_404_to_what_it_has_not() {
    run("HTTP", Limits::default(), |test| async move {
        let ask =
            |path: &str| format!("GET /dev{path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", test.authority);
        let answer = test.say(&ask("/hello/Rustam")).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(r#"{"hello":"Rustam"}"#), "{answer}");
        assert!(test.say(&ask("/bye")).await.starts_with("HTTP/1.1 404 Not Found\r\n"));
    });
}

#[test]
fn an_api_that_is_removed_is_no_longer_served() {
    websocket(|test| async move {
        ask(&test.engine, "apigatewayv2", "DeleteApi", json!({"ApiId": test.api})).await;
        test.engine.gateway().changed().await;
        test.sockets.renew().await.unwrap();
        tokio::task::yield_now().await;
        assert!(TcpStream::connect(&test.authority).await.is_err());
    });
}
