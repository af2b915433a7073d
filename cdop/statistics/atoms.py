"""The atoms of a release, bundle by bundle: which kinds of record each bundle tells apart.

Besides columns of codes a bundle tells apart some of the populations, each a yes or no ("died@0":
died in the years of the first release). Whether a record stands in two years' tables (`twice`) is
told apart by all.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from cdop.statistics.bundles import Bundle, bundles
from cdop.statistics.disclosure.parts import Part
from cdop.statistics.disclosure.system import Counts, Mask
from cdop.statistics.kinds import (
    Counted,
    applies,
    finest_codes,
    following,
    may_be,
    near_kinds,
    people,
)
from cdop.statistics.subjects import Subject


@dataclass(frozen=True)
class Records:
    """The records of some releases: `observed` has their answers, and which membership they have.

    `member` is memberships x releases x beings, `possible` tells which of them a reader allows for;
    `ids` is empty for what only an earlier release counts.
    """

    releases: tuple[Counted, ...]
    base: Mapping[str, tuple[str, ...]]
    observed: Counts
    member: Counts
    possible: Mask
    ids: tuple[str, ...]

    @property
    def subject(self) -> Subject:
        """Return what the records are."""
        return self.releases[0].subject

    @property
    def twice(self) -> Mask:
        """Tell of which memberships a record stands in the tables of two years by necessity."""
        return self.subject.twice(self.member)


@dataclass(frozen=True)
class Listed:
    """A bundle's atoms, and which each record is of.

    `kinds` has their positions in the bundle's columns of codes; last the first membership of those
    that the bundle does not tell apart.
    """

    bundle: Bundle
    codes: tuple[str, ...]
    kinds: Counts
    homes: Counts


def records(releases: Sequence[Counted]) -> Records:
    """Return what some releases count, each record once. Raises Refused for codes that differ."""
    base, subject = finest_codes(releases), releases[0].subject
    who, members, ids = people(releases, base)
    possible = set(subject.possible([each.years for each in releases]))
    patterns = sorted({*members, *possible})
    which = np.array([patterns.index(each) for each in members], dtype=np.int64)
    observed = np.column_stack([who, which]).reshape(-1, len(base) + 1).astype(np.int64)
    member = np.array(patterns, dtype=np.int64).reshape(
        len(patterns), len(releases), len(subject.beings)
    )
    allowed = np.array([not subject.linked or each in possible for each in patterns], dtype=bool)
    return Records(tuple(releases), base, observed, member, allowed, tuple(ids))


def listed(of: Records) -> list[Listed]:
    """Return the atoms of every bundle of some releases."""
    columns = [*of.base, *_beings(range(len(of.releases)), of.subject.beings)]
    return [_listed(bundle, of) for bundle in bundles(columns, _crossed(of))]


def _beings(releases: Iterable[int], names: Iterable[str]) -> list[str]:
    return [f"{name}@{number}" for number in releases for name in names]


def _crossed(of: Records) -> Iterator[set[str]]:
    """Return what some table tells apart together, or what any reader knows to go together."""
    every, subject = range(len(of.releases)), of.subject
    yield set(_beings(every, subject.beings))
    for number, each in enumerate(of.releases):
        for table in each.tables.tables:
            used = {table.population} | (
                set(subject.facts) if set(table.by) & set(subject.following) else set()
            )
            yield {*(set(table.by) & set(of.base)), *_beings([number], used)}
        for column in each.columns():
            if column.only and column.name in of.base:
                yield {column.name, *_beings(every, {column.only})}
        for rule in each.tables.definitions.impossible:
            if applies(rule, of.base, subject):
                used = set(each.tables.definitions.asked_of(rule)) | (
                    set(subject.facts) if set(rule) & set(subject.following) else set()
                )
                yield {*(set(rule) & set(of.base)), *_beings(every, used)}


def _listed(bundle: Bundle, of: Records) -> Listed:
    codes = tuple(name for name in bundle.columns if name in of.base)
    places = [list(of.base).index(name) for name in codes]
    mine = of.observed[:, [*places, len(of.base)]]
    here = {name: of.base[name] for name in codes}
    kinds = near_kinds(mine, [*map(len, here.values()), len(of.member)])
    may = may_be(kinds, mine, here, of.member, of.releases) & of.possible[kinds[:, -1]]
    kinds = kinds[may]
    both = np.concatenate([kinds, mine])
    both[:, -1] = _alike(of, bundle.columns)[both[:, -1]]
    found, homes = np.unique(both, axis=0, return_inverse=True)
    return Listed(bundle, codes, found, homes.ravel()[len(kinds) :])


def _alike(of: Records, names: Collection[str]) -> Counts:
    """Return for each membership the first that these names do not tell from it."""
    flat = of.member.reshape(len(of.member), -1)
    every = _beings(range(len(of.releases)), of.subject.beings)
    told = [n for n, name in enumerate(every) if name in names]
    rows = np.column_stack([of.twice, flat[:, told]])
    _, first, which = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[which.ravel()], dtype=np.int64)


def links(every: Sequence[Listed], of: Records) -> csr_matrix | None:
    """Return, over all atoms, what each bundle's counts have in common with its parent's.

    Each row adds up to 0. None for a single bundle.
    """
    ends = np.cumsum([0, *(len(each.kinds) for each in every)])
    rows, columns, signs, number = [], [], [], 0
    for at, each in enumerate(every):
        parent = each.bundle.parent
        if parent is None:
            continue
        both = [_shared(every[n], each.bundle.shared, of) for n in (at, parent)]
        _, which = np.unique(np.concatenate(both), axis=0, return_inverse=True)
        rows.append(which.ravel() + number)
        columns += [np.arange(len(every[n].kinds)) + ends[n] for n in (at, parent)]
        signs += [np.ones(len(both[0]), np.int64), -np.ones(len(both[1]), np.int64)]
        number += int(which.max(initial=-1)) + 1
    if not rows:
        return None
    values = (np.concatenate(signs), (np.concatenate(rows), np.concatenate(columns)))
    return csr_matrix(values, shape=(number, ends[-1]), dtype=np.int64)


def _shared(each: Listed, names: Collection[str], of: Records) -> Counts:
    places = [place for place, name in enumerate(each.codes) if name in names]
    return np.column_stack([each.kinds[:, places], _alike(of, names)[each.kinds[:, -1]]])


def part(each: Listed, of: Records, names: Sequence[str]) -> Part:
    """Return a bundle's atoms as the dimensions and populations of each release see them.

    `names` tell one release's dimensions from another's.
    """
    positions: dict[str, Counts] = {}
    inside: dict[str, Mask] = {}
    for number, (release, name) in enumerate(zip(of.releases, names, strict=True)):
        being = of.member[each.kinds[:, -1], number]
        told = [f"{each_}@{number}" in each.bundle.columns for each_ in of.subject.beings]
        for place, population in enumerate(of.subject.populations):
            if told[place]:
                inside[population + name] = being[:, place] == 1
        for column in release.columns():
            if column.name in of.subject.following and all(told[len(of.subject.populations) :]):
                said = of.subject.following[column.name]
                own = np.array([release.tables.codes(column.name).index(code) for code in said])
                positions[column.name + name] = own[following(being, of.subject)]
            elif column.name in each.codes:
                own = _own_positions(release, column.name, of.base[column.name])
                positions[column.name + name] = own[each.kinds[:, each.codes.index(column.name)]]
    counts = np.bincount(each.homes, minlength=len(each.kinds)).astype(np.int64)
    return Part(positions, inside, counts)


def _own_positions(release: Counted, name: str, finest: Sequence[str]) -> Counts:
    """Return where a release tables each of the finest codes; where it offers none, nobody is."""
    codes, groups = release.tables.codes(name), release.merged.get(name, {})
    own = [groups.get(code, code) for code in finest]
    return np.array([codes.index(code) if code in codes else 0 for code in own], dtype=np.int64)
