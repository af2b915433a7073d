"""From a year's records to what may be shown of them: all tables together as one linear system.

A death can be counted by the releases of two years, so that readers may hold one against the
other. `OTHER_YEARS` makes every release safe against that by itself. What ties two releases
together by necessity are the deaths that died in one year and were notified in another: they stand
in both. This attacker is given exactly those deaths, in every column, so that they are the same in
each alternative table of either proof. Any alternative of one year then goes with any of the other,
since no other death need be in both: one not yet reviewed may stay so, and one reviewed may have
been of a year before the first release, or another panel's. Each width holds for both together.
This does not cover two releases of the same year: there is one, and it is never built again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, eye_array

from cdop.errors import Refused, Unsafe
from cdop.statistics.counting import figures
from cdop.statistics.definitions import YearTables
from cdop.statistics.disclosure import (
    PUBLIC,
    TOTAL,
    Attacker,
    Dimension,
    LinearSystem,
    Profile,
    Table,
    build_system,
    check_certificate,
)
from cdop.statistics.disclosure.worker import protect_and_audit

OTHER_YEARS = "other-years"
KINDS = 1_000_000  # of death that may be told apart before only those near observed ones are listed

Cells = Mapping[tuple[str, tuple[str, ...]], int | None]


@dataclass(frozen=True)
class Protected:
    """A year's tables as they may be shown: None for each hidden count. `proof` may not leave.

    `symbols` has the mark of each cell that has one; `bounds` between which counts a reader of
    this release alone must place each cell (None: no greatest).
    """

    cells: Cells
    profile: Profile
    attackers: tuple[str, ...]
    smallest_width: int | None
    proof: str
    symbols: Mapping[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)
    bounds: Mapping[tuple[str, tuple[str, ...]], tuple[int, int | None]] = field(
        default_factory=dict
    )


def protect_year(records: pd.DataFrame, tables: YearTables, profile: Profile) -> Protected:
    """Hide what must be hidden, and prove that it cannot be worked out.

    `records` are those of `cdop.statistics.counting.counts`. Takes seconds: hold no transaction.
    Raises Unsafe when there is no proof, Refused when a record's years contradict one another or
    it holds an answer that the tables have no row for.
    """
    exact = figures(records, tables)
    system = system_of(records, tables)
    if any(exact[place] != system.values[cell] for place, cell in system.places.items()):
        raise Unsafe("The tables, counted in two ways, do not agree, so there is no release")
    attacker = reader_of_other_years(system, tables)
    hidden, proof = protect_and_audit(system, profile, attacker)
    # A table that is consistent with more knowledge is consistent with less.
    check_certificate(system, hidden, proof.certificate, profile, PUBLIC)
    cells = {
        place: None if hidden[cell] else int(system.values[cell])
        for place, cell in system.places.items()
    }
    attackers = (PUBLIC.id, attacker.id)
    return Protected(cells, profile, attackers, proof.smallest_width, proof.digest)


def system_of(records: pd.DataFrame, tables: YearTables) -> LinearSystem:
    """Return the linear system of all tables of a year together."""
    if not _years_are_in_order(records).all():
        raise Refused(
            "A death of this year is recorded as notified before it happened, or reviewed before "
            "it was notified. Correct the case, then build the release."
        )
    complete = _with_stand_ins(records, tables)
    return build_system(
        complete,
        [Dimension(column.name, tables.codes(column.name)) for column in tables.columns],
        [Table(table.code, table.by, table.population) for table in tables.tables],
        possible=lambda kinds: _possible(kinds, complete, tables),
        atom_limit=KINDS,
    )


def reader_of_other_years(system: LinearSystem, tables: YearTables) -> Attacker:
    """Return the attacker who knows exactly which deaths stand in the tables of two years."""
    died, notified = (_members(system, tables, code) for code in ("died", "notified"))
    knows = eye_array(len(system.atoms), dtype=np.int64, format="csr")[died != notified]
    return Attacker(OTHER_YEARS, csr_matrix(knows))


def _members(system: LinearSystem, tables: YearTables, population: str) -> Any:
    """Tell which kinds of death belong to a population."""
    table = tables.of(population)[0]
    total = system.places[table.code, (TOTAL,) * len(table.by)]
    return system.sums[[total]].toarray()[0] == 1


def _years_are_in_order(records: pd.DataFrame) -> "pd.Series[bool]":
    reviewed = records.reviewed_year.fillna("9999")
    return (records.died_year <= records.notified_year) & (records.notified_year <= reviewed)


def _with_stand_ins(records: pd.DataFrame, tables: YearTables) -> pd.DataFrame:
    """Give columns that have no answer for a death their first code: no table looks there."""
    filled = records.copy()
    for column in tables.columns:
        if column.only:
            outside = ~filled[column.only].astype(bool)
            filled.loc[outside, column.name] = tables.codes(column.name)[0]
    return filled


def _possible(kinds: pd.DataFrame, records: pd.DataFrame, tables: YearTables) -> Any:
    """Tell which kinds of death any reader must allow for."""
    possible = ~(kinds.died & kinds.reviewed & ~kinds.notified)
    for column in tables.columns:
        if column.only:
            stand_in = kinds[column.name] == tables.codes(column.name)[0]
            possible &= kinds[column.only] | stand_in
    possible &= ~kinds.reviewed | ((kinds.year_of_death == "this-year") == kinds.died)
    possible &= ~kinds.died | ((kinds.review_state == "reviewed") == kinds.reviewed)
    for rule in tables.definitions.impossible:
        # An odd record stays: who holds it to be impossible would only be misled.
        if not _fits(records, rule).any():
            possible &= ~_fits(kinds, rule)
    return possible & ((kinds.died == kinds.notified) | _is_among(kinds, records))


def _fits(frame: pd.DataFrame, rule: Mapping[str, tuple[str, ...]]) -> "pd.Series[bool]":
    fits = frame.reviewed.astype(bool)
    for name, codes in rule.items():
        fits &= frame[name].isin(codes)
    return fits


def _is_among(kinds: pd.DataFrame, records: pd.DataFrame) -> Any:
    names = list(kinds.columns)
    observed = records[records.died != records.notified][names].drop_duplicates()
    return kinds.merge(observed, how="left", indicator=True)["_merge"].to_numpy() == "both"
