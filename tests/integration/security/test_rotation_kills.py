"""A small sample of `scripts/prove rotation`: commands killed at work lose nothing."""

import json
import subprocess
import sys

from cdop.config import ROOT


def test_killing_the_commands_loses_nothing_and_fails_no_read() -> None:
    command = [sys.executable, str(ROOT / "scripts/proofs/rotation.py"), "--kills", "10"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert found["lost"] == found["failed"] == found["unlike_its_last_line"] == 0
    assert found["missed"] == found["not_found"] == 0
    assert found["kills"] == 10
    assert found["values"] > 300
    assert found["sealed_meanwhile"] > 0
    assert found["looked_up_meanwhile"] > 0
    assert found["keys_left"] == 1
