"""The table of differences, and the page of the docs that shows it."""

from __future__ import annotations

import os
import tomllib
import unittest
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent.parent.parent / "docs" / "local" / "ministack.md"

HEAD = """\
<!-- written by `BLESS=1 cargo xtask clients` from local/tests/boto3; do not edit -->

# The local engine and ministack

The tests in `local/tests/boto3` run with boto3 against the engine and against
[ministack](https://pypi.org/project/ministack/) {version}. All of them pass here. {same} pass there too; of the
others, AWS's documentation says who is right.
"""


REFERENCES = {
    "dynamodb": "amazondynamodb/latest/APIReference/API_{}.html",
    "dynamodbstreams": "amazondynamodb/latest/APIReference/API_streams_{}.html",
    "iam": "IAM/latest/APIReference/API_{}.html",
    "kms": "kms/latest/APIReference/API_{}.html",
    "lambda": "lambda/latest/api/API_{}.html",
    "scheduler": "scheduler/latest/APIReference/API_{}.html",
    "secretsmanager": "secretsmanager/latest/apireference/API_{}.html",
    "sesv2": "ses/latest/APIReference-V2/API_{}.html",
    "sns": "sns/latest/api/API_{}.html",
    "sqs": "AWSSimpleQueueService/latest/APIReference/API_{}.html",
    "stepfunctions": "step-functions/latest/apireference/API_{}.html",
    "sts": "STS/latest/APIReference/API_{}.html",
}
"""Where AWS describes an operation of a service."""


def differences() -> dict[str, dict]:
    """By the test: the operation, what AWS's page says of it, and what ministack does."""
    table = tomllib.loads((FOLDER / "differences.toml").read_text())
    return {test: entry for entry in table["difference"] for test in entry["tests"]}


def stale(tests: list[unittest.TestCase], differences: dict[str, dict]) -> list[str]:
    """What the table or the page says that is not so."""
    known = {test.id() for test in tests}
    wrong = [f"differences.toml: there is no test {test}" for test in differences if test not in known]
    text = render(tests, differences)
    if os.environ.get("BLESS") == "1":
        PAGE.write_text(text)
    if not PAGE.exists() or PAGE.read_text() != text:
        wrong.append(f"docs/local/{PAGE.name} is stale: BLESS=1 cargo xtask clients")
    return wrong


def render(tests: list[unittest.TestCase], differences: dict[str, dict]) -> str:
    """The page."""
    unasked: dict[str, list[str]] = {}
    for test in tests:
        if reason := reason_of(test):
            unasked.setdefault(reason, []).append(test.id())
    same = len(tests) - len(differences) - sum(map(len, unasked.values()))
    text = HEAD.format(version=pinned(), same=f"{same} of {len(tests)}")
    text += f"\n## Different ({len(differences)})\n\n| operation | test | AWS | ministack |\n| --- | --- | --- | --- |\n"
    entries = {id(entry): entry for entry in differences.values()}
    for entry in sorted(entries.values(), key=lambda entry: (entry["operation"], entry["tests"])):
        service, operation = entry["operation"].split()
        aws = f"https://docs.aws.amazon.com/{REFERENCES[service].format(operation)}"
        text += f"| [{entry['operation']}]({aws}) | {listed(entry['tests'])} "
        text += f"| {entry['aws']} | {entry['ministack']} |\n"
    text += f"\n## Not asked ({sum(map(len, unasked.values()))})\n\n| why | tests |\n| --- | --- |\n"
    for reason, names in sorted(unasked.items()):
        text += f"| {reason} | {listed(names)} |\n"
    return text


def reason_of(test: unittest.TestCase) -> str | None:
    """Why a test cannot be asked of ministack."""
    method = getattr(type(test), test._testMethodName)
    return getattr(method, "ours_only", None) or getattr(test, "ours_only", None)


def listed(tests: list[str]) -> str:
    """The behaviours, in words."""
    words = [test.split(".")[-1].removeprefix("test_").replace("_", " ") for test in sorted(tests)]
    return "; ".join(words)


def pinned() -> str:
    """Which ministack it is."""
    pins = (FOLDER / "ministack.in").read_text()
    return next(line.partition("==")[2] for line in pins.splitlines() if line.startswith("ministack=="))
