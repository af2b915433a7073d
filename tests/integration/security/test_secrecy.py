"""Nobody learns by any answer of the register that a child is registered with another panel."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from httpx import Response
from sqlmodel import select

from cdop.deaths import queries
from cdop.deaths.commands import Child, Correction
from cdop.deaths.models import Death, PossibleMatch
from cdop.deaths.service import correct_identity, decide_match, notify
from cdop.errors import Denied, NotFound
from cdop.security.models import AuditEntry
from cdop.security.work import Register
from cdop.tasks.models import Task
from cdop.web.app import create_app
from tests.client import Client
from tests.factories import MAKER, Herefordshire, child, herefordshire, told
from tests.integration.security.canaries import INVENTED
from tests.integration.security.test_leaks import typed

_PASSING = re.compile(r"[0-9a-f-]{36}|N-[A-Z0-9]{8}|CD-\d{4}-\d{4}|[0-9a-f]{64}")


def without_ids(answer: Response) -> tuple[int, str, list[str]]:
    """Return an answer without what differs between any two of them."""
    headers = [f"{k}: {v}" for k, v in answer.headers.items() if k != "content-length"]
    kept = [_PASSING.sub("…", each) for each in headers]
    return answer.status_code, _PASSING.sub("…", answer.text), kept


@pytest.fixture
def known(county: Herefordshire) -> tuple[Child, UUID]:
    """A child that only the neighbour's panel knows, and the case there."""
    of = child(7, given="Known", family="Elsewhere")
    theirs = county.register.do(
        county.actors["neighbour"], notify, told(county["worcestershire-cdop"], of)
    )
    assert theirs.death_id
    return of, theirs.death_id


def browser(county: Herefordshire, who: str) -> Client:
    return Client(create_app(county.register)).act_as(county.register, county.actors[who])


@pytest.mark.parametrize("who", ["coordinator", "notifier"])
def test_a_notifier_s_every_answer_is_the_same_for_a_known_and_an_unknown_child(
    sqlite_register: Register, who: str
) -> None:
    county = herefordshire(sqlite_register)
    first, second = INVENTED[0], replace(INVENTED[0], number=INVENTED[1].number)
    county.register.do(
        county.actors["neighbour"], notify, first.told(county["worcestershire-cdop"])
    )
    answers = []
    for of in (first, second):
        web = browser(county, who)
        sent = web.submit("/deaths/notify", typed(county, of, given_names=f"G{of.number[-4:]}"))
        shown = web.get(sent.headers["location"])
        seen = shown.text.replace(f"G{of.number[-4:]}", "G").replace(
            f"{of.number[:3]} {of.number[3:6]} {of.number[6:]}", "number"
        )
        # The second finds the first of this panel, which is this panel's own business.
        seen = re.sub(r"(?s)<h2[^>]*>[^<]*duplicate.*?</form>", "", seen)
        answers.append((without_ids(sent), shown.status_code, len(re.findall("elsewhere", seen))))
    assert answers[0] == answers[1]


def test_the_panel_s_own_rows_are_the_same_for_a_known_and_an_unknown_child(
    county: Herefordshire, known: tuple[Child, UUID]
) -> None:
    """Events, tasks, references and the panel's audit lines: none tells of the other panel."""
    register, panel = county.register, county["herefordshire-cdop"]
    seen = []
    for of in (known[0], child(8, given="Nowhere", family="Registered")):
        death_id = register.do(county.actors["coordinator"], notify, told(panel, of)).death_id
        with register.reading(MAKER) as work:
            death = work.session.get_one(Death, death_id)
            events = sorted(e.kind for e in queries.events(work, death))
            tasks = sorted(work.session.exec(select(Task.kind).where(Task.subject_id == death_id)))
            query = select(AuditEntry.action).where(AuditEntry.organisation_id == panel)
            lines = [each for each in work.session.exec(query) if each.startswith("deaths:")]
            plain = death.model_dump(include={"status", "age_band", "died_year", "joined_to_id"})
        seen.append((events, tasks, len(lines), plain))
    assert seen[0][:2] == seen[1][:2]
    assert seen[1][2] == 2 * seen[0][2]
    assert seen[0][3] == seen[1][3]


def test_references_count_a_panel_s_own_cases_without_gaps(
    county: Herefordshire, known: tuple[Child, UUID]
) -> None:
    register, panel = county.register, county["herefordshire-cdop"]
    coordinator = county.actors["coordinator"]
    for of in (known[0], child(8, given="Other"), known[0], child(9, given="Third")):
        register.do(coordinator, notify, told(panel, of))
    with register.reading(coordinator) as work:
        references = sorted(each.reference for each in queries.latest(work))
    assert references == ["CD-2026-0001", "CD-2026-0002", "CD-2026-0003"]


def test_a_number_that_another_panel_has_can_be_corrected_to_without_a_word(
    county: Herefordshire, known: tuple[Child, UUID]
) -> None:
    register, coordinator = county.register, county.actors["coordinator"]
    mine = register.do(
        coordinator, notify, told(county["herefordshire-cdop"], child(8, given="Mine"))
    ).death_id
    with register.reading(coordinator) as work:
        before = {e.kind for e in queries.events(work, queries.get(work, mine))}
    corrected = Correction(child(7, given="Mine"), 1, "A slip of the pen")
    register.do(coordinator, correct_identity, mine, corrected)
    with register.reading(coordinator) as work:
        after = {e.kind for e in queries.events(work, queries.get(work, mine))}
        assert queries.undecided_matches(work, queries.get(work, mine)) == []
    assert after - before == {"corrected"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/deaths/{id}"),
        ("GET", "/deaths/{id}/notifications"),
        ("GET", "/deaths/{id}/correct"),
        ("POST", "/deaths/{id}/correct"),
        ("GET", "/deaths/{id}/summary"),
        ("POST", "/deaths/{id}/summary"),
        ("POST", "/deaths/{id}/step"),
        ("POST", "/deaths/{id}/settle"),
        ("POST", "/deaths/{id}/match"),
        ("GET", "/overview/{id}"),
        ("POST", "/overview/{id}"),
        ("GET", "/meetings/{id}"),
        ("GET", "/referrals/{id}"),
    ],
)
def test_another_panel_s_case_and_no_case_get_one_answer(
    sqlite_register: Register, method: str, path: str
) -> None:
    county = herefordshire(sqlite_register)
    theirs = county.register.do(
        county.actors["neighbour"], notify, told(county["worcestershire-cdop"])
    ).death_id
    web = browser(county, "coordinator")
    answers = []
    for id in (theirs, uuid4()):
        where = path.format(id=id)
        whole = {"summary": "x", "match": str(id), "decision": "same"} if "POST" in method else {}
        only = {k: v for k, v in whole.items() if k in ("summary",) or path.endswith("match")}
        if path.endswith("match"):
            only.pop("summary")
        elif not path.endswith("summary"):
            only = {}
        answer = web.get(where) if method == "GET" else web.submit(where, only)
        answers.append(without_ids(answer))
    assert answers[0] == answers[1]
    assert answers[0][0] in (404, 400, 405), answers[0][0]


def test_a_match_of_another_panel_cannot_be_decided_nor_told_from_none(
    county: Herefordshire,
) -> None:
    register, neighbour = county.register, county.actors["neighbour"]
    panel = county["worcestershire-cdop"]
    register.do(neighbour, notify, told(panel, child(1)))
    register.do(neighbour, notify, told(panel, child(given="Exampel", nhs_number="")))
    with register.reading(MAKER) as work:
        match = work.session.exec(select(PossibleMatch.id)).one()
    for id in (match, uuid4()):
        for decision in ("same", "different", "nonsense"):
            with pytest.raises(NotFound):
                register.do(county.actors["coordinator"], decide_match, id, decision)


@pytest.mark.parametrize("who", ["panel-member", "panel-chair", "analyst", "auditor", "notifier"])
def test_who_may_not_read_cases_gets_the_same_answer_for_every_address(
    sqlite_register: Register, who: str
) -> None:
    county = herefordshire(sqlite_register)
    mine = county.register.do(
        county.actors["coordinator"], notify, told(county["herefordshire-cdop"])
    ).death_id
    web = browser(county, who)
    answers = {repr(without_ids(web.get(f"/deaths/{id}"))) for id in (mine, uuid4(), "nonsense")}
    assert len(answers) == 1
    with pytest.raises(Denied), county.register.work(county.actors[who]) as work:
        queries.get(work, mine)


def test_two_panels_told_at_the_same_moment_are_not_told_of_each_other_s_answer(
    county: Herefordshire,
) -> None:
    """Both keep a case of their own, and at least the later one's match is found."""
    register = county.register
    tellers = [
        (county.actors["coordinator"], county["herefordshire-cdop"]),
        (county.actors["neighbour"], county["worcestershire-cdop"]),
    ]

    def tell(n: int) -> UUID | None:
        actor, panel = tellers[n % 2]
        return register.do(actor, notify, told(panel, child(7))).death_id

    with ThreadPoolExecutor(8) as pool:
        cases = set(pool.map(tell, range(8)))
    assert len(cases) == 2
    with register.reading(MAKER) as work:
        asked = work.session.exec(select(Task).where(Task.kind == "settle-transfer")).all()
        kept = work.session.exec(select(sa.func.count()).select_from(Death)).one()
    assert kept == 2
    assert {task.subject_id for task in asked} == cases


def test_two_panels_told_of_one_child_in_the_same_moment_do_not_miss_each_other(
    county: Herefordshire,
) -> None:
    """Whoever is second finds the first, and a transfer is asked for; whoever told learns nothing.

    Each waits until the other is at work in a transaction of its own, where the database lets two
    write at once.
    """
    register, rounds = county.register, 5
    told_by = {"coordinator": "herefordshire-cdop", "neighbour": "worcestershire-cdop"}
    together = threading.Barrier(2)

    def tell(who: str, seed: int) -> None:
        together.wait(30)
        register.do(county.actors[who], notify, told(county[told_by[who]], child(seed)))

    with ThreadPoolExecutor(2) as threads:
        for seed in range(20, 20 + rounds):
            for done in [threads.submit(tell, who, seed) for who in told_by]:
                done.result()
    with register.reading(MAKER) as work:
        cases = work.session.exec(select(Death)).all()
        asked = work.session.exec(select(Task).where(Task.kind == "settle-transfer")).all()
    assert len(cases) == 2 * rounds
    assert len(asked) == rounds, "one of each two was told of the other"
    assert len({task.subject_id for task in asked}) == rounds
