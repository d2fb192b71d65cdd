"""IAM and STS."""

import json

import boto3
from botocore import UNSIGNED
from botocore.config import Config

import world
from world import Test, client, ours_only, trusting

GONE = "NoSuchEntity"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*"):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


class Roles(Test):
    service = "iam"

    def setUp(self):
        self.named = self.name("role")
        made = self.client.create_role(RoleName=self.named, AssumeRolePolicyDocument=trusting("lambda.amazonaws.com"))
        self.made = made["Role"]

    def of(self, **more):
        return {"RoleName": self.named, **more}

    REFUSED = {
        "a_role_that_is_there": (
            "create_role",
            lambda t: t.of(AssumeRolePolicyDocument=trusting("lambda.amazonaws.com")),
            "EntityAlreadyExists",
        ),
        "a_name_with_a_blank": (
            "create_role",
            lambda t: {"RoleName": "two words", "AssumeRolePolicyDocument": trusting("lambda.amazonaws.com")},
            "ValidationError",
        ),
        "a_trust_policy_that_is_no_json": (
            "create_role",
            lambda t: {"RoleName": t.name("role"), "AssumeRolePolicyDocument": "{"},
            "MalformedPolicyDocument",
        ),
        "to_get_no_role": ("get_role", lambda t: {"RoleName": "nowhere"}, GONE),
        "to_change_no_role": ("update_role", lambda t: {"RoleName": "nowhere", "Description": "a"}, GONE),
        "to_delete_no_role": ("delete_role", lambda t: {"RoleName": "nowhere"}, GONE),
        "roles_under_what_is_no_path": ("list_roles", lambda t: {"PathPrefix": "flow"}, "ValidationError"),
        "trust_of_no_role": (
            "update_assume_role_policy",
            lambda t: {"RoleName": "nowhere", "PolicyDocument": trusting("lambda.amazonaws.com")},
            GONE,
        ),
        "a_policy_without_an_effect": (
            "put_role_policy",
            lambda t: t.of(PolicyName="a", PolicyDocument=document({"Action": "*", "Resource": "*"})),
            "MalformedPolicyDocument",
        ),
        "a_policy_for_no_role": (
            "put_role_policy",
            lambda t: {"RoleName": "nowhere", "PolicyName": "a", "PolicyDocument": document(allow("*"))},
            GONE,
        ),
        "to_get_no_policy": ("get_role_policy", lambda t: t.of(PolicyName="none"), GONE),
        "to_delete_no_policy": ("delete_role_policy", lambda t: t.of(PolicyName="none"), GONE),
        "policies_of_no_role": ("list_role_policies", lambda t: {"RoleName": "nowhere"}, GONE),
        "to_attach_no_policy": ("attach_role_policy", lambda t: t.of(PolicyArn=f"{ADMIN}None"), GONE),
        "to_detach_what_is_not_attached": ("detach_role_policy", lambda t: t.of(PolicyArn=ADMIN), GONE),
        "attached_policies_of_no_role": ("list_attached_role_policies", lambda t: {"RoleName": "nowhere"}, GONE),
        "a_boundary_that_is_no_policy": (
            "put_role_permissions_boundary",
            lambda t: t.of(PermissionsBoundary=f"{ADMIN}None"),
            GONE,
        ),
        "to_delete_the_boundary_of_no_role": (
            "delete_role_permissions_boundary",
            lambda t: {"RoleName": "nowhere"},
            GONE,
        ),
        "to_tag_no_role": ("tag_role", lambda t: {"RoleName": "nowhere", "Tags": [{"Key": "a", "Value": "b"}]}, GONE),
        "to_untag_no_role": ("untag_role", lambda t: {"RoleName": "nowhere", "TagKeys": ["a"]}, GONE),
        "tags_of_no_role": ("list_role_tags", lambda t: {"RoleName": "nowhere"}, GONE),
        "to_simulate_no_role": (
            "simulate_principal_policy",
            lambda t: {"PolicySourceArn": f"{t.made['Arn']}-nowhere", "ActionNames": ["sqs:SendMessage"]},
            GONE,
        ),
    }

    def test_a_role_is_read_and_changed(self):
        self.assertEqual(self.made["Arn"], f"arn:aws:iam::{self.made['Arn'].split(':')[4]}:role/{self.named}")
        self.assertTrue(self.made["RoleId"].startswith("AROA"))
        self.client.update_role(RoleName=self.named, Description="Works", MaxSessionDuration=7200)
        got = self.client.get_role(RoleName=self.named)["Role"]
        self.assertEqual((got["Description"], got["MaxSessionDuration"]), ("Works", 7200))
        self.assertEqual(got["AssumeRolePolicyDocument"], json.loads(trusting("lambda.amazonaws.com")))
        self.client.update_assume_role_policy(RoleName=self.named, PolicyDocument=trusting("states.amazonaws.com"))
        got = self.client.get_role(RoleName=self.named)["Role"]
        self.assertEqual(got["AssumeRolePolicyDocument"], json.loads(trusting("states.amazonaws.com")))

    def test_roles_are_listed_by_path_in_pages(self):
        path = f"/{self.name('path')}/"
        for _ in range(3):
            self.client.create_role(
                RoleName=self.name("role"), Path=path, AssumeRolePolicyDocument=trusting("lambda.amazonaws.com")
            )
        pages = self.client.get_paginator("list_roles").paginate(PathPrefix=path, PaginationConfig={"PageSize": 2})
        self.assertEqual([len(page["Roles"]) for page in pages], [2, 1])

    def test_a_policy_is_put_listed_read_and_deleted(self):
        self.client.put_role_policy(RoleName=self.named, PolicyName="flow", PolicyDocument=document(allow("sqs:*")))
        self.assertEqual(self.client.list_role_policies(RoleName=self.named)["PolicyNames"], ["flow"])
        got = self.client.get_role_policy(RoleName=self.named, PolicyName="flow")
        self.assertEqual(got["PolicyDocument"], json.loads(document(allow("sqs:*"))))
        with self.refused("DeleteConflict"):
            self.client.delete_role(RoleName=self.named)
        self.client.delete_role_policy(RoleName=self.named, PolicyName="flow")
        self.client.delete_role(RoleName=self.named)
        with self.refused(GONE):
            self.client.get_role(RoleName=self.named)

    def test_a_policy_of_aws_is_attached_and_detached(self):
        self.client.attach_role_policy(RoleName=self.named, PolicyArn=ADMIN)
        answer = self.client.list_attached_role_policies(RoleName=self.named)
        self.assertEqual(answer["AttachedPolicies"], [{"PolicyName": "AdministratorAccess", "PolicyArn": ADMIN}])
        self.client.detach_role_policy(RoleName=self.named, PolicyArn=ADMIN)
        self.assertEqual(self.client.list_attached_role_policies(RoleName=self.named)["AttachedPolicies"], [])

    def test_a_boundary_is_put_and_taken_away(self):
        self.client.put_role_permissions_boundary(RoleName=self.named, PermissionsBoundary=ADMIN)
        boundary = self.client.get_role(RoleName=self.named)["Role"]["PermissionsBoundary"]
        self.assertEqual(boundary["PermissionsBoundaryArn"], ADMIN)
        self.client.delete_role_permissions_boundary(RoleName=self.named)
        self.assertNotIn("PermissionsBoundary", self.client.get_role(RoleName=self.named)["Role"])

    def test_tags_are_kept(self):
        tags = [{"Key": "stage", "Value": "test"}, {"Key": "team", "Value": "a"}]
        self.client.tag_role(RoleName=self.named, Tags=tags)
        self.client.untag_role(RoleName=self.named, TagKeys=["team"])
        self.assertEqual(self.client.list_role_tags(RoleName=self.named)["Tags"], tags[:1])

    def test_a_simulation_says_what_a_role_may(self):
        deny = {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"}
        text = document(allow(["sqs:SendMessage", "sqs:DeleteQueue"]), deny)
        self.client.put_role_policy(RoleName=self.named, PolicyName="flow", PolicyDocument=text)
        actions = ["sqs:SendMessage", "sqs:DeleteQueue", "sqs:PurgeQueue"]
        answer = self.client.simulate_principal_policy(PolicySourceArn=self.made["Arn"], ActionNames=actions)
        decisions = [result["EvalDecision"] for result in answer["EvaluationResults"]]
        self.assertEqual(decisions, ["allowed", "explicitDeny", "implicitDeny"])


class Sessions(Test):
    service = "sts"

    def assumed(self, *statements):
        """The keys of a session of a new role that may do this, and the role's ARN."""
        role = self.role(*statements, trust="account")
        answer = self.client.assume_role(RoleArn=role, RoleSessionName="me")
        return answer["Credentials"], role

    REFUSED = {
        "a_role_that_is_not_there": (
            "assume_role",
            lambda t: {"RoleArn": f"{t.role(trust='account')}-nowhere", "RoleSessionName": "me"},
            "AccessDenied",
        ),
        "a_session_of_899_seconds": (
            "assume_role",
            lambda t: {"RoleArn": t.role(trust="account"), "RoleSessionName": "me", "DurationSeconds": 899},
            "ValidationError",
        ),
    }

    def test_a_caller_learns_who_it_is(self):
        answer = self.client.get_caller_identity()
        self.assertEqual(answer["Arn"], f"arn:aws:iam::{answer['Account']}:root")
        keys, role = self.assumed()
        answer = client("sts", keys).get_caller_identity()
        self.assertEqual(answer["Arn"], f"{role.replace('iam', 'sts').replace('role/', 'assumed-role/')}/me")

    def test_a_session_may_do_what_its_role_may(self):
        url, arn = self.queue()
        keys, _ = self.assumed(allow("sqs:SendMessage", arn))
        client("sqs", keys).send_message(QueueUrl=url, MessageBody="a")
        with self.refused("AccessDenied", says="sqs:ReceiveMessage"):
            client("sqs", keys).receive_message(QueueUrl=url)

    def test_a_role_that_trusts_another_is_not_taken_on(self):
        keys, _ = self.assumed()
        with self.refused("AccessDenied"):
            client("sts", keys).assume_role(RoleArn=self.role(), RoleSessionName="me")

    @ours_only("15 minutes would have to be waited for")
    def test_a_session_ends(self):
        role = self.role(trust="account")
        keys = self.client.assume_role(RoleArn=role, RoleSessionName="me", DurationSeconds=900)["Credentials"]
        client("sts", keys).get_caller_identity()
        self.later(901)
        with self.refused("InvalidClientTokenId"):
            client("sts", keys).get_caller_identity()

    def test_a_key_that_nobody_gave_out_is_refused(self):
        keys = {"AccessKeyId": "AKIAEXAMPLEEXAMPLE00", "SecretAccessKey": "x"}
        for service, operation, code in [
            ("sts", "get_caller_identity", "InvalidClientTokenId"),
            ("dynamodb", "list_tables", "UnrecognizedClientException"),
            ("lambda", "list_functions", "UnrecognizedClientException"),
        ]:
            with self.refused(code):
                getattr(client(service, keys), operation)()

    def test_a_wrong_secret_is_refused(self):
        keys = {**self.assumed()[0], "SecretAccessKey": "x"}
        for service, operation, code in [
            ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
            ("dynamodb", "list_tables", "InvalidSignatureException"),
        ]:
            with self.refused(code):
                getattr(client(service, keys), operation)()

    def test_a_request_without_a_signature_is_refused(self):
        config = Config(signature_version=UNSIGNED)
        for service, operation, code in [
            ("sts", "get_caller_identity", "MissingAuthenticationToken"),
            ("dynamodb", "list_tables", "MissingAuthenticationTokenException"),
        ]:
            nobody = boto3.client(service, endpoint_url=world.here.endpoint, region_name=world.here.region, config=config)
            with self.refused(code):
                getattr(nobody, operation)()
