"""`cdop protect` keeps what the engine promises, and refuses a file that it cannot trust."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from cdop.cli import app
from cdop.cli.protect_help import TEXT
from cdop.statistics.disclosure import worker
from cdop.statistics.disclosure.spec import read_spec

Z3 = Path(__file__).parents[2] / "unit" / "statistics" / "disclosure" / "data"
SPEC = """
count = "deaths"
[[dimension]]
name = "area"
total = "All"
[[dimension.grouping]]
groups = { north = ["a", "b"], south = ["c", "d"] }
[[dimension]]
name = "cause"
[[table]]
id = "by-area"
dimensions = ["area", "cause"]
[rule]
"""
PARTNER = 'profile = "partner-1to4"\n'
AREAS, CAUSES = "abcd", "xyz"
COUNTS = [2, 12, 7, 0, 9, 3, 15, 1, 6, 8, 11, 5]


def rows() -> list[tuple[str, str, object]]:
    places = [(area, cause) for area in AREAS for cause in CAUSES]
    return [(*place, count) for place, count in zip(places, COUNTS, strict=True)]


class Folder:
    """A folder with a cells file and a spec, and the command run on them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write(rows())
        self.spec(PARTNER)

    def write(self, rows: list[tuple[str, str, object]], header: str = "area,cause,deaths") -> None:
        lines = [header, *(",".join(map(str, row)) for row in rows)]
        (self.path / "cells.csv").write_text("\n".join(lines) + "\n")

    def spec(self, rule: str, more: str = "") -> None:
        (self.path / "spec.toml").write_text(SPEC + rule + more)

    def run(self, *options: str, out: str = "out") -> tuple[int, dict[str, Any]]:
        cells, spec = self.path / "cells.csv", self.path / "spec.toml"
        names = ["--spec", str(spec), "--out", str(self.path / out), "--json"]
        done = CliRunner().invoke(app, ["protect", str(cells), *names, *options])
        return done.exit_code, json.loads(done.stdout)

    def refusal(self, *options: str) -> str:
        code, said = self.run(*options)
        assert (code, said["status"]) == (1, "invalid")
        assert not (self.path / "out").exists()
        return str(said["reason"])


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "cells", "hidden", "primary"),
    [
        ("z3-single-shown", 1200, 478, 333),
        ("z3-single-zeros", 1200, 626, 482),
        ("z3-linked-shown", 1350, 521, 350),
        ("z3-linked-zeros", 1350, 683, 503),
    ],
)
def test_the_published_counts_of_z3_are_reproduced(
    tmp_path: Path, name: str, cells: int, hidden: int, primary: int
) -> None:
    out = tmp_path / "out"
    arguments = ["protect", str(Z3 / "z3.csv"), "--spec", str(Z3 / f"{name}.toml")]
    done = CliRunner().invoke(app, [*arguments, "--out", str(out), "--json"])
    said = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (said["cells"], said["hidden"], said["primary"]) == (cells, hidden, primary)
    assert said["status"] == "eliminated"
    written = pd.read_csv(out / "z3.csv", dtype=str, keep_default_na=False)
    assert (written["count_symbol"] == "[c]").sum() == hidden
    assert (written["count"][written["count_symbol"] == "[c]"] == "").all()


def test_a_table_is_hidden_proved_and_written(folder: Folder) -> None:
    code, said = folder.run("--attack")
    assert (code, said["status"]) == (0, "safe")
    assert said["smallest_width"] >= 3
    assert (said["pinned"], said["narrower_than_width"]) == (0, 0)
    table = pd.read_csv(folder.path / "out" / "by-area.csv", dtype=str, keep_default_na=False)
    shown = {(a, c): n for a, c, n in table[["area", "cause", "count"]].values.tolist()}
    assert len(shown) == said["cells"] == 7 * 4
    assert sum(symbol == "[c]" for symbol in table["count_symbol"]) == said["hidden"]
    for area, cause, count in rows():
        assert shown[area, cause] in ("", str(count))
        assert shown[area, cause] == "" or not 1 <= int(str(count)) <= 4


@pytest.mark.parametrize("method", ["fast", "exact"])
def test_two_runs_write_the_same_bytes(folder: Folder, method: str) -> None:
    for out in ("one", "two"):
        assert folder.run("--method", method, out=out)[0] == 0
    for file in ("by-area.csv", "disclosure.json"):
        one, two = (folder.path / out / file for out in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_the_exact_method_hides_no_more_and_states_its_bound(folder: Folder) -> None:
    _, fast = folder.run(out="fast")
    code, exact = folder.run("--method", "exact", out="exact")
    assert code == 0
    assert exact["bound"] <= exact["cost"]
    assert exact["value_hidden"] + exact["distinct_hidden"] <= (
        fast["value_hidden"] + fast["distinct_hidden"]
    )


def test_rounded_tables_add_up_and_show_every_number(folder: Folder) -> None:
    folder.spec('profile = "rounded-5"\n')
    code, said = folder.run("--method", "round", "--attack")
    assert (code, said["status"], said["hidden"], said["pinned"]) == (0, "safe", 0, 0)
    table = pd.read_csv(folder.path / "out" / "by-area.csv")
    assert (table["count"] % 5 == 0).all()
    assert (table["count_symbol"].eq("[low]") == table["count"].eq(0)).all()
    count = table.set_index(["area", "cause"])["count"]
    for cause in [*CAUSES, "total"]:
        assert count["All", cause] == sum(count[area, cause] for area in AREAS)
        assert count["north", cause] == count["a", cause] + count["b", cause]
    for area, cause, true in rows():
        assert abs(count[area, cause] - int(str(true))) < 5


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        (-1, "negative"),
        (1.5, "not whole"),
        ("", "missing"),
        ("few", "not a number"),
        ("nan", "not a number"),
        ("1e99", "not a number"),
    ],
)
def test_a_bad_count_is_refused_by_its_row(folder: Folder, count: object, reason: str) -> None:
    folder.write([*rows()[:4], ("b", "y", count), *rows()[5:]])
    said = folder.refusal()
    assert "Row 6 " in said
    assert reason in said


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("a", "x", 2), "counted in row 2 already"),
        (("", "x", 2), "'area' is missing"),
        (("All", "x", 31), "not the sum of its parts"),
        (("north", "x", 3), "not the sum of its parts"),
        (("e", "x", 3), "leaves a code out"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(
    folder: Folder, row: tuple[str, str, object], reason: str
) -> None:
    folder.write([*rows(), row])
    assert reason in folder.refusal()


def test_true_totals_are_checked_and_left_out(folder: Folder) -> None:
    x = sum(COUNTS[0::3])
    folder.write([("All", "x", x), *rows(), ("north", "x", COUNTS[0] + COUNTS[3])])
    assert folder.run()[1]["cells"] == 28


def test_a_missing_column_is_named(folder: Folder) -> None:
    folder.write(rows(), header="area,reason,deaths")
    assert "no column 'cause'" in folder.refusal()


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ('profile = "anything goes"\n', "no disclosure profile"),
        ("small = [1, 4]\n", "both small and width"),
        ("small = [4, 1]\nwidth = 3\n", "from 0"),
        ("smal = [1, 4]\nwidth = 3\n", "rule.smal"),
        ("small = [1, 4\n", "no TOML"),
        ('profile = "rounded-5"\n', "--method round"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(folder: Folder, rule: str, reason: str) -> None:
    folder.spec(rule)
    assert reason in folder.refusal()


def test_a_folder_with_something_in_it_is_left_alone(folder: Folder) -> None:
    (folder.path / "out").mkdir()
    (folder.path / "out" / "mine.txt").write_text("mine")
    code, said = folder.run()
    assert (code, said["status"]) == (1, "invalid")
    assert [file.name for file in (folder.path / "out").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [("import os; os.abort()", "failed"), ("import time; time.sleep(60)", "not finish")],
)
def test_a_solver_that_dies_or_hangs_means_not_safe(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    defaults = dict(worker.hide_against.__kwdefaults__, command=(sys.executable, "-c", code))
    monkeypatch.setattr(worker.hide_against, "__kwdefaults__", defaults)
    exit_code, said = folder.run("--seconds", "2")
    assert (exit_code, said["status"]) == (1, "unsafe")
    assert reason in said["reason"]
    assert not (folder.path / "out").exists()


def test_a_board_needs_more_hidden_than_the_public(folder: Folder) -> None:
    _, public = folder.run(out="public")
    folder.spec(PARTNER, '[[attacker]]\nkind = "board"\ndimension = "area"\n')
    code, boards = folder.run(out="boards")
    assert code == 0
    assert boards["attackers"] == ["public", "board:a", "board:b", "board:c", "board:d"]
    assert boards["hidden"] > public["hidden"]


def test_a_wish_that_cannot_be_kept_is_unsafe(folder: Folder) -> None:
    """Whoever knows all of a row but one cell knows that cell, unless totals are hidden too."""
    folder.write([("a", "x", 2), ("b", "x", 9), ("c", "x", 9), ("d", "x", 9)])
    known = '[[attacker]]\nkind = "known"\ntable = "by-area"\n'
    cells = [["b", "x"], ["c", "x"], ["d", "x"], ["total", "total"]]
    folder.spec(PARTNER, known + f"cells = {json.dumps(cells)}\n")
    code, said = folder.run()
    assert (code, said["status"]) == (1, "unsafe")
    assert "known-margins" in said["reason"]
    assert not (folder.path / "out").exists()


def test_standard_output_is_json_alone_and_needs_no_register(folder: Folder) -> None:
    arguments = ["protect", "cells.csv", "--spec", "spec.toml", "--out", "out", "--json"]
    command = [sys.executable, "-c", "from cdop.cli import app; app()", *arguments]
    done = subprocess.run(command, cwd=folder.path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "safe"
    assert sorted(file.name for file in folder.path.iterdir()) == ["cells.csv", "out", "spec.toml"]


def test_the_spec_shown_as_help_is_one(tmp_path: Path) -> None:
    text = TEXT[TEXT.index('count = "deaths"') : TEXT.index("--out receives")]
    for left_out in ('profile = "partner', "groups = { north", "base = 5"):
        lines = [line for line in text.splitlines() if not line.startswith(left_out)]
        text = "\n".join(lines)
    (tmp_path / "spec.toml").write_text(text)
    spec = read_spec(tmp_path / "spec.toml")
    assert spec.rule.as_profile().width == 3
    assert len(spec.attacker) == 3
