"""ministack on a free port of 127.0.0.1, until the standard input ends: `serve_ministack.py FOLDER`.

Out: one line of JSON, as the engine's own. Guaranteed: whatever it started ends with it.
"""

import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time

os.setpgid(0, 0)
OUT = os.dup(1)
place = sys.argv[1]
os.makedirs(place, exist_ok=True)
LOG = os.open(f"{place}/log.txt", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
os.dup2(LOG, 1)
os.dup2(LOG, 2)


def end_with_stdin() -> None:
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


def announce(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    said = {
        "endpoint": f"http://127.0.0.1:{port}",
        "region": os.environ["MINISTACK_REGION"],
        "account": os.environ["MINISTACK_ACCOUNT_ID"],
        "access_key": "test",
        "secret_key": "test",
    }
    os.write(OUT, f"{json.dumps(said)}\n".encode())


with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
os.environ.update(
    GATEWAY_PORT=str(port),
    BIND_HOST="127.0.0.1",
    MINISTACK_HOST="127.0.0.1",
    MINISTACK_REGION="eu-west-1",
    MINISTACK_ACCOUNT_ID="000000000000",
    LOG_LEVEL="ERROR",
    # As AWS does, and as the engine does: signatures and policies are judged.
    AUTH=os.environ.get("AUTH", "true"),
    # It is to find no Docker, and to leave nothing elsewhere.
    DOCKER_HOST="unix:///nowhere",
    HOME=place,
    TMPDIR=place,
    STATE_DIR=f"{place}/state",
    S3_DATA_DIR=f"{place}/s3",
)
tempfile.tempdir = place
threading.Thread(target=end_with_stdin, daemon=True).start()
threading.Thread(target=announce, args=[port], daemon=True).start()
sys.argv[1:] = []

from ministack.app import main  # noqa: E402 -- it reads the environment when it is imported

main()
