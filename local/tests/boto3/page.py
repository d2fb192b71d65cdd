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


def differences() -> dict[str, dict]:
    """By the test: what ministack does, and AWS's page."""
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
    text += f"\n## Different ({len(differences)})\n\n| tests | AWS | ministack |\n| --- | --- | --- |\n"
    entries = {id(entry): entry for entry in differences.values()}
    for entry in sorted(entries.values(), key=lambda entry: entry["tests"]):
        aws = f"{entry['aws']} ([{entry['page']}]({entry['url']}))"
        text += f"| {listed(entry['tests'])} | {aws} | {entry['ministack']} |\n"
    text += f"\n## Not asked ({sum(map(len, unasked.values()))})\n\n| why | tests |\n| --- | --- |\n"
    for reason, names in sorted(unasked.items()):
        text += f"| {reason} | {listed(names)} |\n"
    return text


def reason_of(test: unittest.TestCase) -> str | None:
    """Why a test cannot be asked of ministack."""
    method = getattr(type(test), test._testMethodName)
    return getattr(method, "ours_only", None) or getattr(test, "ours_only", None)


def listed(tests: list[str]) -> str:
    """`sqs`: the behaviours."""
    by_service: dict[str, list[str]] = {}
    for test in sorted(tests):
        module, _, method = test.split(".")
        words = method.removeprefix("test_").replace("_", " ")
        by_service.setdefault(module.removeprefix("test_"), []).append(words)
    return "; ".join(f"`{service}`: {', '.join(words)}" for service, words in by_service.items())


def pinned() -> str:
    """Which ministack it is."""
    pins = (FOLDER / "ministack.in").read_text()
    return next(line.partition("==")[2] for line in pins.splitlines() if line.startswith("ministack=="))
