"""Every role at every route, in and out of scope: what the matrix says happens, and nothing else.

Generated from the app's own routes and `GRANTS`: a route whose address names a record of a new kind
fails until `sample_records` makes one in either county.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from cdop.clock import FixedClock
from cdop.config import Settings
from cdop.registers import open_register
from cdop.security.permissions import GRANTS, Role
from cdop.web.app import create_app
from cdop.web.deps import Access, ByToken, HalfAccess, Public
from tests import postgres
from tests.client import session_of
from tests.conftest import NOW
from tests.factories import herefordshire
from tests.postgres import Cluster
from tests.straight import ask, run
from tests.web.shell.conftest import Played
from tests.web.shell.sample_records import CANARIES, Record, Samples, fill

# Where the people of `tests.factories` hold their roles, written out apart from what they do there.
PANEL, GROUP, BOARD = "herefordshire-cdop", "herefordshire-jcr", "herefordshire"
HELD_AT: dict[Role, set[str]] = {
    **{role: {PANEL} for role in Role},
    Role.JCR_ADMINISTRATOR: {GROUP},
    Role.JCR_MEMBER: {GROUP},
    Role.DECISION_MAKER: {BOARD},
    Role.ANALYST: {PANEL, GROUP},
    Role.CALDICOTT_GUARDIAN: {PANEL, GROUP},
    Role.ADMINISTRATOR: set(),
    Role.AUDITOR: set(),
}
PERSON = {role: role.value for role in Role} | {Role.DECISION_MAKER: "children-chair"}
SEES_EVERY_ACCESS = Role.AUDITOR

ABSENT = {404}
PAGE = {200}
DONE_OR_SAID_WHY = {200, 303, 400, 409, 422}
# Pages that need more in their address than a record, or that a record's state keeps back.
FORM_FIRST = {422}  # an empty form is refused alike at every address, before any record is read
OTHERWISE: dict[tuple[str, str], set[int]] = {
    ("GET", "/still-here"): {204},
    ("GET", "/deaths/notified"): ABSENT,  # without a receipt
    ("GET", "/statistics/releases/new"): ABSENT,  # without a panel and a year
    ("GET", "/reports/jcr-outcomes.csv"): ABSENT,  # without a board and a year
    ("GET", "/statistics/report"): ABSENT,  # without a panel and a year
    ("GET", "/statistics/report.pdf"): ABSENT,
    ("GET", "/statistics/report.docx"): ABSENT,
    ("GET", "/statistics/releases/{release_id}/approve"): PAGE | {409},  # it is out already
    ("GET", "/referrals/new"): PAGE | ABSENT,  # a panel refers from its cases
    ("POST", "/referrals/new"): DONE_OR_SAID_WHY | ABSENT,
    ("POST", "/deaths/{death_id}/match"): {409},  # says the same of every address
    ("POST", "/meetings/{meeting_id}/agenda/remove"): {409},
    ("POST", "/statistics/releases/{release_id}/choose"): FORM_FIRST,
    ("POST", "/statistics/releases/{release_id}/work"): FORM_FIRST,
}
SAYS_THE_SAME_OF_ALL = ({409}, FORM_FIRST)
ENDS_THE_SESSION = {"/sign-out", "/account/sign-out-everywhere"}


@dataclass(frozen=True)
class Route:
    """A route by its method and path, and what it declares."""

    method: str
    path: str
    asked: Any

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(re.findall(r"{(\w+)", self.path))


def routes_of(app: FastAPI) -> list[Route]:
    found = []
    for context in iter_route_contexts(app.routes):
        if hasattr(context, "dependant"):
            calls = [d.call for d in context.dependant.dependencies]
            [asked] = [c for c in calls if isinstance(c, Access | ByToken | HalfAccess | Public)]
            found += [Route(method, context.path, asked) for method in context.methods]
    return sorted(found, key=lambda route: (route.method, route.path))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def two(request: pytest.FixtureRequest) -> Played:
    """Two counties with a record of each kind, on each database."""
    found: Played = request.getfixturevalue({"sqlite": "played"}.get(request.param, "walled"))
    return found


@pytest.fixture(scope="module")
def walled(
    postgres_cluster: Cluster,
    postgres_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Played]:
    """Give two counties on PostgreSQL, where the walls stand behind what each query asks."""
    postgres.create_database(postgres_cluster, "walled", template="register_template")
    url, keys = postgres_cluster.app_url("walled"), postgres_template / "keys.json"
    settings = Settings(tmp_path_factory.mktemp("walled"), url, keys)
    opened = open_register(settings, clock=FixedClock(NOW))
    founded = herefordshire(opened)
    yield Played(founded, fill(founded), create_app(opened))
    opened.engine.dispose()
    postgres.drop_database(postgres_cluster, "walled")


def reaches(role: Role, permission: str | None, record: Record) -> bool:
    """Say whether somebody is to reach a record, by the matrix and by where their role is held."""
    if permission not in GRANTS[role]:
        return False  # also what is somebody's own, which asks no permission
    if "account_id" in record.values:
        return True  # accounts are the register's
    if "access_id" in record.values and role is SEES_EVERY_ACCESS:
        return True
    if role is Role.KEY_WORKER:
        return record.assigned
    return bool(HELD_AT[role] & record.owners)


def expected(role: Role, route: Route, record: Record | None) -> set[int]:
    if record and "provider" in record.values:
        return ABSENT
    if isinstance(route.asked, Public | HalfAccess):
        return DONE_OR_SAID_WHY | ABSENT | {204, 401}
    if isinstance(route.asked, ByToken):
        return {401}  # a session is no token
    permission = route.asked.permission
    if permission and permission not in GRANTS[role]:
        return ABSENT
    other = OTHERWISE.get((route.method, route.path))
    if record and not reaches(role, permission, record):
        return other if other in SAYS_THE_SAME_OF_ALL else ABSENT
    usual = PAGE if route.method == "GET" else DONE_OR_SAID_WHY
    return other or usual


def may_ask(route: Route, role: Role) -> bool:
    """Say whether a role holds what a route declares, so that the record's place decides."""
    permission = getattr(route.asked, "permission", None)
    return permission is None or permission in GRANTS[role]


def asked_for(route: Route, samples: Samples, role: Role) -> list[Record | None]:
    """Return the records at which a role asks for a route: one is enough without the permission."""
    if not route.names:
        return [None]
    assert route.names in samples.records, f"make a record of {route.names} in sample_records"
    records: list[Record | None] = list(samples.records[route.names])
    return records if may_ask(route, role) else records[:1]


def address(route: Route, record: Record | None) -> str:
    return re.sub(r":\w+}", "}", route.path).format(**record.values if record else {})


def test_each_role_gets_at_each_route_what_the_matrix_says(two: Played) -> None:
    """On PostgreSQL only where the permission is held: without it no record is looked for."""
    register, routes = two.county.register, routes_of(two.app)
    two.app.state.even_step = 0
    everything = register.settings.is_sqlite
    pairs = Counter[tuple[Role, Route]]()
    wrong: list[tuple[object, ...]] = []

    async def walk(role: Role, method: str) -> None:
        account = two.county.actors[PERSON[role]].account_id
        assert account
        token = session_of(register, account)
        for route in (each for each in routes if each.method == method):
            if not (everything or (route.names and may_ask(route, role))):
                continue
            pairs[role, route] += 1
            for record in asked_for(route, two.samples, role):
                answer = await ask(two.app, method, address(route, record), token)
                told = (role.value, method, route.path, record)
                if answer.status not in expected(role, route, record):
                    wrong.append((*told, answer.status))
                if any(word in answer.text for word in CANARIES):
                    wrong.append((*told, "a canary"))
                if route.path in ENDS_THE_SESSION:
                    token = session_of(register, account)

    async def walk_all() -> None:
        for method in ("GET", "POST"):  # what is read first: nobody's change is in the way
            for role in Role:
                await walk(role, method)

    run(walk_all)
    assert wrong == [], "\n".join(map(str, wrong))
    assert {route.method for route in routes} <= {"GET", "POST"}
    if everything:
        assert len(pairs) == len(Role) * len(routes)
    else:
        assert {route for _, route in pairs} >= {r for r in routes if r.names and is_inside(r)}


def is_inside(route: Route) -> bool:
    return isinstance(route.asked, Access)


def test_each_kind_of_record_is_reached_by_somebody_and_kept_from_others(played: Played) -> None:
    """Or the test above would pass where everything is absent for everybody."""
    routes = routes_of(played.app)
    for names, records in played.samples.records.items():
        asked = [route.asked for route in routes if route.names == names]
        permissions = {getattr(each, "permission", None) for each in asked}
        ours = [record for record in records if record.is_ours]
        theirs = [record for record in records if not record.is_ours]
        assert len(ours) == len(theirs) >= 1, names
        if permissions <= {None} or "account_id" in names:
            continue  # one's own, or the register's
        for record in ours:
            assert any(reaches(role, p, record) for role in Role for p in permissions), names
        for record in theirs:
            reached = {role for role in Role for p in permissions if reaches(role, p, record)}
            assert reached <= {SEES_EVERY_ACCESS}, names


def test_a_route_whose_record_no_sample_makes_is_not_passed_over(played: Played) -> None:
    stranger = Route("GET", "/strangers/{stranger_id}", Access("deaths:case:read"))
    with pytest.raises(AssertionError, match="stranger_id"):
        asked_for(stranger, played.samples, Role.COORDINATOR)
