//! Who gets in.

use aws_sdk_sqs::error::ProvideErrorMetadata;
use local::front::Credentials;
use local::wire::Request;

use crate::world::{run, sdk};

#[test]
fn a_service_that_the_engine_does_not_have_is_named() {
    run(|test| async move {
        let error = aws_sdk_sesv2::Client::new(&test.sdk).list_contact_lists().send().await.unwrap_err();
        assert!(error.message().unwrap().contains("the local engine"), "{error:?}");
    });
}

#[test]
fn a_key_that_nobody_gave_out_is_refused() {
    run(|test| async move {
        let keys = Credentials { access_key: "AKIAEXAMPLE".into(), secret_key: "x".into(), session_token: None };
        let sdk = sdk(&test.engine, &keys);
        let error = aws_sdk_sqs::Client::new(&sdk).list_queues().send().await.unwrap_err();
        assert_eq!(error.code(), Some("UnrecognizedClientException"));
        let error = aws_sdk_sts::Client::new(&sdk).get_caller_identity().send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidClientTokenId"), "the query protocol has a name of its own");
    });
}

#[test]
fn a_refusal_without_a_signature_is_in_the_clients_protocol() {
    run(|test| async move {
        let ask = async |content_type: &str| {
            let mut headers = http::HeaderMap::new();
            headers.insert("content-type", content_type.parse().unwrap());
            let (path, query, body) = ("/".to_owned(), String::new(), "Action=AssumeRoleWithSAML".into());
            let request = Request { method: http::Method::POST, path, query, headers, body };
            let response = test.engine.front().answer(request).await;
            (response.status, String::from_utf8(response.body.to_vec()).unwrap())
        };
        let (status, body) = ask("application/x-www-form-urlencoded; charset=utf-8").await;
        assert!(status == 403 && body.contains("<Code>MissingAuthenticationToken</Code>"), "{status} {body}");
        let (status, body) = ask("application/x-amz-json-1.0").await;
        assert!(status == 403 && body.contains("\"MissingAuthenticationTokenException\""), "{status} {body}");
    });
}
