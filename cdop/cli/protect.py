"""`cdop protect`: the disclosure engine of the releases for any table from anywhere."""

import csv
import io
import json
import shutil
import tempfile
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from cdop.cli import running
from cdop.errors import CdopError, Invalid, Misconfigured, Refused, Unsafe
from cdop.spreadsheets import inert_row
from cdop.statistics.disclosure import TOTAL, Audit, Profile, worker
from cdop.statistics.disclosure.cells import Cells, read_cells
from cdop.statistics.disclosure.profiles import Others
from cdop.statistics.disclosure.protect import first_choice
from cdop.statistics.disclosure.reading import nearest
from cdop.statistics.disclosure.rounding import LOW, Numbers
from cdop.statistics.disclosure.spec import DimensionSpec, Spec, read_spec
from cdop.statistics.disclosure.system import Mask


class Method(StrEnum):
    """How to protect: hide quickly, hide as little as possible, or round."""

    FAST = "fast"
    EXACT = "exact"
    ROUND = "round"


def protect(
    cells: Annotated[Path, typer.Argument(metavar="CELLS.csv", help="The counted cells.")],
    spec: Annotated[Path, typer.Option(metavar="SPEC.toml", help="What the file holds.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="A new or empty folder.")],
    attack: Annotated[
        bool, typer.Option("--attack", help="Attack the result and say what can be worked out.")
    ] = False,
    method: Annotated[Method, typer.Option(help="How to protect.")] = Method.FAST,
    seconds: Annotated[
        float, typer.Option(help="End the solver after this time: then nothing is safe.")
    ] = worker.SECONDS,
    as_json: running.AsJson = False,
) -> None:
    """Protect a table of counts from anywhere."""
    began = time.perf_counter()
    result: dict[str, Any] = {"method": method.value}
    try:
        wanted = read_spec(spec)
        _check_room(out)
        found = read_cells(cells, wanted)
        result |= _protected(found, wanted, method, attack=attack, seconds=seconds)
    except CdopError as error:
        status = "unsafe" if isinstance(error, Unsafe) else "invalid"
        result |= {"status": status, "reason": str(error)}
    result["seconds"] = round(time.perf_counter() - began, 3)
    printed = result.pop("printed", None)
    if result["status"] in ("safe", "eliminated"):
        _write(out, found, wanted, result, *printed)
    _say(result, as_json=as_json)
    if result["status"] in ("unsafe", "invalid"):
        raise typer.Exit(running.REFUSED)


def _protected(
    cells: Cells, spec: Spec, method: Method, *, attack: bool, seconds: float
) -> dict[str, Any]:
    """Return what is said of a protected file, and what is printed of each cell."""
    system, profile = cells.system, spec.rule.as_profile()
    if (profile.others == Others.CONTROLLED) != (method == Method.ROUND):
        raise Invalid({"method": "--method round goes with a rule that rounds all counts together"})
    primary = profile.is_small(system.values, system.limits)
    hidden, numbers = np.zeros(len(primary), dtype=bool), None
    result: dict[str, Any] = {"smallest_width": None, "attackers": [a.id for a in cells.attackers]}
    status = "safe"
    audits: tuple[Audit, ...] = ()
    if method == Method.ROUND:
        rounded = worker.round_system(system, profile, cells.attackers, seconds=seconds)
        numbers, audits = rounded.numbers, rounded.audits
        primary = hidden
        result["reach"] = numbers.reach
    elif profile.width == 0:
        if method == Method.EXACT:
            raise Invalid({"method": "--method exact needs a rule with a width above 0"})
        hidden, status = first_choice(system, profile), "eliminated"
    else:
        exact = method == Method.EXACT
        best = worker.hide_against(system, profile, cells.attackers, exact=exact, seconds=seconds)
        hidden, audits = best.hidden, best.audits
        if exact:
            cost = float(system.costs[hidden].sum())
            result |= {"cost": round(cost, 6), "bound": round(float(best.bound or 0), 6)}
    widths = [audit.smallest_width for audit in audits if audit.smallest_width is not None]
    copies = system.copies
    result |= {
        "status": status,
        "cells": int(copies.sum()),
        "distinct_cells": len(copies),
        "primary": int(copies[primary].sum()),
        "hidden": int(copies[hidden].sum()),
        "distinct_primary": int(primary.sum()),
        "distinct_hidden": int(hidden.sum()),
        "value_hidden": int(system.values[hidden].sum()),
        "smallest_width": min(widths, default=None),
        "printed": (hidden, numbers),
    }
    if attack:
        result |= _attacked(cells, profile, hidden, numbers, seconds)
    return result


def _attacked(
    cells: Cells, profile: Profile, hidden: Mask, numbers: Numbers | None, seconds: float
) -> dict[str, Any]:
    """Return what the attackers can work out; unsafe if a small count is too closely known."""
    found = worker.measure_widths(
        cells.system, profile, cells.attackers, hidden, numbers, seconds=seconds
    )
    small = found >= 0
    pinned, narrow = int((small & (found == 0)).sum()), int((small & (found < profile.width)).sum())
    said: dict[str, Any] = {
        "attacked": int(small.sum()),
        "pinned": pinned,
        "narrower_than_width": narrow,
        "smallest_reach": int(found[small].min()) if small.any() else None,
    }
    if pinned or narrow:
        said |= {"status": "unsafe", "reason": f"{pinned} small counts can be worked out exactly"}
    return said


def _check_room(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refused(f"There is something at {out} already; it is not written over.")


def _write(
    out: Path,
    cells: Cells,
    spec: Spec,
    result: dict[str, Any],
    hidden: Mask,
    numbers: Numbers | None,
) -> None:
    """Write all files to a folder of their own first: there is all of a release, or nothing."""
    names = ("method", "status", "attackers", "smallest_width", "cells", "primary", "hidden")
    about = {name: result[name] for name in names} | {"title": spec.title}
    about["rule"] = {k: v for k, v in vars(spec.rule.as_profile()).items() if k != "title"}
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".protect-") as folder:
            whole = Path(folder) / "whole"
            whole.mkdir()
            for table in cells.tables:
                text = _csv(cells, spec, table.id, hidden, numbers)
                (whole / f"{table.id}.csv").write_text(text, encoding="utf-8")
            text = json.dumps(about, indent=2, sort_keys=True) + "\n"
            (whole / "disclosure.json").write_text(text, encoding="utf-8")
            if out.exists():
                out.rmdir()
            shutil.move(whole, out)
    except OSError as error:
        raise Misconfigured(f"Nothing can be written to {out}.") from error


def _csv(cells: Cells, spec: Spec, id: str, hidden: Mask, numbers: Numbers | None) -> str:
    """Return a table as tidy CSV: a column for each dimension, count, count_symbol."""
    table = next(t for t in cells.tables if t.id == id)
    by_name: dict[str, DimensionSpec] = {d.name: d for d in spec.dimension}
    totals = [by_name[name].total or TOTAL for name in table.dimensions]
    profile, system = spec.rule.as_profile(), cells.system
    shown = system.values if numbers is None else numbers.printed
    if profile.others == Others.NEAREST:
        shown = nearest(shown, profile.base)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(inert_row([*table.dimensions, "count", "count_symbol"]))
    for (name, key), cell in system.places.items():
        if name == id:
            codes = [t if code == TOTAL else code for code, t in zip(key, totals, strict=True)]
            symbol = "[c]" if hidden[cell] else ""
            if numbers is not None and shown[cell] == 0:
                symbol = LOW
            number = "" if hidden[cell] else int(shown[cell])
            writer.writerow(inert_row([*codes, number, symbol]))
    return text.getvalue()


def _say(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(result))
    elif "cells" in result:
        typer.echo(
            f"{result['status']}: {result['hidden']} of {result['cells']} cells hidden,"
            f" {result['primary']} of them small; smallest width"
            f" {result['smallest_width']}; {result['seconds']} s"
        )
    if "reason" in result:
        running.note(f"cdop: {result['reason']}")
