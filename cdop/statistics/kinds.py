"""Which kinds of record there could be, as far as the tables of some releases tell them apart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cdop.errors import Refused
from cdop.statistics.definitions import ColumnDefinition
from cdop.statistics.disclosure.system import Counts, Mask
from cdop.statistics.subjects import Membership, Subject
from cdop.statistics.year_tables import YearTables

KINDS = 1_000_000  # of record, told apart before only those near observed ones are listed
UNASKED = -1  # stands for the answer of a record that a column does not ask for


@dataclass(frozen=True)
class Counted:
    """What a release counts: coded rows by id, such as deaths, and the tables made of them.

    `merged` maps codes of a column to the coarser ones that the tables print.
    """

    records: pd.DataFrame
    tables: YearTables
    years: tuple[str, ...]
    merged: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        """Return what the rows are."""
        return self.tables.definitions.subject

    def printed_records(self) -> pd.DataFrame:
        """Return the rows under the codes that the tables print."""
        found = self.records.copy()
        for name, groups in self.merged.items():
            found[name] = found[name].map(groups)
        return found

    def columns(self) -> list[ColumnDefinition]:
        """Return the columns that the tables are cut by."""
        used = {name for table in self.tables.tables for name in table.by}
        return [c for c in self.tables.definitions.columns if c.name in used]


def finest_codes(releases: Sequence[Counted]) -> dict[str, tuple[str, ...]]:
    """Return the finest codes of each column that any of the releases is cut by.

    Releases of other years may have been counted under other codes, of the same years they may not.
    """
    found: dict[str, tuple[str, ...]] = {}
    seen: dict[str, list[tuple[frozenset[str], tuple[str, ...]]]] = {}
    for each in releases:
        years = frozenset(each.years)
        for column in each.columns():
            if column.name in each.subject.following:
                continue
            codes = _raw_codes(each, column.name)
            if any(years & then and codes != others for then, others in seen.get(column.name, ())):
                raise Refused(
                    "An earlier release of these cases was counted under other code lists: the "
                    "two cannot be held against each other, so neither can be proved safe."
                )
            seen.setdefault(column.name, []).append((years, codes))
            found[column.name] = tuple(dict.fromkeys((*found.get(column.name, ()), *codes)))
    return found


def _raw_codes(of: Counted, name: str) -> tuple[str, ...]:
    return tuple(of.merged[name]) if name in of.merged else of.tables.codes(name)


def people(
    releases: Sequence[Counted], base: Mapping[str, tuple[str, ...]]
) -> tuple[Counts, list[tuple[Membership, ...]], list[str]]:
    """Return each record once: its answers (positions), its memberships, and its id.

    A record that another release counts under another answer is one record there, another here.
    """
    subject = releases[0].subject
    answers: dict[str, list[tuple[list[int], list[Membership]]]] = {}
    for number, each in enumerate(releases):
        ids = map(str, each.records.index)
        here = zip(ids, _given(each, base), subject.memberships_in(each.records), strict=True)
        for id, given, member in here:
            rows = answers.setdefault(id, [])
            found = next((row for row in rows if _agree(row[0], given)), None)
            if found is None:
                found = ([UNASKED] * len(base), [subject.nowhere] * len(releases))
                rows.append(found)
            found[0][:] = [
                old if new == UNASKED else new for old, new in zip(found[0], given, strict=True)
            ]
            found[1][number] = member
    people = [[max(at, 0) for at in given] for rows in answers.values() for given, _ in rows]
    memberships = [tuple(m) for rows in answers.values() for _, m in rows]
    ids_ = [id if m[0] != subject.nowhere else "" for id, rows in answers.items() for _, m in rows]
    return np.array(people, dtype=np.int64).reshape(-1, len(base)), memberships, ids_


def _given(of: Counted, base: Mapping[str, tuple[str, ...]]) -> list[list[int]]:
    """Return the position of each record's answers, `UNASKED` where a column has none of it."""
    only = {c.name: c.only for c in of.columns()}
    found = np.full((len(of.records), len(base)), UNASKED, dtype=np.int64)
    for at, (name, codes) in enumerate(base.items()):
        if name in only:
            inside = np.ones(len(found), dtype=bool)
            if only[name]:
                inside = of.records[only[name]].to_numpy(dtype=bool)
            found[inside, at] = pd.Index(codes).get_indexer(pd.Index(of.records[name][inside]))
            if (found[inside, at] < 0).any():
                raise Refused(f"A case holds an answer that no table has a row for ({name}).")
    rows: list[list[int]] = found.tolist()
    return rows


def _agree(one: Sequence[int], other: Sequence[int]) -> bool:
    return all(a == b or UNASKED in (a, b) for a, b in zip(one, other, strict=True))


def near_kinds(observed: Counts, sizes: Sequence[int]) -> Counts:
    """List kinds of record: all there could be, or those close to an observed one."""
    if int(np.prod(sizes, dtype=object)) <= KINDS:
        return np.indices(sizes, dtype=np.int64).reshape(len(sizes), -1).T
    distinct = np.unique(observed, axis=0)
    once = sum(sizes)
    steps = 2 if len(distinct) * once * once // 2 <= KINDS else 1
    found = distinct
    for _ in range(steps):
        found = np.unique(np.concatenate([found, *_changed(found, sizes)]), axis=0)
    return found


def _changed(rows: Counts, sizes: Sequence[int]) -> Iterable[Counts]:
    for column, size in enumerate(sizes):
        for code in range(size):
            changed = rows.copy()
            changed[:, column] = code
            yield changed


def may_be(
    kinds: Counts,
    observed: Counts,
    base: Mapping[str, tuple[str, ...]],
    memberships: Counts,
    releases: Sequence[Counted],
) -> Mask:
    """Tell which kinds any reader must allow for; observed ones come in apart from this.

    The last column of kinds says which of the `memberships` (each releases x beings) they have.
    """
    subject = releases[0].subject
    member = memberships[kinds[:, -1]]
    anywhere = np.asarray(member.any(axis=1))
    inside = {name: anywhere[:, number] for number, name in enumerate(subject.populations)}
    # Those that stand in two are known to whoever reads two years: there are no more of them.
    may = ~subject.twice(member)
    for number, column in ((n, c) for n, each in enumerate(releases) for c in each.columns()):
        if column.name in base:
            answer = kinds[:, list(base).index(column.name)]
            if column.only:
                may &= inside[column.only] | (answer == 0)
            may &= ~_unoffered(column, answer, base, member[:, number], releases[number])
    there = memberships[observed[:, -1]]
    for rule in releases[0].tables.definitions.impossible:
        if not applies(rule, base, subject):
            continue
        told = releases[0].tables.definitions.asked_of(rule)
        # An odd record stays: who holds it to be impossible would only be misled.
        if not _ruled_out(observed, rule, base, there, told, subject).any():
            may &= ~_ruled_out(kinds, rule, base, member, told, subject)
    return np.asarray(may, dtype=bool)


def _unoffered(
    column: ColumnDefinition,
    answer: Counts,
    base: Mapping[str, tuple[str, ...]],
    member: Counts,
    release: Counted,
) -> Mask:
    """Tell which kinds a release would count under an answer that it did not offer."""
    offered = np.isin(base[column.name], _raw_codes(release, column.name))
    told = [release.subject.populations.index(column.only)] if column.only else slice(None)
    return np.asarray(~offered[answer] & member[:, told].any(axis=1))


def applies(
    rule: Mapping[str, tuple[str, ...]], base: Mapping[str, tuple[str, ...]], subject: Subject
) -> bool:
    """Tell whether all that a rule of what is impossible speaks of is told apart here."""
    told = {name: codes for name, codes in rule.items() if name not in subject.following}
    return all(name in base and set(codes) & set(base[name]) for name, codes in told.items())


def _ruled_out(
    kinds: Counts,
    rule: Mapping[str, tuple[str, ...]],
    base: Mapping[str, tuple[str, ...]],
    member: Counts,
    populations: Sequence[str],
    subject: Subject,
) -> Mask:
    places = [subject.populations.index(name) for name in populations]
    fits = np.asarray(np.all(np.any(member[:, :, places], axis=1), axis=1), dtype=bool)
    for name, codes in rule.items():
        if name in subject.following:
            said = following(np.asarray(member.any(axis=1)), subject)
            fits &= np.isin(np.array(subject.following[name])[said], codes)
            continue
        wanted = [base[name].index(code) for code in codes if code in base[name]]
        fits &= np.isin(kinds[:, list(base).index(name)], wanted)
    return fits


def following(beings: Counts | Mask, subject: Subject) -> Counts:
    """Return which of a subject's facts holds (the number of them where none does), by kind."""
    facts = np.asarray(beings[:, len(subject.populations) :], dtype=bool)
    none = np.ones((len(facts), 1), dtype=bool)
    return np.asarray(np.argmax(np.concatenate([facts, none], axis=1), axis=1), dtype=np.int64)
