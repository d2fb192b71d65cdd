//! SES: mails that are kept, and what becomes of them.

use std::rc::Rc;
use std::time::Duration;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::ProvideErrorMetadata;
use aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_sesv2::types::{
    Body, Content, Destination, EmailContent, EventDestinationDefinition, EventType, Message, MessageTag, RawMessage,
    SnsDestination, SuppressionListReason, SuppressionOptions,
};
use local::kernel::{Arn, AwsError, Caller};
use serde_json::{Value, json};

use crate::fake::Fake;
use crate::world::{Test, run};

const TOPIC: &str = "arn:aws:sns:eu-west-1:000000000000:bounces";

async fn mails(test: &Test) -> Vec<Value> {
    let bus = &test.engine.world().bus;
    let listed = bus.request(Caller::Account, "ses", "eventloom:ListMails", json!({})).await.unwrap();
    listed["Mails"].as_array().unwrap().clone()
}

fn content(subject: &str) -> EmailContent {
    let text = |data: &str| Content::builder().data(data).build().unwrap();
    let body = Body::builder().text(text("Hello")).html(text("<p>Hello</p>")).build();
    EmailContent::builder().simple(Message::builder().subject(text(subject)).body(body).build()).build()
}

fn mail(client: &Client, to: &str, subject: &str) -> SendEmailFluentBuilder {
    let destination = Destination::builder().to_addresses(to).build();
    client
        .send_email()
        .from_email_address("Everi <news@everi.example>")
        .destination(destination)
        .content(content(subject))
}

async fn set_up(test: &Test, types: &[EventType]) -> (Client, Rc<Fake>) {
    let sns = Rc::new(Fake::default());
    test.engine.world().bus.put("sns", sns.clone());
    let client = Client::new(&test.sdk);
    client.create_email_identity().email_identity("everi.example").send().await.unwrap();
    client.create_configuration_set().configuration_set_name("everi").send().await.unwrap();
    let definition = EventDestinationDefinition::builder()
        .enabled(true)
        .set_matching_event_types(Some(types.to_vec()))
        .sns_destination(SnsDestination::builder().topic_arn(TOPIC).build().unwrap())
        .build();
    let create = client.create_configuration_set_event_destination().configuration_set_name("everi");
    create.event_destination_name("bounces").event_destination(definition).send().await.unwrap();
    (client, sns)
}

fn event(input: &Value) -> Value {
    serde_json::from_str(input["Message"].as_str().unwrap()).unwrap()
}

#[test]
fn a_mail_is_kept_as_a_person_would_see_it() {
    run(|test| async move {
        let (client, sns) = set_up(&test, &[EventType::Bounce]).await;
        let sent = mail(&client, "Agshin <agshin@everi.example>", "Hällo").send().await.unwrap();
        let mails = mails(&test).await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0]["MessageId"], sent.message_id().unwrap());
        assert_eq!(mails[0]["From"], "Everi <news@everi.example>");
        assert_eq!(mails[0]["To"], json!(["Agshin <agshin@everi.example>"]));
        assert_eq!((&mails[0]["Subject"], &mails[0]["Html"]), (&json!("Hällo"), &json!("<p>Hello</p>")));
        assert_eq!(mails[0]["Recipients"], json!([{"Address": "agshin@everi.example", "Fate": "delivered"}]));
        test.engine.world().activity.quiet().await;
        assert_eq!(sns.take(), []);
    });
}

#[test]
fn a_sender_that_is_not_verified_is_rejected() {
    run(|test| async move {
        let (client, _) = set_up(&test, &[]).await;
        let error = mail(&client, "a@b.example", "x").from_email_address("a@other.example").send().await.unwrap_err();
        assert_eq!(error.code(), Some("MessageRejected"));
        let message = "Email address is not verified. The following identities failed the check in region EU-WEST-1: a@other.example";
        assert_eq!(error.message(), Some(message));
        client.create_email_identity().email_identity("a@other.example").send().await.unwrap();
        mail(&client, "a@b.example", "x").from_email_address("a@other.example").send().await.unwrap();
    });
}

#[test]
fn no_header_is_smuggled_in() {
    run(|test| async move {
        let (client, _) = set_up(&test, &[]).await;
        for (to, subject) in
            [("a@b.example", "x\r\nBcc: c@d.example"), ("a@b.example\nBcc: c@d.example", "x"), ("a", "x")]
        {
            let error = mail(&client, to, subject).send().await.unwrap_err();
            assert_eq!(error.code(), Some("BadRequestException"), "{to:?} {subject:?}");
        }
        let raw = EmailContent::builder().raw(RawMessage::builder().data(b"x".as_slice().into()).build().unwrap());
        let error = mail(&client, "a@b.example", "x").content(raw.build()).send().await.unwrap_err();
        assert!(error.message().unwrap().contains("does not have SendEmail with Raw content of ses"));
        assert_eq!(mails(&test).await, [] as [Value; 0]);
    });
}

#[test]
fn the_simulator_bounces_and_complains() {
    run(|test| async move {
        let (client, sns) = set_up(&test, &[EventType::Bounce, EventType::Complaint]).await;
        let send = |to: &str| mail(&client, to, "Hi").configuration_set_name("everi");
        let tag = MessageTag::builder().name("user").value("7").build().unwrap();
        let id = send("bounce+7@simulator.amazonses.com").email_tags(tag).send().await.unwrap().message_id.unwrap();
        test.engine.world().activity.quiet().await;
        let calls = sns.take();
        assert_eq!(calls.len(), 1);
        let source = Arn::parse("arn:aws:ses:eu-west-1:000000000000:configuration-set/everi").unwrap();
        assert_eq!(calls[0].caller, Caller::Service { principal: "ses.amazonaws.com", source });
        assert_eq!(calls[0].input["TopicArn"], TOPIC);
        let bounce = event(&calls[0].input);
        assert_eq!((&bounce["eventType"], &bounce["bounce"]["bounceType"]), (&json!("Bounce"), &json!("Permanent")));
        let bounced = &bounce["bounce"]["bouncedRecipients"][0]["emailAddress"];
        assert_eq!(bounced, "bounce+7@simulator.amazonses.com");
        assert_eq!((&bounce["mail"]["messageId"], &bounce["mail"]["tags"]["user"]), (&json!(id), &json!(["7"])));
        assert_eq!(bounce["mail"]["commonHeaders"]["subject"], "Hi");

        send("complaint@simulator.amazonses.com").send().await.unwrap();
        test.engine.world().activity.quiet().await;
        let complaint = event(&sns.inputs()[0]);
        assert_eq!(complaint["eventType"], "Complaint");
        assert_eq!(complaint["complaint"]["complaintFeedbackType"], "abuse");

        send("success@simulator.amazonses.com").send().await.unwrap();
        test.engine.world().activity.quiet().await;
        assert_eq!(sns.take(), []);
    });
}

#[test]
fn an_event_is_published_again_when_sns_fails() {
    run(|test| async move {
        let (client, sns) = set_up(&test, &[EventType::Bounce]).await;
        sns.fail(AwsError::internal("down"));
        let call = mail(&client, "bounce@simulator.amazonses.com", "x").configuration_set_name("everi");
        call.send().await.unwrap();
        test.engine.world().activity.quiet().await;
        let next = test.engine.world().clock.next_work().unwrap();
        // Later than the one that is waited for, which has then begun.
        test.engine.world().clock.sleep_until(next + Duration::from_millis(1)).await;
        test.engine.world().activity.quiet().await;
        assert_eq!(sns.take().len(), 2);
    });
}

#[test]
fn a_suppressed_address_gets_nothing() {
    run(|test| async move {
        let (client, sns) = set_up(&test, &[EventType::Bounce, EventType::Delivery]).await;
        let put = client.put_suppressed_destination().email_address("Gone@b.example");
        put.reason(SuppressionListReason::Complaint).send().await.unwrap();
        let send = |set: &str| mail(&client, "gone@b.example", "x").configuration_set_name(set).send();
        send("everi").await.unwrap();
        test.engine.world().activity.quiet().await;
        let bounce = event(&sns.inputs()[0]);
        assert_eq!(bounce["bounce"]["bounceSubType"], "OnAccountSuppressionList");
        assert_eq!(mails(&test).await[0]["Recipients"][0]["Fate"], "suppressed");

        // A set that suppresses bounces alone sends to who complained.
        let options = SuppressionOptions::builder().suppressed_reasons(SuppressionListReason::Bounce).build();
        let create = client.create_configuration_set().configuration_set_name("other");
        create.suppression_options(options).send().await.unwrap();
        send("other").await.unwrap();
        assert_eq!(mails(&test).await[1]["Recipients"][0]["Fate"], "delivered");

        let listed = client.list_suppressed_destinations().send().await.unwrap();
        assert_eq!(listed.suppressed_destination_summaries()[0].email_address(), "gone@b.example");
        let get = || client.get_suppressed_destination().email_address("gone@b.example").send();
        assert_eq!(*get().await.unwrap().suppressed_destination().unwrap().reason(), SuppressionListReason::Complaint);
        client.delete_suppressed_destination().email_address("gone@b.example").send().await.unwrap();
        assert_eq!(get().await.unwrap_err().code(), Some("NotFoundException"));
    });
}

#[test]
fn identities_and_sets_are_made_once() {
    run(|test| async move {
        let (client, _) = set_up(&test, &[]).await;
        let identity = client.get_email_identity().email_identity("everi.example").send().await.unwrap();
        assert!(identity.verified_for_sending_status());
        let again = client.create_email_identity().email_identity("everi.example").send().await.unwrap_err();
        assert_eq!(again.code(), Some("AlreadyExistsException"));
        let again = client.create_configuration_set().configuration_set_name("everi").send().await.unwrap_err();
        assert_eq!(again.code(), Some("AlreadyExistsException"));
        let missing = mail(&client, "a@b.example", "x").configuration_set_name("no").send().await.unwrap_err();
        assert_eq!(missing.code(), Some("NotFoundException"));

        client.delete_configuration_set().configuration_set_name("everi").send().await.unwrap();
        let gone = client.get_configuration_set().configuration_set_name("everi").send().await.unwrap_err();
        assert_eq!(gone.code(), Some("NotFoundException"));
        client.delete_email_identity().email_identity("everi.example").send().await.unwrap();
        let gone = client.get_email_identity().email_identity("everi.example").send().await.unwrap_err();
        assert_eq!(gone.code(), Some("NotFoundException"));
    });
}

#[test]
fn a_configuration_set_is_changed_in_its_place() {
    run(async |test: Test| {
        let (client, sns) = set_up(&test, &[EventType::Bounce]).await;
        let definition = EventDestinationDefinition::builder()
            .enabled(true)
            .matching_event_types(EventType::Complaint)
            .sns_destination(SnsDestination::builder().topic_arn(TOPIC).build().unwrap());
        let update = client.update_configuration_set_event_destination().configuration_set_name("everi");
        update.event_destination_name("bounces").event_destination(definition.build()).send().await.unwrap();
        let put = client.put_email_identity_configuration_set_attributes().email_identity("everi.example");
        put.configuration_set_name("everi").send().await.unwrap();
        mail(&client, "bounce@simulator.amazonses.com", "a").send().await.unwrap();
        mail(&client, "complaint@simulator.amazonses.com", "b").send().await.unwrap();
        test.engine.world().clock.sleep(std::time::Duration::from_secs(60)).await;
        let events: Vec<Value> = sns.inputs().iter().map(event).collect();
        assert_eq!(events.iter().map(|event| &event["eventType"]).collect::<Vec<_>>(), ["Complaint"]);

        let delete = client.delete_configuration_set_event_destination().configuration_set_name("everi");
        delete.event_destination_name("bounces").send().await.unwrap();
        let delete = client.delete_configuration_set_event_destination().configuration_set_name("everi");
        let gone = delete.event_destination_name("bounces").send().await.unwrap_err();
        assert_eq!(gone.code(), Some("NotFoundException"));

        let put = client.put_configuration_set_sending_options().configuration_set_name("everi");
        put.sending_enabled(false).send().await.unwrap();
        let refused = mail(&client, "a@shop.example", "c").configuration_set_name("everi").send().await.unwrap_err();
        assert_eq!(refused.code(), Some("SendingPausedException"));
        let put = client.put_configuration_set_suppression_options().configuration_set_name("everi");
        put.suppressed_reasons(SuppressionListReason::Complaint).send().await.unwrap();
        let set = client.get_configuration_set().configuration_set_name("everi").send().await.unwrap();
        assert_eq!(set.suppression_options.unwrap().suppressed_reasons(), [SuppressionListReason::Complaint]);
    });
}
