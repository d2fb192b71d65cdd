//! `@connections`, as a function's client sees it.

use std::rc::Rc;

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::Builder;
use aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use local::kernel::Caller;
use local::services::gateway::{Close, Connected, Handshake, LARGEST, ToClient};
use serde_json::{Value, json};

use crate::world::{Test, run};

/// The client of a stage: its address ends with the stage, as the template hands it to functions.
fn client(test: &Test) -> Client {
    let endpoint = format!("{}/dev", test.engine.world().place.endpoint);
    Client::from_conf(Builder::from(&test.sdk).endpoint_url(endpoint).build())
}

/// An API without routes, and a client of it.
async fn connected(test: &Test) -> Connected {
    let ask = async |operation: &str, input: Value| {
        test.engine.world().bus.request(Caller::Account, "apigatewayv2", operation, input).await.unwrap()
    };
    let api = json!({"Name": "live", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"});
    let api = ask("CreateApi", api).await["ApiId"].as_str().unwrap().to_owned();
    ask("CreateStage", json!({"ApiId": api, "StageName": "dev", "AutoDeploy": true})).await;
    let mut headers = http::HeaderMap::new();
    headers.insert("user-agent", "a browser".parse().unwrap());
    let handshake =
        Handshake { stage: "dev".to_owned(), headers, query: String::new(), source_ip: "127.0.0.1".to_owned() };
    Rc::clone(test.engine.gateway()).connect(&api, handshake).await.unwrap()
}

#[test]
fn a_message_is_posted_to_a_connection_which_can_be_looked_at() {
    run(|test| async move {
        let (client, mut connected) = (client(&test), connected(&test).await);
        client.post_to_connection().connection_id(&connected.id).data(Blob::new("hello")).send().await.unwrap();
        assert_eq!(connected.client.try_recv(), Some(ToClient::Text("hello".to_owned())));
        let about = client.get_connection().connection_id(&connected.id).send().await.unwrap();
        let identity = about.identity().unwrap();
        assert_eq!((identity.source_ip(), identity.user_agent()), (Some("127.0.0.1"), Some("a browser")));
        let now = test.engine.world().clock.now();
        assert_eq!(about.connected_at().unwrap().to_millis().unwrap(), now.millis());
    });
}

#[test]
fn a_message_of_more_than_128_kb_is_refused() {
    run(|test| async move {
        let (client, mut connected) = (client(&test), connected(&test).await);
        let post = |bytes: usize| {
            let data = Blob::new("x".repeat(bytes));
            client.post_to_connection().connection_id(&connected.id).data(data).send()
        };
        post(LARGEST).await.unwrap();
        assert_eq!(post(LARGEST + 1).await.unwrap_err().code(), Some("PayloadTooLargeException"));
        assert!(connected.client.try_recv().is_some() && connected.client.try_recv().is_none());
    });
}

#[test]
fn a_connection_that_is_deleted_or_was_never_there_is_gone() {
    run(|test| async move {
        let (client, mut connected) = (client(&test), connected(&test).await);
        client.delete_connection().connection_id(&connected.id).send().await.unwrap();
        let close = Close::new(1000, "Connection Closed Normally");
        assert_eq!(connected.client.try_recv(), Some(ToClient::Close(close.clone())));
        test.engine.gateway().disconnected(&connected.id, &close).await;
        for id in [connected.id.as_str(), "nobody="] {
            let post = client.post_to_connection().connection_id(id).data(Blob::new("late")).send().await;
            assert_eq!(post.unwrap_err().code(), Some("GoneException"));
            let get = client.get_connection().connection_id(id).send().await;
            assert_eq!(get.unwrap_err().code(), Some("GoneException"));
            let delete = client.delete_connection().connection_id(id).send().await;
            assert_eq!(delete.unwrap_err().code(), Some("GoneException"));
        }
    });
}
