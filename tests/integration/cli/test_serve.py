"""`cdop serve` listens on loopback, says where, and leaves no address in its log."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from cdop.cli import app; app(prog_name='cdop')"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer(url: str, limit: float = 60) -> str:
    end = time.monotonic() + limit
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as page:
                return str(page.read().decode())
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CDOP_")}
    return kept | {"CDOP_DATA": str(tmp_path / "register"), "PYTHONUNBUFFERED": "1"}


def test_it_serves_and_stops(made, environment):
    port = free_port()
    command = [*COMMAND, "serve", "--port", str(port)]
    server = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert answer(f"http://127.0.0.1:{port}/health?name=Canary") == "ok"
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/sign-in/passkey/options",
            data=b"",
            headers={"Origin": f"http://localhost:{port}"},
        )
        with urllib.request.urlopen(asked, timeout=30) as options:
            assert json.load(options)["rpId"] == "localhost"
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=30)
    finally:
        server.kill()
    assert f"http://localhost:{port}" in out
    assert "Next:" in out
    assert "Canary" not in out + err
    assert server.returncode in (0, 130, -signal.SIGINT)


def test_a_port_that_is_taken_is_one_sentence(made):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = made("serve", "--port", str(taken.getsockname()[1]))
    assert ended.code == 1
    assert "cannot be listened on" in ended.err


def test_a_doubtful_file_of_identity_providers_is_one_sentence(made, tmp_path, monkeypatch):
    monkeypatch.setenv("CDOP_OIDC", str(tmp_path / "nothing.toml"))
    ended = made("serve", "--port", str(free_port()))
    assert ended.code == 1
    assert "nothing.toml named by CDOP_OIDC is no readable TOML" in ended.err


@pytest.mark.parametrize("fault", ["missing", "world-readable", "placeholder"])
def test_a_register_without_a_key_file_of_its_own_is_not_served(made, tmp_path, fault):
    keys = tmp_path / "register" / "keys.json"
    said = {
        "missing": "There is no key file at",
        "world-readable": "chmod 600",
        "placeholder": "or holds a placeholder",
    }[fault]
    if fault == "missing":
        keys.unlink()
    elif fault == "world-readable":
        keys.chmod(0o604)
    else:
        content = json.loads(keys.read_text())
        content["sealing"] = {"1": base64.b64encode(b"changeme" * 4).decode()}
        keys.write_text(json.dumps(content))
    ended = made("serve", "--port", str(free_port()))
    assert ended.code == 1
    assert said in ended.err
    assert "Traceback" not in ended.err
