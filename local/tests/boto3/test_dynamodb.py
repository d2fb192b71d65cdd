"""DynamoDB and its streams."""

import json

from world import Test, client, ours_only

GONE = "ResourceNotFoundException"
WRONG = "ValidationException"


def key(pk="p", sk=1):
    return {"pk": {"S": pk}, "sk": {"N": str(sk)}}


class Tables(Test):
    """A table `self.table` with a partition and a sort key, and a stream."""

    service = "dynamodb"

    def setUp(self):
        self.table = self.name("table")
        made = self.create(self.table)
        self.table_arn, self.stream = made["TableArn"], made["LatestStreamArn"]

    def create(self, name, **more):
        self.client.create_table(
            TableName=name,
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "N"},
                {"AttributeName": "of", "AttributeType": "S"},
            ],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-of",
                    "KeySchema": [{"AttributeName": "of", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            **more,
        )
        self.client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
        return self.client.describe_table(TableName=name)["Table"]

    def put(self, sk=1, pk="p", **attributes):
        self.client.put_item(TableName=self.table, Item={**key(pk, sk), **attributes})

    def get(self, sk=1, pk="p"):
        answer = self.client.get_item(TableName=self.table, Key=key(pk, sk), ConsistentRead=True)
        return answer.get("Item")

    def nowhere(self):
        return self.arn("dynamodb", "table/nowhere")


class Items(Tables):
    REFUSED = {
        "an_item_without_its_sort_key": ("put_item", lambda t: {"TableName": t.table, "Item": {"pk": {"S": "p"}}}, WRONG),
        "an_item_for_no_table": ("put_item", lambda t: {"TableName": "nowhere", "Item": key()}, GONE),
        "a_number_that_is_none": ("put_item", lambda t: {"TableName": t.table, "Item": key(sk="x")}, WRONG),
        "an_item_of_more_than_400_kb": (
            "put_item",
            lambda t: {"TableName": t.table, "Item": {**key(), "a": {"S": "x" * (400 << 10)}}},
            WRONG,
        ),
        "a_read_of_half_a_key": ("get_item", lambda t: {"TableName": t.table, "Key": {"pk": {"S": "p"}}}, WRONG),
        "a_condition_that_does_not_hold": (
            "update_item",
            lambda t: {
                "TableName": t.table,
                "Key": key(),
                "UpdateExpression": "SET a = :a",
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeValues": {":a": {"N": "1"}},
            },
            "ConditionalCheckFailedException",
        ),
        "a_change_of_the_key": (
            "update_item",
            lambda t: {
                "TableName": t.table,
                "Key": key(),
                "UpdateExpression": "SET pk = :a",
                "ExpressionAttributeValues": {":a": {"S": "q"}},
            },
            WRONG,
        ),
        "a_reserved_word": (
            "update_item",
            lambda t: {
                "TableName": t.table,
                "Key": key(),
                "UpdateExpression": "SET name = :a",
                "ExpressionAttributeValues": {":a": {"S": "q"}},
            },
            WRONG,
        ),
        "a_value_that_nothing_uses": (
            "delete_item",
            lambda t: {
                "TableName": t.table,
                "Key": key(),
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeValues": {":a": {"S": "q"}},
            },
            WRONG,
        ),
        "a_query_without_its_partition": (
            "query",
            lambda t: {
                "TableName": t.table,
                "KeyConditionExpression": "sk = :a",
                "ExpressionAttributeValues": {":a": {"N": "1"}},
            },
            WRONG,
        ),
        "a_consistent_read_of_a_global_index": (
            "query",
            lambda t: {
                "TableName": t.table,
                "IndexName": "by-of",
                "ConsistentRead": True,
                "KeyConditionExpression": "#of = :a",
                "ExpressionAttributeNames": {"#of": "of"},
                "ExpressionAttributeValues": {":a": {"S": "x"}},
            },
            WRONG,
        ),
        "a_segment_beyond_the_last": ("scan", lambda t: {"TableName": t.table, "Segment": 2, "TotalSegments": 2}, WRONG),
        "to_read_no_table_in_a_batch": (
            "batch_get_item",
            lambda t: {"RequestItems": {"nowhere": {"Keys": [key()]}}},
            GONE,
        ),
        "to_read_one_item_twice_in_a_batch": (
            "batch_get_item",
            lambda t: {"RequestItems": {t.table: {"Keys": [key(), key()]}}},
            WRONG,
        ),
        "to_write_26_items_in_a_batch": (
            "batch_write_item",
            lambda t: {"RequestItems": {t.table: [{"PutRequest": {"Item": key(sk=n)}} for n in range(26)]}},
            WRONG,
        ),
        "to_write_one_item_twice_in_a_batch": (
            "batch_write_item",
            lambda t: {"RequestItems": {t.table: [{"PutRequest": {"Item": key()}}] * 2}},
            WRONG,
        ),
        "to_touch_one_item_twice_in_a_transaction": (
            "transact_write_items",
            lambda t: {"TransactItems": [{"Put": {"TableName": t.table, "Item": key()}}] * 2},
            WRONG,
        ),
        "to_read_no_table_in_a_transaction": (
            "transact_get_items",
            lambda t: {"TransactItems": [{"Get": {"TableName": "nowhere", "Key": key()}}]},
            GONE,
        ),
    }

    def test_an_item_of_every_type_comes_back(self):
        item = {
            **key(),
            "text": {"S": "ä"},
            "number": {"N": "-1.5"},
            "bytes": {"B": b"\x00\xff"},
            "yes": {"BOOL": True},
            "nothing": {"NULL": True},
            "list": {"L": [{"S": "a"}, {"N": "1"}]},
            "map": {"M": {"a": {"S": "b"}}},
            "texts": {"SS": ["a", "b"]},
        }
        self.client.put_item(TableName=self.table, Item=item)
        got = self.get()
        got["texts"]["SS"].sort()
        self.assertEqual(got, item)
        self.assertIsNone(self.get(sk=2))

    def test_a_number_is_kept_to_38_digits_and_normalized(self):
        self.put(n={"N": "1." + "2" * 37})
        self.assertEqual(self.get()["n"], {"N": "1." + "2" * 37})
        self.put(n={"N": "01.50"})
        self.assertEqual(self.get()["n"], {"N": "1.5"})

    def test_a_write_gives_what_was_asked_for(self):
        self.put(a={"N": "1"})
        answer = self.client.update_item(
            TableName=self.table,
            Key=key(),
            UpdateExpression="ADD a :one SET b = list_append(if_not_exists(b, :none), :two) REMOVE c",
            ExpressionAttributeValues={":one": {"N": "1"}, ":none": {"L": []}, ":two": {"L": [{"S": "x"}]}},
            ReturnValues="UPDATED_NEW",
        )
        self.assertEqual(answer["Attributes"], {"a": {"N": "2"}, "b": {"L": [{"S": "x"}]}})
        answer = self.client.delete_item(TableName=self.table, Key=key(), ReturnValues="ALL_OLD")
        self.assertEqual(answer["Attributes"]["a"], {"N": "2"})
        self.assertIsNone(self.get())

    def test_a_failed_condition_shows_the_item(self):
        self.put(a={"N": "1"})
        with self.assertRaises(self.client.exceptions.ConditionalCheckFailedException) as failed:
            self.client.put_item(
                TableName=self.table,
                Item=key(),
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        self.assertEqual(failed.exception.response["Item"], {**key(), "a": {"N": "1"}})

    def test_numbers_are_sorted_as_numbers_in_pages(self):
        for sk in [10, 9, -1, 2]:
            self.put(sk)
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :p AND sk > :least",
            ExpressionAttributeValues={":p": {"S": "p"}, ":least": {"N": "-1"}},
            ScanIndexForward=False,
            PaginationConfig={"PageSize": 2},
        )
        pages = [[item["sk"]["N"] for item in page["Items"]] for page in pages]
        self.assertEqual(pages[:2], [["10", "9"], ["2"]])

    def test_a_filter_counts_what_it_looked_at(self):
        for sk in range(3):
            self.put(sk, a={"N": str(sk)})
        answer = self.client.query(
            TableName=self.table,
            KeyConditionExpression="pk = :p",
            FilterExpression="a >= :a",
            ProjectionExpression="a",
            ExpressionAttributeValues={":p": {"S": "p"}, ":a": {"N": "1"}},
        )
        self.assertEqual((answer["Count"], answer["ScannedCount"]), (2, 3))
        self.assertEqual(answer["Items"], [{"a": {"N": "1"}}, {"a": {"N": "2"}}])

    def test_an_index_has_the_keys_of_the_items_that_have_its_key(self):
        self.put(1, of={"S": "x"}, a={"N": "1"})
        self.put(2)
        answer = self.client.query(
            TableName=self.table,
            IndexName="by-of",
            KeyConditionExpression="#of = :x",
            ExpressionAttributeNames={"#of": "of"},
            ExpressionAttributeValues={":x": {"S": "x"}},
        )
        self.assertEqual(answer["Items"], [{**key(sk=1), "of": {"S": "x"}}])

    def test_a_scan_in_segments_sees_each_item_once(self):
        for sk in range(9):
            self.put(sk, pk=f"p{sk}")
        seen = []
        for segment in range(3):
            answer = self.client.scan(TableName=self.table, Segment=segment, TotalSegments=3)
            seen += [item["sk"]["N"] for item in answer["Items"]]
        self.assertEqual(sorted(seen), [str(sk) for sk in range(9)])

    def test_a_batch_writes_and_reads(self):
        puts = [{"PutRequest": {"Item": key(sk=sk)}} for sk in range(3)]
        self.assertEqual(self.client.batch_write_item(RequestItems={self.table: puts})["UnprocessedItems"], {})
        deletion = [{"DeleteRequest": {"Key": key(sk=0)}}]
        self.client.batch_write_item(RequestItems={self.table: deletion})
        keys = [key(sk=sk) for sk in range(3)]
        answer = self.client.batch_get_item(RequestItems={self.table: {"Keys": keys}})
        self.assertEqual(sorted(item["sk"]["N"] for item in answer["Responses"][self.table]), ["1", "2"])

    def test_a_transaction_does_all_or_nothing(self):
        update = {
            "TableName": self.table,
            "Key": key(sk=2),
            "UpdateExpression": "SET a = :a",
            "ExpressionAttributeValues": {":a": {"N": "1"}},
        }
        put = {"Put": {"TableName": self.table, "Item": key(sk=1)}}
        self.client.transact_write_items(TransactItems=[put, {"Update": update}])
        reads = [{"Get": {"TableName": self.table, "Key": key(sk=sk)}} for sk in [1, 2, 3]]
        answer = self.client.transact_get_items(TransactItems=reads)["Responses"]
        self.assertEqual([response.get("Item", {}).get("sk") for response in answer], [{"N": "1"}, {"N": "2"}, None])

        check = {"TableName": self.table, "Key": key(sk=9), "ConditionExpression": "attribute_exists(pk)"}
        deletion = {"Delete": {"TableName": self.table, "Key": key(sk=1)}}
        with self.assertRaises(self.client.exceptions.TransactionCanceledException) as cancelled:
            self.client.transact_write_items(TransactItems=[deletion, {"ConditionCheck": check}])
        reasons = [reason["Code"] for reason in cancelled.exception.response["CancellationReasons"]]
        self.assertEqual(reasons, ["None", "ConditionalCheckFailed"])
        self.assertIsNotNone(self.get(sk=1))

    def test_a_token_does_a_transaction_once(self):
        add = {
            "TableName": self.table,
            "Key": key(),
            "UpdateExpression": "ADD a :a",
            "ExpressionAttributeValues": {":a": {"N": "1"}},
        }
        token = self.name("token")
        for _ in range(2):
            self.client.transact_write_items(TransactItems=[{"Update": add}], ClientRequestToken=token)
        self.assertEqual(self.get()["a"], {"N": "1"})

    def test_a_token_is_for_one_transaction(self):
        token = self.name("token")
        for sk, code in [(1, None), (2, "IdempotentParameterMismatchException")]:
            put = {"Put": {"TableName": self.table, "Item": key(sk=sk)}}
            write = dict(TransactItems=[put], ClientRequestToken=token)
            if code is None:
                self.client.transact_write_items(**write)
            else:
                with self.refused(code):
                    self.client.transact_write_items(**write)

    @ours_only("its sweep is minutes away")
    def test_an_expired_item_goes(self):
        ttl = {"Enabled": True, "AttributeName": "until"}
        self.client.update_time_to_live(TableName=self.table, TimeToLiveSpecification=ttl)
        now = self.client.describe_table(TableName=self.table)["Table"]["CreationDateTime"].timestamp()
        # The clock may be ahead: what is long past, but not by five years, has expired.
        self.put(1, until={"N": str(int(now) - 60)})
        self.put(2, until={"N": str(int(now) + 10 * 365 * 86400)})
        self.later(120)
        self.eventually(lambda: self.get(1) is None)
        self.assertIsNotNone(self.get(2))


class Definitions(Tables):
    REFUSED = {
        "a_table_that_is_there": (
            "create_table",
            lambda t: {
                "TableName": t.table,
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
            "ResourceInUseException",
        ),
        "a_key_that_nothing_defines": (
            "create_table",
            lambda t: {
                "TableName": t.name("table"),
                "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "b", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
            WRONG,
        ),
        "to_describe_no_table": ("describe_table", lambda t: {"TableName": "nowhere"}, GONE),
        "to_delete_no_table": ("delete_table", lambda t: {"TableName": "nowhere"}, GONE),
        "to_change_no_table": (
            "update_table",
            lambda t: {"TableName": "nowhere", "DeletionProtectionEnabled": True},
            GONE,
        ),
        "a_page_of_101_tables": ("list_tables", lambda t: {"Limit": 101}, WRONG),
        "a_time_to_live_of_no_table": ("describe_time_to_live", lambda t: {"TableName": "nowhere"}, GONE),
        "to_turn_off_a_time_to_live_that_is_off": (
            "update_time_to_live",
            lambda t: {"TableName": t.table, "TimeToLiveSpecification": {"Enabled": False, "AttributeName": "a"}},
            WRONG,
        ),
        "backups_of_no_table": (
            "describe_continuous_backups",
            lambda t: {"TableName": "nowhere"},
            "TableNotFoundException",
        ),
        "to_back_up_no_table": (
            "update_continuous_backups",
            lambda t: {
                "TableName": "nowhere",
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            },
            "TableNotFoundException",
        ),
        "tags_of_what_is_no_arn": ("list_tags_of_resource", lambda t: {"ResourceArn": "none"}, WRONG),
        "to_tag_no_table": (
            "tag_resource",
            lambda t: {"ResourceArn": t.nowhere(), "Tags": [{"Key": "a", "Value": "b"}]},
            GONE,
        ),
        "to_untag_no_table": ("untag_resource", lambda t: {"ResourceArn": t.nowhere(), "TagKeys": ["a"]}, GONE),
        "the_policy_of_a_table_without_one": (
            "get_resource_policy",
            lambda t: {"ResourceArn": t.table_arn},
            "PolicyNotFoundException",
        ),
        "a_policy_on_no_table": ("put_resource_policy", lambda t: {"ResourceArn": t.nowhere(), "Policy": "{}"}, GONE),
        "to_delete_the_policy_of_no_table": ("delete_resource_policy", lambda t: {"ResourceArn": t.nowhere()}, GONE),
    }

    def test_a_table_is_described_and_listed_in_pages(self):
        table = self.client.describe_table(TableName=self.table)["Table"]
        self.assertEqual((table["TableStatus"], table["TableArn"]), ("ACTIVE", self.arn("dynamodb", f"table/{self.table}")))
        self.assertEqual(table["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
        self.assertEqual([index["IndexName"] for index in table["GlobalSecondaryIndexes"]], ["by-of"])
        pages = self.client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 1})
        self.assertIn(self.table, [name for page in pages for name in page["TableNames"]])

    def test_a_protected_table_stays(self):
        self.client.update_table(TableName=self.table, DeletionProtectionEnabled=True)
        with self.refused(WRONG):
            self.client.delete_table(TableName=self.table)
        self.client.update_table(TableName=self.table, DeletionProtectionEnabled=False)
        self.client.delete_table(TableName=self.table)
        self.client.get_waiter("table_not_exists").wait(TableName=self.table, WaiterConfig={"Delay": 1, "MaxAttempts": 5})

    def test_a_time_to_live_is_shown_as_it_was_set(self):
        ttl = {"Enabled": True, "AttributeName": "until"}
        self.client.update_time_to_live(TableName=self.table, TimeToLiveSpecification=ttl)
        answer = self.client.describe_time_to_live(TableName=self.table)["TimeToLiveDescription"]
        self.assertEqual((answer["TimeToLiveStatus"], answer["AttributeName"]), ("ENABLED", "until"))

    def test_backups_are_shown_as_they_were_set(self):
        on = {"PointInTimeRecoveryEnabled": True}
        self.client.update_continuous_backups(TableName=self.table, PointInTimeRecoverySpecification=on)
        answer = self.client.describe_continuous_backups(TableName=self.table)["ContinuousBackupsDescription"]
        self.assertEqual(answer["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"], "ENABLED")

    def test_tags_are_kept(self):
        tags = [{"Key": "stage", "Value": "test"}, {"Key": "team", "Value": "a"}]
        self.client.tag_resource(ResourceArn=self.table_arn, Tags=tags)
        self.client.untag_resource(ResourceArn=self.table_arn, TagKeys=["team"])
        self.assertEqual(self.client.list_tags_of_resource(ResourceArn=self.table_arn)["Tags"], tags[:1])

    def test_a_policy_is_put_read_and_deleted(self):
        principal = {"AWS": f"arn:aws:iam::{self.table_arn.split(':')[4]}:root"}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "dynamodb:GetItem", "Resource": self.table_arn}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        put = self.client.put_resource_policy(ResourceArn=self.table_arn, Policy=json.dumps(policy))
        got = self.client.get_resource_policy(ResourceArn=self.table_arn)
        self.assertEqual((json.loads(got["Policy"]), got["RevisionId"]), (policy, put["RevisionId"]))
        self.client.delete_resource_policy(ResourceArn=self.table_arn)
        with self.refused("PolicyNotFoundException"):
            self.client.get_resource_policy(ResourceArn=self.table_arn)


class Streams(Tables):
    @property
    def client(self):
        return client("dynamodb")

    @property
    def streams(self):
        return client("dynamodbstreams")

    def iterator(self, kind="TRIM_HORIZON", **more):
        [shard] = self.streams.describe_stream(StreamArn=self.stream)["StreamDescription"]["Shards"]
        arguments = {"StreamArn": self.stream, "ShardId": shard["ShardId"], "ShardIteratorType": kind, **more}
        return self.streams.get_shard_iterator(**arguments)["ShardIterator"]

    def records(self, iterator, **more):
        return self.eventually(lambda: self.streams.get_records(ShardIterator=iterator, **more)["Records"])

    def test_a_write_leaves_a_record_with_both_images(self):
        self.put(a={"N": "1"})
        self.put(a={"N": "2"})
        self.client.delete_item(TableName=self.table, Key=key())
        records = self.records(self.iterator())
        self.assertEqual([record["eventName"] for record in records], ["INSERT", "MODIFY", "REMOVE"])
        change = records[1]["dynamodb"]
        self.assertEqual((change["Keys"], change["OldImage"]["a"], change["NewImage"]["a"]), (key(), {"N": "1"}, {"N": "2"}))
        self.assertEqual((records[1]["eventSource"], change["StreamViewType"]), ("aws:dynamodb", "NEW_AND_OLD_IMAGES"))

    def test_a_write_that_changes_nothing_leaves_no_record(self):
        self.put(1)
        self.put(1)
        self.put(2)
        records = self.records(self.iterator())
        self.assertEqual([record["dynamodb"]["Keys"]["sk"]["N"] for record in records], ["1", "2"])

    def test_an_iterator_begins_where_it_says(self):
        self.put(1)
        latest = self.iterator("LATEST")
        self.put(2)
        [second] = self.records(latest)
        self.assertEqual(second["dynamodb"]["Keys"]["sk"]["N"], "2")
        number = second["dynamodb"]["SequenceNumber"]
        [again] = self.records(self.iterator("AT_SEQUENCE_NUMBER", SequenceNumber=number))
        self.assertEqual(again["eventID"], second["eventID"])
        after = self.iterator("AFTER_SEQUENCE_NUMBER", SequenceNumber=number)
        self.assertEqual(self.streams.get_records(ShardIterator=after)["Records"], [])

    def test_records_come_in_pages(self):
        for sk in range(3):
            self.put(sk)
        page = self.streams.get_records(ShardIterator=self.iterator(), Limit=2)
        self.assertEqual(len(page["Records"]), 2)
        [last] = self.streams.get_records(ShardIterator=page["NextShardIterator"])["Records"]
        self.assertEqual(last["dynamodb"]["Keys"]["sk"]["N"], "2")

    def test_a_stream_is_listed(self):
        [stream] = self.streams.list_streams(TableName=self.table)["Streams"]
        self.assertEqual((stream["StreamArn"], stream["TableName"]), (self.stream, self.table))

    @ours_only("15 minutes would have to be waited for")
    def test_an_iterator_expires(self):
        iterator = self.iterator()
        self.later(901)
        with self.refused("ExpiredIteratorException"):
            self.streams.get_records(ShardIterator=iterator)

    def test_refuses_to_list_the_streams_of_a_name_that_cannot_be(self):
        with self.refused(WRONG):
            self.streams.list_streams(TableName="a b c")

    def test_refuses_to_describe_no_stream(self):
        with self.refused(GONE):
            self.streams.describe_stream(StreamArn=f"{self.table_arn}/stream/2020-01-01T00:00:00.000")

    def test_refuses_an_iterator_of_no_shard(self):
        with self.refused(GONE):
            self.streams.get_shard_iterator(
                StreamArn=self.stream, ShardId="shardId-00000000000000000000-none", ShardIteratorType="LATEST"
            )

    def test_refuses_an_iterator_that_it_never_gave(self):
        with self.refused(WRONG):
            self.streams.get_records(ShardIterator="none")
