"""A protected release cannot be undone: an attacker written here, in another way, tries to."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

from cdop.errors import Unsafe
from cdop.statistics.disclosure import (
    TOTAL,
    Attacker,
    Dimension,
    LinearSystem,
    Profile,
    Table,
    audit,
    build_system,
    profile,
    programme,
    protect,
)
from cdop.statistics.disclosure.system import Mask

DIMENSIONS = [
    Dimension("age", ("infant", "child", "teenager")),
    Dimension("sex", ("F", "M")),
    Dimension("category", ("5", "7", "8", "unknown")),
]
TABLES = [
    Table("died", ("age", "sex"), "died"),
    Table("notified", ("age", "sex"), "notified"),
    Table("reviewed", ("category", "age"), "reviewed"),
    Table("reviewed by sex", ("category", "sex"), "reviewed"),
]
FLAGS = ("died", "notified", "reviewed")
PARTNER = profile("partner-1to4")


def register(deaths: int, seed: int) -> pd.DataFrame:
    """Return invented deaths in three populations that overlap."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": random.choice(["infant", "child", "teenager"], deaths, p=[0.6, 0.25, 0.15]),
            "sex": random.choice(["F", "M"], deaths, p=[0.44, 0.56]),
            "category": random.choice(["5", "7", "8", "unknown"], deaths, p=[0.1, 0.3, 0.5, 0.1]),
            "died": random.random(deaths) < 0.7,
        }
    )
    frame["notified"] = frame.died ^ (random.random(deaths) < 0.1)
    frame["reviewed"] = ~frame.died | (random.random(deaths) < 0.4)
    return frame


def system_of(records: pd.DataFrame) -> LinearSystem:
    return build_system(records, DIMENSIONS, TABLES)


def printed(system: LinearSystem, table: Table, hidden: Mask) -> dict[tuple[str, ...], int | None]:
    frame = system.frame(table.id, hidden)
    counts = [None if pd.isna(n) else int(n) for n in frame["count"].tolist()]
    return dict(zip(frame["key"].tolist(), counts, strict=True))


class Reader:
    """Somebody with the printed tables: one whole number for each kind of child, by codes."""

    def __init__(self, system: LinearSystem, hidden: Mask) -> None:
        kinds = product(*(d.codes for d in DIMENSIONS), *([(False, True)] * len(FLAGS)))
        names = [*(d.name for d in DIMENSIONS), *FLAGS]
        self.kinds = [dict(zip(names, kind, strict=True)) for kind in kinds if any(kind[-3:])]
        rows, numbers = [], []
        for table in TABLES:
            for key, count in printed(system, table, hidden).items():
                if count is not None:
                    rows.append(self.row(table, key))
                    numbers.append(count)
        self.constraints = LinearConstraint(np.array(rows), numbers, numbers) if rows else ()

    def row(self, table: Table, key: tuple[str, ...]) -> list[bool]:
        return [
            bool(kind[str(table.population)])
            and all(
                code in (TOTAL, kind[name])
                for name, code in zip(table.dimensions, key, strict=True)
            )
            for kind in self.kinds
        ]

    def width(self, table: Table, key: tuple[str, ...]) -> float:
        """Return how far apart the least and greatest possible value of a count are."""
        row = np.array(self.row(table, key), dtype=float)
        ends = []
        for sign in (1.0, -1.0):
            solved = milp(
                sign * row,
                constraints=self.constraints,
                integrality=np.ones(len(row), dtype=np.int64),
                bounds=Bounds(0, 200),
            )
            assert solved.status == 0, solved.message
            ends.append(sign * solved.fun)
        return float(round(ends[1] - ends[0]))

    def small_sum_given_away(self, system: LinearSystem, hidden: Mask, chosen: Profile) -> bool:
        """Tell whether some printed total less the printed cells of its line leaves a small sum."""
        for table in TABLES:
            shown = printed(system, table, hidden)
            for key, total in shown.items():
                for axis, name in enumerate(table.dimensions):
                    codes = next(d.codes for d in DIMENSIONS if d.name == name)
                    line = [shown[(*key[:axis], code, *key[axis + 1 :])] for code in codes]
                    if key[axis] != TOTAL or total is None or None not in line:
                        continue
                    rest = total - sum(n for n in line if n is not None)
                    if 1 <= rest <= chosen.primary_high:
                        return True
        return False

    def narrowest(self, system: LinearSystem, chosen: Profile) -> float:
        """Return the least width of any small count of the release."""
        tables = {table.id: table for table in TABLES}
        small = {
            cell: (tables[table], key)
            for (table, key), cell in system.places.items()
            if 1 <= system.values[cell] <= chosen.primary_high
        }
        return min((self.width(*place) for place in small.values()), default=np.inf)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(deaths=st.integers(5, 80), seed=st.integers(0, 10_000))
def test_no_small_count_of_any_register_can_be_worked_out(deaths: int, seed: int) -> None:
    """The independent attacker finds no count pinned, none narrower than the width."""
    system = system_of(register(deaths, seed))
    proposal = protect(system, PARTNER)
    proof = audit(system, proposal.hidden, PARTNER)
    reader = Reader(system, proposal.hidden)
    assert proof.smallest_width is None or proof.smallest_width >= PARTNER.width
    assert reader.narrowest(system, PARTNER) >= PARTNER.width
    assert not reader.small_sum_given_away(system, proposal.hidden, PARTNER)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(counts=st.lists(st.integers(0, 5), min_size=6, max_size=6))
def test_every_table_that_fits_is_enumerated_and_none_is_missing(counts: list[int]) -> None:
    """On a table of two by three, brute force sees each small count take values far apart."""
    codes = list(product(("a", "b"), ("x", "y", "z")))
    records = pd.DataFrame(codes, columns=["row", "column"]).assign(n=counts)
    dimensions = [Dimension("row", ("a", "b")), Dimension("column", ("x", "y", "z"))]
    system = build_system(records, dimensions, [Table("t", ("row", "column"))], count="n")
    hidden = protect(system, PARTNER).hidden
    audit(system, hidden, PARTNER)
    tables = np.array(list(product(range(max(counts) + 4), repeat=6)))
    cells = [
        ((table, key), tables[:, [set(key) <= {*code, TOTAL} for code in codes]].sum(axis=1))
        for table, key in system.places
    ]
    fits = np.ones(len(tables), dtype=bool)
    for place, sums in cells:
        cell = system.places[place]
        fits &= hidden[cell] | (sums == system.values[cell])
    for place, sums in cells:
        if 1 <= system.values[system.places[place]] <= 4:
            assert np.ptp(sums[fits]) >= PARTNER.width


@pytest.mark.parametrize("name", ["partner-1to4", "strict-1to9"])
def test_printing_one_complement_more_is_refused(name: str) -> None:
    """Each complement is needed: without it the audit refuses, and the other attacker agrees."""
    chosen = profile(name)
    system = system_of(register(60, 1))
    proposal = protect(system, chosen)
    complements = np.flatnonzero(proposal.hidden & ~proposal.primary)
    assert len(complements)
    for cell in complements:
        leaky = proposal.hidden.copy()
        leaky[cell] = False
        with pytest.raises(Unsafe):
            audit(system, leaky, chosen)
    reader = Reader(system, leaky)
    assert reader.narrowest(system, chosen) < chosen.width or reader.small_sum_given_away(
        system, leaky, chosen
    )


def test_a_small_count_in_print_is_refused() -> None:
    system = system_of(register(30, 4))
    hidden = protect(system, PARTNER).hidden
    hidden[np.flatnonzero(PARTNER.is_small(system.values))[0]] = False
    with pytest.raises(Unsafe, match="small count would be printed"):
        audit(system, hidden, PARTNER)


def test_a_linked_total_that_gives_a_count_back_is_refused() -> None:
    """2 and 3 are safe behind their sum of 5, until a table prints 2 + 12 elsewhere."""
    records = pd.DataFrame({"cause": ["a", "b", "c", "d"], "n": [2, 3, 12, 30]})
    plain = Dimension("cause", ("a", "b", "c", "d"))
    linked = Dimension("cause", plain.codes, {"group": {"a": "g", "b": "h", "c": "g", "d": "h"}})
    first = build_system(records, [plain], [Table("t", ("cause",))], count="n")
    hidden = protect(first, PARTNER).hidden
    marked = {place for place, cell in first.places.items() if hidden[cell]}
    assert marked == {("t", ("a",)), ("t", ("b",))}
    audit(first, hidden, PARTNER)
    second = build_system(records, [linked], [Table("t", ("cause",))], count="n")
    carried = np.zeros(len(second.values), dtype=bool)
    carried[[second.places[place] for place in marked]] = True
    with pytest.raises(Unsafe, match=r"table t, [ab]"):
        audit(second, carried, PARTNER)


def test_hidden_cells_whose_known_sum_is_small_are_refused() -> None:
    """1 and 3 behind a known sum of 4 could each take four values, yet four children show."""
    records = pd.DataFrame({"cause": ["a", "b", "c", "d"], "n": [1, 3, 12, 30]})
    system = build_system(
        records, [Dimension("cause", ("a", "b", "c", "d"))], [Table("t", ("cause",))], count="n"
    )
    small = PARTNER.is_small(system.values)
    with pytest.raises(Unsafe, match="the hidden cells that add up to"):
        audit(system, small, PARTNER)
    assert protect(system, PARTNER).hidden.sum() == 3


def test_a_reader_who_knows_a_complement_needs_another() -> None:
    """A board that knows the complement, its own count, undoes what the public cannot."""
    records = pd.DataFrame({"cause": ["a", "b", "c", "d"], "n": [2, 12, 14, 30]})
    system = build_system(
        records, [Dimension("cause", ("a", "b", "c", "d"))], [Table("t", ("cause",))], count="n"
    )
    hidden = protect(system, PARTNER).hidden
    assert hidden[[system.places["t", (cause,)] for cause in "abcd"]].tolist() == [1, 1, 0, 0]
    board = Attacker("board:invented", csr_matrix(system.sums[[system.places["t", ("b",)]]]))
    with pytest.raises(Unsafe, match="board:invented"):
        audit(system, hidden, PARTNER, board)
    more = protect(system, PARTNER, board)
    assert more.hidden.sum() >= 2
    assert (more.hidden & ~hidden).any()
    assert audit(system, more.hidden, PARTNER, board).attackers == ("board:invented",)


def test_a_solver_without_an_optimal_answer_means_no_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = system_of(register(30, 4))
    hidden = protect(system, PARTNER).hidden
    monkeypatch.setattr(programme, "ITERATIONS", 0)
    with pytest.raises(Unsafe):
        audit(system, hidden, PARTNER)
    with pytest.raises(Unsafe):
        protect(system, PARTNER)


def test_the_same_deaths_in_any_order_give_the_same_release_and_proof() -> None:
    records = register(40, 9)
    runs = []
    for frame in (records, records.sample(frac=1, random_state=1)):
        system = system_of(frame)
        proposal = protect(system, PARTNER)
        proof = audit(system, proposal.hidden, PARTNER)
        runs.append((proposal.hidden.tobytes(), proof.digest))
    assert runs[0] == runs[1]


def test_a_year_without_deaths_prints_its_zeros() -> None:
    system = system_of(register(0, 0))
    proposal = protect(system, PARTNER)
    assert not proposal.hidden.any()
    assert audit(system, proposal.hidden, PARTNER).smallest_width is None
