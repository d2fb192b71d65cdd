//! The operations on state machines.

use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::types::{
    LogLevel, LoggingConfiguration, StateMachineStatus, StateMachineType, Tag, TracingConfiguration,
    ValidateStateMachineDefinitionResultCode,
};
use local::kernel::{Arn, Caller};
use serde_json::json;

use super::*;
use crate::world::{run, sdk};

const ARN: &str = "arn:aws:states:eu-west-1:000000000000:stateMachine:m";

#[test]
fn a_machine_is_created_and_described() {
    run(|test| async move {
        let states = States::new(test);
        let create = states.client.create_state_machine().name("m").role_arn(ROLE).definition(pass().to_string());
        let logging = LoggingConfiguration::builder().level(LogLevel::Error).include_execution_data(false).build();
        let made = create
            .logging_configuration(logging)
            .tracing_configuration(TracingConfiguration::builder().enabled(true).build())
            .tags(Tag::builder().key("team").value("orders").build())
            .send()
            .await
            .unwrap();
        assert_eq!(made.state_machine_arn, ARN);
        let machine = states.client.describe_state_machine().state_machine_arn(ARN).send().await.unwrap();
        assert_eq!((machine.name.as_str(), machine.role_arn.as_str()), ("m", ROLE));
        assert_eq!(machine.definition, pass().to_string());
        assert_eq!((machine.r#type, machine.status), (StateMachineType::Standard, Some(StateMachineStatus::Active)));
        assert_eq!(machine.creation_date, made.creation_date);
        assert_eq!(machine.logging_configuration.unwrap().level, Some(LogLevel::Error));
        assert!(machine.tracing_configuration.unwrap().enabled);
        assert_eq!(machine.revision_id, None);

        let arn = states.machine("plain", &pass()).await;
        let plain = states.client.describe_state_machine().state_machine_arn(&arn).send().await.unwrap();
        assert_eq!(plain.logging_configuration.unwrap().level, Some(LogLevel::Off));
        assert!(!plain.tracing_configuration.unwrap().enabled);
    });
}

#[test]
fn creating_the_same_again_is_no_mistake() {
    run(|test| async move {
        let states = States::new(test);
        let first = states.machine("m", &pass()).await;
        let create =
            |definition: &Value| states.client.create_state_machine().name("m").definition(definition.to_string());
        let again = create(&pass()).role_arn("arn:aws:iam::000000000000:role/other").send().await.unwrap();
        assert_eq!(again.state_machine_arn, first);
        // The role of the second request is ignored, as on AWS.
        let machine = states.client.describe_state_machine().state_machine_arn(&first).send().await.unwrap();
        assert_eq!(machine.role_arn, ROLE);
        let error = create(&wait(1)).role_arn(ROLE).send().await.unwrap_err();
        assert_eq!(error.code(), Some("StateMachineAlreadyExists"));
        let error = create(&pass()).role_arn(ROLE).r#type(StateMachineType::Express).send().await.unwrap_err();
        assert_eq!(error.code(), Some("StateMachineAlreadyExists"));
    });
}

#[test]
fn bad_parameters_are_refused_by_their_names() {
    run(|test| async move {
        let states = States::new(test);
        let create = |name: &str, role: &str, definition: &str| {
            states.client.create_state_machine().name(name).role_arn(role).definition(definition).send()
        };
        let code = |error: &dyn ProvideErrorMetadata| error.code().unwrap().to_owned();
        for name in ["a b", "a/b", &"x".repeat(81), "a:b"] {
            assert_eq!(code(&create(name, ROLE, &pass().to_string()).await.unwrap_err()), "InvalidName", "{name}");
        }
        let error = create("m", "arn:aws:sqs:eu-west-1:000000000000:q", &pass().to_string()).await.unwrap_err();
        assert_eq!(code(&error), "InvalidArn");
        let error = create("m", ROLE, "{").await.unwrap_err();
        assert_eq!(code(&error), "InvalidDefinition");
        let missing = json!({ "StartAt": "a" }).to_string();
        let error = create("m", ROLE, &missing).await.unwrap_err();
        assert_eq!(
            error.message(),
            Some(
                "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'"
            )
        );
        let publish = states.client.create_state_machine().name("m").role_arn(ROLE).definition(pass().to_string());
        let error = publish.publish(true).send().await.unwrap_err();
        assert!(error.message().unwrap().contains("`publish`"), "{error:?}");
        for arn in ["x", "arn:aws:sqs:eu-west-1:000000000000:q", "arn:aws:states:eu-west-1:000000000000:activity:a"] {
            let error = states.client.describe_state_machine().state_machine_arn(arn).send().await.unwrap_err();
            assert_eq!(code(&error), "InvalidArn", "{arn}");
        }
        let error = states.client.describe_state_machine().state_machine_arn(ARN).send().await.unwrap_err();
        assert_eq!(error.message(), Some(format!("State Machine Does Not Exist: '{ARN}'").as_str()));
    });
}

#[test]
fn a_machine_gets_only_a_role_that_its_maker_may_pass_on() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &pass()).await;
        let judge = Judge::denying("iam:PassRole");
        states.test.engine.world().guard.put(judge.clone());
        let role = Caller::Role { role: Arn::parse(ROLE).unwrap(), session: "s".to_owned() };
        let client = Client::new(&sdk(&states.test.engine, &states.test.engine.credentials(role)));
        let create = client.create_state_machine().name("n").role_arn(ROLE).definition(pass().to_string());
        assert_eq!(create.send().await.unwrap_err().code(), Some("AccessDenied"));
        assert!(judge.asked.take().contains(&format!("iam:PassRole {ROLE}")));
        let update = || client.update_state_machine().state_machine_arn(&machine);
        assert_eq!(update().role_arn(ROLE).send().await.unwrap_err().code(), Some("AccessDenied"));
        // Who leaves the role as it is passes none on.
        update().definition(wait(1).to_string()).send().await.unwrap();
    });
}

#[test]
fn what_the_engine_cannot_call_is_refused_with_the_states_name() {
    run(|test| async move {
        let states = States::new(test);
        for resource in [
            "arn:aws:states:::glue:startJobRun.sync",
            "arn:aws:states:::aws-sdk:ec2:runInstances",
            "arn:aws:states:::events:putEvents",
            "arn:aws:states:::http:invoke",
            "arn:aws:states:eu-west-1:000000000000:activity:a",
        ] {
            let definition = calling(resource, json!({}));
            let create = states.client.create_state_machine().name("m").role_arn(ROLE);
            let error = create.definition(definition.to_string()).send().await.unwrap_err();
            let message = error.message().unwrap();
            assert_eq!(error.code(), Some("InvalidDefinition"));
            assert!(message.contains("the local engine") && message.contains("/States/call/Resource"), "{message}");
        }
    });
}

#[test]
fn a_definition_is_checked_without_a_machine() {
    run(|test| async move {
        let states = States::new(test);
        let validate =
            |definition: &Value| states.client.validate_state_machine_definition().definition(definition.to_string());
        let good = validate(&pass()).send().await.unwrap();
        assert_eq!((good.result, good.diagnostics.len()), (ValidateStateMachineDefinitionResultCode::Ok, 0));
        let definition = json!({ "StartAt": "a", "States": {
            "a": { "Type": "Pass", "Next": "b" }, "c": { "Type": "Wait", "Seconds": -1, "End": true },
        } });
        let bad = validate(&definition).send().await.unwrap();
        assert_eq!(bad.result, ValidateStateMachineDefinitionResultCode::Fail);
        assert!(bad.diagnostics.iter().any(|found| found.location() == Some("/States/c/Seconds")), "{bad:?}");
        let one = validate(&definition).max_results(1).send().await.unwrap();
        assert_eq!((one.diagnostics.len(), one.truncated), (1, Some(bad.diagnostics.len() > 1)));
        let token = calling("arn:aws:states:::lambda:invoke.waitForTaskToken", json!({ "FunctionName": "f" }));
        let express = validate(&token).r#type(StateMachineType::Express).send().await.unwrap();
        assert_eq!(express.diagnostics[0].code, "INVALID_RESOURCE");
    });
}

#[test]
fn machines_are_listed_in_pages() {
    run(|test| async move {
        let states = States::new(test);
        for name in ["c", "a", "b"] {
            states.machine(name, &pass()).await;
        }
        states.express("d", &pass()).await;
        let page = states.client.list_state_machines().max_results(3).send().await.unwrap();
        let names: Vec<&str> = page.state_machines.iter().map(|machine| machine.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let next = states.client.list_state_machines().next_token(page.next_token.unwrap()).send().await.unwrap();
        assert_eq!(next.state_machines[0].r#type, StateMachineType::Express);
        assert_eq!(next.next_token, None);
        let error = states.client.list_state_machines().next_token("x").send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidToken"));
        let error = states.client.list_state_machines().max_results(1001).send().await.unwrap_err();
        assert_eq!(error.code(), Some("ValidationException"));
    });
}

#[test]
fn an_update_leaves_running_executions_alone() {
    run(|test| async move {
        let states = States::new(test);
        let old = json!({ "StartAt": "a", "States": {
            "a": { "Type": "Wait", "Seconds": 60, "Next": "b" }, "b": { "Type": "Pass", "Result": "old", "End": true },
        } });
        let new = json!({ "StartAt": "x", "States": { "x": { "Type": "Pass", "Result": "new", "End": true } } });
        let machine = states.machine("m", &old).await;
        let running = states.start(&machine, &json!({})).await;
        let update = states.client.update_state_machine().state_machine_arn(&machine);
        let updated = update.definition(new.to_string()).send().await.unwrap();
        let described = states.client.describe_state_machine().state_machine_arn(&machine).send().await.unwrap();
        assert_eq!((described.definition, described.revision_id), (new.to_string(), updated.revision_id));
        let of = states.client.describe_state_machine_for_execution().execution_arn(&running).send().await.unwrap();
        assert_eq!((of.definition.as_str(), of.revision_id), (old.to_string().as_str(), None));
        assert_eq!(states.output(&machine, &json!({})).await, "new");
        assert_eq!(states.ended(&running).await.output(), Some("\"old\""));

        let role = "arn:aws:iam::000000000000:role/other";
        states.client.update_state_machine().state_machine_arn(&machine).role_arn(role).send().await.unwrap();
        let described = states.client.describe_state_machine().state_machine_arn(&machine).send().await.unwrap();
        assert_eq!((described.role_arn.as_str(), described.definition), (role, new.to_string()));
    });
}

#[test]
fn an_update_of_nothing_or_to_nonsense_is_refused() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &pass()).await;
        let update = || states.client.update_state_machine().state_machine_arn(&machine);
        let error = update().send().await.unwrap_err();
        assert_eq!(error.code(), Some("MissingRequiredParameter"));
        let error = update().definition("[]").send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidDefinition"));
        let error = update().role_arn("me").send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidArn"));
        let missing = states.client.update_state_machine().state_machine_arn(ARN.replace(":m", ":x")).role_arn(ROLE);
        assert_eq!(missing.send().await.unwrap_err().code(), Some("StateMachineDoesNotExist"));
    });
}

#[test]
fn a_deleted_machine_ends_its_executions_at_their_next_state() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &wait(60)).await;
        let running = states.start(&machine, &json!({})).await;
        states.client.delete_state_machine().state_machine_arn(&machine).send().await.unwrap();
        let described = states.client.describe_state_machine().state_machine_arn(&machine).send().await.unwrap();
        assert_eq!(described.status, Some(StateMachineStatus::Deleting));
        let start = states.client.start_execution().state_machine_arn(&machine).send().await.unwrap_err();
        assert_eq!(start.code(), Some("StateMachineDeleting"));
        let update = states.client.update_state_machine().state_machine_arn(&machine).role_arn(ROLE);
        assert_eq!(update.send().await.unwrap_err().code(), Some("StateMachineDeleting"));
        states.sleep(61).await;
        let error = states.client.describe_state_machine().state_machine_arn(&machine).send().await.unwrap_err();
        assert_eq!(error.code(), Some("StateMachineDoesNotExist"));
        let error = states.client.describe_execution().execution_arn(&running).send().await.unwrap_err();
        assert_eq!(error.code(), Some("ExecutionDoesNotExist"));
        // Deleting what is not there is no mistake, and the name is free.
        states.client.delete_state_machine().state_machine_arn(&machine).send().await.unwrap();
        assert_eq!(states.machine("m", &pass()).await, machine);
    });
}

#[test]
fn tags_are_kept() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &pass()).await;
        let tag = |key: &str| Tag::builder().key(key).value("v").build();
        states.client.tag_resource().resource_arn(&machine).tags(tag("a")).tags(tag("b")).send().await.unwrap();
        states.client.untag_resource().resource_arn(&machine).tag_keys("a").send().await.unwrap();
        let tags = states.client.list_tags_for_resource().resource_arn(&machine).send().await.unwrap().tags.unwrap();
        assert_eq!(tags, [tag("b")]);
        let many = (0..50).map(|number| tag(&number.to_string())).collect();
        let error = states.client.tag_resource().resource_arn(&machine).set_tags(Some(many)).send().await.unwrap_err();
        assert_eq!(error.code(), Some("TooManyTags"));
        let none =
            states.client.list_tags_for_resource().resource_arn(ARN.replace(":m", ":x")).send().await.unwrap_err();
        assert_eq!(none.code(), Some("ResourceNotFound"));
    });
}

#[test]
fn operations_that_are_not_here_say_so() {
    run(|test| async move {
        let states = States::new(test);
        let error = states.client.create_activity().name("a").send().await.unwrap_err();
        assert!(error.message().unwrap().contains("does not have CreateActivity"), "{error:?}");
        let error = states.client.list_state_machine_versions().state_machine_arn(ARN).send().await.unwrap_err();
        assert!(error.message().unwrap().contains("does not have ListStateMachineVersions"), "{error:?}");
        let arn = ARN.replace("stateMachine", "execution") + ":e";
        let error = states.client.redrive_execution().execution_arn(arn).send().await.unwrap_err();
        assert!(error.message().unwrap().contains("does not have RedriveExecution"), "{error:?}");
    });
}
