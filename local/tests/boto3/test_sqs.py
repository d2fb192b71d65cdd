"""SQS."""

import hashlib
import json

from world import Test, ours_only

NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"


class Sqs(Test):
    service = "sqs"

    def setUp(self):
        self.url, self.queue_arn = self.queue()

    def nowhere(self):
        return f"{self.url}-nowhere"

    def send(self, *bodies):
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body)

    def receive(self, **arguments):
        arguments = {"QueueUrl": self.url, "MaxNumberOfMessages": 10, **arguments}
        return self.client.receive_message(**arguments).get("Messages", [])

    def bodies(self, **arguments):
        return [message["Body"] for message in self.receive(**arguments)]

    def receipt(self):
        self.send("a")
        return self.receive()[0]["ReceiptHandle"]

    def attribute(self, name, url=None):
        answer = self.client.get_queue_attributes(QueueUrl=url or self.url, AttributeNames=[name])
        return answer["Attributes"][name]

    REFUSED = {
        "a_queue_that_is_not_there": ("get_queue_url", lambda t: {"QueueName": "nowhere"}, NO_QUEUE),
        "a_name_with_a_blank": ("create_queue", lambda t: {"QueueName": "two words"}, "InvalidParameterValue"),
        "a_delay_of_16_minutes": (
            "create_queue",
            lambda t: {"QueueName": "late", "Attributes": {"DelaySeconds": "960"}},
            "InvalidAttributeValue",
        ),
        "an_attribute_that_sqs_has_not": (
            "set_queue_attributes",
            lambda t: {"QueueUrl": t.url, "Attributes": {"Colour": "red"}},
            "InvalidAttributeName",
        ),
        "attributes_of_no_queue": ("get_queue_attributes", lambda t: {"QueueUrl": t.nowhere()}, NO_QUEUE),
        "a_page_of_1001_queues": ("list_queues", lambda t: {"MaxResults": 1001}, "InvalidParameterValue"),
        "to_delete_no_queue": ("delete_queue", lambda t: {"QueueUrl": t.nowhere()}, NO_QUEUE),
        "to_purge_no_queue": ("purge_queue", lambda t: {"QueueUrl": t.nowhere()}, NO_QUEUE),
        "an_empty_message": ("send_message", lambda t: {"QueueUrl": t.url, "MessageBody": ""}, "MissingParameter"),
        "a_character_that_xml_has_not": (
            "send_message",
            lambda t: {"QueueUrl": t.url, "MessageBody": "\x01"},
            "InvalidMessageContents",
        ),
        "a_message_to_no_queue": ("send_message", lambda t: {"QueueUrl": t.nowhere(), "MessageBody": "a"}, NO_QUEUE),
        "an_empty_batch": (
            "send_message_batch",
            lambda t: {"QueueUrl": t.url, "Entries": []},
            "AWS.SimpleQueueService.EmptyBatchRequest",
        ),
        "a_batch_of_eleven": (
            "send_message_batch",
            lambda t: {"QueueUrl": t.url, "Entries": [{"Id": str(n), "MessageBody": "a"} for n in range(11)]},
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        ),
        "a_batch_with_one_id_twice": (
            "send_message_batch",
            lambda t: {"QueueUrl": t.url, "Entries": [{"Id": "a", "MessageBody": "a"}] * 2},
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        ),
        "to_receive_eleven": (
            "receive_message",
            lambda t: {"QueueUrl": t.url, "MaxNumberOfMessages": 11},
            "InvalidParameterValue",
        ),
        "to_wait_for_21_seconds": (
            "receive_message",
            lambda t: {"QueueUrl": t.url, "WaitTimeSeconds": 21},
            "InvalidParameterValue",
        ),
        "a_receipt_that_it_never_gave": (
            "delete_message",
            lambda t: {"QueueUrl": t.url, "ReceiptHandle": "mine"},
            "ReceiptHandleIsInvalid",
        ),
        "to_delete_an_empty_batch": (
            "delete_message_batch",
            lambda t: {"QueueUrl": t.url, "Entries": []},
            "AWS.SimpleQueueService.EmptyBatchRequest",
        ),
        "13_hours_of_visibility": (
            "change_message_visibility",
            lambda t: {"QueueUrl": t.url, "ReceiptHandle": t.receipt(), "VisibilityTimeout": 46800},
            "InvalidParameterValue",
        ),
        "to_change_an_empty_batch": (
            "change_message_visibility_batch",
            lambda t: {"QueueUrl": t.url, "Entries": []},
            "AWS.SimpleQueueService.EmptyBatchRequest",
        ),
        "sources_of_no_queue": ("list_dead_letter_source_queues", lambda t: {"QueueUrl": t.nowhere()}, NO_QUEUE),
        "tags_of_no_queue": ("list_queue_tags", lambda t: {"QueueUrl": t.nowhere()}, NO_QUEUE),
        "to_tag_no_queue": ("tag_queue", lambda t: {"QueueUrl": t.nowhere(), "Tags": {"a": "b"}}, NO_QUEUE),
        "to_untag_no_queue": ("untag_queue", lambda t: {"QueueUrl": t.nowhere(), "TagKeys": ["a"]}, NO_QUEUE),
        "a_permission_for_no_operation": (
            "add_permission",
            lambda t: {"QueueUrl": t.url, "Label": "a", "AWSAccountIds": ["123456789012"], "Actions": ["Fly"]},
            "InvalidParameterValue",
        ),
        "to_take_back_what_nobody_gave": (
            "remove_permission",
            lambda t: {"QueueUrl": t.url, "Label": "a"},
            "InvalidParameterValue",
        ),
        "to_move_from_no_dead_letter_queue": (
            "start_message_move_task",
            lambda t: {"SourceArn": t.queue_arn},
            "InvalidParameterValue",
        ),
        "to_cancel_no_move": (
            "cancel_message_move_task",
            lambda t: {"TaskHandle": "bm9uZQ=="},
            "InvalidParameterValue",
        ),
        "moves_of_no_queue": (
            "list_message_move_tasks",
            lambda t: {"SourceArn": t.arn("sqs", "nowhere")},
            "ResourceNotFoundException",
        ),
    }

    def test_a_message_comes_with_its_attributes_and_digests(self):
        kind = {"kind": {"DataType": "String", "StringValue": "order"}}
        sent = self.client.send_message(QueueUrl=self.url, MessageBody="ä", MessageAttributes=kind)
        digest = hashlib.md5("ä".encode()).hexdigest()
        self.assertEqual(sent["MD5OfMessageBody"], digest)
        [got] = self.receive(MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"])
        self.assertEqual((got["MessageId"], got["Body"], got["MD5OfBody"]), (sent["MessageId"], "ä", digest))
        self.assertEqual(got["MessageAttributes"], kind)
        self.assertEqual(got["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
        self.assertEqual(got["Attributes"]["ApproximateReceiveCount"], "1")

    def test_a_deleted_message_is_gone_and_can_be_deleted_again(self):
        self.send("a")
        [message] = self.receive(VisibilityTimeout=0)
        for _ in range(2):
            self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        self.assertEqual(self.bodies(), [])

    def test_the_same_queue_is_made_twice_and_another_is_refused(self):
        name = self.queue_arn.split(":")[-1]
        self.assertEqual(self.client.create_queue(QueueName=name)["QueueUrl"], self.url)
        with self.refused("QueueAlreadyExists"):
            self.client.create_queue(QueueName=name, Attributes={"DelaySeconds": "1"})

    def test_a_queue_is_found_by_its_name_and_prefix(self):
        name = self.queue_arn.split(":")[-1]
        self.assertEqual(self.client.get_queue_url(QueueName=name)["QueueUrl"], self.url)
        self.assertEqual(self.client.list_queues(QueueNamePrefix=name)["QueueUrls"], [self.url])
        self.assertEqual(self.client.list_queues(QueueNamePrefix="no-such-prefix").get("QueueUrls", []), [])

    def test_queues_are_listed_in_pages(self):
        prefix = self.name("page")
        urls = [self.client.create_queue(QueueName=f"{prefix}-{n}")["QueueUrl"] for n in range(3)]
        pages = self.client.get_paginator("list_queues").paginate(
            QueueNamePrefix=prefix, PaginationConfig={"PageSize": 2}
        )
        pages = [page["QueueUrls"] for page in pages]
        self.assertEqual([len(page) for page in pages], [2, 1])
        self.assertEqual(sorted(sum(pages, [])), urls)

    def test_attributes_are_read_back(self):
        self.client.set_queue_attributes(QueueUrl=self.url, Attributes={"VisibilityTimeout": "7"})
        answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        self.assertEqual((answer["QueueArn"], answer["VisibilityTimeout"]), (self.queue_arn, "7"))
        self.assertEqual((answer["DelaySeconds"], answer["MessageRetentionPeriod"]), ("0", "345600"))

    def test_a_queue_takes_a_mebibyte_and_no_byte_more(self):
        self.assertEqual(self.attribute("MaximumMessageSize"), "1048576")
        self.send("x" * (1 << 20))
        with self.refused("InvalidParameterValue"):
            self.send("x" * ((1 << 20) + 1))

    def test_a_deleted_queue_is_not_there(self):
        self.client.delete_queue(QueueUrl=self.url)
        with self.refused(NO_QUEUE):
            self.send("a")

    def test_a_purge_takes_all(self):
        self.send("a", "b")
        self.client.purge_queue(QueueUrl=self.url)
        self.assertEqual(self.bodies(), [])

    def test_a_second_purge_within_a_minute_is_refused(self):
        self.client.purge_queue(QueueUrl=self.url)
        with self.refused("AWS.SimpleQueueService.PurgeQueueInProgress"):
            self.client.purge_queue(QueueUrl=self.url)

    def test_a_batch_fails_by_entry(self):
        entries = [{"Id": "good", "MessageBody": "a"}, {"Id": "bad", "MessageBody": "\x01"}]
        answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
        self.assertEqual([entry["Id"] for entry in answer["Successful"]], ["good"])
        [failed] = answer["Failed"]
        self.assertEqual((failed["Id"], failed["Code"], failed["SenderFault"]), ("bad", "InvalidMessageContents", True))

    def test_a_batch_of_deletions_fails_by_entry(self):
        self.send("a")
        [message] = self.receive()
        entries = [{"Id": "good", "ReceiptHandle": message["ReceiptHandle"]}, {"Id": "bad", "ReceiptHandle": "mine"}]
        answer = self.client.delete_message_batch(QueueUrl=self.url, Entries=entries)
        self.assertEqual([entry["Id"] for entry in answer["Successful"]], ["good"])
        self.assertEqual([(entry["Id"], entry["Code"]) for entry in answer["Failed"]], [("bad", "ReceiptHandleIsInvalid")])

    def test_a_message_comes_back_when_its_visibility_ends(self):
        self.send("a")
        self.assertEqual(self.bodies(VisibilityTimeout=1), ["a"])
        self.assertEqual(self.bodies(), [])
        self.later(1.1)
        [again] = self.receive(MessageSystemAttributeNames=["ApproximateReceiveCount"])
        self.assertEqual(again["Attributes"]["ApproximateReceiveCount"], "2")

    def test_visibility_is_ended_by_zero(self):
        self.send("a", "b")
        messages = self.receive()
        self.assertEqual(len(messages), 2)
        first, second = (message["ReceiptHandle"] for message in messages)
        self.client.change_message_visibility(QueueUrl=self.url, ReceiptHandle=first, VisibilityTimeout=0)
        entries = [
            {"Id": "good", "ReceiptHandle": second, "VisibilityTimeout": 0},
            {"Id": "bad", "ReceiptHandle": "mine", "VisibilityTimeout": 0},
        ]
        answer = self.client.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)
        self.assertEqual([entry["Id"] for entry in answer["Failed"]], ["bad"])
        self.assertEqual(sorted(self.bodies()), ["a", "b"])

    def test_visibility_of_what_is_not_in_flight_is_refused(self):
        self.send("a")
        [message] = self.receive(VisibilityTimeout=0)
        with self.refused("AWS.SimpleQueueService.MessageNotInflight"):
            self.client.change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=1
            )

    def test_a_delayed_message_is_not_seen_before_its_time(self):
        self.client.send_message(QueueUrl=self.url, MessageBody="late", DelaySeconds=1)
        self.assertEqual((self.bodies(), self.attribute("ApproximateNumberOfMessagesDelayed")), ([], "1"))
        self.later(1.1)
        self.assertEqual(self.bodies(), ["late"])

    @ours_only("a minute and more would have to be waited for")
    def test_a_message_is_dropped_when_its_retention_ends(self):
        self.client.set_queue_attributes(QueueUrl=self.url, Attributes={"MessageRetentionPeriod": "60"})
        self.send("old")
        self.later(61)
        self.assertEqual((self.bodies(), self.attribute("ApproximateNumberOfMessages")), ([], "0"))

    def test_tags_are_kept(self):
        self.client.tag_queue(QueueUrl=self.url, Tags={"stage": "test", "team": "a"})
        self.client.untag_queue(QueueUrl=self.url, TagKeys=["team", "none"])
        self.assertEqual(self.client.list_queue_tags(QueueUrl=self.url)["Tags"], {"stage": "test"})

    def test_a_permission_is_a_statement_of_the_policy(self):
        grant = {"Label": "send", "AWSAccountIds": ["123456789012"], "Actions": ["SendMessage"]}
        self.client.add_permission(QueueUrl=self.url, **grant)
        [statement] = json.loads(self.attribute("Policy"))["Statement"]
        self.assertEqual((statement["Sid"], statement["Effect"]), ("send", "Allow"))
        # IAM knows no capitals in actions, and no difference between one and a list of one.
        [action] = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        self.assertEqual(action.lower(), "sqs:sendmessage")
        self.assertEqual(statement["Resource"], self.queue_arn)
        self.client.remove_permission(QueueUrl=self.url, Label="send")
        with self.refused("InvalidParameterValue"):
            self.client.remove_permission(QueueUrl=self.url, Label="send")

    def bury(self, count):
        """A queue whose messages have gone to the dead-letter queue `self.url`."""
        redrive = {"deadLetterTargetArn": self.queue_arn, "maxReceiveCount": 1}
        source, arn = self.queue(RedrivePolicy=json.dumps(redrive))
        for number in range(count):
            self.client.send_message(QueueUrl=source, MessageBody=str(number))
        self.assertEqual(len(self.receive(QueueUrl=source, VisibilityTimeout=0)), count)
        self.assertEqual(self.receive(QueueUrl=source), [])
        return source, arn

    def test_what_is_received_too_often_goes_to_the_dead_letter_queue(self):
        source, arn = self.bury(1)
        answer = self.client.list_dead_letter_source_queues(QueueUrl=self.url)
        self.assertEqual(answer["queueUrls"], [source])
        [dead] = self.receive(MessageSystemAttributeNames=["DeadLetterQueueSourceArn"])
        self.assertEqual((dead["Body"], dead["Attributes"]["DeadLetterQueueSourceArn"]), ("0", arn))

    def test_dead_letters_are_moved_back(self):
        source, _ = self.bury(2)
        self.assertIn("TaskHandle", self.client.start_message_move_task(SourceArn=self.queue_arn))
        [task] = self.eventually(lambda: self.moved("COMPLETED"))
        self.assertEqual((task["SourceArn"], task["ApproximateNumberOfMessagesMoved"]), (self.queue_arn, 2))
        self.assertEqual(sorted(self.bodies(QueueUrl=source)), ["0", "1"])

    def moved(self, status):
        tasks = self.client.list_message_move_tasks(SourceArn=self.queue_arn)["Results"]
        return [task for task in tasks if task["Status"] == status]

    @ours_only("its moves are done at once")
    def test_a_slow_move_is_cancelled(self):
        self.bury(5)
        task = self.client.start_message_move_task(SourceArn=self.queue_arn, MaxNumberOfMessagesPerSecond=1)
        moved = self.client.cancel_message_move_task(TaskHandle=task["TaskHandle"])["ApproximateNumberOfMessagesMoved"]
        self.assertLess(moved, 5)
        self.later(1)
        self.eventually(lambda: self.moved("CANCELLED"))


class Fifo(Test):
    service = "sqs"

    def setUp(self):
        self.url, _ = self.queue(FifoQueue="true", ContentBasedDeduplication="true")

    def send(self, group, body, **arguments):
        return self.client.send_message(QueueUrl=self.url, MessageGroupId=group, MessageBody=body, **arguments)

    def receive(self, count=10, **arguments):
        answer = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=count, **arguments)
        return answer.get("Messages", [])

    REFUSED = {
        "a_name_without_its_suffix": (
            "create_queue",
            lambda t: {"QueueName": "plain", "Attributes": {"FifoQueue": "true"}},
            "InvalidParameterValue",
        ),
        "a_message_without_a_group": (
            "send_message",
            lambda t: {"QueueUrl": t.url, "MessageBody": "a"},
            "MissingParameter",
        ),
        "a_delay_of_one_message": (
            "send_message",
            lambda t: {"QueueUrl": t.url, "MessageBody": "a", "MessageGroupId": "g", "DelaySeconds": 1},
            "InvalidParameterValue",
        ),
    }

    def test_a_group_is_in_order_and_blocked_while_in_flight(self):
        for group, body in [("a", "a1"), ("a", "a2"), ("b", "b1")]:
            self.send(group, body)
        [first] = self.receive(count=1)
        self.assertEqual(first["Body"], "a1")
        self.assertEqual([message["Body"] for message in self.receive()], ["b1"])
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=first["ReceiptHandle"])
        self.assertEqual([message["Body"] for message in self.receive()], ["a2"])

    def test_a_duplicate_is_answered_like_the_first_and_not_delivered(self):
        first, second = self.send("a", "same"), self.send("a", "same")
        self.assertEqual(
            (first["MessageId"], first["SequenceNumber"]), (second["MessageId"], second["SequenceNumber"])
        )
        self.assertEqual(len(self.receive()), 1)

    @ours_only("five minutes would have to be waited for")
    def test_an_id_counts_for_five_minutes(self):
        self.send("a", "same")
        self.later(301)
        self.send("a", "same")
        self.assertEqual(len(self.receive()), 2)

    def test_a_receive_that_is_repeated_gives_the_same_messages(self):
        self.send("a", "one")
        [first] = self.receive(ReceiveRequestAttemptId="try")
        [again] = self.receive(ReceiveRequestAttemptId="try")
        self.assertEqual(first["MessageId"], again["MessageId"])
