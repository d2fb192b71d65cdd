"""SNS."""

import json

from world import Test, client

POLICY = json.dumps({"kind": ["order"]})


class Sns(Test):
    service = "sns"

    def setUp(self):
        self.topic = self.client.create_topic(Name=self.name("topic"))["TopicArn"]

    def nowhere(self):
        return self.arn("sns", "nowhere")

    def subscribed(self, **attributes):
        """A queue that gets the topic's messages, and the subscription's ARN."""
        url, arn = self.queue()
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                }
            ],
        }
        client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        answer = self.client.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
        return url, answer["SubscriptionArn"]

    REFUSED = {
        "a_name_with_a_blank": ("create_topic", lambda t: {"Name": "two words"}, "InvalidParameter"),
        "to_delete_what_is_no_topic": ("delete_topic", lambda t: {"TopicArn": "topic"}, "InvalidParameter"),
        "attributes_of_no_topic": ("get_topic_attributes", lambda t: {"TopicArn": t.nowhere()}, "NotFound"),
        "a_topics_attribute_that_sns_has_not": (
            "set_topic_attributes",
            lambda t: {"TopicArn": t.topic, "AttributeName": "Colour", "AttributeValue": "red"},
            "InvalidParameter",
        ),
        "a_subscription_of_no_topic": (
            "subscribe",
            lambda t: {"TopicArn": t.nowhere(), "Protocol": "sqs", "Endpoint": t.arn("sqs", "a")},
            "NotFound",
        ),
        "a_protocol_that_sns_has_not": (
            "subscribe",
            lambda t: {"TopicArn": t.topic, "Protocol": "pigeon", "Endpoint": "loft"},
            "InvalidParameter",
        ),
        "a_filter_policy_that_is_no_object": (
            "subscribe",
            lambda t: {
                "TopicArn": t.topic,
                "Protocol": "sqs",
                "Endpoint": t.queue()[1],
                "Attributes": {"FilterPolicy": "[]"},
            },
            "InvalidParameter",
        ),
        "a_token_that_it_never_gave": (
            "confirm_subscription",
            lambda t: {"TopicArn": t.topic, "Token": "none"},
            "InvalidParameter",
        ),
        "to_unsubscribe_what_is_no_subscription": (
            "unsubscribe",
            lambda t: {"SubscriptionArn": "none"},
            "InvalidParameter",
        ),
        "attributes_of_no_subscription": (
            "get_subscription_attributes",
            lambda t: {"SubscriptionArn": f"{t.topic}:00000000-0000-4000-8000-000000000000"},
            "NotFound",
        ),
        "a_subscriptions_attribute_that_sns_has_not": (
            "set_subscription_attributes",
            lambda t: {"SubscriptionArn": t.subscribed()[1], "AttributeName": "Colour", "AttributeValue": "red"},
            "InvalidParameter",
        ),
        "subscriptions_of_no_topic": ("list_subscriptions_by_topic", lambda t: {"TopicArn": t.nowhere()}, "NotFound"),
        "a_page_of_topics_that_it_never_began": ("list_topics", lambda t: {"NextToken": "none"}, "InvalidParameter"),
        "a_page_of_subscriptions_that_it_never_began": (
            "list_subscriptions",
            lambda t: {"NextToken": "none"},
            "InvalidParameter",
        ),
        "a_message_to_no_topic": ("publish", lambda t: {"TopicArn": t.nowhere(), "Message": "a"}, "NotFound"),
        "an_empty_message": ("publish", lambda t: {"TopicArn": t.topic, "Message": ""}, "InvalidParameter"),
        "256_kib_and_a_byte": (
            "publish",
            lambda t: {"TopicArn": t.topic, "Message": "x" * ((256 << 10) + 1)},
            "InvalidParameter",
        ),
        "messages_by_protocol_without_a_default": (
            "publish",
            lambda t: {"TopicArn": t.topic, "Message": '{"sqs": "a"}', "MessageStructure": "json"},
            "InvalidParameter",
        ),
        "an_empty_batch": (
            "publish_batch",
            lambda t: {"TopicArn": t.topic, "PublishBatchRequestEntries": []},
            "EmptyBatchRequest",
        ),
        "a_batch_of_eleven": (
            "publish_batch",
            lambda t: {
                "TopicArn": t.topic,
                "PublishBatchRequestEntries": [{"Id": str(n), "Message": "a"} for n in range(11)],
            },
            "TooManyEntriesInBatchRequest",
        ),
        "a_batch_with_one_id_twice": (
            "publish_batch",
            lambda t: {"TopicArn": t.topic, "PublishBatchRequestEntries": [{"Id": "a", "Message": "a"}] * 2},
            "BatchEntryIdsNotDistinct",
        ),
        "tags_of_no_topic": ("list_tags_for_resource", lambda t: {"ResourceArn": t.nowhere()}, "ResourceNotFound"),
        "to_tag_no_topic": (
            "tag_resource",
            lambda t: {"ResourceArn": t.nowhere(), "Tags": [{"Key": "a", "Value": "b"}]},
            "ResourceNotFound",
        ),
        "to_untag_no_topic": (
            "untag_resource",
            lambda t: {"ResourceArn": t.nowhere(), "TagKeys": ["a"]},
            "ResourceNotFound",
        ),
    }

    def test_a_topic_is_made_once_and_listed(self):
        name = self.topic.split(":")[-1]
        self.assertEqual(self.topic, self.arn("sns", name))
        self.assertEqual(self.client.create_topic(Name=name)["TopicArn"], self.topic)
        pages = self.client.get_paginator("list_topics").paginate()
        listed = [topic["TopicArn"] for page in pages for topic in page["Topics"]]
        self.assertEqual(listed.count(self.topic), 1)

    def test_a_topic_goes_and_can_be_deleted_again(self):
        for _ in range(2):
            self.client.delete_topic(TopicArn=self.topic)
        with self.refused("NotFound"):
            self.client.publish(TopicArn=self.topic, Message="a")

    def test_a_topics_attributes_are_read_back(self):
        self.client.set_topic_attributes(TopicArn=self.topic, AttributeName="DisplayName", AttributeValue="Orders")
        answer = self.client.get_topic_attributes(TopicArn=self.topic)["Attributes"]
        self.assertEqual((answer["TopicArn"], answer["DisplayName"]), (self.topic, "Orders"))
        self.assertEqual((answer["SubscriptionsConfirmed"], answer["Owner"]), ("0", self.topic.split(":")[4]))

    def test_a_queue_gets_the_message_in_an_envelope(self):
        url, subscription = self.subscribed()
        attributes = {"kind": {"DataType": "String", "StringValue": "order"}}
        sent = self.client.publish(TopicArn=self.topic, Message="a", Subject="s", MessageAttributes=attributes)
        [message] = self.received(url)
        envelope = json.loads(message["Body"])
        self.assertEqual((envelope["Type"], envelope["MessageId"]), ("Notification", sent["MessageId"]))
        self.assertEqual((envelope["TopicArn"], envelope["Message"], envelope["Subject"]), (self.topic, "a", "s"))
        self.assertEqual(envelope["MessageAttributes"], {"kind": {"Type": "String", "Value": "order"}})
        self.assertIn(subscription, envelope["UnsubscribeURL"])

    def test_raw_delivery_is_the_message_and_its_attributes(self):
        url, _ = self.subscribed(RawMessageDelivery="true")
        attributes = {"kind": {"DataType": "String", "StringValue": "order"}}
        self.client.publish(TopicArn=self.topic, Message="a", MessageAttributes=attributes)
        [message] = self.received(url, MessageAttributeNames=["All"])
        self.assertEqual((message["Body"], message["MessageAttributes"]), ("a", attributes))

    def test_a_filter_policy_chooses_by_attributes(self):
        url, subscription = self.subscribed(RawMessageDelivery="true", FilterPolicy=POLICY)
        for kind in ["order", "mail"]:
            attributes = {"kind": {"DataType": "String", "StringValue": kind}}
            self.client.publish(TopicArn=self.topic, Message=kind, MessageAttributes=attributes)
        self.client.publish(TopicArn=self.topic, Message="none")
        self.assertEqual([message["Body"] for message in self.received(url)], ["order"])
        answer = self.client.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
        self.assertEqual((json.loads(answer["FilterPolicy"]), answer["TopicArn"]), (json.loads(POLICY), self.topic))

    def test_a_filter_policy_chooses_by_the_body(self):
        policy = json.dumps({"order": {"total": [{"numeric": [">=", 100]}]}})
        url, _ = self.subscribed(RawMessageDelivery="true", FilterPolicy=policy, FilterPolicyScope="MessageBody")
        for total in [99.99, 100]:
            self.client.publish(TopicArn=self.topic, Message=json.dumps({"order": {"total": total}}))
        self.client.publish(TopicArn=self.topic, Message="no json")
        self.assertEqual([message["Body"] for message in self.received(url)], ['{"order": {"total": 100}}'])

    def test_a_filter_policy_matches_prefix_anything_but_and_or(self):
        policy = {"$or": [{"a": [{"prefix": "x"}]}, {"b": [{"anything-but": ["no"]}]}]}
        url, _ = self.subscribed(RawMessageDelivery="true", FilterPolicy=json.dumps(policy))
        for name, value in [("a", "xy"), ("a", "yx"), ("b", "yes"), ("b", "no")]:
            attributes = {name: {"DataType": "String", "StringValue": value}}
            self.client.publish(TopicArn=self.topic, Message=value, MessageAttributes=attributes)
        self.assertEqual(sorted(message["Body"] for message in self.received(url)), ["xy", "yes"])

    def test_a_subscriptions_attributes_can_be_changed(self):
        _, subscription = self.subscribed()
        change = {"AttributeName": "RawMessageDelivery", "AttributeValue": "true"}
        self.client.set_subscription_attributes(SubscriptionArn=subscription, **change)
        answer = self.client.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
        self.assertEqual((answer["RawMessageDelivery"], answer["PendingConfirmation"]), ("true", "false"))

    def test_a_subscription_is_listed_until_it_ends(self):
        url, subscription = self.subscribed()
        [listed] = self.client.list_subscriptions_by_topic(TopicArn=self.topic)["Subscriptions"]
        self.assertEqual((listed["SubscriptionArn"], listed["Protocol"]), (subscription, "sqs"))
        everywhere = self.client.get_paginator("list_subscriptions").paginate().build_full_result()
        self.assertIn(subscription, [each["SubscriptionArn"] for each in everywhere["Subscriptions"]])
        self.client.unsubscribe(SubscriptionArn=subscription)
        self.assertEqual(self.client.list_subscriptions_by_topic(TopicArn=self.topic)["Subscriptions"], [])
        self.client.publish(TopicArn=self.topic, Message="a")
        self.assertEqual(self.received(url, wait=0), [])

    def test_the_same_subscription_is_made_once(self):
        _, arn = self.queue()
        subscribe = {"TopicArn": self.topic, "Protocol": "sqs", "Endpoint": arn}
        first = self.client.subscribe(**subscribe)["SubscriptionArn"]
        self.assertEqual(self.client.subscribe(**subscribe)["SubscriptionArn"], first)

    def test_a_mail_address_waits_for_its_confirmation(self):
        answer = self.client.subscribe(TopicArn=self.topic, Protocol="email", Endpoint="ann@example.com")
        self.assertEqual(answer["SubscriptionArn"], "pending confirmation")
        [listed] = self.client.list_subscriptions_by_topic(TopicArn=self.topic)["Subscriptions"]
        self.assertEqual(listed["SubscriptionArn"], "PendingConfirmation")

    def test_a_batch_says_what_became_of_each(self):
        url, _ = self.subscribed(RawMessageDelivery="true")
        entries = [{"Id": "good", "Message": "a"}, {"Id": "bad", "Message": ""}]
        answer = self.client.publish_batch(TopicArn=self.topic, PublishBatchRequestEntries=entries)
        self.assertEqual([entry["Id"] for entry in answer["Successful"]], ["good"])
        [failed] = answer["Failed"]
        self.assertEqual((failed["Id"], failed["Code"], failed["SenderFault"]), ("bad", "InvalidParameter", True))
        self.assertEqual([message["Body"] for message in self.received(url)], ["a"])

    def test_each_protocol_has_its_message(self):
        url, _ = self.subscribed(RawMessageDelivery="true")
        message = json.dumps({"default": "d", "sqs": "q"})
        self.client.publish(TopicArn=self.topic, Message=message, MessageStructure="json")
        self.assertEqual([message["Body"] for message in self.received(url)], ["q"])

    def test_a_fifo_topic_keeps_order_and_drops_duplicates(self):
        attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
        topic = self.client.create_topic(Name=self.name("topic") + ".fifo", Attributes=attributes)["TopicArn"]
        url, arn = self.queue(FifoQueue="true", Policy=json.dumps(everybody(self.arn("sqs", "*"))))
        raw = {"RawMessageDelivery": "true"}
        self.client.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
        answers = [self.client.publish(TopicArn=topic, Message=body, MessageGroupId="g") for body in "aab"]
        self.assertEqual(answers[0]["MessageId"], answers[1]["MessageId"])
        self.assertLess(int(answers[0]["SequenceNumber"]), int(answers[2]["SequenceNumber"]))
        self.assertEqual([message["Body"] for message in self.received(url)], ["a", "b"])

    def test_a_fifo_topic_wants_a_group(self):
        topic = self.client.create_topic(Name=self.name("topic") + ".fifo", Attributes={"FifoTopic": "true"})
        with self.refused("InvalidParameter"):
            self.client.publish(TopicArn=topic["TopicArn"], Message="a")

    def test_tags_are_kept(self):
        tags = [{"Key": "stage", "Value": "test"}, {"Key": "team", "Value": "a"}]
        self.client.tag_resource(ResourceArn=self.topic, Tags=tags)
        self.client.untag_resource(ResourceArn=self.topic, TagKeys=["team"])
        self.assertEqual(self.client.list_tags_for_resource(ResourceArn=self.topic)["Tags"], tags[:1])

    def test_a_subscription_without_its_queues_leave_delivers_nothing(self):
        url, arn = self.queue()
        self.client.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        self.client.publish(TopicArn=self.topic, Message="a")
        self.assertEqual(self.received(url, wait=0), [])


def everybody(resource):
    """A policy that lets SNS send."""
    principal = {"Service": "sns.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}
