"""Releases of a joint case review group: its referrals and reviews, like a panel's deaths."""

import csv
import io
import zipfile
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from cdop.case_reviews.models import Referral
from cdop.errors import Denied, Refused
from cdop.organisations import people, service
from cdop.organisations.models import Kind, OrganisationLink
from cdop.organisations.service import found
from cdop.security.permissions import Role
from cdop.security.work import Register
from cdop.statistics import counting, proving, released, releasing, settling, tokens
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.earlier import releases_before
from cdop.statistics.models import Release
from cdop.statistics.outcomes import jcr_outcomes
from cdop.statistics.rules import Recipient
from tests import desk
from tests.deaths import YEAR, add_death
from tests.desk import plain_packages
from tests.factories import MAKER, Herefordshire, appoint
from tests.referrals import BEFORE, GROUP, NOT_MET, add_referral, add_review, with_referrals

AFTER = "2014-15"


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    plain_packages(monkeypatch)


@pytest.fixture
def group(register: Register) -> Herefordshire:
    """Herefordshire's referrals on each database."""
    return with_referrals(register)


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """The same on SQLite alone, for what no database makes different."""
    return with_referrals(sqlite_register)


def drafted(county: Herefordshire, **parts: Any) -> Release:
    return desk.drafted(county, at=GROUP, **parts)


def built(county: Herefordshire, **parts: Any) -> Release:
    return desk.built(county, at=GROUP, **parts)


def out(county: Herefordshire, **parts: Any) -> Release:
    return desk.approved(county, built(county, **parts))


def exact(county: Herefordshire, year: str = YEAR) -> dict[Any, int]:
    found = county.register.do(county.actors["analyst"], counting.exact_year, GROUP, year)
    return dict(found.figures)


def table(release: Release, name: str) -> list[dict[str, str]]:
    assert release.package
    with zipfile.ZipFile(io.BytesIO(release.package)) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(f"tables/{name}.csv").decode())))


def test_the_release_counts_what_the_internal_table_counts(group: Herefordshire) -> None:
    """Rows 1 to 6 by the decision at the year's end, row 7 by completion, outside the sum."""
    figures = exact(group)
    with group.register.work(group.actors["analyst"]) as work:
        internal = jcr_outcomes(work, "herefordshire", YEAR)
    boards = ("children", "adults", "community-safety")
    codes = {"referrals": TOTAL, "carried-over": "year-before"}
    for row in internal.rows:
        late = row.code == "carried-over"
        name = "completed-by-following-and-board" if late else "referred-by-outcome-and-board"
        ours = tuple(figures[name, (codes.get(row.code, row.code), each)] for each in boards)
        assert ours == row.counts, row.code
    assert figures["referred-by-board", (TOTAL,)] == 11
    assert figures["completed-by-board", (TOTAL,)] == 2


def test_it_goes_out_by_two_people_in_a_package_that_names_the_group(group: Herefordshire) -> None:
    release = out(group)
    assert release.state == "released"
    assert release.ledger["attackers"] == ["public", "family"]
    _, content = group.register.do(group.actors["analyst"], releasing.package_bytes, release.id)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        report = archive.read("report.html").decode()
        names = archive.namelist()
    assert "Herefordshire Joint Case Review group" in report
    assert "Outcome of Referral to JCR" in report
    assert "Deaths" not in report
    assert "tables/rates.csv" not in names
    counts = {row["outcome"]: row["count"] for row in table(release, "referred-by-outcome")}
    assert counts["total"] == "11"
    assert not {"1", "2", "3", "4"} & set(counts.values())


def test_it_is_built_again_byte_for_byte(group: Herefordshire) -> None:
    release = out(group)
    with group.register.work(MAKER) as work:
        add_referral(work, group)
    content, same = settling.rebuild(group.register, MAKER, release.id)
    assert same
    assert content == release.package


def test_only_who_holds_the_permission_at_the_group_drafts_its_release(
    county: Herefordshire,
) -> None:
    for who in ("jcr-administrator", "jcr-member", "coordinator", "release-approver"):
        with pytest.raises(Denied):
            drafted(county, who=who)
    with pytest.raises(Denied):
        desk.drafted(county, at="worcestershire-jcr")


def test_what_awaits_a_decision_is_a_row_and_what_comes_later_changes_no_year(
    county: Herefordshire,
) -> None:
    with county.register.work(MAKER) as work:
        add_referral(work, county, "adults", None)
        add_referral(work, county, "adults", NOT_MET, decided=date(2014, 4, 2))
        twice = add_referral(work, county, "children", "scr", completed=date(2014, 2, 1))
        add_review(work, twice, "internal-multi-agency", date(2014, 3, 1))
        add_review(work, twice, "independent-multi-agency", date(2014, 5, 1))
    figures = exact(county)
    assert figures["referred-by-outcome-and-board", ("undecided", "adults")] == 2
    assert figures["referred-by-board", ("children",)] == 8
    assert figures["completed-by-following-and-board", ("this-year", "children")] == 3
    assert exact(county, AFTER)["completed-by-following", ("year-before",)] == 1


def test_its_years_are_held_against_each_other(group: Herefordshire) -> None:
    """What came in one year and ended in the next is one record in both."""
    first = out(group, year="2012-13")
    second = out(group)
    assert second.against == [str(first.id)]
    assert second.ledger["attackers"] == ["ledger", "family"]


def test_a_panel_s_releases_are_not_the_group_s(county: Herefordshire) -> None:
    pretended(county, "herefordshire-cdop")
    assert built(county).against == []


def test_a_board_knows_its_own_referrals(county: Herefordshire) -> None:
    board = (Recipient("Invented board", board="herefordshire-adults"),)
    release = built(county, recipients=board)
    assert "board:herefordshire-adults" in release.ledger["attackers"]
    assert len(release.ledger["boards"]["herefordshire-adults"]) == 3


def test_a_panel_knows_the_referrals_of_its_deaths_and_who_may_not_see_which_cannot_release_to_it(
    group: Herefordshire,
) -> None:
    """On PostgreSQL a wall hides them: the release would be proved as if the panel knew none."""
    with group.register.work(MAKER) as work:
        death = add_death(work, group["herefordshire-cdop"])
        mine = add_referral(work, group, "children", "scr", death_id=death)
        account = appoint(work, "group-analyst", Role.ANALYST, group[GROUP])
        group.actors["group-analyst"] = people.actor_of(work.session, account, work.now)
    panel = (Recipient("Invented panel", board="herefordshire-cdop"),)
    assert built(group, recipients=panel).ledger["boards"]["herefordshire-cdop"] == [str(mine)]
    with pytest.raises(Refused, match="you may not see which"):
        built(group, who="group-analyst", recipients=panel)


def test_a_group_knows_which_deaths_were_referred_to_it(county: Herefordshire) -> None:
    with county.register.work(MAKER) as work:
        death, _ = (add_death(work, county["herefordshire-cdop"]) for _ in range(2))
        add_referral(work, county, "children", "scr", death_id=death)
    knows = (Recipient("Invented group", board=GROUP),)
    release = desk.drafted(county, recipients=knows)
    with county.register.reading(county.actors["analyst"]) as work:
        prepared = proving.prepare(work, work.session.get_one(Release, release.id))
    assert dict(prepared.wish.knowledge.boards) == {GROUP: [str(death)]}


def test_a_board_that_the_group_does_not_serve_has_no_row(county: Herefordshire) -> None:
    """Everybody knows that it has no referrals: hidden, it would protect nothing."""
    with county.register.work(MAKER) as work:
        query = select(OrganisationLink).where(
            OrganisationLink.other_id == county["herefordshire-csp"],
            OrganisationLink.organisation_id == county[GROUP],
        )
        work.session.exec(query).one().valid_to = date(2013, 3, 31)
        for referral in work.session.exec(select(Referral)).all():
            if referral.board_id == county["herefordshire-csp"]:
                referral.received_on, referral.received_year = BEFORE, "2012-13"
    release = built(county)
    rows = table(release, "referred-by-board")
    assert [row["board"] for row in rows] == ["total", "children", "adults"]


def test_a_program_with_a_token_of_the_group_reads_its_packages_and_no_panel_s(
    group: Herefordshire,
) -> None:
    release = out(group)
    analyst = group.actors["analyst"]
    _, token = group.register.do(analyst, tokens.make, GROUP, "Invented program", 30)
    _, other = group.register.do(analyst, tokens.make, "herefordshire-cdop", "Another", 30)
    mine, theirs = (tokens.reader(group.register, each) for each in (token, other))
    text = group.register.do(mine, released.table_file, release.id, "referred-by-board")
    assert text.startswith("year,years_pooled,population,board")
    assert group.register.do(theirs, released.published) == []


def test_what_two_groups_released_that_a_third_took_over_is_held_against_each(
    county: Herefordshire,
) -> None:
    """One counts what the other does not, and the third both: whoever has two has the other."""
    with county.register.work(MAKER) as work:
        both = [county[GROUP], county["worcestershire-jcr"]]
        county.ids["marches-jcr"] = service.merge(
            work, "marches-jcr", "Marches JCR", both, date(2019, 9, 29)
        )
    wanted = ("worcestershire-jcr", "marches-jcr", "hampshire-jcr")
    with county.register.work(MAKER) as work:
        county.ids["hampshire-jcr"] = found(
            work, "hampshire-jcr", Kind.GROUP, "Hampshire JCR", date(2006, 4, 1)
        )
    ids = [pretended(county, slug) for slug in wanted]
    mine = drafted(county)
    with county.register.reading(MAKER) as work:
        before = releases_before(work, work.session.get_one(Release, mine.id))
    assert {each.id for each in before} == set(ids[:2])


def pretended(county: Herefordshire, slug: str) -> UUID:
    """Draft a release that has gone out, as far as others are held against it."""
    release = desk.drafted(county, who=MAKER, at=slug)
    with county.register.work(MAKER) as work:
        found_ = work.session.get_one(Release, release.id)
        found_.state, found_.package = "released", b""
        found_.approved_by, found_.built_by = "another", "tests"
    return release.id
