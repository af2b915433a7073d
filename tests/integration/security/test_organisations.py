"""Renaming and merging panels move no old case and change no old name; scope follows the merger."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.deaths import queries
from cdop.deaths.models import Death, Notification
from cdop.deaths.service import notify
from cdop.errors import Denied, Invalid, NotFound
from cdop.organisations import people, service
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Organisation, OrganisationName
from cdop.security.actor import Actor
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from tests.factories import MAKER, Herefordshire, appoint, child, told

MERGED, LATER = date(2026, 12, 1), date(2026, 12, 15)


def every(register: Register, table: type[Any]) -> list[dict[str, Any]]:
    with register.reading(MAKER) as work:
        return sorted(
            (row.model_dump() for row in work.session.exec(select(table))), key=lambda r: str(r)
        )


def coordinator_of(register: Register, name: str, panel: UUID) -> Actor:
    def add(work: Work) -> Actor:
        account = appoint(work, name, Role.COORDINATOR, panel)
        return people.actor_of(work.session, account, work.now)

    return register.do(MAKER, add)


@pytest.fixture
def merged(county: Herefordshire, clock: FixedClock) -> UUID:
    """Both counties' panels merged on 1 December 2026; it is now the 15th."""
    panels = [county["herefordshire-cdop"], county["worcestershire-cdop"]]
    name = "Herefordshire and Worcestershire CDOP"
    new = county.register.do(MAKER, service.merge, "hw-cdop", name, panels, MERGED)
    clock.at = clock.at.replace(month=LATER.month, day=LATER.day)
    return new


@pytest.fixture
def old_case(county: Herefordshire) -> UUID:
    found = county.register.do(
        county.actors["coordinator"], notify, told(county["herefordshire-cdop"])
    ).death_id
    assert found
    return found


def test_renaming_keeps_every_earlier_day_s_name_and_every_case(
    county: Herefordshire, old_case: UUID
) -> None:
    register, panel = county.register, county["herefordshire-cdop"]
    before = every(register, Death), every(register, OrganisationName)
    register.do(MAKER, service.rename, panel, "Marches CDOP", date(2026, 12, 1))
    assert every(register, Death) == before[0]
    assert [row for row in every(register, OrganisationName) if row in before[1]] == before[1]
    with register.reading(MAKER) as work:
        names = [
            organisations.name_on(work.session, panel, day)
            for day in (date(2000, 1, 1), date(2026, 11, 30), date(2026, 12, 1))
        ]
    assert names == ["Herefordshire CDOP", "Herefordshire CDOP", "Marches CDOP"]


@pytest.mark.parametrize("since", [date(2006, 4, 1), date(2001, 1, 1)])
def test_a_new_name_cannot_take_the_place_of_an_old_one(county: Herefordshire, since: date) -> None:
    register, panel = county.register, county["herefordshire-cdop"]
    before = every(register, OrganisationName)
    with pytest.raises(Invalid) as caught:
        register.do(MAKER, service.rename, panel, "Rewritten CDOP", since)
    assert set(caught.value.fields) == {"valid_from"}
    assert every(register, OrganisationName) == before


def test_merging_moves_no_case_and_changes_no_name(
    county: Herefordshire, old_case: UUID, request: pytest.FixtureRequest
) -> None:
    register = county.register
    before = every(register, Death), every(register, Notification)
    names = every(register, OrganisationName)
    new = request.getfixturevalue("merged")
    assert (every(register, Death), every(register, Notification)) == before
    assert [row for row in every(register, OrganisationName) if row in names] == names
    with register.reading(MAKER) as work:
        old = work.session.get_one(Organisation, county["herefordshire-cdop"])
        served = {each.slug for each in organisations.served_by(work.session, new, LATER)}
        assert (old.valid_to, old.slug) == (date(2026, 11, 30), "herefordshire-cdop")
    assert {"herefordshire-area", "worcestershire-area"} <= served


def test_the_coordinator_of_the_merged_panel_reaches_what_its_predecessors_left(
    county: Herefordshire, old_case: UUID, merged: UUID
) -> None:
    register = county.register
    newcomer = coordinator_of(register, "newcomer", merged)
    with register.work(newcomer) as work:
        assert queries.get(work, old_case).organisation_id == county["herefordshire-cdop"]
    again = register.do(newcomer, notify, told(merged))
    assert again.death_id == old_case, "the same child joins the predecessor's case"
    other = register.do(newcomer, notify, told(merged, child(5, given="Another")))
    with register.work(newcomer) as work:
        assert queries.get(work, other.death_id).organisation_id == merged


def test_the_coordinator_of_another_panel_reaches_neither(
    county: Herefordshire, old_case: UUID, merged: UUID
) -> None:
    register = county.register
    newcomer = coordinator_of(register, "newcomer", merged)
    new_case = register.do(newcomer, notify, told(merged, child(5, given="Another"))).death_id
    stranger_panel = register.do(
        MAKER, service.found, "shropshire-cdop", Kind.CDOP, "Shropshire CDOP", date(2006, 4, 1)
    )
    stranger = coordinator_of(register, "stranger", stranger_panel)
    for actor, case in (
        (stranger, old_case),
        (stranger, new_case),
        (county.actors["coordinator"], new_case),  # of a predecessor alone
        (county.actors["neighbour"], old_case),
    ):
        with pytest.raises(NotFound), register.work(actor) as work:
            queries.get(work, case)


def test_only_one_kind_merges_and_only_what_still_exists(
    county: Herefordshire, merged: UUID
) -> None:
    for parts, since in (
        ([county["herefordshire-cdop"], county["herefordshire"]], LATER),
        ([county["herefordshire-cdop"], county["worcestershire-cdop"]], LATER),
        ([], LATER),
    ):
        with pytest.raises(Invalid):
            county.register.do(MAKER, service.merge, "again", "Again", parts, since)


@pytest.mark.parametrize("who", ["coordinator", "panel-chair", "analyst", "auditor", "notifier"])
def test_only_the_administrator_founds_renames_and_merges(county: Herefordshire, who: str) -> None:
    panel, actor = county["herefordshire-cdop"], county.actors[who]
    for service_call in (
        lambda work: service.found(work, "x", Kind.AREA, "X", LATER),
        lambda work: service.rename(work, panel, "X", LATER),
        lambda work: service.merge(work, "x", "X", [panel], LATER),
        lambda work: people.add_account(work, "x", "X"),
    ):
        with pytest.raises(Denied):
            county.register.do(actor, service_call)
