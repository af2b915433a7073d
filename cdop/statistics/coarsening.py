"""Coarser answers: merging codes of a column for a release, so that small counts grow."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from cdop.errors import Invalid
from cdop.statistics.year_tables import YearTables

DATA = Path(__file__).parent / "data" / "coarsening.toml"


@dataclass(frozen=True)
class Coarsening:
    """One way to merge the answers of a column. Answers named by no group go to `rest`."""

    id: str
    title: str
    column: str
    groups: tuple[tuple[str, str, tuple[str, ...]], ...]
    rest: tuple[str, str] | None


@cache
def coarsenings(path: Path = DATA) -> dict[str, Coarsening]:
    """Return the ways on file by id. Source: the file's `source`."""
    with path.open("rb") as file:
        rows = tomllib.load(file)["coarsening"]
    return {
        row["id"]: Coarsening(
            row["id"],
            row["title"],
            row["column"],
            tuple((g["code"], g["label"], tuple(g["of"])) for g in row["groups"]),
            (row["rest"]["code"], row["rest"]["label"]) if "rest" in row else None,
        )
        for row in rows
    }


def ways_for(tables: YearTables) -> dict[str, Coarsening]:
    """Return the ways to merge some column of a year's tables."""
    used = {column.name for column in tables.definitions.columns}
    return {id: way for id, way in coarsenings().items() if way.column in used}


def coarsened(
    tables: YearTables, chosen: Collection[str], absent: Mapping[str, Collection[str]] | None = None
) -> tuple[YearTables, dict[str, Mapping[str, str]]]:
    """Return the tables under coarser answers, and for each merged column its codes' groups.

    Answers that are `absent`, by column, have no row: everybody knows that no record has them.
    Raises Invalid for an unknown way, or for two of one column.
    """
    merged: dict[str, Mapping[str, str]] = {}
    answers = dict(tables.answers)
    for name, codes in (absent or {}).items():
        answers[name] = tuple(answer for answer in answers[name] if answer[0] not in codes)
    tables = replace(tables, answers=dict(answers))
    for id in sorted(chosen):
        way = coarsenings().get(id)
        if way is None or way.column not in answers or way.column in merged:
            raise Invalid({"merged": "Choose one way to merge each column"})
        merged[way.column] = _groups(way, tables.codes(way.column))
        answers[way.column] = _answers(way, tables.answers[way.column])
    return replace(tables, answers=answers), merged


def _groups(way: Coarsening, codes: Collection[str]) -> dict[str, str]:
    named = {code: group for group, _, of in way.groups for code in of}
    return {code: named.get(code) or (way.rest[0] if way.rest else code) for code in codes}


def _answers(way: Coarsening, answers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the groups, then the answers that are in none, in the order of the code list."""
    named = {code for _, _, of in way.groups for code in of}
    groups = tuple((code, label) for code, label, _ in way.groups)
    if way.rest:
        return (*groups, way.rest)
    return (*groups, *(answer for answer in answers if answer[0] not in named))
