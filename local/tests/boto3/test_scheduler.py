"""EventBridge Scheduler."""

import json

from world import Test, client, ours_only

GONE = "ResourceNotFoundException"
WRONG = "ValidationException"
OFF = {"Mode": "OFF"}


class Scheduler(Test):
    """A queue that the schedules send to, as a role that may."""

    service = "scheduler"

    def setUp(self):
        self.url, self.queue_arn = self.queue()
        self.target = {"Arn": self.queue_arn, "RoleArn": self.role(trust="scheduler.amazonaws.com"), "Input": "tick"}
        self.named = self.name("schedule")

    def schedule(self, expression="rate(1 hour)", **more):
        arguments = {
            "Name": self.named,
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": OFF,
            "Target": self.target,
            **more,
        }
        return arguments

    def group(self):
        name = self.name("group")
        return name, self.client.create_schedule_group(Name=name)["ScheduleGroupArn"]

    def bodies(self, **more):
        return [message["Body"] for message in self.received(self.url, **more)]

    def no_group(self):
        return self.arn("scheduler", "schedule-group/nowhere")

    REFUSED = {
        "a_rate_in_weeks": ("create_schedule", lambda t: t.schedule("rate(5 weeks)"), WRONG),
        "a_cron_of_days_and_weekdays": ("create_schedule", lambda t: t.schedule("cron(0 6 1 * 2 *)"), WRONG),
        "a_time_zone_on_mars": (
            "create_schedule",
            lambda t: t.schedule(ScheduleExpressionTimezone="Mars/Base"),
            WRONG,
        ),
        "a_name_with_a_blank": ("create_schedule", lambda t: t.schedule(Name="two words"), WRONG),
        "a_schedule_in_no_group": ("create_schedule", lambda t: t.schedule(GroupName="nowhere"), GONE),
        "no_schedule": ("get_schedule", lambda t: {"Name": "nowhere"}, GONE),
        "to_change_no_schedule": ("update_schedule", lambda t: t.schedule(Name="nowhere"), GONE),
        "to_delete_no_schedule": ("delete_schedule", lambda t: {"Name": "nowhere"}, GONE),
        "a_page_of_101_schedules": ("list_schedules", lambda t: {"MaxResults": 101}, WRONG),
        "a_group_that_is_there": ("create_schedule_group", lambda t: {"Name": t.group()[0]}, "ConflictException"),
        "no_group": ("get_schedule_group", lambda t: {"Name": "nowhere"}, GONE),
        "to_delete_no_group": ("delete_schedule_group", lambda t: {"Name": "nowhere"}, GONE),
        "to_delete_the_default_group": ("delete_schedule_group", lambda t: {"Name": "default"}, WRONG),
        "a_page_of_101_groups": ("list_schedule_groups", lambda t: {"MaxResults": 101}, WRONG),
        "to_tag_no_group": (
            "tag_resource",
            lambda t: {"ResourceArn": t.no_group(), "Tags": [{"Key": "a", "Value": "b"}]},
            GONE,
        ),
        "to_untag_no_group": ("untag_resource", lambda t: {"ResourceArn": t.no_group(), "TagKeys": ["a"]}, GONE),
        "tags_of_no_group": ("list_tags_for_resource", lambda t: {"ResourceArn": t.no_group()}, GONE),
    }

    def test_a_schedule_is_shown_as_it_was_made(self):
        made = self.client.create_schedule(**self.schedule("cron(0 6 ? * MON-FRI *)", Description="mornings"))
        self.assertEqual(made["ScheduleArn"], self.arn("scheduler", f"schedule/default/{self.named}"))
        got = self.client.get_schedule(Name=self.named)
        self.assertEqual((got["Description"], got["ScheduleExpression"]), ("mornings", "cron(0 6 ? * MON-FRI *)"))
        self.assertEqual((got["GroupName"], got["State"]), ("default", "ENABLED"))
        self.assertEqual((got["ScheduleExpressionTimezone"], got["ActionAfterCompletion"]), ("UTC", "NONE"))
        self.assertEqual(got["Target"]["Arn"], self.queue_arn)

    def test_a_schedule_has_the_retry_policy_that_aws_documents(self):
        self.client.create_schedule(**self.schedule())
        retry = self.client.get_schedule(Name=self.named)["Target"]["RetryPolicy"]
        self.assertEqual(retry, {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185})

    def test_an_update_replaces_all(self):
        self.client.create_schedule(**self.schedule(Description="ours"))
        self.client.update_schedule(**self.schedule("rate(2 hours)", State="DISABLED"))
        got = self.client.get_schedule(Name=self.named)
        self.assertEqual((got["ScheduleExpression"], got["State"]), ("rate(2 hours)", "DISABLED"))
        self.assertNotIn("Description", got)

    def test_a_name_is_used_once_unless_the_token_is_the_same(self):
        for _ in range(2):
            self.client.create_schedule(**self.schedule(ClientToken="one"))
        with self.refused("ConflictException"):
            self.client.create_schedule(**self.schedule())

    def test_a_deleted_schedule_is_gone(self):
        self.client.create_schedule(**self.schedule())
        self.client.delete_schedule(Name=self.named)
        with self.refused(GONE):
            self.client.get_schedule(Name=self.named)

    @ours_only("it looks at schedules every ten seconds only")
    def test_a_rate_is_due_at_once(self):
        self.client.create_schedule(**self.schedule())
        self.assertEqual(self.bodies(), ["tick"])

    @ours_only("hours would have to be waited for")
    def test_a_rate_is_due_again_after_its_time(self):
        self.client.create_schedule(**self.schedule())
        self.assertEqual(self.bodies(), ["tick"])
        self.later(3 * 3600)
        self.assertEqual(self.bodies(), ["tick"] * 3)
        self.client.delete_schedule(Name=self.named)

    @ours_only("AWS does not document what becomes of a time that has passed")
    def test_a_time_that_has_passed_is_due_at_once_and_the_schedule_goes(self):
        once = self.schedule("at(2020-01-01T00:00:00)", ActionAfterCompletion="DELETE")
        self.client.create_schedule(**once)
        self.assertEqual(self.bodies(), ["tick"])
        self.eventually(lambda: self.gone(self.named))

    def gone(self, name):
        names = [schedule["Name"] for schedule in self.client.list_schedules(NamePrefix=name)["Schedules"]]
        return name not in names

    @ours_only("it looks at schedules every ten seconds only")
    def test_a_disabled_schedule_is_not_due(self):
        self.client.create_schedule(**self.schedule(State="DISABLED"))
        self.assertEqual(self.bodies(wait=1), [])

    @ours_only("it does not send as the role")
    def test_a_schedule_may_do_no_more_than_its_role(self):
        nothing = self.role({"Effect": "Deny", "Action": "*", "Resource": "*"}, trust="scheduler.amazonaws.com")
        dead, dead_arn = self.queue()
        self.target |= {"RoleArn": nothing, "DeadLetterConfig": {"Arn": dead_arn}}
        self.client.create_schedule(**self.schedule("at(2020-01-01T00:00:00)"))
        self.assertEqual((self.bodies(wait=1), self.received(dead, wait=0)), ([], []))

    def test_schedules_are_listed_by_group_in_pages(self):
        group, _ = self.group()
        for number in range(3):
            later = self.schedule("at(2099-01-01T00:00:00)", Name=f"{self.named}-{number}", GroupName=group)
            self.client.create_schedule(**later)
        pages = self.client.get_paginator("list_schedules").paginate(
            GroupName=group, PaginationConfig={"PageSize": 2}
        )
        self.assertEqual([len(page["Schedules"]) for page in pages], [2, 1])

    def test_a_group_holds_schedules_and_goes_with_them(self):
        group, arn = self.group()
        self.client.create_schedule(**self.schedule("at(2099-01-01T00:00:00)", GroupName=group))
        got = self.client.get_schedule_group(Name=group)
        self.assertEqual((got["Arn"], got["State"]), (arn, "ACTIVE"))
        groups = self.client.get_paginator("list_schedule_groups").paginate(NamePrefix=group)
        self.assertEqual([each["Name"] for page in groups for each in page["ScheduleGroups"]], [group])
        self.client.delete_schedule_group(Name=group)
        with self.refused(GONE):
            self.client.get_schedule(Name=self.named, GroupName=group)

    def test_tags_of_a_group_are_kept(self):
        _, arn = self.group()
        tags = [{"Key": "stage", "Value": "test"}, {"Key": "team", "Value": "a"}]
        self.client.tag_resource(ResourceArn=arn, Tags=tags)
        self.client.untag_resource(ResourceArn=arn, TagKeys=["team"])
        self.assertEqual(self.client.list_tags_for_resource(ResourceArn=arn)["Tags"], tags[:1])
