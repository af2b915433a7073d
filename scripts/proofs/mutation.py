"""Changes the code that guards the records, one small change at a time: do the tests notice?

`mutmut` makes the changes and runs, for each, the tests that reach it. The groups are in
`mutating/groups.toml`. Works in `.mutation/GROUP`, a copy of what is committed or new; broken off,
it goes on where it stopped; `--again` tries once more what no test noticed, for new tests. The
score is of all changes that were tried, those that nobody could notice included; with `--sample`
those are a part that is the same each time, and later runs go on to the rest.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

from cdop import registers
from tests.conftest import sqlite_settings

ROOT = Path(__file__).resolve().parents[2]
GROUPS = Path(__file__).parent / "mutating" / "groups.toml"
RESULTS = Path(__file__).parent / "results"
GOAL = 0.90
NOTICED = {"killed", "timeout", "segfault"}
SKIPPED = 34  # as mutmut writes it
UNTRIED = {"not checked", "skipped"}
NONE = "none of them"
# Tests are stopped by the processor time that they take (mutating/quickest_first.py): by the clock
# they would seem to run on and on where others use the machine.
PATIENCE = 300.0


def main() -> int:
    """Run the proof; print and, with --keep, write down what happened. Returns the exit code."""
    groups = tomllib.loads(GROUPS.read_text())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("group", choices=sorted(groups))
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="try again what no test noticed")
    parser.add_argument("--sample", type=int, help="try no more than so many, drawn by their names")
    parser.add_argument("--only-count", action="store_true", help="count what was tried before")
    parser.add_argument("--keep", action="store_true", help="write the results with the commit")
    asked = parser.parse_args()
    group, place = groups[asked.group], ROOT / ".mutation" / asked.group
    if not asked.only_count:
        _copy(place, group)
        _run(place, asked.processes, NONE)  # makes the changes, and sees which test reaches what
        _choose(place, group, asked.sample, again=asked.again)
        _run(place, asked.processes)
    os.chdir(place)  # where mutmut looks for what it has made
    found = _count(group)
    print(json.dumps(found, indent=1, ensure_ascii=False))
    if asked.keep:
        kept = {"commit": _commit(), "group": asked.group} | found
        file = RESULTS / f"mutation-{asked.group}.json"
        file.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    whole = not found["not tried"] or asked.sample == found["changes"] - found["not tried"]
    return 0 if found["score"] >= GOAL and whole else 1


def _copy(place: Path, group: dict[str, Any]) -> None:
    """Bring the copy up to date; a file that has not changed keeps its time."""
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    names = [name for name in listed if name and (ROOT / name).is_file()]
    for name in names:
        _bring(ROOT / name, place / name)
        copied = place / "mutants" / name
        if copied.exists() and name not in group["modules"]:
            _bring(ROOT / name, copied)
    beside = sorted({name.partition("/")[0] for name in names} - {"cdop", "pyproject.toml"})
    settings = (ROOT / "pyproject.toml").read_text() + _settings(group, beside)
    (place / "pyproject.toml").write_text(settings)
    shutil.rmtree(place / "template", ignore_errors=True)
    registers.create(sqlite_settings(place / "template")).engine.dispose()


def _bring(source: Path, target: Path) -> None:
    if not target.exists() or target.read_bytes() != source.read_bytes():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def _settings(group: dict[str, Any], beside: list[str]) -> str:
    skipped = " or ".join(group["without"])
    arguments = ["-p", "scripts.proofs.mutating.quickest_first", "-k", f"not ({skipped})"]
    settings = {
        "source_paths": ["cdop"],
        "only_mutate": group["modules"],
        "also_copy": beside,
        "pytest_add_cli_args": arguments if skipped else arguments[:2],
        "pytest_add_cli_args_test_selection": group["tests"],
        "timeout_multiplier": PATIENCE,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    return "\n[tool.mutmut]\nuse_git_change_detection = false\n" + "\n".join(lines) + "\n"


def _choose(place: Path, group: dict[str, Any], sample: int | None, *, again: bool) -> None:
    """Say what is to be tried, of the changes that were made."""
    files = {module: place / "mutants" / f"{module}.meta" for module in group["modules"]}
    metas = {module: json.loads(file.read_text()) for module, file in files.items()}
    counting = [
        mutant
        for module, meta in metas.items()
        for mutant in meta["exit_code_by_key"]
        if _counts(group, module, mutant)
    ]
    wanted = set(sorted(counting, key=_lot)[:sample])
    for module, meta in metas.items():
        codes = meta["exit_code_by_key"]
        for mutant, code in codes.items():
            tried = code is not None and code != SKIPPED
            anew = not tried or (again and status_by_exit_code[code] not in NOTICED)
            if mutant not in wanted and not tried:
                codes[mutant] = SKIPPED
            elif mutant in wanted and anew:
                codes[mutant] = None
        files[module].write_text(json.dumps(meta))


def _lot(mutant: str) -> bytes:
    """Return by what a change is drawn: by chance as far as its place and kind are concerned."""
    return hashlib.sha256(mutant.encode()).digest()


def _run(place: Path, processes: int, *wanted: str) -> None:
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(processes), *wanted]
    ran = subprocess.run(command, cwd=place, check=False, capture_output=bool(wanted), text=True)
    if ran.returncode and not (wanted and "nothing matches" in ran.stderr):
        print(ran.stdout, ran.stderr, sep="\n", file=sys.stderr)
        raise SystemExit(f"mutmut ended with {ran.returncode}")


def _count(group: dict[str, Any]) -> dict[str, Any]:
    """Return the score, whole and by module, with the changes that no test noticed."""
    by_module, all_together, unnoticed = {}, Counter[str](), {}
    for module in group["modules"]:
        meta = json.loads(Path("mutants", f"{module}.meta").read_text())
        said = {
            mutant: status_by_exit_code[code]
            for mutant, code in meta["exit_code_by_key"].items()
            if _counts(group, module, mutant)
        }
        counts = Counter(map(_told, said.values()))
        by_module[module] = {
            "score": _score(counts),
            "changes": counts.total(),
            "not tried": counts["not tried"],
        }
        all_together += counts
        for mutant, state in said.items():
            if state not in NOTICED | UNTRIED:
                unnoticed[mutant] = [state, *_changed_lines(mutant, module)]
    return {
        "score": _score(all_together),
        "changes": all_together.total(),
        "noticed": all_together["noticed"],
        "not tried": all_together["not tried"],
        "modules": by_module,
        "unnoticed": unnoticed,
    }


def _told(state: str) -> str:
    if state in UNTRIED:
        return "not tried"
    return "noticed" if state in NOTICED else state


def _counts(group: dict[str, Any], module: str, mutant: str) -> bool:
    """Say whether a change is of the group: of a file that is so in part, by its function."""
    wanted = group.get("functions", {}).get(module)
    name = mutant.rpartition(".")[2].rpartition("__mutmut_")[0]
    return wanted is None or name.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".") in wanted


def _score(counts: Counter[str]) -> float:
    """Return how many of the changes that were tried a test noticed."""
    tried = counts.total() - counts["not tried"]
    return round(counts["noticed"] / tried, 4) if tried else 0.0


def _changed_lines(mutant: str, module: str) -> list[str]:
    diff = get_diff_for_mutant(mutant, path=Path(module)).splitlines()
    return [line for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def _commit() -> str:
    return _git("rev-parse", "HEAD").strip()


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
