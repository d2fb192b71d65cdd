//! STS: who a caller is.

use aws_sdk_sts::Client;
use aws_sdk_sts::error::ProvideErrorMetadata;
use local::kernel::{Arn, Caller};

use crate::world::{run, sdk};

#[test]
fn a_caller_learns_who_it_is() {
    run(|test| async move {
        let identity = Client::new(&test.sdk).get_caller_identity().send().await.unwrap();
        assert_eq!(identity.account(), Some("000000000000"));
        assert_eq!(identity.arn(), Some("arn:aws:iam::000000000000:root"));

        let role = Arn::parse("arn:aws:iam::000000000000:role/everi-notify-role").unwrap();
        let keys = test.engine.credentials(Caller::Role { role, session: "everi-notify".into() });
        let client = Client::new(&sdk(&test.engine, &keys));
        let identity = client.get_caller_identity().send().await.unwrap();
        let arn = "arn:aws:sts::000000000000:assumed-role/everi-notify-role/everi-notify";
        assert_eq!((identity.arn(), identity.user_id()), (Some(arn), Some("everi-notify")));

        let error = client.get_session_token().send().await.unwrap_err();
        assert!(error.message().unwrap().contains("does not have GetSessionToken of sts"));
    });
}
