"""A stand-in for HashiCorp Vault's transit engine on loopback, from its published interface.

Written from the API documentation (secret/transit: encrypt, decrypt, rewrap, rotate; and the status
codes), whose sample request and responses `SAMPLES` repeats. No Vault was at hand: that a real one
behaves so is not shown here.
"""

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

TOKEN = "s.an-invented-token"
KEY = "cdop-ring"

SAMPLES = {
    "encrypt": {"data": {"ciphertext": "vault:v1:XjsPWPjqPrBi1N2Ms2s1QM798YyFWnO4TR4lsFA="}},
    "decrypt": {"data": {"plaintext": "dGhlIHF1aWNrIGJyb3duIGZveAo="}},
    "rewrap": {"data": {"ciphertext": "vault:v2:abcdefgh"}},
}


class Recorded:
    """What the stand-in holds: the newest version of its key, what it encrypted, what it was asked.

    `answer`, when set, is given to every request instead.
    """

    def __init__(self) -> None:
        self.version = 1
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.answer: tuple[int, bytes] | None = None
        self.address = ""
        self._texts: dict[str, str] = {}

    def reply(self, path: str, headers: dict[str, str], sent: dict[str, Any]) -> tuple[int, bytes]:
        """Answer one request as the documentation says."""
        self.asked.append((path, headers, sent))
        if self.answer:
            return self.answer
        if headers.get("X-Vault-Token") != TOKEN:
            return 403, _errors("permission denied")
        match path.removeprefix("/v1/transit/").split("/"):
            case ["encrypt", name] if name == KEY:
                base64.b64decode(sent["plaintext"], validate=True)
                return 200, self._data(ciphertext=self._keep(sent["plaintext"]))
            case [verb, name] if name == KEY and verb in ("decrypt", "rewrap"):
                text = self._texts.get(sent["ciphertext"])
                if text is None:
                    return 400, _errors("invalid ciphertext")
                if verb == "rewrap":
                    return 200, self._data(ciphertext=self._keep(text))
                return 200, self._data(plaintext=text)
        return 404, _errors()

    def _keep(self, text: str) -> str:
        token = f"vault:v{self.version}:{base64.b64encode(secrets.token_bytes(24)).decode()}"
        self._texts[token] = text
        return token

    def _data(self, **data: str) -> bytes:
        return json.dumps({"request_id": "invented", "lease_id": "", "data": data}).encode()


def _errors(*sentences: str) -> bytes:
    return json.dumps({"errors": [*sentences]}).encode()


@contextmanager
def vault() -> Iterator[Recorded]:
    """Run the stand-in on a free port of loopback."""
    recorded = Recorded()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = recorded.reply(self.path, dict(self.headers), body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    recorded.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield recorded
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
