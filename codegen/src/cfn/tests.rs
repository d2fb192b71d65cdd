//! What documents look like, and what user data cannot do to them.

use serde::Serialize;

use super::services::{Tag, dynamodb, iam, lambda, sns, sqs};
use super::*;

fn id(text: &str) -> LogicalId {
    LogicalId::new(text).unwrap()
}

fn prefix() -> ParameterName {
    ParameterName::new("Prefix").unwrap()
}

fn condition(text: &str) -> ConditionName {
    ConditionName::new(text).unwrap()
}

/// The template of one resource, as text.
fn rendered(resource: Resource) -> String {
    Template { resources: vec![resource], ..Template::default() }.render().unwrap()
}

/// A value as it stands in a template.
fn written<T: Serialize>(value: &T) -> String {
    let tree = to_tree(value).unwrap();
    let mut printer = print::Printer::default();
    printer.value(&tree);
    printer.finish().trim_end().to_owned()
}

fn data(json: &str) -> Tree {
    fn tree(value: serde_json::Value) -> Tree {
        match value {
            serde_json::Value::Null => Tree::Null,
            serde_json::Value::Bool(b) => Tree::Bool(b),
            serde_json::Value::Number(n) => Tree::Number(n.to_string()),
            serde_json::Value::String(s) => Tree::Text(s),
            serde_json::Value::Array(items) => Tree::List(items.into_iter().map(tree).collect()),
            serde_json::Value::Object(map) => Tree::Map(map.into_iter().map(|(k, v)| (k.into(), tree(v))).collect()),
        }
    }
    tree(serde_json::from_str(json).unwrap())
}

fn filtered(policy: Tree) -> Result<Resource, DocumentError> {
    let mut subscription = sns::Subscription::new("topic", sns::Protocol::Sqs, "queue");
    subscription.filter_policy = Some(policy);
    Resource::new(id("Subscription"), &subscription)
}

#[test]
fn a_resource_is_written_with_its_attributes_first_and_its_fields_in_order() {
    let queue = sqs::Queue {
        queue_name: Some(text![&prefix(), "-notify"]),
        visibility_timeout: Some(180),
        redrive_policy: Some(sqs::RedrivePolicy::new(Str::attribute(&id("NotifyDeadLetters"), "Arn"), 5u32)),
        tags: vec![Tag::new("flow", "everi")],
        ..sqs::Queue::default()
    };
    let resource = Resource::new(id("NotifyQueue"), &queue)
        .unwrap()
        .after(&id("Key"))
        .after(&id("Key"))
        .only_if(&condition("WithNotify"))
        .retained()
        .metadata("Eventloom", &Entries::<String>::from_iter([("queue", "notify")]))
        .unwrap();
    assert_eq!(
        rendered(resource),
        r#"{
  "AWSTemplateFormatVersion": "2010-09-09",
  "Resources": {
    "NotifyQueue": {
      "Type": "AWS::SQS::Queue",
      "Condition": "WithNotify",
      "DependsOn": ["Key"],
      "DeletionPolicy": "Retain",
      "UpdateReplacePolicy": "Retain",
      "Metadata": {
        "Eventloom": { "queue": "notify" }
      },
      "Properties": {
        "QueueName": { "Fn::Sub": "${Prefix}-notify" },
        "VisibilityTimeout": 180,
        "RedrivePolicy": {
          "deadLetterTargetArn": { "Fn::GetAtt": ["NotifyDeadLetters", "Arn"] },
          "maxReceiveCount": 5
        },
        "Tags": [{ "Key": "flow", "Value": "everi" }]
      }
    }
  }
}
"#
    );
}

#[test]
fn a_template_writes_every_section_and_nothing_that_is_empty() {
    let on = Condition { name: condition("On"), expr: Expr::is(&prefix(), "x").negated() };
    let rule = Rule {
        name: condition("Sane"),
        when: None,
        assertions: vec![Assertion {
            assert: Expr::Contains(vec!["a".into(), "b".into()], Str::parameter(&prefix())),
            description: "a or b".into(),
        }],
    };
    let template = Template {
        description: "a flow".into(),
        parameters: vec![
            Parameter::text(prefix(), "goes before names").default("").pattern("^[a-z]*$", "small letters"),
        ],
        rules: vec![rule],
        conditions: vec![on],
        resources: vec![Resource::new(id("Empty"), &sqs::Queue::default()).unwrap()],
        outputs: vec![Output::new(id("Url"), Str::reference(&id("Empty")), "where it is")],
        ..Template::default()
    };
    assert_eq!(
        template.render().unwrap(),
        r#"{
  "AWSTemplateFormatVersion": "2010-09-09",
  "Description": "a flow",
  "Parameters": {
    "Prefix": {
      "Type": "String",
      "Description": "goes before names",
      "Default": "",
      "AllowedPattern": "^[a-z]*$",
      "ConstraintDescription": "small letters"
    }
  },
  "Rules": {
    "Sane": {
      "Assertions": [
        {
          "Assert": { "Fn::Contains": [["a", "b"], { "Ref": "Prefix" }] },
          "AssertDescription": "a or b"
        }
      ]
    }
  },
  "Conditions": {
    "On": { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "Prefix" }, "x"] }] }
  },
  "Resources": {
    "Empty": {
      "Type": "AWS::SQS::Queue"
    }
  },
  "Outputs": {
    "Url": { "Description": "where it is", "Value": { "Ref": "Empty" } }
  }
}
"#
    );
}

#[test]
fn composed_text_is_a_sub_of_names_and_own_literals() {
    let arn = Str::arn("sqs", [Part::from(&prefix()), Part::from("-notify")]);
    assert_eq!(
        written(&arn),
        r#"{ "Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Prefix}-notify" }"#
    );
    assert_eq!(written(&text![arn, "/", Str::attribute(&id("T"), "Arn")]).matches("${T.Arn}").count(), 1);
}

#[test]
fn composed_text_of_literals_alone_is_a_literal() {
    assert_eq!(written(&text!["a", "", "b"]), r#""ab""#);
    assert_eq!(written(&text!["", Pseudo::Region]), r#"{ "Ref": "AWS::Region" }"#);
    assert_eq!(Str::join([]), Str::from(""));
}

#[test]
fn text_with_a_dollar_never_stands_under_sub() {
    let hostile = text!["${AWS::AccountId}", Pseudo::Region];
    assert_eq!(written(&hostile), r#"{ "Fn::Join": ["", ["${AWS::AccountId}", { "Ref": "AWS::Region" }]] }"#);
    assert_eq!(written(&Str::from("${AWS::AccountId}")), r#""${AWS::AccountId}""#);
}

#[test]
fn a_choice_by_condition_stands_on_its_line() {
    let both = Value::<String>::when(&condition("Fifo"), "a", Str::absent());
    assert_eq!(written(&both), r#"{ "Fn::If": ["Fifo", "a", { "Ref": "AWS::NoValue" }] }"#);
    assert_eq!(written(&Value::<u32>::when(&condition("Long"), 365, 30)), r#"{ "Fn::If": ["Long", 365, 30] }"#);
    let composed = text![both, "-x"];
    assert!(written(&composed).starts_with(r#"{ "Fn::Join": ["", [{ "Fn::If""#));
}

#[test]
fn data_that_looks_like_a_function_is_refused_with_its_place() {
    for (json, path, key) in [
        (r#"{"Fn::ImportValue": "secret"}"#, "Subscription/FilterPolicy", "Fn::ImportValue"),
        (r#"{"a": [{"Ref": "AWS::AccountId"}]}"#, "Subscription/FilterPolicy/a/0", "Ref"),
        (r#"{"a": {"Condition": "X"}}"#, "Subscription/FilterPolicy/a", "Condition"),
        (r#"{"Fn::Transform": {"Name": "AWS::Include"}, "b": 1}"#, "Subscription/FilterPolicy", "Fn::Transform"),
    ] {
        let error = filtered(data(json)).unwrap_err();
        assert_eq!((error.path.as_str(), &error.problem), (path, &Problem::LooksIntrinsic(key.into())), "{json}");
    }
}

#[test]
fn data_that_only_resembles_a_function_passes() {
    for json in [r#"{"Reference": "x"}"#, r#"{"fn": ["x"]}"#, r#"{"Condition": "x", "b": "y"}"#] {
        assert!(filtered(data(json)).is_ok(), "{json}");
    }
}

#[test]
fn dynamic_references_are_refused_wherever_they_stand() {
    let secret = "{{resolve:secretsmanager:prod:SecretString}}";
    for json in
        [format!(r#"{{"a": "x {secret}"}}"#), format!(r#"{{"{secret}": 1}}"#), r#"["{{ resolve:ssm:x}}"]"#.into()]
    {
        assert_eq!(filtered(data(&json)).unwrap_err().problem, Problem::DynamicReference, "{json}");
    }
    let split = text!["{{", Pseudo::Region, "resolve:ssm:x}}"];
    assert_eq!(to_tree(&split).unwrap_err().problem, Problem::DynamicReference);
    let described = Template { description: secret.into(), ..Template::default() };
    assert_eq!(
        described.render().unwrap_err().to_string(),
        "Description: `{{resolve:` would be read as a dynamic reference"
    );
    let parameter = Template { parameters: vec![Parameter::text(prefix(), secret)], ..Template::default() };
    assert_eq!(parameter.render().unwrap_err().path, "Parameters/Prefix/Description");
    assert!(to_tree("a literal {{brace}}").is_ok());
}

#[test]
fn null_and_numbers_that_json_lacks_are_refused() {
    assert_eq!(filtered(data(r#"{"a": [null]}"#)).unwrap_err().problem, Problem::Null);
    assert_eq!(filtered(data(r#"{"a": null}"#)).unwrap_err().path, "Subscription/FilterPolicy/a");
    assert_eq!(to_tree(&f64::NAN).unwrap_err().problem, Problem::NotANumber("NaN".into()));
    for text in ["", "01", "1.", ".5", "1e", "0x1", "1_000", "NaN", "-", "1,2"] {
        assert!(to_tree(&Tree::Number(text.into())).is_err(), "{text}");
    }
    for text in ["0", "-0", "10", "2.0", "1e9", "-1.5E-3"] {
        assert_eq!(written(&Tree::Number(text.into())), text);
    }
}

#[test]
fn names_are_letters_and_digits() {
    for text in ["", "a-b", "AWS::Region", "Ünïcode", "a b", "${x}", &"x".repeat(256)] {
        assert!(LogicalId::new(text).is_err(), "{text}");
    }
    assert_eq!(id("NotifyQueue").as_str(), "NotifyQueue");
}

#[test]
fn text_is_escaped_as_json_wants_it() {
    let hostile = "quote \" backslash \\ newline \n tab \t bell \u{7} é \u{202e}";
    let json = written(&Str::from(hostile));
    assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hostile);
    assert!(json.contains("\\u0007") && json.contains('é'));
}

#[test]
fn a_policy_names_each_operator_once_and_a_lone_value_bare() {
    let statement = Statement::deny(["sqs:*"], [Str::from("*")])
        .sid("TlsOnly")
        .principal(Principal::Anyone)
        .when(Test::new(Operator::Bool, "aws:SecureTransport", "false"))
        .when(Test::new(Operator::StringEquals, "aws:SourceAccount", Pseudo::AccountId))
        .when(Test {
            operator: Operator::StringEquals,
            key: "aws:PrincipalTag/x",
            values: vec!["a".into(), "b".into()],
        });
    assert_eq!(
        written(&PolicyDocument::new(vec![statement])),
        r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "TlsOnly",
      "Effect": "Deny",
      "Principal": "*",
      "Action": ["sqs:*"],
      "Resource": ["*"],
      "Condition": {
        "Bool": { "aws:SecureTransport": "false" },
        "StringEquals": {
          "aws:SourceAccount": { "Ref": "AWS::AccountId" },
          "aws:PrincipalTag/x": ["a", "b"]
        }
      }
    }
  ]
}"#
    );
    let trust = written(&PolicyDocument::trust("lambda.amazonaws.com", vec![]));
    assert!(trust.contains(r#""Principal": { "Service": "lambda.amazonaws.com" }"#) && !trust.contains("Resource"));
}

#[test]
fn acronyms_are_spelt_as_cloudformation_spells_them() {
    let mut table = dynamodb::Table::new(
        [dynamodb::AttributeDefinition::new("id", dynamodb::AttributeType::String)],
        [dynamodb::KeySchema::new("id", dynamodb::KeyType::Hash)],
    );
    let mut encryption = dynamodb::SseSpecification::new(true);
    encryption.kms_master_key_id = Some(Str::attribute(&id("Key"), "Arn"));
    encryption.sse_type = Some(dynamodb::SseType::Kms);
    table.sse_specification = Some(encryption);
    let json = rendered(Resource::new(id("Table"), &table).unwrap());
    for name in ["SSESpecification", "SSEEnabled", "SSEType", "KMSMasterKeyId", "AttributeDefinitions"] {
        assert!(json.contains(&format!("\"{name}\"")), "{name} in {json}");
    }
}

#[test]
fn json_as_text_keeps_intrinsics_as_parts() {
    let tree = Tree::Map(vec![
        ("region".into(), Intrinsic::Pseudo(Pseudo::Region).into()),
        ("title".into(), Tree::Text("say \"$\"".into())),
        ("period".into(), Tree::Int(60)),
        ("names".into(), Tree::List(vec![Tree::from(text![&prefix(), "-\"x"]), Tree::Bool(true)])),
    ]);
    assert_eq!(
        written(&Str::json(&tree)),
        r#"{ "Fn::Join": ["", [
  "{\"region\":\"",
  { "Ref": "AWS::Region" },
  "\",\"title\":\"say \\\"$\\\"\",\"period\":60,\"names\":[\"",
  { "Ref": "Prefix" },
  "-\\\"x\",true]}"
]] }"#
    );
}

#[test]
fn the_bound_on_bytes_holds_and_is_not_far_off() {
    let mut function = lambda::Function::new(
        lambda::Code::new(Str::parameter(&prefix()), text!["k/", &prefix()]),
        Str::attribute(&id("Role"), "Arn"),
    );
    function.environment = Some(lambda::Environment::new(Entries::from_iter([("A", text!["$", Pseudo::Region])])));
    function.tags = vec![Tag::new("flow", "everi"), Tag::new("é\n", "\u{1}")];
    function.description = Some(Value::when(&condition("C"), "long ".repeat(60), Str::absent()));
    let role = iam::Role::new(PolicyDocument::trust("lambda.amazonaws.com", vec![]));
    let all = [Resource::new(id("F"), &function).unwrap(), Resource::new(id("R"), &role).unwrap().retained()];
    for resource in all {
        let bound = resource.at_most();
        let real = rendered(resource).len() - rendered_frame();
        assert!(real <= bound && bound <= 2 * real + 400, "{real} {bound}");
    }
}

/// What a template without resources takes.
fn rendered_frame() -> usize {
    Template::default().render().unwrap().len()
}
