"""In: state machine definitions (paths). Out: findings as JSON, for `cargo xtask test`."""

import json
import sys

from statelint.linter import Linter


def judge(file: str) -> list[str]:
    with open(file, encoding="utf-8") as text:
        definition = json.load(text)
    # The linter says nothing about a document that is no object.
    if not isinstance(definition, dict):
        return ["a state machine is an object"]
    return Linter.validate(definition)


findings = [
    {"file": file, "rule": "statelint", "path": "", "message": problem}
    for file in sys.argv[1:]
    for problem in judge(file)
]
json.dump(findings, sys.stdout)
