"""What every test gets: clients of one endpoint, its clock, and tables of refusals.

A test is written once and runs against whichever endpoint it is given: the local engine, or ministack. Time on the
engine's clock is jumped over; on ministack it is waited for, at most `PATIENCE` seconds, so a test that needs more
says `@ours_only(reason)`.
"""

from __future__ import annotations

import itertools
import json
import time
import unittest
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

PATIENCE = 2
STAGES = {"apigatewaymanagementapi": "/dev"}
"""Services whose address ends with a stage's name."""


@dataclass(frozen=True)
class Endpoint:
    """Where AWS's APIs are, as the server's first line says it."""

    endpoint: str
    region: str
    account: str
    access_key: str
    secret_key: str
    token: str | None = None
    """For the engine's own controls; None is somebody else's server."""
    websocket: str | None = None
    """A WebSocket API without routes."""
    role: str | None = None
    """One that functions take on and that may do everything."""


@dataclass
class Calls:
    """The operations that were called, as ("sqs", "SendMessage")."""

    answered: set[tuple[str, str]]
    refused: set[tuple[str, str]]


here: Endpoint
calls = Calls(set(), set())
_clients: dict[tuple, Any] = {}
_numbers = itertools.count(1)


def client(service: str, keys: dict | None = None, *, unchecked: bool = False) -> Any:
    """A client that makes one attempt, so that a test sees each answer.

    `keys` are an answer of STS. What is `unchecked` is sent as it is, where boto3 would refuse it.
    """
    keys = keys or {"AccessKeyId": here.access_key, "SecretAccessKey": here.secret_key}
    key = (service, keys["AccessKeyId"], keys["SecretAccessKey"], unchecked)
    if key not in _clients:
        made = boto3.client(
            service,
            endpoint_url=here.endpoint + STAGES.get(service, ""),
            region_name=here.region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            # Step Functions would put `sync-` before the host.
            config=Config(
                retries={"total_max_attempts": 1},
                inject_host_prefix=False,
                parameter_validation=not unchecked,
                read_timeout=6,
            ),
        )
        made.meta.events.register("after-call", lambda **call: _record(service, **call))
        _clients[key] = made
    return _clients[key]


def _record(service: str, model: Any, http_response: Any, **_: Any) -> None:
    good = http_response.status_code < 300
    (calls.answered if good else calls.refused).add((service, model.name))


def ours_only(reason: str) -> Callable:
    """Marks a test, or a class of them, that cannot be asked of ministack."""

    def mark(test: Any) -> Any:
        test.ours_only = reason
        return test

    return mark


class Test(unittest.TestCase):
    """A test of one service.

    `REFUSED` is a table of mistakes, each a test of its own: what is wrong, the operation, its arguments (made by a
    function of the test, after `setUp`), and the code of the error.
    """

    service: str
    REFUSED: dict[str, tuple[str, Callable[[Any], dict], str]] = {}
    maxDiff = None

    def __init_subclass__(cls) -> None:
        for what, row in cls.REFUSED.items():
            setattr(cls, f"test_refuses_{what}", lambda self, row=row: self._refuses(*row))

    def _refuses(self, operation: str, arguments: Callable[[Any], dict], code: str) -> None:
        with self.refused(code):
            getattr(client(self.service, unchecked=True), operation)(**arguments(self))

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        method = getattr(type(self), self._testMethodName)
        reason = getattr(method, "ours_only", None) or getattr(self, "ours_only", None)
        if reason and here.token is None:
            method = self._testMethodName
            setattr(self, method, lambda: self.skipTest(reason))
            self.setUp = lambda: None
        return super().run(result)

    @property
    def client(self) -> Any:
        return client(self.service)

    def name(self, kind: str = "thing") -> str:
        """A name that nothing else has."""
        return f"{kind}-{next(_numbers)}"

    def refused(self, code: str, says: str = "") -> Any:
        """The block is refused with this code, and a message in which this stands."""
        return _Refused(self, code, says)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{here.region}:{here.account}:{resource}"

    def later(self, seconds: float) -> None:
        """So much time passes."""
        if here.token is None:
            self.assertLessEqual(seconds, PATIENCE, "this wants `@ours_only`")
            time.sleep(seconds)
            return
        body = json.dumps({"jump_ms": round(seconds * 1000)}).encode()
        headers = {"Authorization": f"Bearer {here.token}"}
        request = urllib.request.Request(f"{here.endpoint}/_eventloom/clock", body, headers)
        urllib.request.urlopen(request, timeout=5).close()

    def eventually(self, look: Callable[[], Any]) -> Any:
        """What `look` sees as soon as it sees something."""
        end = time.monotonic() + 5
        while not (seen := look()):
            self.assertLess(time.monotonic(), end, "this did not come to be")
            time.sleep(0.02)
        return seen

    # What tests of several services need.

    def queue(self, **attributes: str) -> tuple[str, str]:
        """A new queue: its URL and its ARN."""
        name = self.name("queue") + (".fifo" if "FifoQueue" in attributes else "")
        url = client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, self.arn("sqs", name)

    def received(self, url: str, wait: int = 2, **arguments: Any) -> list[dict]:
        """What a queue gives, deleted from it."""
        sqs = client("sqs")
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait, **arguments)
        messages = answer.get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def role(self, *statements: dict, trust: str = "lambda.amazonaws.com") -> str:
        """A new role's ARN; without statements it may do all."""
        iam, name = client("iam"), self.name("role")
        statements = statements or ({"Effect": "Allow", "Action": "*", "Resource": "*"},)
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusting(trust))
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy)
        return made["Role"]["Arn"]


def trusting(service: str) -> str:
    """A trust policy for a service, or for the account."""
    principal = {"AWS": here.account} if service == "account" else {"Service": service}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class _Refused:
    def __init__(self, test: Test, code: str, says: str) -> None:
        self.test, self.code, self.says = test, code, says

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> bool:
        self.test.assertIsNotNone(error, f"it was accepted, not refused with {self.code}")
        if not isinstance(error, ClientError):
            return False
        self.test.assertEqual(error.response["Error"]["Code"], self.code, error)
        self.test.assertIn(self.says, error.response["Error"]["Message"])
        return True
