"""`cdop demo` keeps the published figures, with invented people, and is written by the services."""

import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pandas as pd
import pytest
from sqlmodel import col, func, select

from cdop import demo, registers
from cdop.case_reviews.models import CaseReview, Referral
from cdop.clock import FixedClock
from cdop.deaths.documents import IDENTITY, NAMES
from cdop.deaths.models import Death
from cdop.demo import building, present
from cdop.errors import Refused
from cdop.jobs.models import Job
from cdop.organisations import people, sessions
from cdop.organisations.models import Organisation
from cdop.organisations.queries import by_slug
from cdop.overview.models import Review
from cdop.reference import derive, nhs_numbers
from cdop.security import one_time_codes
from cdop.security.actor import system
from cdop.security.models import AuditEntry
from cdop.security.signing import signer
from cdop.sign_in import steps
from cdop.sign_in.delays import Visitor
from cdop.statistics import over_years, released, tokens
from cdop.statistics.archive import check_package
from cdop.statistics.earlier import tables_of
from cdop.statistics.models import Release
from cdop.statistics.outcomes import jcr_outcomes
from cdop.statistics.package import SIGNS
from cdop.tasks.models import Task
from cdop.tasks.queries import worklist
from tests.conftest import NOW, sqlite_settings

READER = system("tests")
PUBLISHED = """\
Outcome of Referral to JCR,Children,Adults,DHR
Referrals Received,7,3,1
Serious Case Reviews,1 (SILP),0,0
Independently chaired multi-agency review,2 (SILPs),2 (HELPS),0
Internally chaired multi-agency review,0,0,0
Single Agency Review,1,0,0
Did not meet criteria for review,3,1,1
Reviews completed during the year following referrals made in 2012-2013,1,0,0
"""
HAVE_WORK = (
    "coordinator",
    "panel-chair",
    "panel-member",
    "jcr-administrator",
    "jcr-member",
    "adults-chair",
    "hpeg-chair",
    "partner-health",
    "partner-police",
    "worcestershire-coordinator",
)


def deaths(work, panel, **columns):
    query = select(Death).where(Death.organisation_id == by_slug(work.session, panel).id)
    for name, value in columns.items():
        query = query.where(getattr(Death, name) == value)
    return work.session.exec(query).all()


def modifiable(work, found):
    query = select(Review.modifiable).where(col(Review.death_id).in_([d.id for d in found]))
    return Counter(work.session.exec(query))


def test_eleven_children_of_herefordshire_died_in_2013_14(built):
    with built.register.reading(READER) as work:
        assert len(deaths(work, "herefordshire-cdop", died_year="2013-14")) == 11


def test_a_year_is_released_the_next_waits_for_the_server_and_a_table_is_drafted(built):
    with built.register.reading(READER) as work:
        every = work.session.exec(select(Release)).all()
        found = {(tables_of(r)[0].definitions.counts, r.year, bool(r.asked)): r for r in every}
        assert {key: release.state for key, release in found.items()} == {
            ("deaths", "2013-14", False): "released",
            ("deaths", "2014-15", False): "draft",
            ("deaths", "2013-14", True): "draft",
            ("referrals", "2013-14", False): "draft",
        }
        out = found["deaths", "2013-14", False]
        key = signer(built.register.vault.ring, SIGNS, out.organisation_id, 1).public_key
        assert check_package(out.package, key).digest == out.digest
        analyst = people.actor_by_username(work.session, "analyst", NOW)
    _, token = built.register.do(analyst, tokens.make, "herefordshire-cdop", "Invented program", 9)
    reader = tokens.reader(built.register, token)
    (read,) = built.register.do(reader, released.published)
    text = built.register.do(reader, released.table_file, read.id, "died-by-sex")
    assert pd.read_csv(io.StringIO(text))["count"].iloc[0] in (10, 15)  # 11, to a multiple of 5
    with built.register.reading(READER) as work:
        jobs = work.session.exec(select(Job).order_by(col(Job.asked_at), col(Job.id))).all()
    waiting = [found["referrals", "2013-14", False], found["deaths", "2014-15", False]]
    assert [(job.kind, job.state, job.subject_id) for job in jobs] == [
        ("release:build", "queued", each.id) for each in waiting
    ]


def test_its_rate_is_that_of_the_published_population(built):
    """11 among about 36,100 children: 30.5 (15.2 to 54.5) for each 100,000."""
    series = built.register.do(READER, over_years.exact_years, "herefordshire-cdop")
    (rates,) = [each for each in series if each.code == "deaths-under-18"]
    shown = {point.year: point.shown for point in rates.points}
    assert shown["2013-14"] == "30.5 (15.2 to 54.5) [u]"
    assert shown["2014-15"] == "[x]"  # a population of another year is not taken


def test_five_reviews_were_completed_that_year_of_three_boys_and_two_girls(built):
    with built.register.reading(READER) as work:
        found = deaths(work, "herefordshire-cdop", reviewed_year="2013-14")
        assert Counter(death.sex for death in found) == {"male": 3, "female": 2}
        assert {death.died_year for death in found} == {"2013-14"}


def test_one_of_the_five_had_modifiable_factors(built):
    with built.register.reading(READER) as work:
        found = deaths(work, "herefordshire-cdop", reviewed_year="2013-14")
        assert modifiable(work, found) == {"yes": 1, "no": 4}


def test_worcestershire_reviewed_38_with_15_modifiable(built):
    with built.register.reading(READER) as work:
        found = deaths(work, "worcestershire-cdop", reviewed_year="2013-14")
        assert len(found) == 38
        assert modifiable(work, found)["yes"] == 15


def test_hampshire_reviewed_61_in_2012_13(built):
    with built.register.reading(READER) as work:
        assert len(deaths(work, "hampshire-cdop", reviewed_year="2012-13")) == 61


def referrals(work, year):
    query = (
        select(Organisation.board_kind, func.count())
        .join(Referral, col(Referral.board_id) == Organisation.id)
        .where(Referral.received_year == year)
        .group_by(col(Organisation.board_kind))
    )
    return dict(work.session.exec(query).all())


def test_eleven_referrals_against_seven_the_year_before(built):
    with built.register.reading(READER) as work:
        assert referrals(work, "2013-14") == {"children": 7, "adults": 3, "community-safety": 1}
        assert sum(referrals(work, "2012-13").values()) == 7


def test_the_outcome_table_is_the_published_one(built):
    with built.register.work(READER) as work:
        assert jcr_outcomes(work, "herefordshire", "2013-14").to_csv() == PUBLISHED


def test_five_rapid_reviews_of_2019_20_and_the_national_panel_agreed_with_each(built):
    with built.register.reading(READER) as work:
        query = select(CaseReview).where(
            CaseReview.review_kind == "rapid-review", CaseReview.completed_year == "2019-20"
        )
        answers = [review.national_panel_response for review in work.session.exec(query)]
        assert answers == ["agrees"] * 5


def test_one_review_was_published_in_2019_20(built):
    with built.register.reading(READER) as work:
        query = select(CaseReview).where(col(CaseReview.published_on).is_not(None))
        review = work.session.exec(query).one()
        assert derive.financial_year(review.published_on) == "2019-20"


def test_everybody_is_invented(built):
    with built.register.work(READER) as work:
        for death in work.session.exec(select(Death)):
            names, identity = work.open_within(death, NAMES), work.open_within(death, IDENTITY)
            assert "Testchild" in names.full
            assert identity.postcode.startswith("ZZ")
            assert not identity.nhs_number or nhs_numbers.is_invented(identity.nhs_number)


@pytest.mark.parametrize("username", HAVE_WORK)
def test_every_role_that_has_a_work_list_has_something_on_it(built, username):
    with built.register.reading(READER) as work:
        actor = people.actor_by_username(work.session, username, work.now)
    with built.register.reading(actor) as work:
        assert worklist(work)


def test_nothing_is_left_to_do_in_the_years_gone_by(built):
    """A case that was reviewed long ago asks nobody for anything."""
    with built.register.reading(READER) as work:
        query = select(Task.opened_at).where(col(Task.done_at).is_(None))
        assert min(work.session.exec(query)) > NOW - timedelta(days=365)


def test_each_step_is_audited_as_the_account_that_took_it(built):
    with built.register.reading(READER) as work:
        lines = work.session.exec(select(AuditEntry)).all()
    actors = {line.action: {x.actor for x in lines if x.action == line.action} for line in lines}
    chairs = {f"{place}panel-chair" for place in ("", "worcestershire-", "hampshire-")}
    assert actors["overview:review:sign"] == chairs
    assert actors["case_reviews:decision:decide"] >= {"children-chair", "partner-police"}


def test_the_printed_secrets_open_the_accounts_and_both_are_needed(built):
    chosen, visitor = built.accounts[1], Visitor("192.0.2.1", "Firefox on Windows")
    assert chosen.username == "coordinator"
    assert steps.with_password(built.register, chosen.username, "another", visitor) is None
    step = steps.with_password(built.register, chosen.username, chosen.password, visitor)
    assert step.next is steps.Next.CODE
    begun = steps.begun_by(built.register, step.token)
    code = one_time_codes.code_of(chosen.secret, one_time_codes.step_at(built.register.clock.now()))
    token = steps.with_code(built.register, begun, code, visitor)
    assert sessions.actor_for(built.register, token).name == "coordinator"
    assert sessions.actor_for(built.register, step.token) is None
    assert chosen.secret in chosen.otpauth


def test_no_two_accounts_share_a_password_and_none_is_kept(built):
    passwords = {account.password for account in built.accounts}
    assert len(passwords) == len(built.accounts) == 22
    assert stored_texts(built) & passwords == set()


def stored_texts(built):
    """Return every stored text of the accounts' table."""
    with built.register.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM accounts").all()
    return {str(value) for row in rows for value in row if not isinstance(value, UUID)}


def test_a_register_that_is_filled_is_refused(built):
    with pytest.raises(Refused, match="holds cases"):
        demo.build(built.register)


def test_a_register_for_real_use_is_refused(tmp_path):
    register = registers.create(sqlite_settings(tmp_path / "real"))
    with pytest.raises(Refused, match="real use"):
        demo.build(register)
    with pytest.raises(Refused, match="real use"):
        demo.add_scale(register, 1)


def test_a_fill_that_fails_leaves_nothing_and_can_be_repeated(empty, monkeypatch, quick_passwords):
    def fail(_stage):
        raise RuntimeError

    monkeypatch.setattr(building, "PARTS", {"One": present.play_present, "Two": fail})
    with pytest.raises(RuntimeError):
        demo.build(empty)
    assert not demo.is_filled(empty)
    monkeypatch.setattr(building, "PARTS", {"One": present.play_present})
    monkeypatch.setattr(building, "AFTERWARDS", {})
    assert len(demo.build(empty)) == 22


@pytest.mark.parametrize("day", ["2027-04-01", "2028-02-29", "2027-01-01", "2026-03-31"])
def test_it_can_be_built_on_any_day(tmp_path, monkeypatch, quick_passwords, day):
    monkeypatch.setattr(building, "PARTS", {"Only": present.play_present})
    monkeypatch.setattr(building, "AFTERWARDS", {})
    early = datetime.fromisoformat(day).replace(hour=0, minute=5, tzinfo=UTC)
    settings = sqlite_settings(tmp_path / "register")
    register = registers.create(settings, clock=FixedClock(early), demonstration=True)
    demo.build(register)
    with register.reading(READER) as work:
        assert len(deaths(work, "herefordshire-cdop")) == 8
