"""Step Functions."""

import json

from functions import Functions
from world import Test, client, ours_only

NO_MACHINE = "StateMachineDoesNotExist"
NO_EXECUTION = "ExecutionDoesNotExist"


def machine(**states):
    """A definition in JSONata whose states follow each other."""
    names = list(states)
    for name, following in zip(names, names[1:] + [None]):
        if states[name]["Type"] not in ("Choice", "Succeed", "Fail"):
            states[name].setdefault(*(("Next", following) if following else ("End", True)))
    return json.dumps({"QueryLanguage": "JSONata", "StartAt": names[0], "States": states})


PASS = machine(a={"Type": "Pass"})
WAIT = machine(a={"Type": "Wait", "Seconds": 600})


class Machines(Test):
    """A machine `self.machine` that ends at once."""

    service = "stepfunctions"

    def setUp(self):
        self.role_arn = self.role(trust="states.amazonaws.com")
        self.machine = self.create(PASS)

    def create(self, definition, **more):
        arguments = {"name": self.name("machine"), "definition": definition, "roleArn": self.role_arn, **more}
        return self.client.create_state_machine(**arguments)["stateMachineArn"]

    def start(self, machine=None, **more):
        return self.client.start_execution(stateMachineArn=machine or self.machine, **more)["executionArn"]

    def ended(self, execution):
        def look():
            described = self.client.describe_execution(executionArn=execution)
            return described if described["status"] != "RUNNING" else None

        return self.eventually(look)

    def outcome(self, definition, **given):
        """The output of an execution, or its error and cause."""
        ended = self.ended(self.start(self.create(definition), input=json.dumps(given)))
        if ended["status"] == "SUCCEEDED":
            return json.loads(ended["output"])
        return ended.get("error"), ended.get("cause")


class States(Machines):
    def nowhere(self):
        return f"{self.machine}-nowhere"

    def no_execution(self):
        return f"{self.machine.replace('stateMachine', 'execution')}:nowhere"

    REFUSED = {
        "a_name_with_a_blank": (
            "create_state_machine",
            lambda t: {"name": "two words", "definition": PASS, "roleArn": t.role_arn},
            "InvalidName",
        ),
        "a_definition_without_states": (
            "create_state_machine",
            lambda t: {"name": "none", "definition": '{"StartAt": "a"}', "roleArn": t.role_arn},
            "InvalidDefinition",
        ),
        "a_state_that_nothing_leads_to": (
            "create_state_machine",
            lambda t: {
                "name": "lost",
                "definition": machine(a={"Type": "Pass", "Next": "c"}, b={"Type": "Pass"}),
                "roleArn": t.role_arn,
            },
            "InvalidDefinition",
        ),
        "no_machine": ("describe_state_machine", lambda t: {"stateMachineArn": t.nowhere()}, NO_MACHINE),
        "a_machine_that_is_a_queue": (
            "describe_state_machine",
            lambda t: {"stateMachineArn": t.arn("sqs", "a")},
            "InvalidArn",
        ),
        "to_change_no_machine": (
            "update_state_machine",
            lambda t: {"stateMachineArn": t.nowhere(), "definition": PASS},
            NO_MACHINE,
        ),
        "to_change_nothing": ("update_state_machine", lambda t: {"stateMachineArn": t.machine}, "MissingRequiredParameter"),
        "to_delete_a_queue": ("delete_state_machine", lambda t: {"stateMachineArn": t.arn("sqs", "a")}, "InvalidArn"),
        "a_page_of_machines_that_it_never_began": (
            "list_state_machines",
            lambda t: {"nextToken": "none"},
            "InvalidToken",
        ),
        "no_definition_to_validate": (
            "validate_state_machine_definition",
            lambda t: {"definition": ""},
            "ValidationException",
        ),
        "an_execution_of_no_machine": ("start_execution", lambda t: {"stateMachineArn": t.nowhere()}, NO_MACHINE),
        "an_input_that_is_no_json": (
            "start_execution",
            lambda t: {"stateMachineArn": t.machine, "input": "{"},
            "InvalidExecutionInput",
        ),
        "to_wait_for_a_standard_execution": (
            "start_sync_execution",
            lambda t: {"stateMachineArn": t.machine},
            "StateMachineTypeNotSupported",
        ),
        "to_stop_no_execution": ("stop_execution", lambda t: {"executionArn": t.no_execution()}, NO_EXECUTION),
        "no_execution": ("describe_execution", lambda t: {"executionArn": t.no_execution()}, NO_EXECUTION),
        "the_machine_of_no_execution": (
            "describe_state_machine_for_execution",
            lambda t: {"executionArn": t.no_execution()},
            NO_EXECUTION,
        ),
        "executions_of_no_machine": ("list_executions", lambda t: {"stateMachineArn": t.nowhere()}, NO_MACHINE),
        "the_history_of_no_execution": (
            "get_execution_history",
            lambda t: {"executionArn": t.no_execution()},
            NO_EXECUTION,
        ),
        "success_by_no_token": ("send_task_success", lambda t: {"taskToken": "none", "output": "{}"}, "InvalidToken"),
        "failure_by_no_token": ("send_task_failure", lambda t: {"taskToken": "none"}, "InvalidToken"),
        "a_heartbeat_by_no_token": ("send_task_heartbeat", lambda t: {"taskToken": "none"}, "InvalidToken"),
        "tags_of_no_machine": ("list_tags_for_resource", lambda t: {"resourceArn": t.nowhere()}, "ResourceNotFound"),
        "to_tag_no_machine": (
            "tag_resource",
            lambda t: {"resourceArn": t.nowhere(), "tags": [{"key": "a", "value": "b"}]},
            "ResourceNotFound",
        ),
        "to_untag_no_machine": (
            "untag_resource",
            lambda t: {"resourceArn": t.nowhere(), "tagKeys": ["a"]},
            "ResourceNotFound",
        ),
    }

    def test_a_machine_is_described_listed_changed_and_deleted(self):
        got = self.client.describe_state_machine(stateMachineArn=self.machine)
        self.assertEqual((got["definition"], got["roleArn"]), (PASS, self.role_arn))
        self.assertEqual((got["status"], got["type"]), ("ACTIVE", "STANDARD"))
        pages = self.client.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 1})
        self.assertIn(self.machine, [each["stateMachineArn"] for page in pages for each in page["stateMachines"]])
        self.client.update_state_machine(stateMachineArn=self.machine, definition=WAIT)
        self.assertEqual(self.client.describe_state_machine(stateMachineArn=self.machine)["definition"], WAIT)
        for _ in range(2):
            self.client.delete_state_machine(stateMachineArn=self.machine)
        with self.refused(NO_MACHINE):
            self.client.describe_state_machine(stateMachineArn=self.machine)

    def test_creating_the_same_again_is_no_mistake(self):
        name = self.machine.split(":")[-1]
        self.assertEqual(self.create(PASS, name=name), self.machine)
        with self.refused("StateMachineAlreadyExists"):
            self.create(WAIT, name=name)

    def test_a_definition_is_checked_without_a_machine(self):
        good = self.client.validate_state_machine_definition(definition=PASS)
        self.assertEqual((good["result"], good["diagnostics"]), ("OK", []))
        bad = self.client.validate_state_machine_definition(definition='{"StartAt": "a"}')
        self.assertEqual((bad["result"], bad["diagnostics"][0]["severity"]), ("FAIL", "ERROR"))

    def test_an_execution_passes_its_input_on(self):
        execution = self.start(name="first", input='{"a": 1}')
        self.assertEqual(execution, f"{self.machine.replace('stateMachine', 'execution')}:first")
        ended = self.ended(execution)
        self.assertEqual((ended["status"], json.loads(ended["output"])), ("SUCCEEDED", {"a": 1}))
        of = self.client.describe_state_machine_for_execution(executionArn=execution)
        self.assertEqual((of["stateMachineArn"], of["definition"]), (self.machine, PASS))

    def test_a_name_is_one_execution(self):
        self.ended(self.start(name="first", input='{"a": 1}'))
        with self.refused("ExecutionAlreadyExists"):
            self.start(name="first", input='{"a": 2}')

    def test_the_name_and_input_of_a_running_execution_are_that_execution(self):
        waiting = self.create(WAIT)
        self.assertEqual(self.start(waiting, name="a", input="{}"), self.start(waiting, name="a", input="{}"))

    def test_an_execution_is_stopped(self):
        execution = self.start(self.create(WAIT))
        self.client.stop_execution(executionArn=execution, error="Enough", cause="by hand")
        ended = self.client.describe_execution(executionArn=execution)
        self.assertEqual((ended["status"], ended["error"], ended["cause"]), ("ABORTED", "Enough", "by hand"))

    def test_executions_are_listed_by_status(self):
        done = self.start()
        self.ended(done)
        listed = self.client.list_executions(stateMachineArn=self.machine, statusFilter="SUCCEEDED")["executions"]
        self.assertEqual([each["executionArn"] for each in listed], [done])
        listed = self.client.list_executions(stateMachineArn=self.machine, statusFilter="RUNNING")["executions"]
        self.assertEqual(listed, [])

    def test_a_history_is_read_in_both_directions(self):
        execution = self.start()
        self.ended(execution)
        kinds = ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
        events = self.client.get_execution_history(executionArn=execution)["events"]
        self.assertEqual([event["type"] for event in events], kinds)
        events = self.client.get_execution_history(executionArn=execution, reverseOrder=True)["events"]
        self.assertEqual([event["id"] for event in events], [4, 3, 2, 1])

    def test_an_express_execution_answers_to_who_waits(self):
        express = self.create(machine(a={"Type": "Pass", "Output": {"b": "{% $states.input.a + 1 %}"}}), type="EXPRESS")
        answer = self.client.start_sync_execution(stateMachineArn=express, input='{"a": 1}')
        self.assertEqual((answer["status"], json.loads(answer["output"])), ("SUCCEEDED", {"b": 2}))

    def test_a_choice_and_a_failure(self):
        choices = [{"Condition": "{% $states.input.n > 1 %}", "Next": "large"}]
        definition = machine(
            which={"Type": "Choice", "Choices": choices, "Default": "small"},
            large={"Type": "Fail", "Error": "TooLarge", "Cause": "{% 'it is ' & $string($states.input.n) %}"},
            small={"Type": "Succeed"},
        )
        self.assertEqual(self.outcome(definition, n=2), ("TooLarge", "it is 2"))
        self.assertEqual(self.outcome(definition, n=1), {"n": 1})

    def test_variables_reach_later_states(self):
        definition = machine(
            a={"Type": "Pass", "Assign": {"n": "{% $states.input.n * 2 %}"}, "Output": {}},
            b={"Type": "Pass", "Output": {"n": "{% $n %}"}},
        )
        self.assertEqual(self.outcome(definition, n=21), {"n": 42})

    def test_a_map_does_each_item_in_order(self):
        processor = json.loads(machine(a={"Type": "Pass", "Output": "{% $states.input * 10 %}"}))
        del processor["QueryLanguage"]
        definition = machine(each={"Type": "Map", "Items": "{% $states.input.of %}", "ItemProcessor": processor})
        self.assertEqual(self.outcome(definition, of=[1, 2, 3]), [10, 20, 30])

    def test_branches_end_together(self):
        branches = [
            {"StartAt": name, "States": {name: {"Type": "Pass", "Output": name, "End": True}}} for name in "ab"
        ]
        self.assertEqual(self.outcome(machine(both={"Type": "Parallel", "Branches": branches})), ["a", "b"])

    def test_an_expression_that_fails_can_be_caught(self):
        definition = machine(
            a={
                "Type": "Parallel",
                "Branches": [json.loads(machine(b={"Type": "Fail", "Error": "Sad"}))],
                "Catch": [{"ErrorEquals": ["Sad"], "Output": "{% $states.errorOutput.Error %}", "Next": "c"}],
            },
            c={"Type": "Succeed"},
        ).replace('{"QueryLanguage": "JSONata", "StartAt": "b"', '{"StartAt": "b"')
        self.assertEqual(self.outcome(definition), "Sad")

    def test_paths_and_intrinsic_functions_work_too(self):
        parameters = {"sum.$": "States.MathAdd($.n, 1)", "text.$": "States.Format('n is {}', $.n)"}
        definition = {
            "StartAt": "a",
            "States": {"a": {"Type": "Pass", "Parameters": parameters, "ResultPath": "$.got", "End": True}},
        }
        got = self.outcome(json.dumps(definition), n=1)
        self.assertEqual(got, {"n": 1, "got": {"sum": 2, "text": "n is 1"}})

    @ours_only("ten minutes would have to be waited for")
    def test_a_wait_ends_at_its_time(self):
        execution = self.start(self.create(WAIT))
        self.later(601)
        self.assertEqual(self.ended(execution)["status"], "SUCCEEDED")

    def token(self, **more):
        """An execution that waits for a token, and the token."""
        url, _ = self.queue()
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": {"QueueUrl": url, "MessageBody": "{% $states.context.Task.Token %}"},
        }
        execution = self.start(self.create(machine(a={**task, **more})))
        [message] = self.received(url)
        return execution, message["Body"]

    def test_who_has_the_token_ends_the_task(self):
        execution, token = self.token()
        self.client.send_task_heartbeat(taskToken=token)
        with self.refused("InvalidOutput"):
            self.client.send_task_success(taskToken=token, output="{")
        self.client.send_task_success(taskToken=token, output='{"done": true}')
        self.assertEqual(json.loads(self.ended(execution)["output"]), {"done": True})
        with self.refused("TaskTimedOut"):
            self.client.send_task_success(taskToken=token, output="{}")

    def test_who_has_the_token_fails_the_task(self):
        execution, token = self.token()
        self.client.send_task_failure(taskToken=token, error="Sad", cause="by hand")
        ended = self.ended(execution)
        self.assertEqual((ended["status"], ended["error"], ended["cause"]), ("FAILED", "Sad", "by hand"))

    @ours_only("half a minute would have to be waited for")
    def test_a_task_lives_as_long_as_its_heart_beats(self):
        execution, token = self.token(HeartbeatSeconds=30)
        for _ in range(3):
            self.later(20)
            self.client.send_task_heartbeat(taskToken=token)
        self.later(31)
        self.assertEqual(self.ended(execution)["error"], "States.Timeout")

    def test_tags_are_kept(self):
        tags = [{"key": "stage", "value": "test"}, {"key": "team", "value": "a"}]
        self.client.tag_resource(resourceArn=self.machine, tags=tags)
        self.client.untag_resource(resourceArn=self.machine, tagKeys=["team"])
        self.assertEqual(self.client.list_tags_for_resource(resourceArn=self.machine)["tags"], tags[:1])


class Tasks(Machines):
    """Machines that call other services."""

    def call(self, resource, arguments, **given):
        task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments}
        return self.outcome(machine(a=task), **given)

    def test_a_message_is_sent(self):
        url, _ = self.queue()
        got = self.call("sqs:sendMessage", {"QueueUrl": url, "MessageBody": "{% $states.input.text %}"}, text="a")
        [message] = self.received(url)
        self.assertEqual((message["Body"], message["MessageId"]), ("a", got["MessageId"]))

    def test_a_message_is_published(self):
        topic = client("sns").create_topic(Name=self.name("topic"))["TopicArn"]
        self.assertIn("MessageId", self.call("sns:publish", {"TopicArn": topic, "Message": "a"}))

    def test_a_table_that_is_not_there_fails_the_task_by_name(self):
        key = {"TableName": "nowhere", "Key": {"pk": {"S": "p"}}}
        self.assertEqual(self.call("dynamodb:getItem", key)[0], "DynamoDB.ResourceNotFoundException")

    def test_an_execution_that_is_waited_for_gives_its_output(self):
        arguments = {"StateMachineArn": self.machine, "Input": "{% $states.input %}"}
        got = self.call("states:startExecution.sync:2", arguments, n=1)
        self.assertEqual((got["Status"], got["Output"]), ("SUCCEEDED", {"n": 1}))


class Invocations(Machines, Functions):
    """Machines that call a function."""

    service = "stepfunctions"

    def test_a_function_is_invoked_and_can_fail(self):
        arguments = {"FunctionName": self.function, "Payload": "{% $states.input %}"}
        task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": arguments}
        got = self.outcome(machine(a=task), n=1)
        self.assertEqual((got["Payload"], got["StatusCode"]), ({"event": {"n": 1}}, 200))
        error, cause = self.outcome(machine(a=task), do="fail")
        self.assertEqual((error, json.loads(cause)["errorMessage"]), ("ValueError", "as asked"))
