"""Lambda functions for tests: the same code, in the form that each endpoint takes.

The engine runs a file on this machine; ministack, as AWS, unpacks an archive. Both start `bootstrap.py`.
"""

import io
import os
import sys
import tempfile
import zipfile
from functools import cache, cached_property
from pathlib import Path

import world
from world import Test, client


@cache
def _program() -> str:
    """The function's program, which names the Python that runs it; it goes with this process."""
    return f"#!{sys.executable}\n{(Path(__file__).parent / 'bootstrap.py').read_text()}"


@cache
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="eventloom-boto3-")


@cache
def code() -> dict:
    """What `CreateFunction` takes as `Code`."""
    if world.here.token is None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o755 << 16
            packed.writestr(entry, _program())
        return {"ZipFile": archive.getvalue()}
    path = Path(_folder().name) / "bootstrap"
    path.write_text(_program())
    os.chmod(path, 0o755)
    return {"S3Bucket": "eventloom", "S3Key": str(path)}


class Functions(Test):
    """A function `self.function`, made when it is first asked for."""

    service = "lambda"

    @cached_property
    def function_arn(self) -> str:
        return self.create_function(self.name("function"))["FunctionArn"]

    @property
    def function(self) -> str:
        return self.function_arn.split(":")[-1]

    def create_function(self, name: str, **more: object) -> dict:
        arguments = {
            "FunctionName": name,
            "Role": self.role(),
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Code": code(),
            **more,
        }
        made = client("lambda").create_function(**arguments)
        get = client("lambda").get_function_configuration
        self.eventually(lambda: get(FunctionName=name)["State"] == "Active")
        return made

    def of(self, **more: object) -> dict:
        return {"FunctionName": self.function, **more}
