"""No set of plain columns yields a date of birth, nor the day of a death.

Two registers that differ in nothing but an exact day are the same to whoever has the database and
no key: every plain column of every table, and the length of every sealed one. What does show, on
purpose: the derived values (year, age band, deprivation), the week of the death in due days, which
fields a correction changed, and that two cases share a date where a duplicate is offered.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from cdop import schema
from cdop.db import Key
from cdop.deaths import queries
from cdop.deaths.commands import Child, Correction
from cdop.deaths.models import Death
from cdop.deaths.rules import derived
from cdop.deaths.service import clocks, correct_identity, mark_reviewed, notify, write_summary
from cdop.deaths.service.deriving import plain_values
from cdop.reference import derive
from cdop.security.models import IndexToken
from cdop.security.work import Work
from tests.factories import MAKER, Herefordshire, child, told

# The machine's own time, and receipts of random letters.
PASSING = {("audit_log", "recorded_at"), ("notifications", "receipt")}
_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
SUMMARY = "An invented account of what the panel needs to know."
REVIEWED = date(2026, 11, 19)
FEW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Undone(Exception):
    """Ends a unit so that nothing of it stays."""


def what_is_plain(work: Work) -> dict[str, list[Any]]:
    """Return what someone without keys reads in every table, ids left out."""
    work.session.flush()
    found = {}
    for table in schema.metadata.sorted_tables:
        columns = [
            c
            for c in table.columns
            if not isinstance(c.type, Key) and (table.name, c.name) not in PASSING
        ]
        rows = work.session.execute(sa.select(*columns)).all() if columns else []
        found[table.name] = sorted(repr([_shown(value) for value in row]) for row in rows)
    return found


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return _UUID.sub("id", str(value))


def seen_after(county: Herefordshire, do: Callable[[Work], Any]) -> dict[str, list[Any]]:
    """Return what is plain after a unit of work, which is then undone."""
    seen: dict[str, list[Any]] = {}
    try:
        with county.register.work(county.actors["coordinator"]) as work:
            do(work)
            seen = what_is_plain(work)
            raise Undone
    except Undone:
        return seen


def a_life(county: Herefordshire, of: Child, then: Child) -> Callable[[Work], None]:
    """Return a case's whole life: notified, corrected, summarised, reviewed."""

    def live(work: Work) -> None:
        death_id = notify(work, told(county["herefordshire-cdop"], of)).death_id
        work.session.flush()
        death = queries.get(work, death_id)
        correction = Correction(then, death.sealed_revision, "An invented reason")
        correct_identity(work, death_id, correction)
        write_summary(work, death_id, SUMMARY)
        mark_reviewed(work, death, REVIEWED)

    return live


@FEW
@given(
    st.dates(date(2009, 1, 1), date(2026, 11, 1)),
    st.dates(date(2025, 12, 1), date(2026, 11, 15)),
    st.integers(-300, 300).filter(bool),
)
def test_another_date_of_birth_in_the_same_band_changes_nothing_plain(
    county: Herefordshire, born_on: date, died_on: date, shift: int
) -> None:
    other = born_on + timedelta(days=shift)
    one = child(born_on=born_on, died_on=died_on)
    two = child(born_on=other, died_on=died_on)
    assume(all(derive.is_in_scope(day, died_on) for day in (born_on, other)))
    assume(derive.age_band(born_on, died_on) == derive.age_band(other, died_on))
    assume(died_on not in (born_on, other))  # both corrections change the same fields
    start = child(born_on=died_on, died_on=died_on)
    first = seen_after(county, a_life(county, start, one))
    assert first == seen_after(county, a_life(county, start, two))
    assert first["deaths"]
    assert first["tasks"]
    assert first["index_tokens"]


@FEW
@given(st.dates(date(2025, 12, 1), date(2026, 11, 15)), st.integers(-8, 8).filter(bool))
def test_another_day_of_death_in_the_same_week_changes_nothing_plain(
    county: Herefordshire, died_on: date, shift: int
) -> None:
    """The band of months to the review is the one exception: it is exact for the return."""
    other, born_on = died_on + timedelta(days=shift), date(2018, 5, 5)
    one = child(born_on=born_on, died_on=died_on)
    two = child(born_on=born_on, died_on=other)
    assume(max(other, died_on) < REVIEWED)
    assume(clocks.known_week(died_on) == clocks.known_week(other))
    assume(derived(one, {}) == derived(two, {}))
    bands = {derive.review_duration_band(day, REVIEWED) for day in (died_on, other)}
    assume(len(bands) == 1)
    start = child(born_on=born_on, died_on=REVIEWED)
    first = seen_after(county, a_life(county, start, one))
    assert first == seen_after(county, a_life(county, start, two))


def test_the_comparison_sees_a_difference_where_there_is_one(county: Herefordshire) -> None:
    """Another age band is seen in `deaths` alone; another week of death in `tasks` as well."""
    start = child(born_on=date(2026, 11, 12), died_on=date(2026, 11, 12))
    first = seen_after(county, a_life(county, start, child(born_on=date(2026, 3, 1))))
    older = seen_after(county, a_life(county, start, child(born_on=date(2020, 3, 1))))
    earlier = seen_after(county, a_life(county, start, child(died_on=date(2026, 10, 28))))
    assert {name for name in first if first[name] != older[name]} == {"deaths"}
    changed = {name for name in first if first[name] != earlier[name]}
    assert changed == {"tasks"}


def test_a_correction_derives_anew_and_leaves_no_old_token(county: Herefordshire) -> None:
    register, coordinator = county.register, county.actors["coordinator"]
    before = child(1, born_on=date(2026, 3, 1), died_on=date(2026, 11, 10))
    after = child(2, given="Corrected", born_on=date(2013, 3, 2), died_on=date(2026, 3, 30))
    after = replace(
        after, identity=after.identity.model_copy(update={"postcode": "ZZ5 1AA"}), ethnicity="N"
    )
    death_id = register.do(coordinator, notify, told(county["herefordshire-cdop"], before)).death_id
    old = tokens(county, death_id)
    register.do(coordinator, correct_identity, death_id, Correction(after, 1, "A mix-up"))
    with register.reading(coordinator) as work:
        kept = work.session.exec(select(Death)).one()
        expected = plain_values(after)
        assert {name: getattr(kept, name) for name in expected} == expected
        assert (kept.age_band, kept.died_year) == ("10-14-years", "2025-26")
    new = tokens(county, death_id)
    assert {kind for kind, *_ in old} == {kind for kind, *_ in new}
    assert not {id for *_, id in old} & {id for *_, id in new}, "a token outlived the correction"
    assert {token for kind, token, _ in old if kind == "nhs-number"} != {
        token for kind, token, _ in new if kind == "nhs-number"
    }
    other = register.do(coordinator, notify, told(county["herefordshire-cdop"], before))
    assert other.death_id != death_id, "the old number no longer leads to the corrected case"


def test_dates_have_short_tokens_of_the_panel_s_own(county: Herefordshire) -> None:
    """12 bits name no date even to whoever learns the key of another panel."""
    register = county.register
    here = register.do(
        county.actors["coordinator"], notify, told(county["herefordshire-cdop"])
    ).death_id
    there = register.do(county.actors["neighbour"], notify, told(county["worcestershire-cdop"]))
    mine, theirs = tokens(county, here), tokens(county, there.death_id)
    shared = {(kind, token) for kind, token, _ in mine} & {(k, token) for k, token, _ in theirs}
    assert "nhs-number" in {kind for kind, _ in shared}, "a number is one for the register"
    assert {"born-on", "died-on"} < {kind for kind, *_ in mine}
    for kind, token, _ in mine | theirs:
        assert len(token) == (8 if kind == "nhs-number" else 2)
        assert kind == "nhs-number" or token[1] & 0x0F == 0


def tokens(county: Herefordshire, death_id: UUID | None) -> set[tuple[str, bytes, UUID]]:
    with county.register.reading(MAKER) as work:  # as whoever reads the database does
        query = select(IndexToken).where(IndexToken.subject_id == death_id)
        return {(row.kind, row.token, row.id) for row in work.session.exec(query)}
