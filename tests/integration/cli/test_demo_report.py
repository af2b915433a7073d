"""`cdop demo` prints its accounts once, and the report and the release that follow from it."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from cdop.demo import building, herefordshire, present, referrals, scale
from cdop.security import passwords
from tests.desk import plain_packages
from tests.integration.cli.conftest import SETTINGS, Run, commands_in

PUBLISHED = """\
Outcome of Referral to JCR,Children,Adults,DHR
Referrals Received,7,3,1
Serious Case Reviews,1 (SILP),0,0
Independently chaired multi-agency review,2 (SILPs),2 (HELPS),0
Internally chaired multi-agency review,0,0,0
Single Agency Review,1,0,0
Did not meet criteria for review,3,1,1
Reviews completed during the year following referrals made in 2012-2013,1,0,0
"""
OUTCOMES = ("report", "jcr-outcomes", "--board", "herefordshire", "--year", "2013-14")


@pytest.fixture(scope="module")
def without_neighbours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration of one county, without the time that password hashes take, to be copied."""
    folder = tmp_path_factory.mktemp("demonstration")
    parts = {"County": herefordshire.play_year, "Referrals": referrals.play_referrals}
    with pytest.MonkeyPatch.context() as patched:
        for name in SETTINGS:
            patched.delenv(name, raising=False)
        patched.setattr(building, "PARTS", parts)
        patched.setattr(building, "AFTERWARDS", {})
        patched.setattr(passwords, "hash_password", lambda _: "nobody signs in")
        assert commands_in(folder)("demo").code == 0
    return folder / "register"


@pytest.fixture
def filled(run: Run, without_neighbours: Path, tmp_path: Path) -> Run:
    """Run `cdop` on that demonstration."""
    shutil.copytree(without_neighbours, tmp_path / "register")
    return run


def test_the_report_prints_the_published_table_and_nothing_else(filled):
    ended = filled(*OUTCOMES, "--format", "csv")
    assert (ended.code, ended.out) == (0, PUBLISHED)
    assert ended.err.startswith("INTERNAL")


def test_an_account_without_the_permission_gets_no_table(filled):
    ended = filled(*OUTCOMES, "--as", "panel-member")
    assert (ended.code, ended.out) == (1, "")
    assert filled(*OUTCOMES, "--as", "analyst").out == PUBLISHED


@pytest.mark.parametrize("arguments", [("--board", "nowhere"), ("--year", "2013")])
def test_a_board_or_year_that_is_none_is_one_sentence(filled, arguments):
    ended = filled(*OUTCOMES, *arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)


def test_an_unknown_report_is_wrong_usage(filled):
    assert filled("report", "nonsense", "--board", "a", "--year", "2013-14").code == 2


def test_a_release_is_built_once_and_written_to_a_file(filled, tmp_path, monkeypatch):
    plain_packages(monkeypatch)
    file = tmp_path / "release.zip"
    wanted = ("release", "build", "--board", "herefordshire", "--year", "2013-14")
    command = (*wanted, "--approve-as", "release-approver")
    ended = filled(*command, "--to", str(file), "--as", "analyst", "--json")
    assert ended.code == 0
    with zipfile.ZipFile(file) as package:
        assert any(name.endswith("datapackage.json") for name in package.namelist())
    again = filled(*command, "--to", str(file), "--as", "analyst", "--json")
    assert json.loads(again.out)["sha256"] == json.loads(ended.out)["sha256"]
    file.write_text("something else")
    assert filled(*command, "--to", str(file)).code == 1


def test_the_accounts_are_printed_with_their_passwords(run, monkeypatch):
    monkeypatch.setattr(building, "PARTS", {"Today": present.play_present})
    monkeypatch.setattr(building, "AFTERWARDS", {})
    ended = run("demo", "--json")
    accounts = json.loads(ended.out)["accounts"]
    assert {"coordinator", "analyst", "auditor"} <= {each["username"] for each in accounts}
    assert all(len(each["password"]) == 23 for each in accounts)


def test_demo_refuses_one_that_is_filled_and_one_for_real_use(filled, run):
    assert "filled already" in filled("demo").err
    run("init", data="real")
    ended = run("demo", data="real")
    assert (ended.code, "real use" in ended.err) == (1, True)


def test_scale_adds_cases_to_one_that_is_filled_and_says_how_fast(filled, monkeypatch):
    monkeypatch.setattr(scale, "BATCH", 3)
    ended = filled("demo", "--scale", "4")
    assert ended.code == 0
    assert "Added 4 invented cases" in ended.out
    assert "cases a second" in ended.out
