"""The pages of case review, from a panel's concern to the published table."""

import re
from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlmodel import select

from cdop.case_reviews.models import CaseReview, Referral
from cdop.clock import FixedClock, noon
from cdop.deaths.service import notify
from cdop.security.models import AuditEntry
from cdop.security.work import Register
from cdop.web.app import create_app
from tests.client import Client, raising
from tests.factories import MAKER, Herefordshire, child, herefordshire, told

DAY = date(2013, 5, 1)
PARTNERS = ("partner-local-authority", "partner-health", "partner-police")
As = Callable[[str], Client]


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """Herefordshire on SQLite: pages do not differ by database."""
    return herefordshire(sqlite_register)


@pytest.fixture
def app(county: Herefordshire) -> FastAPI:
    return create_app(county.register, report=raising)


@pytest.fixture
def browse(app: FastAPI, county: Herefordshire, clock: FixedClock) -> As:
    """Give the browser of somebody, on 1 May 2013 or on the day the clock was set to since."""
    clock.at = noon(DAY)
    return lambda who: Client(app).act_as(county.register, county.actors[who])


def on(name: str, day: date) -> dict[str, str]:
    return {
        f"{name}-day": str(day.day),
        f"{name}-month": str(day.month),
        f"{name}-year": str(day.year),
    }


def referral_form(page: str, county: Herefordshire, **changes: str) -> dict[str, str]:
    id = re.search(r'name="id" value="([0-9a-f-]{36})"', page)
    assert id
    return {
        "id": id[1],
        "board_id": str(county["herefordshire"]),
        "source": "police",
        **on("received_on", DAY),
        "name": "Invented Person",
        "narrative": "An invented concern <b>in bold</b>.",
        **changes,
    }


def record(browse: As, county: Herefordshire, **changes: str) -> str:
    """Record a referral as the administrator; return its address."""
    web = browse("jcr-administrator")
    answer = web.submit(
        "/referrals/new", referral_form(web.get("/referrals/new").text, county, **changes)
    )
    assert answer.status_code == 303
    return str(answer.headers["location"])


def only(county: Herefordshire, table):
    with county.register.reading(MAKER) as work:
        return work.session.exec(select(table)).one()


def recommended(browse: As, county: Herefordshire, kind: str, method: str = "", day=DAY) -> str:
    address = record(browse, county, **on("received_on", day))
    fields = {
        "review_kind": kind,
        "methodology": method,
        **on("recommended_on", day),
        "rationale": "Weighed.",
    }
    assert browse("jcr-member").submit(f"{address}/recommend", fields).status_code == 303
    return address


def decision(kind: str, method: str = "", day: date = DAY) -> dict[str, str]:
    return {"review_kind": kind, "methodology": method, **on("decided_on", day)}


def test_a_referral_is_recorded_listed_and_read_back_escaped(browse: As, county: Herefordshire):
    address = record(browse, county)
    for who in ("jcr-member", "children-chair"):
        web = browse(who)
        assert "JCR-2013-0001" in web.get("/referrals").text
        page = web.get(address).text
        assert "Invented Person" in page
        assert "An invented concern &lt;b&gt;in bold&lt;/b&gt;." in page
    assert "JCR-2013-0001" not in browse("adults-chair").get("/referrals").text


def test_the_same_form_sent_twice_leads_to_one_referral(browse: As, county: Herefordshire):
    web = browse("jcr-administrator")
    fields = referral_form(web.get("/referrals/new").text, county)
    first, second = (web.submit("/referrals/new", fields) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert only(county, Referral).reference == "JCR-2013-0001"


def test_what_is_wrong_is_named_and_what_was_typed_is_kept(browse: As, county: Herefordshire):
    web = browse("jcr-administrator")
    page = web.get("/referrals/new").text
    fields = referral_form(
        page, county, name="", source="hearsay", **on("received_on", date(2013, 5, 2))
    )
    answer = web.submit("/referrals/new", fields)
    assert answer.status_code == 422
    for sentence in ("name, or say that it is not known", "must not be in the future"):
        assert sentence in answer.text
    assert "An invented concern &lt;b&gt;" in answer.text
    assert fields["id"] in answer.text
    answer = web.submit("/referrals/new", {"id": fields["id"]})
    assert answer.status_code == 422
    assert "Choose the board that the referral is for" in answer.text


@pytest.mark.parametrize(
    "who", ["coordinator", "panel-member", "notifier", "adults-chair", "auditor"]
)
def test_out_of_scope_absent_and_not_permitted_are_one_page(
    browse: As, county: Herefordshire, who: str
):
    address = record(browse, county)
    web = browse(who)
    absent = web.get("/referrals/00000000-0000-7000-8000-000000000000")
    answer = web.get(address)
    assert answer.status_code == absent.status_code == 404
    assert answer.text.replace(address, "") == absent.text.replace(absent.request.url.path, "")


def test_the_page_says_why_one_cannot_decide(browse: As, county: Herefordshire):
    address = record(browse, county)
    assert (
        "The group has not recorded its recommendation yet"
        in browse("children-chair").get(address).text
    )
    address = recommended(browse, county, "scr", "silp")
    assert (
        "The decision is for the office of “Independent chair"
        in browse("jcr-member").get(address).text
    )
    assert "which you do not hold" in browse("partner-police").get(address).text
    assert "which you do not hold" not in browse("children-chair").get(address).text


def test_the_office_that_decides_finds_the_recommendation_filled_in_and_decides(
    browse: As, county: Herefordshire
):
    address = recommended(browse, county, "scr", "silp")
    chair = browse("children-chair")
    page = chair.get(address).text
    assert re.search(r'value="scr"[^>]*checked', page)
    assert re.search(r'value="silp"[^>]*selected', page)
    answer = chair.submit(f"{address}/decide", decision("single-agency"))
    assert answer.status_code == 422
    assert "Give the reasons for deciding otherwise than recommended" in answer.text
    assert re.search(r'value="single-agency"[^>]*checked', answer.text)
    assert chair.submit(f"{address}/decide", decision("scr", "silp")).status_code == 303
    assert only(county, Referral).status == "decided"
    assert chair.submit(f"{address}/decide", decision("scr", "silp")).status_code == 409


def test_who_lacks_the_permission_or_the_office_cannot_post_either(
    browse: As, county: Herefordshire
):
    address = recommended(browse, county, "scr")
    assert browse("jcr-member").submit(f"{address}/decide", decision("scr")).status_code == 404
    answer = browse("partner-police").submit(f"{address}/decide", decision("scr"))
    assert answer.status_code == 409
    assert "which you do not hold" in answer.text
    assert (
        browse("children-chair").submit(f"{address}/start", on("started_on", DAY)).status_code
        == 404
    )
    assert only(county, Referral).status == "recommended"


def test_partners_see_the_proposal_withdraw_it_and_assent_one_by_one(
    browse: As, county: Herefordshire, clock: FixedClock
):
    day = date(2019, 11, 4)
    clock.at = noon(day)
    address = recommended(browse, county, "rapid-review", day=day)
    form = decision("rapid-review", day=day)
    assert browse(PARTNERS[0]).submit(f"{address}/decide", form).status_code == 303
    assert "Your office has assented already" in browse(PARTNERS[0]).get(address).text
    assert "Proposed: Rapid review" in browse(PARTNERS[1]).get(address).text
    assert browse(PARTNERS[1]).submit(f"{address}/withdraw", {}).status_code == 303
    assert "Proposed decision withdrawn" in browse(PARTNERS[1]).get(address).text
    for who in PARTNERS:
        assert browse(who).submit(f"{address}/decide", form).status_code == 303
    assert only(county, Referral).status == "decided"


def test_a_rapid_review_is_started_completed_answered_and_published(
    browse: As, county: Herefordshire, clock: FixedClock
):
    day = date(2019, 11, 4)
    clock.at = noon(day)
    address = recommended(browse, county, "rapid-review", day=day)
    for who in PARTNERS:
        browse(who).submit(f"{address}/decide", decision("rapid-review", day=day))
    office = browse("jcr-administrator")
    assert office.submit(f"{address}/start", on("started_on", day)).status_code == 303
    review = f"{address}/reviews/{only(county, CaseReview).id}"
    answer = office.submit(f"{review}/complete", on("completed_on", day))
    assert answer.status_code == 422
    assert "Choose the outcome of the rapid review" in answer.text
    done = {**on("completed_on", day), "outcome": "learning-captured"}
    assert office.submit(f"{review}/complete", done).status_code == 303
    said = {**on("responded_on", day), "response": "agrees"}
    assert office.submit(f"{review}/respond", said).status_code == 303
    assert office.submit(f"{review}/publish", on("published_on", day)).status_code == 303
    page = office.get(address).text
    for words in ("National panel answered", "Agrees, 4 November 2019", "Review published"):
        assert words in page


@pytest.mark.parametrize(
    ("who", "back"), [("coordinator", "/deaths/"), ("panel-chair", "/overview/")]
)
def test_a_panel_refers_and_sees_only_that_it_did(
    browse: As, county: Herefordshire, clock: FixedClock, who: str, back: str
):
    clock.at = noon(date(2026, 11, 20))
    receipt = county.register.do(
        county.actors["coordinator"],
        notify,
        told(county["herefordshire-cdop"], child(given="Secretname", family="Hidden")),
    )
    web = browse(who)
    page = web.get(f"/deaths/{receipt.death_id}/refer").text
    assert "Secretname" not in page
    fields = referral_form(page, county)
    kept = {name: fields[name] for name in ("id", "board_id", "narrative")}
    answer = web.submit(f"/deaths/{receipt.death_id}/refer", {**kept, "narrative": ""})
    assert answer.status_code == 422
    assert "Enter what the concern is" in answer.text
    answer = web.submit(f"/deaths/{receipt.death_id}/refer", kept)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{back}{receipt.death_id}")
    address = f"/referrals/{only(county, Referral).id}"
    assert web.get(address).status_code == 404
    assert "Secretname Hidden" in browse("jcr-member").get(address).text
    assert (
        "Referred to the joint case review group"
        in browse("coordinator").get(f"/deaths/{receipt.death_id}").text
    )


def test_a_neighbour_cannot_refer_the_case(browse: As, county: Herefordshire, clock: FixedClock):
    clock.at = noon(date(2026, 11, 20))
    receipt = county.register.do(
        county.actors["coordinator"], notify, told(county["herefordshire-cdop"])
    )
    path = f"/deaths/{receipt.death_id}/refer"
    assert browse("neighbour").get(path).status_code == 404
    fields = {"id": str(UUID(int=7)), "board_id": str(county["herefordshire"]), "narrative": "No."}
    assert browse("neighbour").submit(path, fields).status_code == 404


def test_the_outcomes_are_shown_as_internal_and_the_file_says_so_in_its_name(
    browse: As, county: Herefordshire
):
    address = recommended(browse, county, "scr", "silp")
    browse("children-chair").submit(f"{address}/decide", decision("scr", "silp"))
    for who in ("jcr-administrator", "analyst"):
        web = browse(who)
        page = web.get("/reports/jcr-outcomes?board=herefordshire&year=2013-14").text
        assert "INTERNAL: exact counts" in page
        assert "1 (SILP)" in page
        file = web.get("/reports/jcr-outcomes.csv?board=herefordshire&year=2013-14")
        assert file.headers["content-type"] == "text/csv; charset=utf-8"
        assert (
            'filename="INTERNAL-jcr-outcomes-herefordshire-2013-14.csv"'
            in file.headers["content-disposition"]
        )
        assert file.headers["x-protective-marking"].startswith("INTERNAL")
        header, first, second = file.text.splitlines()[:3]
        assert header == "Outcome of Referral to JCR,Children,Adults,DHR"
        # Decided on 1 May 2013, the referral counts in that year and at its end.
        assert (first, second) == ("Referrals Received,1,0,0", "Serious Case Reviews,1 (SILP),0,0")
    with county.register.reading(MAKER) as work:
        lines = work.session.exec(
            select(AuditEntry).where(AuditEntry.action == "statistics:exact:read")
        ).all()
    assert len(lines) == 4


@pytest.mark.parametrize("who", ["coordinator", "children-chair", "notifier"])
def test_exact_outcomes_are_for_those_of_the_group(browse: As, who: str):
    web = browse(who)
    for kind in ("", ".csv"):
        answer = web.get(f"/reports/jcr-outcomes{kind}?board=herefordshire&year=2013-14")
        assert answer.status_code == 404


def test_a_year_that_is_none_is_explained(browse: As):
    web = browse("jcr-administrator")
    answer = web.get("/reports/jcr-outcomes?board=herefordshire&year=2013")
    assert answer.status_code == 422
    assert "Write a financial year as 2013-14" in answer.text
    assert web.get("/reports/jcr-outcomes?board=nowhere&year=2013-14").status_code == 404
