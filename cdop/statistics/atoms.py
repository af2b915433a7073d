"""The atoms of a release, bundle by bundle: which kinds of record each bundle tells apart.

Besides columns of codes a bundle tells apart some of the populations, each a yes or no ("died@0":
died in the years of the first release). Whether a death stands in two years' tables (`twice`) is
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
    FOLLOWING,
    POPULATIONS,
    Counted,
    applies,
    finest_codes,
    may_be,
    memberships,
    near_kinds,
    people,
)

SAME = "same"
BEINGS = (*POPULATIONS, SAME)  # the order of a membership


@dataclass(frozen=True)
class Deaths:
    """The records of some releases: `observed` has their answers, and which membership they have.

    `member` is memberships x releases x 4; `ids` is empty for what only an earlier release counts.
    """

    releases: tuple[Counted, ...]
    base: Mapping[str, tuple[str, ...]]
    observed: Counts
    member: Counts
    ids: tuple[str, ...]

    @property
    def twice(self) -> Mask:
        """Tell of which memberships a death stands in the tables of two years by necessity."""
        return np.asarray((self.member[:, :, 0] != self.member[:, :, 1]).any(axis=1))


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


def deaths(releases: Sequence[Counted]) -> Deaths:
    """Return what some releases count, each record once. Raises Refused for codes that differ."""
    base = finest_codes(releases)
    who, members, ids = people(releases, base)
    patterns = sorted({*members, *memberships(releases)})
    which = np.array([patterns.index(each) for each in members], dtype=np.int64)
    observed = np.column_stack([who, which]).reshape(-1, len(base) + 1).astype(np.int64)
    member = np.array(patterns, dtype=np.int64).reshape(len(patterns), len(releases), len(BEINGS))
    return Deaths(tuple(releases), base, observed, member, tuple(ids))


def listed(of: Deaths) -> list[Listed]:
    """Return the atoms of every bundle of some releases."""
    columns = [*of.base, *_beings(range(len(of.releases)))]
    return [_listed(bundle, of) for bundle in bundles(columns, _crossed(of))]


def _beings(releases: Iterable[int], names: Collection[str] = BEINGS) -> list[str]:
    return [f"{name}@{number}" for number in releases for name in BEINGS if name in names]


def _crossed(of: Deaths) -> Iterator[set[str]]:
    """Return what some table tells apart together, or what any reader knows to go together."""
    every = range(len(of.releases))
    yield set(_beings(every))
    for number, each in enumerate(of.releases):
        for table in each.tables.tables:
            used = {table.population} | ({SAME} if set(table.by) & set(FOLLOWING) else set())
            yield {*(set(table.by) & set(of.base)), *_beings([number], used)}
        for column in each.columns():
            if column.only and column.name in of.base:
                yield {column.name, *_beings(every, {column.only})}
        for rule in each.tables.definitions.impossible:
            if applies(rule, of.base):
                used = {"reviewed"} | ({SAME} if set(rule) & set(FOLLOWING) else set())
                yield {*(set(rule) & set(of.base)), *_beings(every, used)}


def _listed(bundle: Bundle, of: Deaths) -> Listed:
    codes = tuple(name for name in bundle.columns if name in of.base)
    places = [list(of.base).index(name) for name in codes]
    mine = of.observed[:, [*places, len(of.base)]]
    here = {name: of.base[name] for name in codes}
    kinds = near_kinds(mine, [*map(len, here.values()), len(of.member)])
    kinds = kinds[may_be(kinds, mine, here, of.member, of.releases)]
    both = np.concatenate([kinds, mine])
    both[:, -1] = _alike(of, bundle.columns)[both[:, -1]]
    found, homes = np.unique(both, axis=0, return_inverse=True)
    return Listed(bundle, codes, found, homes.ravel()[len(kinds) :])


def _alike(of: Deaths, names: Collection[str]) -> Counts:
    """Return for each membership the first that these names do not tell from it."""
    flat = of.member.reshape(len(of.member), -1)
    told = [n for n, name in enumerate(_beings(range(len(of.releases)))) if name in names]
    rows = np.column_stack([of.twice, flat[:, told]])
    _, first, which = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[which.ravel()], dtype=np.int64)


def links(every: Sequence[Listed], of: Deaths) -> csr_matrix | None:
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


def _shared(each: Listed, names: Collection[str], of: Deaths) -> Counts:
    places = [place for place, name in enumerate(each.codes) if name in names]
    return np.column_stack([each.kinds[:, places], _alike(of, names)[each.kinds[:, -1]]])


def part(each: Listed, of: Deaths, names: Sequence[str]) -> Part:
    """Return a bundle's atoms as the dimensions and populations of each release see them.

    `names` tell one release's dimensions from another's.
    """
    positions: dict[str, Counts] = {}
    inside: dict[str, Mask] = {}
    for number, (release, name) in enumerate(zip(of.releases, names, strict=True)):
        being = of.member[each.kinds[:, -1], number]
        told = [f"{population}@{number}" in each.bundle.columns for population in BEINGS]
        for place, population in enumerate(POPULATIONS):
            if told[place]:
                inside[population + name] = being[:, place] == 1
        for column in release.columns():
            codes = release.tables.codes(column.name)
            if column.name in FOLLOWING and told[-1]:
                yes, no = (codes.index(code) for code in FOLLOWING[column.name])
                positions[column.name + name] = np.where(being[:, -1] == 1, yes, no)
            elif column.name in each.codes:
                groups = release.merged.get(column.name, {})
                own = np.array([codes.index(groups.get(c, c)) for c in of.base[column.name]])
                positions[column.name + name] = own[each.kinds[:, each.codes.index(column.name)]]
    counts = np.bincount(each.homes, minlength=len(each.kinds)).astype(np.int64)
    return Part(positions, inside, counts)
