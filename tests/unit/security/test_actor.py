"""Who acts: what each grant permits and where, and in what capacity. Truth tables, no database."""

from uuid import UUID, uuid4

import pytest

from cdop.errors import Denied
from cdop.security.actor import Actor, Grant, SystemActor, everywhere, system
from cdop.security.permissions import EVERY_PERMISSION, GLASS, GRANTS, Role

HERE, THERE, BEFORE, NOWHERE = uuid4(), uuid4(), uuid4(), uuid4()
MINE, OTHER, GLASS_ID = uuid4(), uuid4(), uuid4()
READ, EDIT, DRAFT = "deaths:case:read", "deaths:case:edit", "overview:review:draft"

COORDINATOR = Grant(Role.COORDINATOR, frozenset({HERE, BEFORE}))
MEMBER = Grant(Role.PANEL_MEMBER, frozenset({THERE}))
CHAIR = Grant(Role.DECISION_MAKER, frozenset({THERE}), office="children-chair")
KEY_WORKER = Grant(Role.KEY_WORKER, frozenset(), cases=frozenset({MINE}))
DEPUTY = Grant(Role.COORDINATOR, frozenset({THERE}), stands_in_for="somebody")
BROKEN = Grant(None, frozenset({THERE}), glass=GLASS_ID)
AUDITOR = Grant(Role.AUDITOR, frozenset())


def someone(*grants: Grant) -> Actor:
    return Actor("someone", "Some One", grants=grants)


def test_a_grant_permits_what_its_role_holds_and_its_office() -> None:
    assert COORDINATOR.permissions == GRANTS[Role.COORDINATOR]
    assert CHAIR.permissions == GRANTS[Role.DECISION_MAKER] | {"office:children-chair"}
    assert BROKEN.permissions == GLASS.may


def test_an_actor_may_somewhere_what_any_grant_permits() -> None:
    both = someone(COORDINATOR, MEMBER)
    assert both.permissions == GRANTS[Role.COORDINATOR] | GRANTS[Role.PANEL_MEMBER]
    assert someone().permissions == frozenset()


@pytest.mark.parametrize(
    ("permission", "scope"),
    [
        (EDIT, {HERE, BEFORE}),
        (DRAFT, {HERE, BEFORE, THERE}),
        ("accounts:account:manage", set()),
    ],
)
def test_scope_is_where_a_permission_is_held(permission: str, scope: set[UUID]) -> None:
    assert someone(COORDINATOR, MEMBER).scope(permission) == scope
    assert someone().scope(permission) == frozenset()


def test_cases_are_those_assigned_for_a_permission_that_the_role_holds() -> None:
    actor = someone(COORDINATOR, KEY_WORKER)
    assert actor.cases(READ) == {MINE}
    assert actor.cases(EDIT) == frozenset()
    assert someone(COORDINATOR).cases(READ) == frozenset()


@pytest.mark.parametrize(
    ("grants", "permission", "at", "case", "may"),
    [
        ((COORDINATOR,), EDIT, None, None, True),
        ((COORDINATOR,), EDIT, HERE, None, True),
        ((COORDINATOR,), EDIT, BEFORE, MINE, True),
        ((COORDINATOR,), EDIT, THERE, None, False),
        ((COORDINATOR,), "overview:review:sign", HERE, None, False),
        ((COORDINATOR, MEMBER), EDIT, THERE, None, False),
        ((COORDINATOR, MEMBER), DRAFT, THERE, None, True),
        ((KEY_WORKER,), READ, None, None, True),
        ((KEY_WORKER,), READ, HERE, None, False),
        ((KEY_WORKER,), READ, HERE, MINE, True),
        ((KEY_WORKER,), READ, HERE, OTHER, False),
        ((KEY_WORKER,), "deaths:narrative:read", HERE, MINE, False),
        ((DEPUTY,), EDIT, THERE, None, True),
        ((BROKEN,), READ, THERE, None, True),
        ((BROKEN,), EDIT, THERE, None, False),
        ((AUDITOR,), "audit:log:read", None, None, True),
        ((AUDITOR,), "audit:log:read", HERE, None, False),
        ((), READ, None, None, False),
    ],
)
def test_who_may_what_where(
    grants: tuple[Grant, ...],
    permission: str,
    at: UUID | None,
    case: UUID | None,
    may: bool,
) -> None:
    actor = someone(*grants)
    assert actor.may(permission, at, case) is may
    if may:
        actor.check(permission, at, case)
    else:
        with pytest.raises(Denied) as denied:
            actor.check(permission, at, case)
        assert denied.value.permission == permission


def test_offices_are_those_held_at_that_organisation() -> None:
    adults = Grant(Role.DECISION_MAKER, frozenset({HERE}), office="adults-chair")
    actor = someone(CHAIR, adults, COORDINATOR)
    assert actor.offices(THERE) == {"children-chair"}
    assert actor.offices(HERE) == {"adults-chair"}
    assert actor.offices(NOWHERE) == frozenset()
    assert actor.may("office:children-chair", THERE)
    assert not actor.may("office:children-chair", HERE)


@pytest.mark.parametrize(
    ("grants", "at", "action", "capacity"),
    [
        ((COORDINATOR,), HERE, READ, {}),
        ((COORDINATOR,), None, READ, {}),
        ((COORDINATOR,), NOWHERE, READ, {}),
        ((), HERE, READ, {}),
        ((DEPUTY,), THERE, READ, {"stands_in_for": "somebody"}),
        ((DEPUTY,), THERE, "deaths:step:mark", {"stands_in_for": "somebody"}),
        ((COORDINATOR, DEPUTY), HERE, READ, {}),
        ((COORDINATOR, DEPUTY), THERE, READ, {"stands_in_for": "somebody"}),
        ((COORDINATOR, DEPUTY), None, READ, {"stands_in_for": "somebody"}),
        # A role of one's own there that gives no such right does not count...
        ((MEMBER, DEPUTY), THERE, READ, {"stands_in_for": "somebody"}),
        # ...one that gives it does, and so does any where the action is no permission.
        ((MEMBER, DEPUTY), THERE, DRAFT, {}),
        ((MEMBER, DEPUTY), THERE, "deaths:step:mark", {}),
        # A board's office decides on a record of a group that no role reaches.
        ((DEPUTY,), NOWHERE, "case_reviews:decision:decide", {"stands_in_for": "somebody"}),
        ((COORDINATOR, BROKEN), THERE, READ, {"break_glass": str(GLASS_ID)}),
        ((COORDINATOR, BROKEN), HERE, READ, {}),
        ((COORDINATOR, BROKEN), None, READ, {"break_glass": str(GLASS_ID)}),
        (
            (DEPUTY, BROKEN),
            THERE,
            READ,
            {"stands_in_for": "somebody", "break_glass": str(GLASS_ID)},
        ),
        (
            (DEPUTY, Grant(Role.AUDITOR, frozenset({THERE}), stands_in_for="another")),
            None,
            READ,
            {"stands_in_for": "another,somebody"},
        ),
    ],
)
def test_in_what_capacity_somebody_acts(
    grants: tuple[Grant, ...], at: UUID | None, action: str, capacity: dict[str, str]
) -> None:
    assert someone(*grants).capacity(at, action) == capacity


def test_the_capacity_without_an_action_is_that_of_all_held_there() -> None:
    assert someone(MEMBER, DEPUTY).capacity(THERE) == {}
    assert someone(DEPUTY).capacity(THERE) == {"stands_in_for": "somebody"}


def test_a_part_of_the_system_may_all_there_is_everywhere() -> None:
    part = system("clockwork")
    assert (part.name, part.display_name) == ("system:clockwork", "System (clockwork)")
    assert part.permissions == EVERY_PERMISSION
    assert part.may(READ)
    assert part.may(READ, NOWHERE, OTHER)
    assert not part.may("office:children-chair", HERE)
    assert part.sees_cases
    assert not system("door", sees_cases=False).sees_cases
    assert everywhere(part)
    assert not everywhere(someone(COORDINATOR))
    assert isinstance(part, SystemActor)
