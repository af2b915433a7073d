"""What an auditor asks is answered in full and with nothing else, within the auditor's reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from cdop.clock import FixedClock
from cdop.db import new_id
from cdop.errors import Denied, NotFound
from cdop.organisations import people
from cdop.security.actor import system
from cdop.security.audit import exporting, proving, queries, sealer
from cdop.security.audit.queries import Asked
from cdop.security.audit.scope import reach
from cdop.security.audit.verifying import verify
from cdop.security.models import AuditEntry
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from tests.factories import MAKER, Herefordshire, appoint, herefordshire

SYSTEM = system("tests")
DAY = date(2026, 11, 20)


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """A county, whose panel has an auditor of its own."""
    county = herefordshire(sqlite_register)
    with sqlite_register.work(MAKER) as work:
        account = appoint(work, "panel-auditor", Role.AUDITOR, county["herefordshire-cdop"])
        county.actors["panel-auditor"] = people.actor_of(work.session, account, work.now)
    return county


@contextmanager
def asking(county: Herefordshire, who: str = "auditor") -> Iterator[Work]:
    with county.register.work(county.actors[who]) as work:
        yield work


def write(county: Herefordshire, action: str, at: UUID | None = None, **options: Any) -> UUID:
    """Write a line and return its id."""
    with county.register.work(options.pop("by", SYSTEM)) as work:
        work.audit(action, None, at, **options)
        return work.lines[-1].id


def asked(county: Herefordshire, who: str = "auditor", **values: Any) -> list[str]:
    """Return the actions of the lines that answer, the oldest first, of those that tests write."""
    with asking(county, who) as work:
        found = [line.action for line in queries.every(work, Asked(**values))]
    return [action for action in found if action.startswith("tests:")]


def test_lines_are_found_by_what_they_say(county: Herefordshire) -> None:
    panel, case, record = county["herefordshire-cdop"], new_id(), new_id()
    write(county, "tests:line:first", panel, case=case)
    write(county, "tests:line:second", by=replace(SYSTEM, name="anna"))
    with county.register.work(SYSTEM) as work:
        work.audit("tests:line:third", ("deaths", case))
        work.audit("tests:line:fourth", ("meetings", record))
    with pytest.raises(Denied), county.register.work(county.actors["analyst"]) as work:
        work.check("tests:line:denied")
    assert asked(county, cases=(case,)) == ["tests:line:first", "tests:line:third"]
    assert asked(county, cases=(case, record))[-1] == "tests:line:fourth"
    assert asked(county, actor="Anna") == ["tests:line:second"]
    assert asked(county, action="tests:line:second") == ["tests:line:second"]
    assert asked(county, outcome="denied") == ["tests:line:denied"]
    assert asked(county, organisation_id=panel) == ["tests:line:first"]
    assert asked(county, action="tests:line:first", actor="anna") == []


def test_a_day_is_the_day_in_england(county: Herefordshire, clock: FixedClock) -> None:
    """In summer it begins at eleven in the evening of the day before, by universal time."""
    for hour, minute in ((22, 59), (23, 0)):
        clock.at = datetime(2026, 6, 30, hour, minute, tzinfo=UTC)
        write(county, f"tests:line:at-{hour}")
    first, second = "tests:line:at-22", "tests:line:at-23"
    assert asked(county, first=date(2026, 7, 1)) == [second]
    assert asked(county, last=date(2026, 6, 30)) == [first]
    assert asked(county, first=date(2026, 6, 30), last=date(2026, 7, 1)) == [first, second]


def test_pages_go_back_in_time_even_within_one_moment(
    county: Herefordshire, clock: FixedClock
) -> None:
    """Five lines of one moment and one later: none is shown twice, none is passed over."""
    for number in range(5):
        write(county, f"tests:page:at-{number}", county["herefordshire-cdop"])
    clock.at += timedelta(minutes=1)
    write(county, "tests:page:later", county["herefordshire-cdop"])
    here, before, pages = Asked(organisation_id=county["herefordshire-cdop"]), None, []
    while True:
        with asking(county) as work:
            lines, more = queries.page_of(work, here, before, 2)
        pages.append([line.action for line in lines if line.action.startswith("tests:")])
        before = lines[-1].id
        if not more:
            break
    assert [each for page in pages for each in page][:6] == [
        "tests:page:later",
        *(f"tests:page:at-{number}" for number in (4, 3, 2, 1, 0)),
    ]
    assert all(len(page) == 2 for page in pages[:3])


def test_a_full_page_that_is_the_last_says_so(county: Herefordshire) -> None:
    for number in range(2):
        write(county, "tests:page:done", number=number)
    with asking(county) as work:
        lines, more = queries.page_of(work, Asked(action="tests:page:done"), None, 2)
    assert (len(lines), more) == (2, False)


def test_the_line_about_reading_says_what_was_asked_and_no_more(county: Herefordshire) -> None:
    case, panel = new_id(), county["herefordshire-cdop"]
    with asking(county) as work:
        queries.page_of(work, Asked((case,), actor="anna", organisation_id=panel), None, 1)
        queries.note(work, Asked(first=DAY), "audit:log:export", form="csv")
    with county.register.reading(SYSTEM) as work:
        query = select(AuditEntry).where(AuditEntry.actor == "auditor")
        read, export = work.session.exec(query.order_by(col(AuditEntry.id)))
    assert (read.action, read.case_id, read.organisation_id) == ("audit:log:read", case, panel)
    assert read.detail == {"asked": ["actor", "cases", "organisation_id"], "about": "anna"}
    assert (export.action, export.case_id) == ("audit:log:export", None)
    assert export.detail == {"asked": ["first"], "form": "csv"}


def test_a_case_is_idle_until_somebody_does_more_than_read(
    county: Herefordshire, clock: FixedClock
) -> None:
    """Reading it, being refused and looking into its log are no work on it; old work is none."""
    now = clock.at
    case, worked, named, old = new_id(), new_id(), new_id(), new_id()
    clock.at = now - timedelta(days=200)
    write(county, "tests:case:edit", case=old)
    clock.at = now - timedelta(days=80)
    write(county, "tests:case:edit", case=worked)
    with county.register.work(SYSTEM) as work:
        work.audit("tests:case:edit", ("deaths", named))
    write(county, "deaths:case:read", case=case)
    write(county, "audit:log:prove", case=case)
    clock.at = now
    for each in (case, worked, named, old):
        write(county, "deaths:identity:read", case=each)
    with asking(county) as work:
        found = queries.look_for_unusual(work, DAY, DAY)
    idle = {each.case_id for each in found.findings if each.rule.code == "idle-case"}
    assert idle == {case, old}
    assert not found.is_cut
    with county.register.reading(SYSTEM) as work:
        query = select(AuditEntry.detail).where(AuditEntry.actor == "auditor")
        (told,) = work.session.exec(query).all()
    assert told == {"asked": ["first", "last"], "unusual": True}


def test_a_stretch_with_too_many_lines_is_cut_and_says_so(
    county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        write(county, "access:break-glass:open")
    with county.register.reading(SYSTEM) as work:
        there = len(work.session.exec(select(AuditEntry.id)).all())
    for most, is_cut in ((there, False), (there, True)):  # the first look adds a line
        monkeypatch.setattr(queries, "MOST", most)
        with asking(county) as work:
            found = queries.look_for_unusual(work, DAY, DAY)
        assert found.is_cut is is_cut
        assert [each.rule.code for each in found.findings] == ["break-glass"] * 3


def test_an_auditor_of_one_panel_reads_the_lines_about_it_alone(county: Herefordshire) -> None:
    own, other = county["herefordshire-cdop"], county["worcestershire-cdop"]
    write(county, "tests:line:own", own)
    write(county, "tests:line:other", other)
    write(county, "tests:line:none")
    assert asked(county, "panel-auditor") == ["tests:line:own"]
    assert asked(county, "panel-auditor", organisation_id=other) == []
    assert len(asked(county)) == 3
    assert reach(county.actors["panel-auditor"]) == {own}
    assert reach(county.actors["auditor"]) is reach(SYSTEM) is None
    assert reach(county.actors["coordinator"]) == frozenset()
    for ask in (proving.newest, lambda work: list(queries.every(work, Asked()))):
        with pytest.raises(Denied), asking(county, "coordinator") as work:
            ask(work)


def test_what_an_auditor_of_one_panel_takes_away_is_its_tree_and_verifies(
    county: Herefordshire,
) -> None:
    """The checkpoints that left the machine are of every tree: those not asked for are no fault."""
    own, other = county["herefordshire-cdop"], county["worcestershire-cdop"]
    sealer.seal(county.register)
    for at in (own, other, None):
        write(county, "tests:line:waits", at)
    with asking(county) as work:
        notes = [each.note for each in proving.newest(work)]
        verifier = exporting.signer(work).verifier
    records = list(exporting.records(county.register, county.actors["panel-auditor"]))
    report = verify(records, verifier, notes)
    assert report.is_intact
    assert not report.whole
    assert (report.trees, report.unsealed) == (1, 1)
    assert str(other).encode() not in b"".join(records)
    with pytest.raises(Denied):
        exporting.export(county.register, county.actors["coordinator"])


def test_an_auditor_of_one_panel_is_given_proofs_about_it_alone(county: Herefordshire) -> None:
    panels = county["herefordshire-cdop"], county["worcestershire-cdop"]
    own, other = (write(county, "tests:line:proved", at) for at in panels)
    sealer.seal(county.register)
    with asking(county) as work:
        notes = {each.tree: each.note for each in proving.newest(work)}
        verifier = exporting.signer(work).verifier
    with asking(county, "panel-auditor") as work:
        assert [each.tree for each in proving.newest(work)] == [panels[0]]
        proof = proving.prove_inclusion(work, own)
        assert proving.check(proof, verifier).origin.endswith(str(panels[0]))
        assert proving.check(proving.prove_growth(work, notes[panels[0]]), verifier)
    for refusal, who in ((NotFound, "panel-auditor"), (Denied, "coordinator")):
        with pytest.raises(refusal), asking(county, who) as work:
            proving.prove_inclusion(work, other)
        with pytest.raises(refusal), asking(county, who) as work:
            proving.prove_growth(work, notes[panels[1]])
    with county.register.reading(SYSTEM) as work:
        query = select(AuditEntry.organisation_id, AuditEntry.subject_id).where(
            AuditEntry.action == proving.PROVE
        )
        told = work.session.exec(query.order_by(col(AuditEntry.id))).all()
    assert told == [(panels[0], own), (panels[0], None)]
