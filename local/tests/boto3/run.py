"""Runs the tests against one endpoint: `run.py ours|ministack [TEST] -- COMMAND…`.

In: the command of a server, which says in its first line where it is and ends with its standard input. Out: what
failed, and exit code 1 if anything did. Against the engine, every operation that it has must be answered once and
refused once. Against ministack, a test in `differences.toml` must fail: the table lists what is different, and stays
true. `BLESS=1` writes the table as a page of the docs, which must be fresh.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

import coverage
import page
import world

FOLDER = Path(__file__).parent
SOURCES = FOLDER.parent.parent / "src" / "services"


class Result(unittest.TextTestResult):
    """Says nothing of a test that went well."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        self.dots = False


def all_tests(suite: unittest.TestSuite) -> list[unittest.TestCase]:
    tests = []
    for part in suite:
        tests += all_tests(part) if isinstance(part, unittest.TestSuite) else [part]
    return tests


def chosen(tests: list[unittest.TestCase], wanted: str | None) -> list[unittest.TestCase]:
    return [test for test in tests if wanted is None or wanted in test.id()]


def expect(tests: list[unittest.TestCase], differences: dict[str, dict]) -> None:
    """Marks the tests that ministack is known to fail."""
    for test in tests:
        if test.id() in differences:
            test.__unittest_expecting_failure__ = True


def end(server: subprocess.Popen) -> None:
    server.stdin.close()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()


def run(against: str, wanted: str | None, command: list[str]) -> int:
    differences = page.differences()
    tests = all_tests(unittest.defaultTestLoader.discover(str(FOLDER)))
    said = page.stale(tests, differences)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        try:
            world.here = world.Endpoint(**json.loads(server.stdout.readline()))
            asked = chosen(tests, wanted)
            if against == "ministack":
                expect(asked, differences)
            began = time.monotonic()
            result = unittest.TextTestRunner(resultclass=Result, verbosity=1).run(unittest.TestSuite(asked))
            said += [f"{test.id()}: passes; take it out of differences.toml" for test in result.unexpectedSuccesses]
            if against == "ours" and wanted is None:
                calls = copy.deepcopy(world.calls)
                offered = coverage.offered()
                said += coverage.gaps(offered, calls)
                said += [f"{lost}: a case, but no way to it" for lost in coverage.unreached(SOURCES, offered)]
                print(f"{len(offered)} operations")
        finally:
            end(server)
    for line in said:
        print(line)
    print(f"{against}: {result.testsRun} tests in {time.monotonic() - began:.1f} s", end="")
    print(f", {len(result.expectedFailures)} differ as listed, {len(result.skipped)} not asked")
    return 0 if result.wasSuccessful() and result.testsRun and not said else 1


if __name__ == "__main__":
    # Nothing of the person's own AWS account takes part.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_PROXY": "127.0.0.1"}
    split = sys.argv.index("--")
    against, *wanted = sys.argv[1:split]
    sys.exit(run(against, wanted[0] if wanted else None, sys.argv[split + 1 :]))
