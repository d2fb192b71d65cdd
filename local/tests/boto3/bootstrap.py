"""A custom runtime and its function: what `bootstrap` is to Lambda. The event, or else a variable, says what it does."""

import json
import os
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def handler(event):
    asked = event.get("do") if isinstance(event, dict) else None
    match asked or os.environ.get("DO"):
        case "fail":
            raise ValueError("as asked")
        case "log":
            print("to stdout", flush=True)
        case "variable":
            return os.environ.get(event["name"])
        case "report":
            bad = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
            return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in bad]}
    return {"event": event}


def post(path, document):
    urllib.request.urlopen(f"{API}/{path}", json.dumps(document).encode()).close()


while True:
    with urllib.request.urlopen(f"{API}/next") as response:
        event, request = json.load(response), response.headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        post(f"{request}/response", handler(event))
    except ValueError as error:
        post(f"{request}/error", {"errorType": "ValueError", "errorMessage": str(error)})
