"""API Gateway: the connections of a WebSocket API, which the server brings along."""

import base64
import json
import os
import socket
from urllib.parse import urlsplit

import world
from world import Test, ours_only


class Connection:
    """A WebSocket client that listens, as much as these tests need: short text frames, and the end."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self.socket = socket.create_connection((address.hostname, address.port), 5)
        key = base64.b64encode(os.urandom(16)).decode()
        headers = {
            "Host": address.netloc,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
            "User-Agent": "a test",
        }
        lines = [f"GET {address.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.stream = self.socket.makefile("rb")
        assert b"101" in self.stream.readline()
        while self.stream.readline() != b"\r\n":
            pass

    def heard(self) -> tuple[int, bytes]:
        """The next frame: its opcode and its bytes."""
        first, length = self.stream.read(2)
        if length == 126:
            length = int.from_bytes(self.stream.read(2))
        return first & 0x0F, self.stream.read(length)

    def say(self, text: str) -> None:
        """Sends a short text, under a mask of zeros."""
        self.socket.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode())

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


TEXT, CLOSE = 1, 8


@ours_only("WebSocket APIs are made through CloudFormation here, and through API Gateway's own API there")
class Gateway(Test):
    service = "apigatewaymanagementapi"

    def setUp(self):
        self.connection = Connection(world.here.websocket)
        self.addCleanup(self.connection.close)
        # A message without a route is answered with the connection's id.
        self.connection.say("{}")
        _, answer = self.connection.heard()
        self.id = json.loads(answer)["connectionId"]

    REFUSED = {
        "a_post_to_nobody": ("post_to_connection", lambda t: {"ConnectionId": "nobody=", "Data": b"a"}, "GoneException"),
        "to_look_at_nobody": ("get_connection", lambda t: {"ConnectionId": "nobody="}, "GoneException"),
        "to_end_nobody": ("delete_connection", lambda t: {"ConnectionId": "nobody="}, "GoneException"),
        "128_kib_and_a_byte": (
            "post_to_connection",
            lambda t: {"ConnectionId": t.id, "Data": b"x" * ((128 << 10) + 1)},
            "PayloadTooLargeException",
        ),
    }

    def test_a_message_reaches_the_connection(self):
        self.client.post_to_connection(ConnectionId=self.id, Data="hällo".encode())
        self.assertEqual(self.connection.heard(), (TEXT, "hällo".encode()))

    def test_a_connection_can_be_looked_at(self):
        about = self.client.get_connection(ConnectionId=self.id)
        self.assertEqual((about["Identity"]["SourceIp"], about["Identity"]["UserAgent"]), ("127.0.0.1", "a test"))
        self.assertLessEqual(about["ConnectedAt"], about["LastActiveAt"])

    def test_a_deleted_connection_is_told_and_gone(self):
        self.client.delete_connection(ConnectionId=self.id)
        opcode, _ = self.connection.heard()
        self.assertEqual(opcode, CLOSE)
        with self.refused("GoneException"):
            self.client.post_to_connection(ConnectionId=self.id, Data=b"late")
