"""A release leaves signed, and whoever has the board's key can check it without the register."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cdop.cli import app
from cdop.security import custody
from cdop.security.work import Register
from cdop.statistics import disclosure, drafting
from tests.deaths import YEAR, herefordshire_2013_14
from tests.desk import plain_packages
from tests.factories import herefordshire
from tests.referrals import GROUP, with_referrals


def cdop(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_release_is_verified_offline(
    sqlite_register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    county = herefordshire(sqlite_register)
    herefordshire_2013_14(sqlite_register, county["herefordshire-cdop"])
    file, key = tmp_path / "release.zip", tmp_path / "key.pem"
    with monkeypatch.context() as patched:
        patched.setattr("cdop.cli.running.open_register", lambda _: sqlite_register)
        wanted = ("--board", "herefordshire", "--year", YEAR, "--table", "reviewed:sex,place")
        alone = cdop("release", "build", *wanted, "--json")
        assert "reviewed:sex,place" in alone.stdout
        own = cdop("release", "approve", json.loads(alone.stdout)["id"])
        assert (own.exit_code, "You drafted or built" in own.output) == (1, True)
        second = ("--to", file, "--approve-as", "release-approver")
        built = cdop("release", "build", *wanted, *second)
        assert built.exit_code == 0, built.output
        board = ("release", "key", "--board", "herefordshire-cdop")
        key.write_text(cdop(*board).output)
        cdop("keys", "sign-anew")
        held = sqlite_register.vault.held
        held.ring = custody.load(sqlite_register.settings)  # as a server does that starts anew
        assert cdop(*board).output != key.read_text()
        assert cdop(*board, "--version", "1").output == key.read_text()
        assert cdop(*board, "--version", "3").exit_code == 1
        rebuilt = cdop("release", "rebuild", json.loads(alone.stdout)["id"])
        assert "The same, byte for byte" in rebuilt.output
    digest = built.output.split()[-1]
    found = cdop("release", "verify", file, "--key", key, "--digest", digest)
    assert found.exit_code == 0, found.output
    assert "signed and unchanged" in found.output
    other = cdop("release", "verify", file, "--key", key, "--digest", "0" * 64)
    assert (other.exit_code, "another one" in other.output) == (1, True)
    content = file.read_bytes()
    file.write_bytes(content.replace(b"[c]", b"  0", 1))
    changed = cdop("release", "verify", file, "--key", key)
    assert changed.exit_code == 1
    assert "changed" in changed.output


def test_a_release_of_a_group_is_built_by_its_slug_and_verified(
    sqlite_register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_referrals(sqlite_register)
    plain_packages(monkeypatch)
    file, key = tmp_path / "release.zip", tmp_path / "key.pem"
    with monkeypatch.context() as patched:
        patched.setattr("cdop.cli.running.open_register", lambda _: sqlite_register)
        wanted = ("--board", GROUP, "--year", YEAR, "--approve-as", "release-approver")
        built = cdop("release", "build", *wanted, "--to", file)
        assert built.exit_code == 0, built.output
        key.write_text(cdop("release", "key", "--board", GROUP).output)
        nobody = cdop("release", "key", "--board", "herefordshire")
        assert (nobody.exit_code, "neither a panel nor" in nobody.output) == (1, True)
    assert cdop("release", "verify", file, "--key", key).exit_code == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--profile", "weak"), "uncertain by 3"),
        (("--table", "reviewed:names"), "Statistics may not read that column"),
        (("--table", "died:category"), "known of"),
        (("--public",), "made for the public"),
        (("--year", "2013"), "2013-14"),
    ],
)
def test_a_draft_that_cannot_be_is_one_sentence(
    sqlite_register: Register,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    sentence: str,
) -> None:
    weak = replace(disclosure.profile("partner-1to4"), width=2)
    if "weak" in options:
        monkeypatch.setattr(drafting, "profile", lambda _: weak)
    monkeypatch.setattr("cdop.cli.running.open_register", lambda _: sqlite_register)
    herefordshire(sqlite_register)
    ended = cdop("release", "draft", "--board", "herefordshire", "--year", YEAR, *options)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert sentence in ended.stderr
