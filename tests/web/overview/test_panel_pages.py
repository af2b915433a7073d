"""The panel's pages: the anonymised case, the analysis form, the chair's signature."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from cdop.clock import FixedClock
from cdop.overview import queries
from cdop.overview.answers import Draft
from cdop.overview.service import save_draft, sign_off
from cdop.security.work import Register
from cdop.web.app import create_app
from tests.client import Client
from tests.factories import Herefordshire, herefordshire
from tests.panels import SUMMARY, WHOLE, a_case, a_meeting, a_tabled_case, put_on


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """Herefordshire on SQLite: pages do not differ by database."""
    return herefordshire(sqlite_register)


def sign_in(county: Herefordshire, name: str) -> Client:
    """Return the browser of somebody."""
    return Client(create_app(county.register)).act_as(county.register, county.actors[name])


@pytest.fixture
def member(county: Herefordshire) -> Client:
    """The browser of a panel member."""
    return sign_in(county, "panel-member")


def typed(**changes: str) -> dict[str, str]:
    """Return what the panel types; line 1 is left empty, as on the page."""
    fields = {
        "version": "0",
        "action": "save",
        "cause": "Unascertained, as an invented pathologist wrote",
        "category": "10",
        "lines-0-factor": "C/unsafe-sleep",
        "lines-0-relevance": "2",
        "lines-0-modifiable": "yes",
        "lines-0-note": "",
        "lines-1-factor": "",
        "lines-1-relevance": "",
        "lines-1-note": "",
        "lines-2-factor": "A/none",
        "lines-2-relevance": "1",
        "lines-2-note": "",
        "modifiable": "yes",
        "issues": "",
        "learning": "An invented lesson",
        "recommendations": "",
        "family_follow_up": "",
    }
    return {**fields, **changes}


def kept(county: Herefordshire, death_id: UUID) -> queries.KeptReview | None:
    with county.register.work(county.actors["panel-member"]) as work:
        return queries.review_of(work, death_id)


def drafted(county: Herefordshire, draft: Draft = WHOLE) -> UUID:
    """Return a case that a panel member has classified."""
    death_id = a_tabled_case(county)
    county.register.do(county.actors["panel-member"], save_draft, death_id, draft, 0)
    return death_id


def test_the_panel_reads_the_summary_and_no_name(county: Herefordshire, member: Client) -> None:
    page = member.get(f"/overview/{a_tabled_case(county)}").text
    for words in (SUMMARY, "28–364 days", "Female", "2026-27", "Home of normal residence"):
        assert words in page
    for secret in ("Testchild", "Example1", "Invented Street", "ZZ1", "10 November 2026"):
        assert secret not in page


@pytest.mark.parametrize("path", ["", "/classify", "/sign-off"])
@pytest.mark.parametrize("who", ["neighbour", "analyst", "notifier", "jcr-administrator"])
def test_others_find_no_page(county: Herefordshire, who: str, path: str) -> None:
    death_id = a_tabled_case(county)
    assert sign_in(county, who).get(f"/overview/{death_id}{path}").status_code == 404


def test_a_case_on_no_agenda_is_not_found(county: Herefordshire) -> None:
    death_id = a_case(county)
    for who in ("panel-member", "panel-chair", "coordinator"):
        assert sign_in(county, who).get(f"/overview/{death_id}").status_code == 404


def test_the_form_speaks_the_words_of_its_edition(county: Herefordshire, member: Client) -> None:
    page = member.get(f"/overview/{a_tabled_case(county)}/classify").text
    for words in (
        "Analysis form",
        "10. Sudden unexpected, unexplained death",
        "Sudden unexpected death in epilepsy (category 5)",
        "Domain C: Physical environment",
        "To be used very rarely",
        "Factor 3 is modifiable",
    ):
        assert words in page
    assert "3: Factors that give a complete" not in page


def test_an_older_meeting_gets_the_form_of_its_day(
    county: Herefordshire, member: Client, clock: FixedClock
) -> None:
    clock.at = datetime(2014, 1, 9, 14, tzinfo=UTC)
    death_id = a_case(county, born_on=date(2013, 3, 1), died_on=date(2013, 11, 10))
    put_on(county, a_meeting(county, date(2014, 1, 9)), death_id)
    page = sign_in(county, "panel-member").get(f"/overview/{death_id}/classify").text
    assert "3: Factors that give a complete" in page
    assert "Parenting capacity" in page
    for later in ("is modifiable", "Other categories"):
        assert later not in page


def test_answers_are_saved_and_read_back(county: Herefordshire, member: Client) -> None:
    death_id = a_tabled_case(county)
    answer = member.submit(f"/overview/{death_id}/classify", typed())
    assert answer.status_code == 303
    page = member.get(answer.headers["location"]).text
    assert "Saved." in page
    assert "Nothing is recorded for Domain B" in page
    assert "An invented lesson" in page
    review = kept(county, death_id)
    assert review is not None
    assert [line.factor for line in review.draft.lines] == ["unsafe-sleep", "none"]
    assert [line.modifiable for line in review.draft.lines] == ["yes", "no"]


def test_save_and_check_leads_to_the_answers_in_words(
    county: Herefordshire, member: Client
) -> None:
    death_id = a_tabled_case(county)
    fields = typed(action="check", secondary="3")
    answer = member.submit(f"/overview/{death_id}/classify", fields)
    assert answer.headers["location"] == f"/overview/{death_id}#review"
    page = member.get(f"/overview/{death_id}").text
    for words in (
        "10. Sudden unexpected, unexplained death",
        "Domain C: Physical environment: Unsafe sleeping arrangements",
        "2: Factors that may have contributed",
        "Category 3 stands higher in the list than category 10",
    ):
        assert words in page


def test_another_line_keeps_what_was_typed_and_saves_nothing(
    county: Herefordshire, member: Client
) -> None:
    death_id = a_tabled_case(county)
    fields = typed(action="add", **{"lines-1-note": "a note without a factor"})
    answer = member.submit(f"/overview/{death_id}/classify", fields)
    assert answer.status_code == 200
    assert 'id="lines-3-factor" name="lines-3-factor" autofocus' in answer.text
    assert "a note without a factor" in answer.text
    assert '<option value="C/unsafe-sleep" selected>' in answer.text
    assert "There is a problem" not in answer.text
    assert kept(county, death_id) is None


@pytest.mark.parametrize(
    ("changes", "anchor", "sentence"),
    [
        ({"category": "11"}, "#category", "Select a category of death from the list"),
        ({"lines-1-note": "x"}, "#lines-1-factor", "Select a factor, or clear this line"),
        ({"lines-2-factor": "A/unsafe-sleep"}, "#lines-2-factor", "Select a factor from the list"),
        ({"lines-2-factor": "C/unsafe-sleep"}, "#lines-2-factor", "on another line already"),
        ({"modifiable": "preventable"}, "#modifiable", "Choose an answer of this form"),
        ({"secondary": "10"}, "#secondary", "must differ"),
    ],
)
def test_an_answer_that_is_wrong_is_named_and_all_is_kept(
    county: Herefordshire, member: Client, changes: dict[str, str], anchor: str, sentence: str
) -> None:
    death_id = a_tabled_case(county)
    answer = member.submit(f"/overview/{death_id}/classify", typed(**changes))
    assert answer.status_code == 422
    assert f'href="{anchor}"' in answer.text
    assert sentence in answer.text
    assert f'id="{anchor[1:]}"' in answer.text
    assert "An invented lesson" in answer.text
    assert kept(county, death_id) is None


def test_a_field_that_the_form_lacks_is_refused(county: Herefordshire, member: Client) -> None:
    death_id = a_tabled_case(county)
    fields = typed(status="signed-off")
    assert member.submit(f"/overview/{death_id}/classify", fields).status_code == 400


def test_a_stale_save_shows_both_versions_and_loses_nobodys_typing(
    county: Herefordshire, member: Client
) -> None:
    death_id = drafted(county, replace(WHOLE, category="9"))
    path = f"/overview/{death_id}/classify"
    answer = member.submit(path, typed(learning="My own words"))
    assert answer.status_code == 409
    for words in ("panel-member saved this form", "9. Infection", "An invented lesson", "My own"):
        assert words in answer.text
    assert 'name="version" value="1"' in answer.text
    again = member.submit(path, typed(learning="My own words", version="1"))
    assert again.status_code == 303
    review = kept(county, death_id)
    assert review is not None
    assert (review.draft.analysis.learning, review.version) == ("My own words", 2)


def test_the_chair_checks_the_answers_and_signs_them_off(county: Herefordshire) -> None:
    death_id, chair = drafted(county), sign_in(county, "panel-chair")
    page = chair.get(f"/overview/{death_id}/sign-off").text
    assert "Domain C: Physical environment: Unsafe sleeping arrangements" in page
    assert "Sign off the review" in page
    answer = chair.submit(f"/overview/{death_id}/sign-off", {"version": "1"})
    assert answer.status_code == 303
    page = chair.get(f"/overview/{death_id}").text
    assert "Signed off by panel-chair on 20 November 2026" in page
    assert f'href="/overview/{death_id}/classify"' not in page
    assert f'href="/overview/{death_id}/sign-off"' not in page
    assert page.count("This review has been signed off: it can no longer change.") == 2


@pytest.mark.parametrize("who", ["panel-member", "coordinator"])
def test_the_signature_is_the_chairs_alone(county: Herefordshire, who: str) -> None:
    death_id, web = drafted(county), sign_in(county, who)
    assert "Check and sign off" not in web.get(f"/overview/{death_id}").text
    assert web.get(f"/overview/{death_id}/sign-off").status_code == 404
    assert web.submit(f"/overview/{death_id}/sign-off", {"version": "1"}).status_code == 404


def test_a_contradiction_is_shown_in_place_of_the_button(county: Herefordshire) -> None:
    death_id = drafted(county, replace(WHOLE, modifiable="no"))
    chair = sign_in(county, "panel-chair")
    page = chair.get(f"/overview/{death_id}/sign-off").text
    assert "so that the answer for the case must be yes" in page
    assert f'<form action="/overview/{death_id}/sign-off"' not in page
    answer = chair.submit(f"/overview/{death_id}/sign-off", {"version": "1"})
    assert answer.status_code == 409
    assert "Not signed off" in answer.text


def test_the_chair_is_told_when_the_review_was_saved_again(county: Herefordshire) -> None:
    death_id, chair = drafted(county), sign_in(county, "panel-chair")
    newer = replace(WHOLE, category="9")
    county.register.do(county.actors["panel-member"], save_draft, death_id, newer, 1)
    answer = chair.submit(f"/overview/{death_id}/sign-off", {"version": "1"})
    assert answer.status_code == 409
    assert "Read it before you sign it off" in answer.text
    assert "9. Infection" in answer.text


def test_before_the_meeting_the_chair_sees_when_it_can_be_signed(county: Herefordshire) -> None:
    death_id = a_tabled_case(county, day=date(2026, 11, 27))
    chair = sign_in(county, "panel-chair")
    county.register.do(county.actors["panel-chair"], save_draft, death_id, WHOLE, 0)
    page = chair.get(f"/overview/{death_id}/sign-off").text
    assert "The panel meets on 27 November 2026" in page
    assert f'<form action="/overview/{death_id}/sign-off"' not in page


def test_a_signed_review_has_no_form(county: Herefordshire, member: Client) -> None:
    death_id = drafted(county)
    county.register.do(county.actors["panel-chair"], sign_off, death_id, 1)
    answer = member.get(f"/overview/{death_id}/classify")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/overview/{death_id}")
    late = member.submit(f"/overview/{death_id}/classify", typed(version="1"))
    assert late.status_code == 409
    assert "can no longer change" in late.text
