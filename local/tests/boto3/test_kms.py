"""KMS."""

import json

from world import Test, ours_only

GONE = "NotFoundException"
NO_KEY = "00000000-0000-4000-8000-000000000000"


class Kms(Test):
    service = "kms"

    def setUp(self):
        self.key = self.client.create_key(Description="ours")["KeyMetadata"]["Arn"]

    def alias(self, key=None):
        name = f"alias/{self.name('key')}"
        self.client.create_alias(AliasName=name, TargetKeyId=key or self.key)
        return name

    def described(self, key=None):
        return self.client.describe_key(KeyId=key or self.key)["KeyMetadata"]

    REFUSED = {
        "a_key_with_a_policy_that_is_no_json": (
            "create_key",
            lambda t: {"Policy": "{"},
            "MalformedPolicyDocumentException",
        ),
        "to_describe_no_key": ("describe_key", lambda t: {"KeyId": NO_KEY}, GONE),
        "a_page_of_no_keys": ("list_keys", lambda t: {"Marker": "none"}, "InvalidMarkerException"),
        "a_description_of_no_key": (
            "update_key_description",
            lambda t: {"KeyId": NO_KEY, "Description": "a"},
            GONE,
        ),
        "to_enable_no_key": ("enable_key", lambda t: {"KeyId": NO_KEY}, GONE),
        "to_disable_no_key": ("disable_key", lambda t: {"KeyId": NO_KEY}, GONE),
        "to_rotate_every_89_days": (
            "enable_key_rotation",
            lambda t: {"KeyId": t.key, "RotationPeriodInDays": 89},
            "ValidationException",
        ),
        "to_stop_rotating_no_key": ("disable_key_rotation", lambda t: {"KeyId": NO_KEY}, GONE),
        "the_rotation_of_no_key": ("get_key_rotation_status", lambda t: {"KeyId": NO_KEY}, GONE),
        "to_delete_within_six_days": (
            "schedule_key_deletion",
            lambda t: {"KeyId": t.key, "PendingWindowInDays": 6},
            "ValidationException",
        ),
        "to_keep_what_is_not_about_to_go": (
            "cancel_key_deletion",
            lambda t: {"KeyId": t.key},
            "KMSInvalidStateException",
        ),
        "a_policy_of_another_name": (
            "get_key_policy",
            lambda t: {"KeyId": t.key, "PolicyName": "other"},
            GONE,
        ),
        "a_policy_that_is_no_json": (
            "put_key_policy",
            lambda t: {"KeyId": t.key, "Policy": "{"},
            "MalformedPolicyDocumentException",
        ),
        "policies_of_no_key": ("list_key_policies", lambda t: {"KeyId": NO_KEY}, GONE),
        "tags_for_no_key": (
            "tag_resource",
            lambda t: {"KeyId": NO_KEY, "Tags": [{"TagKey": "a", "TagValue": "b"}]},
            GONE,
        ),
        "to_untag_no_key": ("untag_resource", lambda t: {"KeyId": NO_KEY, "TagKeys": ["a"]}, GONE),
        "tags_of_no_key": ("list_resource_tags", lambda t: {"KeyId": NO_KEY}, GONE),
        "an_alias_of_aws": (
            "create_alias",
            lambda t: {"AliasName": "alias/aws/ours", "TargetKeyId": t.key},
            "InvalidAliasNameException",
        ),
        "an_alias_that_is_there": (
            "create_alias",
            lambda t: {"AliasName": t.alias(), "TargetKeyId": t.key},
            "AlreadyExistsException",
        ),
        "to_change_no_alias": (
            "update_alias",
            lambda t: {"AliasName": "alias/nowhere", "TargetKeyId": t.key},
            GONE,
        ),
        "to_delete_no_alias": ("delete_alias", lambda t: {"AliasName": "alias/nowhere"}, GONE),
        "aliases_of_no_key": ("list_aliases", lambda t: {"KeyId": NO_KEY}, GONE),
        "to_encrypt_with_no_key": ("encrypt", lambda t: {"KeyId": NO_KEY, "Plaintext": b"a"}, GONE),
        "to_encrypt_4097_bytes": (
            "encrypt",
            lambda t: {"KeyId": t.key, "Plaintext": b"x" * 4097},
            "ValidationException",
        ),
        "to_decrypt_what_is_nothing": ("decrypt", lambda t: {"CiphertextBlob": b"nothing"}, "InvalidCiphertextException"),
        "a_data_key_of_two_sizes": (
            "generate_data_key",
            lambda t: {"KeyId": t.key, "KeySpec": "AES_256", "NumberOfBytes": 8},
            "ValidationException",
        ),
        "a_data_key_of_no_key": (
            "generate_data_key_without_plaintext",
            lambda t: {"KeyId": NO_KEY, "KeySpec": "AES_256"},
            GONE,
        ),
    }

    def test_a_key_is_found_by_id_arn_and_alias(self):
        alias = self.alias()
        account = self.key.split(":")[4]
        for which in [self.key, self.key.split("/")[1], alias, self.arn("kms", alias)]:
            self.assertEqual(self.described(which)["Arn"], self.key)
        metadata = self.described()
        self.assertEqual((metadata["KeyState"], metadata["AWSAccountId"]), ("Enabled", account))
        self.client.update_key_description(KeyId=self.key, Description="theirs")
        self.assertEqual(self.described()["Description"], "theirs")

    def test_keys_are_listed_in_pages(self):
        pages = self.client.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1})
        keys = [key["KeyArn"] for page in pages for key in page["Keys"]]
        self.assertEqual(keys.count(self.key), 1)

    def test_an_alias_moves_to_another_key(self):
        alias, second = self.alias(), self.client.create_key()["KeyMetadata"]["Arn"]
        self.client.update_alias(AliasName=alias, TargetKeyId=second)
        self.assertEqual(self.described(alias)["Arn"], second)
        self.assertEqual(self.client.list_aliases(KeyId=self.key)["Aliases"], [])
        [listed] = self.client.list_aliases(KeyId=second)["Aliases"]
        self.assertEqual((listed["AliasName"], listed["TargetKeyId"]), (alias, second.split("/")[1]))
        self.client.delete_alias(AliasName=alias)
        with self.refused(GONE):
            self.described(alias)

    def test_what_is_encrypted_is_bound_to_its_context(self):
        context = {"purpose": "test"}
        sealed = self.client.encrypt(KeyId=self.key, Plaintext=b"secret", EncryptionContext=context)
        blob = sealed["CiphertextBlob"]
        opened = self.client.decrypt(CiphertextBlob=blob, EncryptionContext=context)
        self.assertEqual((opened["Plaintext"], opened["KeyId"]), (b"secret", self.key))
        with self.refused("InvalidCiphertextException"):
            self.client.decrypt(CiphertextBlob=blob, EncryptionContext={"purpose": "other"})

    def test_what_is_encrypted_is_bound_to_its_key(self):
        blob = self.client.encrypt(KeyId=self.key, Plaintext=b"secret")["CiphertextBlob"]
        other = self.client.create_key()["KeyMetadata"]["Arn"]
        with self.refused("IncorrectKeyException"):
            self.client.decrypt(CiphertextBlob=blob, KeyId=other)

    def test_a_data_key_can_be_opened(self):
        made = self.client.generate_data_key(KeyId=self.key, KeySpec="AES_256")
        self.assertEqual(len(made["Plaintext"]), 32)
        self.assertEqual(self.client.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"], made["Plaintext"])
        blind = self.client.generate_data_key_without_plaintext(KeyId=self.key, NumberOfBytes=64)
        self.assertNotIn("Plaintext", blind)
        self.assertEqual(len(self.client.decrypt(CiphertextBlob=blind["CiphertextBlob"])["Plaintext"]), 64)

    def test_a_disabled_key_is_not_used(self):
        self.client.disable_key(KeyId=self.key)
        with self.refused("DisabledException"):
            self.client.encrypt(KeyId=self.key, Plaintext=b"a")
        self.client.enable_key(KeyId=self.key)
        self.client.encrypt(KeyId=self.key, Plaintext=b"a")

    def test_a_key_that_is_about_to_go_can_be_kept(self):
        self.client.schedule_key_deletion(KeyId=self.key, PendingWindowInDays=7)
        self.assertEqual(self.described()["KeyState"], "PendingDeletion")
        with self.refused("KMSInvalidStateException"):
            self.client.encrypt(KeyId=self.key, Plaintext=b"a")
        self.client.cancel_key_deletion(KeyId=self.key)
        self.assertEqual(self.described()["KeyState"], "Disabled")

    @ours_only("a week would have to be waited for")
    def test_a_key_goes_after_its_window(self):
        self.client.schedule_key_deletion(KeyId=self.key, PendingWindowInDays=7)
        self.later(7 * 86400 + 1)
        with self.refused(GONE):
            self.described()

    def test_rotation_is_shown_as_it_was_set(self):
        self.client.enable_key_rotation(KeyId=self.key, RotationPeriodInDays=90)
        status = self.client.get_key_rotation_status(KeyId=self.key)
        self.assertEqual((status["KeyRotationEnabled"], status["RotationPeriodInDays"]), (True, 90))
        self.client.disable_key_rotation(KeyId=self.key)
        self.assertFalse(self.client.get_key_rotation_status(KeyId=self.key)["KeyRotationEnabled"])

    def test_a_policy_is_read_back(self):
        principal = {"AWS": f"arn:aws:iam::{self.key.split(':')[4]}:root"}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client.put_key_policy(KeyId=self.key, Policy=policy)
        self.assertEqual(json.loads(self.client.get_key_policy(KeyId=self.key)["Policy"]), json.loads(policy))
        self.assertEqual(self.client.list_key_policies(KeyId=self.key)["PolicyNames"], ["default"])

    def test_tags_are_kept(self):
        tags = [{"TagKey": "stage", "TagValue": "test"}, {"TagKey": "team", "TagValue": "a"}]
        self.client.tag_resource(KeyId=self.key, Tags=tags)
        self.client.untag_resource(KeyId=self.key, TagKeys=["team"])
        self.assertEqual(self.client.list_resource_tags(KeyId=self.key)["Tags"], tags[:1])
