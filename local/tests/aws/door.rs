//! Who gets in.

use aws_sdk_sqs::error::ProvideErrorMetadata;
use local::front::Credentials;

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
        assert!(error.code().is_some(), "{error:?}");
    });
}
