"""Which operations the engine has, as it says itself: every operation that boto3 knows is asked for once.

What it does not have, it refuses by name or by path (`UnknownOperationException`), or before it knows what was asked,
where a request is not signed. A name that stands as
a case in a service's source but is not reached through its door is a mistake too.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from botocore.model import OperationModel, Shape

import world

SERVICES = {
    "apigatewaymanagementapi": "gateway",
    "dynamodb": "dynamodb",
    "dynamodbstreams": "dynamodb",
    "iam": "iam",
    "kms": "kms",
    "lambda": "lambda",
    "scheduler": "scheduler",
    "secretsmanager": "secrets.rs",
    "sesv2": "ses",
    "sns": "sns",
    "sqs": "sqs",
    "stepfunctions": "states",
    "sts": "sts.rs",
}
"""boto3's services, and the engine's sources of them."""

UNANSWERED = {
    ("sns", "ConfirmSubscription"): "its token is in a mail, which no client sees; the tests with the Rust SDK read it",
}
"""Operations that no test here can have answered."""


def offered() -> set[tuple[str, str]]:
    """The operations that the engine has."""
    found = set()
    for service in SERVICES:
        asking = world.client(service, unchecked=True)
        model = asking.meta.service_model
        found |= {(service, name) for name in model.operation_names if _has(asking, model.operation_model(name))}
    return found


def _has(asking: Any, operation: OperationModel) -> bool:
    """Asks for an operation with arguments of the right form that name nothing."""
    try:
        asking._make_api_call(operation.name, _example(operation.input_shape))
    except ClientError as error:
        refusal = error.response["Error"]
        unknown = refusal["Code"] in ("UnknownOperationException", "MissingAuthenticationToken")
        return not unknown and f"does not have {operation.name} of" not in refusal["Message"]
    return True


def _example(shape: Shape | None) -> Any:
    match shape.type_name if shape else None:
        case None:
            return {}
        case "structure":
            return {name: _example(shape.members[name]) for name in shape.required_members}
        case "list":
            return []
        case "map":
            return {}
        case "string":
            return shape.enum[0] if shape.enum else "n" * max(4, shape.metadata.get("min", 1))
        case "boolean":
            return False
        case "blob":
            return b"{}"
        case "timestamp":
            return 0
        case _:
            return shape.metadata.get("min", 1)


def unreached(sources: Path, offered: set[tuple[str, str]]) -> list[str]:
    """Operations for which there is code, and no way to it."""
    lost = []
    for service, place in SERVICES.items():
        place = sources / place
        files = [place] if place.is_file() else place.rglob("*.rs")
        text = "\n".join(file.read_text() for file in files)
        cases = set(re.findall(r'"([A-Z]\w+)"(?=[^\n;{(]*=>)', text))
        known = set(world.client(service).meta.service_model.operation_names)
        reached = {name for of, name in offered if SERVICES[of] == SERVICES[service]}
        lost += [f"{service} {name}" for name in sorted((cases & known) - reached)]
    return lost


def gaps(offered: set[tuple[str, str]], calls: world.Calls) -> list[str]:
    """What the tests have not called, or never wrongly."""
    silent = sorted(offered - calls.answered - UNANSWERED.keys())
    found = [f"{service} {name}: no test has it answered" for service, name in silent]
    lenient = sorted(offered - calls.refused)
    return found + [f"{service} {name}: no test has it refused" for service, name in lenient]
