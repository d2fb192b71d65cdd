"""Lambda: functions, invocations, settings, event source mappings."""

import base64
import json

from functions import Functions, code
from world import client

GONE = "ResourceNotFoundException"
WRONG = "InvalidParameterValueException"
INVALID = "ValidationException"
NO_UUID = "00000000-0000-4000-8000-000000000000"


class Lambda(Functions):
    def invoke(self, event, **more):
        """The function's answer, or the error that it ended with."""
        answer = self.client.invoke(**self.of(Payload=json.dumps(event).encode(), **more))
        return answer.get("FunctionError"), json.load(answer["Payload"])

    def nowhere(self, **more):
        return {"FunctionName": "nowhere", **more}

    REFUSED = {
        "a_function_that_is_there": (
            "create_function",
            lambda t: t.of(Role=t.role(), Runtime="provided.al2023", Handler="a", Code=code()),
            "ResourceConflictException",
        ),
        "a_function_of_20_minutes": (
            "create_function",
            lambda t: {
                "FunctionName": t.name("function"),
                "Role": t.role(),
                "Runtime": "provided.al2023",
                "Handler": "a",
                "Code": code(),
                "Timeout": 1200,
            },
            INVALID,
        ),
        "to_get_no_function": ("get_function", lambda t: t.nowhere(), GONE),
        "the_configuration_of_no_function": ("get_function_configuration", lambda t: t.nowhere(), GONE),
        "a_page_of_no_functions": ("list_functions", lambda t: {"MaxItems": 0}, INVALID),
        "a_code_for_no_function": ("update_function_code", lambda t: t.nowhere(**code()), GONE),
        "a_configuration_for_no_function": ("update_function_configuration", lambda t: t.nowhere(Timeout=5), GONE),
        "a_configuration_that_is_stale": (
            "update_function_configuration",
            lambda t: t.of(Timeout=5, RevisionId=NO_UUID),
            "PreconditionFailedException",
        ),
        "to_delete_no_function": ("delete_function", lambda t: t.nowhere(), GONE),
        "to_invoke_no_function": ("invoke", lambda t: t.nowhere(), GONE),
        "to_invoke_with_what_is_no_json": (
            "invoke",
            lambda t: t.of(Payload=b"{"),
            "InvalidRequestContentException",
        ),
        "a_permission_for_no_function": (
            "add_permission",
            lambda t: t.nowhere(StatementId="a", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"),
            GONE,
        ),
        "to_take_back_what_nobody_gave": ("remove_permission", lambda t: t.of(StatementId="a"), GONE),
        "the_policy_of_a_function_without_one": ("get_policy", lambda t: t.of(), GONE),
        "four_retries_of_an_event": (
            "put_function_event_invoke_config",
            lambda t: t.of(MaximumRetryAttempts=4),
            INVALID,
        ),
        "to_change_settings_that_nobody_made": (
            "update_function_event_invoke_config",
            lambda t: t.of(MaximumRetryAttempts=1),
            GONE,
        ),
        "settings_that_nobody_made": ("get_function_event_invoke_config", lambda t: t.of(), GONE),
        "to_delete_settings_that_nobody_made": ("delete_function_event_invoke_config", lambda t: t.of(), GONE),
        "an_address_for_no_function": ("create_function_url_config", lambda t: t.nowhere(AuthType="NONE"), GONE),
        "to_change_an_address_that_nobody_made": (
            "update_function_url_config",
            lambda t: t.of(AuthType="NONE"),
            GONE,
        ),
        "an_address_that_nobody_made": ("get_function_url_config", lambda t: t.of(), GONE),
        "to_delete_an_address_that_nobody_made": ("delete_function_url_config", lambda t: t.of(), GONE),
        "concurrency_for_no_function": (
            "put_function_concurrency",
            lambda t: t.nowhere(ReservedConcurrentExecutions=1),
            GONE,
        ),
        "more_concurrency_than_there_is": (
            "put_function_concurrency",
            lambda t: t.of(ReservedConcurrentExecutions=1000),
            WRONG,
        ),
        "the_concurrency_of_no_function": ("get_function_concurrency", lambda t: t.nowhere(), GONE),
        "to_free_the_concurrency_of_no_function": ("delete_function_concurrency", lambda t: t.nowhere(), GONE),
        "recursion_of_no_function": (
            "put_function_recursion_config",
            lambda t: t.nowhere(RecursiveLoop="Allow"),
            GONE,
        ),
        "the_recursion_of_no_function": ("get_function_recursion_config", lambda t: t.nowhere(), GONE),
        "tags_of_no_function": ("list_tags", lambda t: {"Resource": f"{t.function_arn}-nowhere"}, GONE),
        "to_tag_no_function": (
            "tag_resource",
            lambda t: {"Resource": f"{t.function_arn}-nowhere", "Tags": {"a": "b"}},
            GONE,
        ),
        "to_untag_no_function": (
            "untag_resource",
            lambda t: {"Resource": f"{t.function_arn}-nowhere", "TagKeys": ["a"]},
            GONE,
        ),
    }

    def test_a_function_is_described(self):
        got = self.client.get_function(FunctionName=self.function_arn)
        configuration = got["Configuration"]
        self.assertEqual((configuration["FunctionName"], configuration["FunctionArn"]), (self.function, self.function_arn))
        self.assertEqual((configuration["Timeout"], configuration["MemorySize"]), (3, 128))
        self.assertEqual((configuration["State"], configuration["Runtime"]), ("Active", "provided.al2023"))
        self.assertEqual(self.client.get_function_configuration(**self.of())["CodeSha256"], configuration["CodeSha256"])

    def test_functions_are_listed_in_pages(self):
        made = [self.function, self.create_function(self.name("function"))["FunctionName"]]
        pages = self.client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1})
        names = [function["FunctionName"] for page in pages for function in page["Functions"]]
        self.assertEqual([names.count(name) for name in made], [1, 1])

    def test_an_invocation_answers_what_the_function_does(self):
        self.assertEqual(self.invoke({"order": "ä"}), (None, {"event": {"order": "ä"}}))
        self.assertEqual(self.invoke([1]), (None, {"event": [1]}))

    def test_a_function_that_fails_is_no_failed_call(self):
        error, answer = self.invoke({"do": "fail"})
        self.assertEqual((error, answer["errorType"], answer["errorMessage"]), ("Unhandled", "ValueError", "as asked"))

    def test_a_configuration_is_in_force_at_the_next_invocation(self):
        self.client.update_function_configuration(**self.of(Environment={"Variables": {"STAGE": "test"}}, Timeout=5))
        self.assertEqual(self.invoke({"do": "variable", "name": "STAGE"}), (None, "test"))
        self.assertEqual(self.client.get_function_configuration(**self.of())["Timeout"], 5)

    def test_a_function_has_the_name_and_region_in_its_environment(self):
        self.assertEqual(self.invoke({"do": "variable", "name": "AWS_LAMBDA_FUNCTION_NAME"})[1], self.function)
        self.assertEqual(self.invoke({"do": "variable", "name": "AWS_REGION"})[1], self.function_arn.split(":")[3])

    def test_the_tail_of_the_log_is_answered_to_who_asks(self):
        answer = self.client.invoke(**self.of(Payload=b'{"do": "log"}', LogType="Tail"))
        self.assertIn("to stdout", base64.b64decode(answer["LogResult"]).decode())

    def test_an_event_is_accepted_and_a_dry_run_runs_nothing(self):
        for kind, status in [("Event", 202), ("DryRun", 204)]:
            answer = self.client.invoke(**self.of(InvocationType=kind, Payload=b"{}"))
            self.assertEqual((answer["StatusCode"], answer["Payload"].read()), (status, b""))

    def test_a_new_code_is_taken_over(self):
        changed = self.client.update_function_code(**self.of(**code()))
        self.assertEqual(changed["FunctionArn"], self.function_arn)
        self.assertEqual(self.invoke({})[0], None)

    def test_a_deleted_function_is_gone(self):
        self.client.delete_function(**self.of())
        with self.refused(GONE):
            self.client.get_function(**self.of())

    def test_a_permission_is_a_statement_of_the_policy(self):
        source = self.arn("sns", "news")
        grant = {"StatementId": "news", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
        self.client.add_permission(**self.of(**grant, SourceArn=source))
        [statement] = json.loads(self.client.get_policy(**self.of())["Policy"])["Statement"]
        self.assertEqual((statement["Sid"], statement["Resource"]), ("news", self.function_arn))
        self.assertEqual(statement["Principal"], {"Service": "sns.amazonaws.com"})
        self.assertEqual(statement["Condition"], {"ArnLike": {"AWS:SourceArn": source}})
        with self.refused("ResourceConflictException"):
            self.client.add_permission(**self.of(**grant))
        self.client.remove_permission(**self.of(StatementId="news"))
        with self.refused(GONE):
            self.client.get_policy(**self.of())

    def test_settings_of_events_are_put_changed_and_deleted(self):
        put = self.client.put_function_event_invoke_config(**self.of(MaximumRetryAttempts=1))
        self.assertEqual(put["FunctionArn"], f"{self.function_arn}:$LATEST")
        self.client.update_function_event_invoke_config(**self.of(MaximumEventAgeInSeconds=90))
        got = self.client.get_function_event_invoke_config(**self.of())
        self.assertEqual((got["MaximumRetryAttempts"], got["MaximumEventAgeInSeconds"]), (1, 90))
        self.client.delete_function_event_invoke_config(**self.of())
        with self.refused(GONE):
            self.client.get_function_event_invoke_config(**self.of())

    def test_a_failed_event_goes_to_its_destination(self):
        url, arn = self.queue()
        destination = {"OnFailure": {"Destination": arn}}
        self.client.put_function_event_invoke_config(
            **self.of(MaximumRetryAttempts=0, DestinationConfig=destination)
        )
        self.client.invoke(**self.of(InvocationType="Event", Payload=b'{"do": "fail"}'))
        [record] = [json.loads(message["Body"]) for message in self.received(url)]
        self.assertEqual(record["requestContext"]["condition"], "RetriesExhausted")
        self.assertEqual((record["requestPayload"], record["responsePayload"]["errorType"]), ({"do": "fail"}, "ValueError"))

    def test_an_address_is_made_changed_and_deleted(self):
        made = self.client.create_function_url_config(**self.of(AuthType="AWS_IAM"))
        self.assertTrue(made["FunctionUrl"].endswith("/"))
        with self.refused("ResourceConflictException"):
            self.client.create_function_url_config(**self.of(AuthType="AWS_IAM"))
        self.client.update_function_url_config(**self.of(AuthType="NONE"))
        got = self.client.get_function_url_config(**self.of())
        self.assertEqual((got["FunctionUrl"], got["AuthType"]), (made["FunctionUrl"], "NONE"))
        self.client.delete_function_url_config(**self.of())
        with self.refused(GONE):
            self.client.get_function_url_config(**self.of())

    def test_a_function_without_concurrency_is_throttled(self):
        self.client.put_function_concurrency(**self.of(ReservedConcurrentExecutions=0))
        self.assertEqual(self.client.get_function_concurrency(**self.of())["ReservedConcurrentExecutions"], 0)
        with self.refused("TooManyRequestsException"):
            self.invoke({})
        self.client.delete_function_concurrency(**self.of())
        self.assertNotIn("ReservedConcurrentExecutions", self.client.get_function_concurrency(**self.of()))
        self.assertEqual(self.invoke({})[0], None)

    def test_recursion_is_read_back(self):
        self.assertEqual(self.client.get_function_recursion_config(**self.of())["RecursiveLoop"], "Terminate")
        self.client.put_function_recursion_config(**self.of(RecursiveLoop="Allow"))
        self.assertEqual(self.client.get_function_recursion_config(**self.of())["RecursiveLoop"], "Allow")

    def test_tags_are_kept(self):
        self.client.tag_resource(Resource=self.function_arn, Tags={"stage": "test", "team": "a"})
        self.client.untag_resource(Resource=self.function_arn, TagKeys=["team"])
        self.assertEqual(self.client.list_tags(Resource=self.function_arn)["Tags"], {"stage": "test"})

    def test_the_account_has_its_limits(self):
        limits = self.client.get_account_settings()["AccountLimit"]
        self.assertGreaterEqual(limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"])
        self.assertGreater(limits["ConcurrentExecutions"], 0)

    def test_who_may_not_is_refused(self):
        role = self.role({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}, trust="account")
        keys = client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
        with self.refused("AccessDeniedException", says="lambda:GetAccountSettings"):
            client("lambda", keys).get_account_settings()
        with self.refused("AccessDeniedException", says="lambda:InvokeFunction"):
            client("lambda", keys).invoke(**self.of())


class Mappings(Functions):
    """A queue `self.url`, and what comes of a mapping from it."""

    def setUp(self):
        super().setUp()
        self.url, self.queue_arn = self.queue()

    def map(self, **more):
        arguments = {"EventSourceArn": self.queue_arn, **more}
        return self.client.create_event_source_mapping(**self.of(**arguments))

    def enabled(self, uuid):
        self.eventually(lambda: self.client.get_event_source_mapping(UUID=uuid)["State"] == "Enabled")

    def left(self):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = client("sqs").get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(count) for count in answer["Attributes"].values())

    REFUSED = {
        "a_mapping_to_no_function": (
            "create_event_source_mapping",
            lambda t: {"FunctionName": "nowhere", "EventSourceArn": t.queue_arn},
            WRONG,
        ),
        "a_mapping_from_no_queue": (
            "create_event_source_mapping",
            lambda t: t.of(EventSourceArn=f"{t.queue_arn}-nowhere"),
            WRONG,
        ),
        "a_batch_of_eleven_without_a_window": (
            "create_event_source_mapping",
            lambda t: t.of(EventSourceArn=t.queue_arn, BatchSize=11),
            WRONG,
        ),
        "a_queue_from_its_beginning": (
            "create_event_source_mapping",
            lambda t: t.of(EventSourceArn=t.queue_arn, StartingPosition="TRIM_HORIZON"),
            WRONG,
        ),
        "to_get_no_mapping": ("get_event_source_mapping", lambda t: {"UUID": NO_UUID}, GONE),
        "to_change_no_mapping": ("update_event_source_mapping", lambda t: {"UUID": NO_UUID, "BatchSize": 1}, GONE),
        "to_delete_no_mapping": ("delete_event_source_mapping", lambda t: {"UUID": NO_UUID}, GONE),
        "a_page_of_no_mappings": ("list_event_source_mappings", lambda t: {"MaxItems": 0}, INVALID),
    }

    def test_a_mapping_is_made_listed_changed_and_deleted(self):
        made = self.map(Enabled=False)
        self.assertEqual((made["BatchSize"], made["FunctionArn"]), (10, self.function_arn))
        [listed] = self.client.list_event_source_mappings(EventSourceArn=self.queue_arn)["EventSourceMappings"]
        self.assertEqual(listed["UUID"], made["UUID"])
        changed = self.client.update_event_source_mapping(UUID=made["UUID"], BatchSize=3)
        self.assertEqual(changed["BatchSize"], 3)
        self.assertEqual(self.client.delete_event_source_mapping(UUID=made["UUID"])["State"], "Deleting")

    def test_the_same_mapping_is_made_once(self):
        self.map(Enabled=False)
        with self.refused("ResourceConflictException"):
            self.map(Enabled=False)

    def test_a_message_comes_to_its_function_and_is_deleted(self):
        self.enabled(self.map()["UUID"])
        client("sqs").send_message(QueueUrl=self.url, MessageBody="a")
        self.eventually(lambda: self.left() == 0)

    def test_what_no_filter_matches_is_deleted(self):
        pattern = json.dumps({"body": {"kind": ["order"]}})
        made = self.map(FilterCriteria={"Filters": [{"Pattern": pattern}]})
        self.enabled(made["UUID"])
        client("sqs").send_message(QueueUrl=self.url, MessageBody='{"kind": "mail"}')
        self.eventually(lambda: self.left() == 0)

    def dead_letters(self, does, messages):
        """What becomes of messages whose function does this: the bodies that end in a dead-letter queue."""
        environment = {"Variables": {"DO": does}}
        self.client.update_function_configuration(**self.of(Timeout=1, Environment=environment))
        dead, dead_arn = self.queue()
        redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
        attributes = {"RedrivePolicy": redrive, "VisibilityTimeout": "1"}
        client("sqs").set_queue_attributes(QueueUrl=self.url, Attributes=attributes)
        self.map(FunctionResponseTypes=["ReportBatchItemFailures"])
        for body in messages:
            client("sqs").send_message(QueueUrl=self.url, MessageBody=body)
        found = self.eventually(lambda: self.received(dead, wait=1))
        self.eventually(lambda: self.left() == 0)
        return sorted(message["Body"] for message in found + self.received(dead, wait=0))

    def test_a_batch_that_fails_goes_to_the_dead_letters(self):
        self.assertEqual(self.dead_letters("fail", ["a"]), ["a"])

    def test_what_is_reported_as_failed_goes_to_the_dead_letters_alone(self):
        self.assertEqual(self.dead_letters("report", ["good", "bad"]), ["bad"])
