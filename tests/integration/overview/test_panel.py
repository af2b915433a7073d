"""The panel's work: the anonymised case only, drafts that lose nobody's typing, and sign-off."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.deaths.models import Death
from cdop.errors import Denied, Invalid, NotFound, Refused
from cdop.meetings.service import take_off_agenda
from cdop.overview import queries
from cdop.overview.answers import Analysis, Draft, Line
from cdop.overview.models import Factor, Review
from cdop.overview.service import Stale, save_draft, sign_off
from cdop.security.work import Register
from tests.factories import MAKER, Herefordshire, herefordshire
from tests.panels import (
    MEETING_DAY,
    SUMMARY,
    WHOLE,
    a_case,
    a_meeting,
    a_tabled_case,
    audited,
    open_tasks,
    put_on,
)


def kept(county: Herefordshire, death_id: UUID) -> queries.KeptReview:
    with county.register.work(county.actors["panel-member"]) as work:
        review = queries.review_of(work, death_id)
    assert review is not None
    return review


def test_a_panel_member_sees_the_anonymised_case_and_nothing_else(county: Herefordshire) -> None:
    death_id = a_tabled_case(county)
    with county.register.work(county.actors["panel-member"]) as work:
        case = queries.panel_view(work, death_id)
    assert (case.summary, case.age_band, case.sex) == (SUMMARY, "28-364-days", "female")
    assert (case.died_year, case.expected, case.place_of_death) == ("2026-27", "unexpected", "home")
    shown = repr(asdict(case))
    for secret in ("Testchild", "Example1", "Invented Street", "ZZ1", "2026-11-10", "2026, 11, 10"):
        assert secret not in shown
    (line,) = audited(county.register, "overview:case:read")
    assert (line.actor, line.subject_id, line.detail["why"]) == ("panel-member", death_id, "panel")


def test_a_case_that_is_on_no_agenda_is_not_there(county: Herefordshire) -> None:
    death_id = a_case(county)
    for who in ("panel-member", "panel-chair", "coordinator"):
        with pytest.raises(NotFound), county.register.work(county.actors[who]) as work:
            queries.panel_view(work, death_id)


def test_a_case_taken_off_the_agenda_is_no_longer_there(county: Herefordshire) -> None:
    death_id, meeting_id = a_case(county), a_meeting(county)
    put_on(county, meeting_id, death_id)
    county.register.do(county.actors["coordinator"], take_off_agenda, meeting_id, death_id)
    with (
        pytest.raises(NotFound),
        county.register.work(county.actors["panel-member"]) as work,
    ):
        queries.panel_view(work, death_id)


@pytest.mark.parametrize("who", ["neighbour", "analyst", "jcr-administrator", "notifier"])
def test_nobody_else_learns_that_the_case_exists(county: Herefordshire, who: str) -> None:
    death_id = a_tabled_case(county)
    with pytest.raises((NotFound, Denied)), county.register.work(county.actors[who]) as work:
        queries.panel_view(work, death_id)
    with pytest.raises((NotFound, Denied)):
        county.register.do(county.actors[who], save_draft, death_id, WHOLE, 0)


def test_a_draft_is_kept_sealed_and_read_again(county: Herefordshire) -> None:
    death_id = a_tabled_case(county)
    saved = county.register.do(county.actors["panel-member"], save_draft, death_id, WHOLE, 0)
    assert (saved.version, saved.findings) == (1, ())
    review = kept(county, death_id)
    assert (review.draft, review.form_edition, review.reviewed_on) == (WHOLE, "E3", MEETING_DAY)
    with county.register.reading(MAKER) as work:
        row = work.session.exec(select(Review)).one()
        stored = (row.analysis or b"") + (row.factor_notes or b"")
    assert b"invented" not in stored.lower()


def test_the_form_in_force_on_the_meetings_day_is_kept(
    county: Herefordshire, clock: FixedClock
) -> None:
    clock.at = datetime(2014, 1, 9, 14, tzinfo=UTC)
    death_id = a_case(county, born_on=date(2013, 3, 1), died_on=date(2013, 11, 10))
    put_on(county, a_meeting(county, date(2014, 1, 9)), death_id)
    member, chair = county.actors["panel-member"], county.actors["panel-chair"]
    with pytest.raises(Invalid):  # factors and marks of the later edition
        county.register.do(member, save_draft, death_id, WHOLE, 0)
    lines = (Line("family", "co-sleeping", "3"),)
    county.register.do(member, save_draft, death_id, Draft("10", (), "yes", lines), 0)
    clock.at = datetime(2026, 11, 20, tzinfo=UTC)
    county.register.do(chair, sign_off, death_id, 1)
    assert (kept(county, death_id).form_edition, kept(county, death_id).draft.lines) == (
        "E2",
        lines,
    )
    with county.register.reading(MAKER) as work:
        assert work.session.get_one(Death, death_id).reviewed_year == "2013-14"


def test_unfinished_work_is_saved_and_waits_for_the_panel(county: Herefordshire) -> None:
    death_id = a_tabled_case(county)
    unfinished = Draft(category="9", secondary=("3",), lines=(Line("A", "vaccination"),))
    saved = county.register.do(county.actors["panel-member"], save_draft, death_id, unfinished, 0)
    assert not saved.is_complete
    assert {f.field for f in saved.findings if not f.blocks} == {"secondary", "lines"}
    assert open_tasks(county.register, death_id) == {"classify"}


def test_a_complete_draft_waits_for_the_chair_until_it_is_incomplete_again(
    county: Herefordshire,
) -> None:
    death_id, member = a_tabled_case(county), county.actors["panel-member"]
    county.register.do(member, save_draft, death_id, WHOLE, 0)
    assert open_tasks(county.register, death_id) == {"sign-off"}
    county.register.do(member, save_draft, death_id, replace(WHOLE, category=None), 1)
    assert open_tasks(county.register, death_id) == {"classify"}


def test_an_answer_that_the_form_lacks_is_not_saved(county: Herefordshire) -> None:
    death_id = a_tabled_case(county)
    with pytest.raises(Invalid) as refusal:
        county.register.do(
            county.actors["panel-member"], save_draft, death_id, Draft(category="11"), 0
        )
    assert set(refusal.value.fields) == {"category"}
    with county.register.work(county.actors["panel-member"]) as work:
        assert queries.review_of(work, death_id) is None


def test_a_stale_save_changes_nothing(county: Herefordshire) -> None:
    death_id, member = a_tabled_case(county), county.actors["panel-member"]
    county.register.do(member, save_draft, death_id, WHOLE, 0)
    chair = county.actors["panel-chair"]
    hers = replace(WHOLE, analysis=Analysis(learning="The chair's words"))
    county.register.do(chair, save_draft, death_id, hers, 1)
    with pytest.raises(Stale):
        county.register.do(member, save_draft, death_id, replace(WHOLE, category="9"), 1)
    assert (kept(county, death_id).draft, kept(county, death_id).version) == (hers, 2)


def test_two_first_saves_at_once_keep_one_and_tell_the_other(county: Herefordshire) -> None:
    death_id = a_tabled_case(county)
    drafts = [replace(WHOLE, category="9"), replace(WHOLE, category="10")]
    names = ["panel-member", "panel-chair"]

    def save(pair: tuple[str, Draft]) -> str:
        try:
            county.register.do(county.actors[pair[0]], save_draft, death_id, pair[1], 0)
        except Stale:
            return "stale"
        return "saved"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(save, zip(names, drafts, strict=True)))
    assert outcomes == ["saved", "stale"]
    assert kept(county, death_id).version == 1


def test_the_same_save_sent_twice_is_saved_once(county: Herefordshire) -> None:
    death_id, member = a_tabled_case(county), county.actors["panel-member"]
    for _ in range(2):
        assert county.register.do(member, save_draft, death_id, WHOLE, 0).version == 1
    (line,) = audited(county.register, "overview:review:draft")
    coded = ["event", "social_care", "statutory_order", "agency_response"]
    assert line.detail["fields"] == ["category", "modifiable", "lines", "analysis", *coded]


def test_a_save_replaces_the_lines(county: Herefordshire) -> None:
    death_id, member = a_tabled_case(county), county.actors["panel-member"]
    county.register.do(member, save_draft, death_id, WHOLE, 0)
    county.register.do(member, save_draft, death_id, replace(WHOLE, lines=WHOLE.lines[2:]), 1)
    assert kept(county, death_id).draft.lines == WHOLE.lines[2:]
    with county.register.reading(MAKER) as work:
        assert len(work.session.exec(select(Factor)).all()) == 2


def signed_off(county: Herefordshire) -> UUID:
    death_id = a_tabled_case(county)
    county.register.do(county.actors["panel-member"], save_draft, death_id, WHOLE, 0)
    county.register.do(county.actors["panel-chair"], sign_off, death_id, 1)
    return death_id


def test_the_chair_signs_a_complete_review_off(county: Herefordshire) -> None:
    death_id = signed_off(county)
    review = kept(county, death_id)
    assert (review.is_signed_off, review.signed_off_by) == (True, "panel-chair")
    with county.register.reading(MAKER) as work:
        death = work.session.get_one(Death, death_id)
    assert (death.status, death.reviewed_on, death.reviewed_year) == (
        "reviewed",
        MEETING_DAY,
        "2026-27",
    )
    assert open_tasks(county.register, death_id) == set()
    assert len(audited(county.register, "overview:review:sign")) == 1


def test_signed_off_nothing_changes_any_more(county: Herefordshire) -> None:
    death_id = signed_off(county)
    changed = replace(WHOLE, category="9")
    with pytest.raises(Refused, match="can no longer change"):
        county.register.do(county.actors["panel-chair"], save_draft, death_id, changed, 1)
    county.register.do(county.actors["panel-chair"], sign_off, death_id, 1)
    assert len(audited(county.register, "overview:review:sign")) == 1
    assert kept(county, death_id).draft == WHOLE


def test_only_the_chair_signs_off(county: Herefordshire) -> None:
    death_id = a_tabled_case(county)
    county.register.do(county.actors["panel-member"], save_draft, death_id, WHOLE, 0)
    for who in ("panel-member", "coordinator"):
        with pytest.raises(Denied):
            county.register.do(county.actors[who], sign_off, death_id, 1)
    assert not kept(county, death_id).is_signed_off


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (replace(WHOLE, category=None), "category"),
        (replace(WHOLE, modifiable="no"), "must be yes"),
        (replace(WHOLE, lines=(Line("C", "unsafe-sleep", "", "yes"),)), "how relevant"),
    ],
)
def test_what_is_missing_or_contradictory_cannot_be_signed_off(
    county: Herefordshire, draft: Draft, words: str
) -> None:
    death_id = a_tabled_case(county)
    county.register.do(county.actors["panel-member"], save_draft, death_id, draft, 0)
    with pytest.raises(Refused, match=words):
        county.register.do(county.actors["panel-chair"], sign_off, death_id, 1)


def test_the_chair_signs_what_she_has_read(county: Herefordshire) -> None:
    death_id, member = a_tabled_case(county), county.actors["panel-member"]
    county.register.do(member, save_draft, death_id, WHOLE, 0)
    county.register.do(member, save_draft, death_id, replace(WHOLE, category="9"), 1)
    with pytest.raises(Stale):
        county.register.do(county.actors["panel-chair"], sign_off, death_id, 1)


def test_a_review_prepared_early_is_signed_off_on_the_meetings_day(
    county: Herefordshire, clock: FixedClock
) -> None:
    chair = county.actors["panel-chair"]
    death_id = a_tabled_case(county, day=MEETING_DAY + timedelta(days=7))
    county.register.do(chair, save_draft, death_id, WHOLE, 0)
    with pytest.raises(Refused, match="27 November 2026"):
        county.register.do(chair, sign_off, death_id, 1)
    clock.at += timedelta(days=7)
    county.register.do(chair, sign_off, death_id, 1)
    assert kept(county, death_id).reviewed_on == MEETING_DAY + timedelta(days=7)


def test_a_case_put_off_is_saved_for_its_new_meeting_before_it_is_signed_off(
    county: Herefordshire, clock: FixedClock
) -> None:
    chair, coordinator = county.actors["panel-chair"], county.actors["coordinator"]
    death_id, first = a_case(county), a_meeting(county)
    later = a_meeting(county, MEETING_DAY + timedelta(days=7))
    put_on(county, first, death_id)
    county.register.do(chair, save_draft, death_id, WHOLE, 0)
    county.register.do(coordinator, take_off_agenda, first, death_id)
    put_on(county, later, death_id)
    clock.at += timedelta(days=7)
    with pytest.raises(Refused, match="another meeting"):
        county.register.do(chair, sign_off, death_id, 1)
    county.register.do(chair, save_draft, death_id, WHOLE, 1)
    county.register.do(chair, sign_off, death_id, 2)
    assert kept(county, death_id).reviewed_on == MEETING_DAY + timedelta(days=7)


def test_the_words_are_in_no_column_in_clear(sqlite_register: Register) -> None:
    county = herefordshire(sqlite_register)
    signed_off(county)
    database = sqlite_register.settings.database_file
    kept_bytes = b"".join(path.read_bytes() for path in database.parent.glob("register.db*"))
    for words in ("Unascertained", "An invented lesson", "remark about sleep", "adult bed"):
        assert words.encode() not in kept_bytes
