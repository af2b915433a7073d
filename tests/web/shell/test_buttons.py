"""A walk as each role over every page that its links lead to, pressing what cannot be pressed.

A greyed button tells the sentence that the service gives when it is asked all the same; a button
for which a role never has the permission is not there.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

import pytest

from cdop.security.permissions import GRANTS, Role
from tests.client import Client
from tests.web.shell.conftest import Played
from tests.web.shell.refusing_records import add_refusing
from tests.web.shell.test_roles_and_routes import PERSON, Route, routes_of

# What a form must hold before its service is asked: enough to be understood, no more.
FIELDS = {
    "/meetings/{meeting_id}/attendance": {
        "attendance-0-agency": "police",
        "attendance-0-state": "attended",
    },
    "/meetings/{meeting_id}/agenda": {"death_id": "0192f5a0-0000-7000-8000-000000000000"},
    "/overview/{death_id}/sign-off": {"version": "1"},
    "/break-glass/{access_id}/review": {"verdict": "appropriate", "text": "Invented"},
    "/referrals/{referral_id}/decide": {
        "review_kind": "no-review",
        "decided_on-day": "20",
        "decided_on-month": "11",
        "decided_on-year": "2026",
    },
    "/rights/{request_id}/extend": {"reason": "Invented"},
    "/deaths/{death_id}/match": {"decision": "same"},  # and which: from the button beside it
    "/deaths/{death_id}/key-worker": {"key_worker": "key-worker"},
}
# Every button that some state, relation or reach keeps back from somebody in the walk.
KEPT_BACK = {
    "Add to the agenda",
    "Approve or decline",
    "Approve the erasure",
    "Assign the case",
    "Change the answers",
    "Change the anonymised summary",
    "Check and sign off",
    "Correct the child's details",
    "Decide",
    "Disable",
    "Download the release (ZIP)",
    "End the access now",
    "Erase for good",
    "Extend",
    "Give a role",
    "Keep the review",
    "Key worker of the family",
    "Let stand in for a colleague",
    "Record the attendance",
    "Refer a concern to the joint case review group",
    "Remove",
    "Reset password and second factor",
    "Reset the password",
    "The same child: join the cases",
    "Undo the joining",
}
MOST_OF_A_KIND = 8
NOT_FOLLOWED = re.compile(r"^/(static|api|sign-|statistics/report)|/package$|\.(csv|pdf|docx|zip)")
GREYED = re.compile(
    r'<div class="cdop-greyed" data-greyed="(\w+) ([^"]+)">\s*<button[^>]* disabled '
    r'aria-describedby="([^"]+)">(.*?)</button>\s*<p id="([^"]+)">(.*?)</p>',
    re.DOTALL,
)


@dataclass
class Walk:
    """What was met on the way: greyed buttons, and what led nowhere."""

    greyed: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    wrong: list[tuple[object, ...]] = field(default_factory=list)
    pages: int = 0
    forms: int = 0


@pytest.fixture(scope="module")
def read_only(played: Played) -> str:
    return add_refusing(played.county)


def walk(client: Client, routes: list[Route], role: Role, starts: list[str]) -> Walk:
    """Follow every link from some pages, as somebody of a role."""
    found, kinds, seen, waiting = Walk(), Counter[str](), set(starts), list(starts)
    while waiting:
        path = waiting.pop(0)
        answer = client.get(path)
        kind = answer.headers.get("content-type", "")
        if answer.status_code == 404 or answer.status_code >= 500:
            found.wrong.append((role.value, "a link that leads nowhere", path))
        if answer.status_code != 200 or not kind.startswith("text/html"):
            continue
        found.pages += 1
        found.wrong += [(role.value, path, *each) for each in _of_others(answer.text, routes, role)]
        found.forms += answer.text.count("<form")
        hidden = dict(re.findall(r'name="(match)" value="([^"]+)"', answer.text))
        found.greyed += [(*each, hidden.get("match", "")) for each in _greyed(answer.text)]
        for link in _links(answer.text):
            if link not in seen and kinds[_kind(link)] < MOST_OF_A_KIND:
                seen.add(link)
                kinds[_kind(link)] += 1
                waiting.append(link)
    return found


def _links(text: str) -> Iterator[str]:
    for href in re.findall(r'<a [^>]*?href="(/[^"#]*)', text):
        path = unescape(href)
        if not NOT_FOLLOWED.search(path):
            yield path


def _kind(path: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", path.partition("?")[0])


def _of_others(text: str, routes: list[Route], role: Role) -> Iterator[tuple[str, str]]:
    """Give the forms that a role's permissions never let it send."""
    for action in re.findall(r'<form action="([^"]+)" method="post"', text):
        route = _route("POST", unescape(action), routes)
        permission = getattr(route.asked, "permission", None)
        if permission and permission not in GRANTS[role]:
            yield (route.path, permission)


def _route(method: str, path: str, routes: list[Route]) -> Route:
    for route in routes:
        pattern = re.sub(r"{\w+:path}", ".+", route.path)
        pattern = re.sub(r"{\w+}", "[^/]+", pattern)
        if route.method == method and re.fullmatch(pattern, path.partition("?")[0]):
            return route
    raise AssertionError(f"no route takes {method} {path}")


def _greyed(text: str) -> Iterator[tuple[str, str, str, str]]:
    blocks = GREYED.findall(text)
    assert len(blocks) == text.count("cdop-greyed"), "a greyed button without its sentence"
    for method, to, described_by, label, id, sentence in blocks:
        assert described_by == id
        assert text.count(f'id="{id}"') == 1
        yield method, unescape(to), unescape(label).strip(), unescape(sentence)


def refused(client: Client, routes: list[Route], greyed: tuple[str, ...]) -> str:
    """Press a greyed button all the same. Returns what was wrong, or nothing.

    A page that it leads to may open, if it says the sentence as well and lets nobody go on.
    """
    method, to, _, sentence, match = greyed
    if method == "post":
        fields = {**FIELDS.get(_route("POST", to, routes).path, {}), "match": match}
        answer = client.submit(to, {name: value for name, value in fields.items() if value})
    else:
        answer = client.get(to, follow_redirects=True)
    statuses = {409} if method == "post" else {409, 200}
    if answer.status_code in statuses and sentence in unescape(answer.text):
        return ""
    return f"{answer.status_code} {answer.text[-900:]}"


@pytest.fixture(scope="module")
def walked(played: Played, read_only: str) -> dict[str, Walk]:
    """Walk as each role, and as a coordinator who reads another panel's case by break-glass."""
    routes, register = routes_of(played.app), played.county.register
    found = {}
    people = {PERSON[role]: (role, ["/"]) for role in Role}
    people["neighbour"] = (Role.COORDINATOR, ["/", read_only])
    with Client(played.app) as client:
        for who, (role, starts) in people.items():
            client.act_as(register, played.county.actors[who])
            found[who] = walk(client, routes, role, starts)
            for greyed in dict.fromkeys(found[who].greyed):
                if fault := refused(client, routes, greyed):
                    found[who].wrong.append((who, greyed, fault))
    return found


def test_a_greyed_button_tells_what_its_service_says_when_asked_all_the_same(
    walked: dict[str, Walk],
) -> None:
    wrong = [each for found in walked.values() for each in found.wrong]
    assert wrong == [], "\n".join(map(str, wrong))


def test_the_walk_meets_every_button_that_is_kept_back(walked: dict[str, Walk]) -> None:
    met = {label for found in walked.values() for _, _, label, *_ in found.greyed}
    assert met == KEPT_BACK
    assert sum(found.pages for found in walked.values()) > 150
    assert all(found.forms for found in walked.values())
