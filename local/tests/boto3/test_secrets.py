"""Secrets Manager."""

from world import Test, ours_only

GONE = "ResourceNotFoundException"
WRONG = "InvalidParameterException"


class Secrets(Test):
    service = "secretsmanager"

    def setUp(self):
        self.named = self.name("secret")
        self.made = self.client.create_secret(Name=self.named, SecretString="one")

    def value(self, **which):
        return self.client.get_secret_value(SecretId=self.named, **which)

    REFUSED = {
        "a_secret_that_is_there": (
            "create_secret",
            lambda t: {"Name": t.named, "SecretString": "other"},
            "ResourceExistsException",
        ),
        "a_name_with_a_blank": ("create_secret", lambda t: {"Name": "two words"}, "ValidationException"),
        "the_value_of_no_secret": ("get_secret_value", lambda t: {"SecretId": "nowhere"}, GONE),
        "a_version_that_it_never_had": (
            "get_secret_value",
            lambda t: {"SecretId": t.named, "VersionId": "00000000-0000-4000-8000-000000000000"},
            GONE,
        ),
        "to_describe_no_secret": ("describe_secret", lambda t: {"SecretId": "nowhere"}, GONE),
        "a_value_for_no_secret": ("put_secret_value", lambda t: {"SecretId": "nowhere", "SecretString": "a"}, GONE),
        "to_put_nothing": ("put_secret_value", lambda t: {"SecretId": t.named}, WRONG),
        "to_change_no_secret": ("update_secret", lambda t: {"SecretId": "nowhere", "SecretString": "a"}, GONE),
        "to_delete_no_secret": ("delete_secret", lambda t: {"SecretId": "nowhere"}, GONE),
        "a_window_of_three_days": (
            "delete_secret",
            lambda t: {"SecretId": t.named, "RecoveryWindowInDays": 3},
            WRONG,
        ),
    }

    def test_a_value_is_read_by_name_and_arn(self):
        for which in [self.named, self.made["ARN"], self.made["ARN"].rpartition("-")[0]]:
            got = self.client.get_secret_value(SecretId=which)
            self.assertEqual((got["SecretString"], got["VersionId"]), ("one", self.made["VersionId"]))
            self.assertEqual(got["VersionStages"], ["AWSCURRENT"])

    def test_a_new_value_leaves_the_previous_one(self):
        self.client.put_secret_value(SecretId=self.named, SecretString="two")
        self.client.update_secret(SecretId=self.named, SecretString="three")
        self.assertEqual(self.value()["SecretString"], "three")
        self.assertEqual(self.value(VersionStage="AWSPREVIOUS")["SecretString"], "two")

    def test_the_same_request_twice_is_one_version(self):
        token = "00000000-0000-4000-8000-000000000001"
        for _ in range(2):
            put = self.client.put_secret_value(SecretId=self.named, SecretString="two", ClientRequestToken=token)
            self.assertEqual(put["VersionId"], token)
        self.assertEqual(self.value(VersionStage="AWSPREVIOUS")["SecretString"], "one")

    def test_a_token_is_for_one_value(self):
        token = "00000000-0000-4000-8000-000000000002"
        self.client.put_secret_value(SecretId=self.named, SecretString="two", ClientRequestToken=token)
        with self.refused("ResourceExistsException"):
            self.client.put_secret_value(SecretId=self.named, SecretString="three", ClientRequestToken=token)

    def test_a_secret_is_described_without_its_value(self):
        self.client.update_secret(SecretId=self.named, Description="ours")
        got = self.client.describe_secret(SecretId=self.named)
        self.assertEqual((got["Name"], got["Description"]), (self.named, "ours"))
        self.assertEqual(got["VersionIdsToStages"], {self.made["VersionId"]: ["AWSCURRENT"]})
        self.assertNotIn("SecretString", got)

    def test_a_secret_without_a_value_has_none(self):
        name = self.name("secret")
        self.client.create_secret(Name=name)
        with self.refused(GONE):
            self.client.get_secret_value(SecretId=name)

    def test_a_deleted_secret_is_not_read(self):
        self.client.delete_secret(SecretId=self.named, RecoveryWindowInDays=7)
        with self.refused("InvalidRequestException"):
            self.value()
        self.assertIn("DeletedDate", self.client.describe_secret(SecretId=self.named))

    def test_a_secret_is_deleted_at_once_where_that_is_asked(self):
        self.client.delete_secret(SecretId=self.named, ForceDeleteWithoutRecovery=True)
        with self.refused(GONE):
            self.client.describe_secret(SecretId=self.named)

    @ours_only("a week would have to be waited for")
    def test_a_deleted_secret_goes_after_its_window(self):
        self.client.delete_secret(SecretId=self.named, RecoveryWindowInDays=7)
        self.later(7 * 86400 + 1)
        with self.refused(GONE):
            self.client.describe_secret(SecretId=self.named)
