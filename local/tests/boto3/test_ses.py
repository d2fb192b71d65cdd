"""SES, version 2."""

import json

from world import Test, client, ours_only

GONE = "NotFoundException"
WRONG = "BadRequestException"
EVENTS = ["BOUNCE", "COMPLAINT"]


class Ses(Test):
    service = "sesv2"

    def setUp(self):
        self.set = self.name("set")
        self.client.create_configuration_set(ConfigurationSetName=self.set)
        self.sender = f"news@{self.name('site')}.example"
        self.client.create_email_identity(EmailIdentity=self.sender)

    def mail(self, to="ann@example.com", **more):
        text = {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "you"}}}
        mail = {
            "FromEmailAddress": self.sender,
            "Destination": {"ToAddresses": [to]},
            "Content": {"Simple": text},
        }
        return {**mail, **more}

    def destination(self, topic=None):
        topic = topic or client("sns").create_topic(Name=self.name("topic"))["TopicArn"]
        return {"Enabled": True, "MatchingEventTypes": EVENTS, "SnsDestination": {"TopicArn": topic}}

    def of(self, **more):
        return {"ConfigurationSetName": self.set, **more}

    REFUSED = {
        "an_identity_that_is_there": (
            "create_email_identity",
            lambda t: {"EmailIdentity": t.sender},
            "AlreadyExistsException",
        ),
        "no_identity": ("get_email_identity", lambda t: {"EmailIdentity": "nowhere.example"}, GONE),
        "to_delete_no_identity": ("delete_email_identity", lambda t: {"EmailIdentity": "nowhere.example"}, GONE),
        "a_set_for_no_identity": (
            "put_email_identity_configuration_set_attributes",
            lambda t: {"EmailIdentity": "nowhere.example", "ConfigurationSetName": t.set},
            GONE,
        ),
        "a_set_that_is_there": ("create_configuration_set", lambda t: t.of(), "AlreadyExistsException"),
        "a_set_with_a_blank_in_its_name": (
            "create_configuration_set",
            lambda t: {"ConfigurationSetName": "two words"},
            WRONG,
        ),
        "no_set": ("get_configuration_set", lambda t: {"ConfigurationSetName": "nowhere"}, GONE),
        "to_delete_no_set": ("delete_configuration_set", lambda t: {"ConfigurationSetName": "nowhere"}, GONE),
        "sending_of_no_set": (
            "put_configuration_set_sending_options",
            lambda t: {"ConfigurationSetName": "nowhere", "SendingEnabled": True},
            GONE,
        ),
        "suppression_of_no_set": (
            "put_configuration_set_suppression_options",
            lambda t: {"ConfigurationSetName": "nowhere", "SuppressedReasons": []},
            GONE,
        ),
        "a_destination_of_no_set": (
            "create_configuration_set_event_destination",
            lambda t: {
                "ConfigurationSetName": "nowhere",
                "EventDestinationName": "a",
                "EventDestination": t.destination(),
            },
            GONE,
        ),
        "to_change_no_destination": (
            "update_configuration_set_event_destination",
            lambda t: t.of(EventDestinationName="a", EventDestination=t.destination()),
            GONE,
        ),
        "to_delete_no_destination": (
            "delete_configuration_set_event_destination",
            lambda t: t.of(EventDestinationName="a"),
            GONE,
        ),
        "destinations_of_no_set": (
            "get_configuration_set_event_destinations",
            lambda t: {"ConfigurationSetName": "nowhere"},
            GONE,
        ),
        "an_address_that_is_not_suppressed": (
            "get_suppressed_destination",
            lambda t: {"EmailAddress": "nobody@example.com"},
            GONE,
        ),
        "to_free_what_is_not_suppressed": (
            "delete_suppressed_destination",
            lambda t: {"EmailAddress": "nobody@example.com"},
            GONE,
        ),
        "to_suppress_for_no_reason_that_there_is": (
            "put_suppressed_destination",
            lambda t: {"EmailAddress": "ann@example.com", "Reason": "WHIM"},
            WRONG,
        ),
        "a_page_of_suppressed_addresses_that_it_never_began": (
            "list_suppressed_destinations",
            lambda t: {"NextToken": "none"},
            "InvalidNextTokenException",
        ),
        "a_sender_that_is_not_verified": (
            "send_email",
            lambda t: t.mail(FromEmailAddress="a@nowhere.example"),
            "MessageRejected",
        ),
        "a_mail_by_no_set": ("send_email", lambda t: t.mail(ConfigurationSetName="nowhere"), GONE),
        "a_line_break_in_a_subject": (
            "send_email",
            lambda t: t.mail(
                Content={"Simple": {"Subject": {"Data": "a\r\nBcc: b@c.example"}, "Body": {"Text": {"Data": "b"}}}}
            ),
            WRONG,
        ),
        "a_mail_to_51_people": (
            "send_email",
            lambda t: t.mail(Destination={"ToAddresses": [f"{n}@example.com" for n in range(51)]}),
            WRONG,
        ),
    }

    def test_a_mail_is_accepted(self):
        answers = [self.client.send_email(**self.mail())["MessageId"] for _ in range(2)]
        self.assertNotEqual(*answers)
        display = f"News <{self.sender}>"
        self.assertIn("MessageId", self.client.send_email(**self.mail(FromEmailAddress=display)))

    def test_an_identity_is_described_and_deleted(self):
        self.client.put_email_identity_configuration_set_attributes(
            EmailIdentity=self.sender, ConfigurationSetName=self.set
        )
        got = self.client.get_email_identity(EmailIdentity=self.sender)
        self.assertEqual((got["IdentityType"], got["ConfigurationSetName"]), ("EMAIL_ADDRESS", self.set))
        self.client.delete_email_identity(EmailIdentity=self.sender)
        with self.refused(GONE):
            self.client.get_email_identity(EmailIdentity=self.sender)

    def test_a_set_has_the_options_that_were_put(self):
        self.client.put_configuration_set_sending_options(**self.of(SendingEnabled=False))
        self.client.put_configuration_set_suppression_options(**self.of(SuppressedReasons=["BOUNCE"]))
        got = self.client.get_configuration_set(**self.of())
        self.assertEqual(got["SendingOptions"], {"SendingEnabled": False})
        self.assertEqual(got["SuppressionOptions"], {"SuppressedReasons": ["BOUNCE"]})
        self.client.delete_configuration_set(**self.of())
        with self.refused(GONE):
            self.client.get_configuration_set(**self.of())

    def test_a_set_that_is_paused_sends_nothing(self):
        self.client.put_configuration_set_sending_options(**self.of(SendingEnabled=False))
        with self.refused("SendingPausedException"):
            self.client.send_email(**self.mail(ConfigurationSetName=self.set))

    def test_a_destination_is_made_changed_and_deleted(self):
        first = self.destination()
        named = self.of(EventDestinationName="events")
        self.client.create_configuration_set_event_destination(**named, EventDestination=first)
        with self.refused("AlreadyExistsException"):
            self.client.create_configuration_set_event_destination(**named, EventDestination=first)
        second = {**first, "MatchingEventTypes": ["BOUNCE"]}
        self.client.update_configuration_set_event_destination(**named, EventDestination=second)
        [got] = self.client.get_configuration_set_event_destinations(**self.of())["EventDestinations"]
        self.assertEqual((got["Name"], got["MatchingEventTypes"]), ("events", ["BOUNCE"]))
        self.assertEqual(got["SnsDestination"], first["SnsDestination"])
        self.client.delete_configuration_set_event_destination(**named)
        self.assertEqual(self.client.get_configuration_set_event_destinations(**self.of())["EventDestinations"], [])

    @ours_only("it makes no events")
    def test_the_simulator_bounces(self):
        sns, (url, arn) = client("sns"), self.queue()
        topic = sns.create_topic(Name=self.name("topic"))["TopicArn"]
        for service, resource, action, put in [
            ("ses", topic, "sns:Publish", lambda policy: sns.set_topic_attributes(
                TopicArn=topic, AttributeName="Policy", AttributeValue=policy)),
            ("sns", arn, "sqs:SendMessage", lambda policy: client("sqs").set_queue_attributes(
                QueueUrl=url, Attributes={"Policy": policy})),
        ]:
            principal = {"Service": f"{service}.amazonaws.com"}
            statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
            put(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        self.client.create_configuration_set_event_destination(
            **self.of(EventDestinationName="events"), EventDestination=self.destination(topic)
        )
        sent = self.client.send_email(**self.mail("bounce@simulator.amazonses.com", ConfigurationSetName=self.set))
        [event] = [json.loads(message["Body"]) for message in self.received(url)]
        self.assertEqual((event["eventType"], event["mail"]["messageId"]), ("Bounce", sent["MessageId"]))

    def test_a_suppressed_address_is_listed_until_it_is_freed(self):
        address = f"{self.name('gone')}@example.com"
        self.client.put_suppressed_destination(EmailAddress=address, Reason="COMPLAINT")
        got = self.client.get_suppressed_destination(EmailAddress=address)["SuppressedDestination"]
        self.assertEqual((got["EmailAddress"], got["Reason"]), (address, "COMPLAINT"))
        listed = self.client.list_suppressed_destinations()["SuppressedDestinationSummaries"]
        self.assertIn(address, [each["EmailAddress"] for each in listed])
        self.client.delete_suppressed_destination(EmailAddress=address)
        with self.refused(GONE):
            self.client.get_suppressed_destination(EmailAddress=address)
