"""Every role at every route, in and out of scope: what the matrix says happens, and nothing else.

Generated from the app's own routes and `GRANTS`: a route whose address names a record of a new kind
fails until `sample_records` makes one in either county.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx import Response

from cdop.security.permissions import GRANTS, Role
from cdop.web.deps import Access, ByToken, HalfAccess, Public
from tests.client import Client
from tests.web.shell.conftest import Played
from tests.web.shell.sample_records import CANARIES, Record, Samples

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


def asked_for(route: Route, samples: Samples, role: Role) -> list[Record | None]:
    """Return the records at which a role asks for a route: one is enough without the permission."""
    if not route.names:
        return [None]
    assert route.names in samples.records, f"make a record of {route.names} in sample_records"
    records: list[Record | None] = list(samples.records[route.names])
    permission = getattr(route.asked, "permission", None)
    return records[:1] if permission and permission not in GRANTS[role] else records


def ask(client: Client, route: Route, record: Record | None) -> Response:
    path = re.sub(r":\w+}", "}", route.path).format(**record.values if record else {})
    return client.get(path) if route.method == "GET" else client.submit(path, {})


def test_each_role_gets_at_each_route_what_the_matrix_says(played: Played) -> None:
    register, routes = played.county.register, routes_of(played.app)
    pairs = Counter[tuple[Role, Route]]()
    wrong: list[tuple[object, ...]] = []
    # What is read first, so that nobody's change is in the way.
    with Client(played.app) as client:  # entered once: each request starts no loop of its own
        for method in ("GET", "POST"):
            for role in Role:
                client.act_as(register, played.county.actors[PERSON[role]])
                for route in (each for each in routes if each.method == method):
                    for record in asked_for(route, played.samples, role):
                        pairs[role, route] += 1
                        answer = ask(client, route, record)
                        told = (role.value, method, route.path, record)
                        if answer.status_code not in expected(role, route, record):
                            wrong.append((*told, answer.status_code))
                        if any(word in answer.text for word in CANARIES):
                            wrong.append((*told, "a canary"))
                        if route.path in ENDS_THE_SESSION:
                            client.act_as(register, played.county.actors[PERSON[role]])
    assert wrong == [], "\n".join(map(str, wrong))
    assert len(pairs) == len(Role) * len(routes)
    assert {route.method for route in routes} <= {"GET", "POST"}


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
