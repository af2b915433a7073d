"""A year's exact figures: three populations kept apart, from coded columns, within scope."""

from datetime import date

import pytest
from sqlalchemy import event
from sqlmodel import select

from cdop.deaths.models import Death
from cdop.errors import Denied, Invalid, NotFound, Refused
from cdop.organisations import service
from cdop.organisations.queries import by_slug
from cdop.overview.models import Factor, Review
from cdop.security.sealing import Sealed, sealed_columns
from cdop.statistics import counting, whose
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.records import deaths
from tests.deaths import AFTER, BEFORE, REVIEW_DAY, YEAR, add_death
from tests.factories import MAKER, Herefordshire
from tests.panels import audited

PANEL = "herefordshire-cdop"
MERGED = date(2019, 9, 29)


def exact(county: Herefordshire, actor: str = "analyst", year: str = YEAR) -> counting.ExactYear:
    return county.register.do(county.actors[actor], counting.exact_year, PANEL, year)


def test_the_published_year_is_counted(published: Herefordshire) -> None:
    """11 died, 5 reviewed: 3 male, 2 female, 1 with modifiable factors."""
    found = exact(published)
    figures = found.figures
    assert figures["died-by-age", (TOTAL,)] == 11
    assert figures["notified-by-age", (TOTAL,)] == 10
    assert [figures["reviewed-by-sex", (code,)] for code in (TOTAL, "male", "female")] == [5, 3, 2]
    assert figures["reviewed-by-modifiable", ("yes",)] == 1
    assert figures["reviewed-by-category-and-modifiable", ("10", "yes")] == 1
    assert figures["reviewed-by-category-and-modifiable", ("8", TOTAL)] == 2
    assert found.name == "Herefordshire CDOP"


def test_the_total_of_deaths_agrees_with_the_list_of_cases(published: Herefordshire) -> None:
    figures = exact(published).figures
    with published.register.reading(MAKER) as work:
        listed = work.session.exec(select(Death).where(Death.died_year == YEAR)).all()
    assert figures["died-by-sex", (TOTAL,)] == len(listed)


def test_died_notified_and_reviewed_are_three_populations(county: Herefordshire) -> None:
    """One death in each corner: only its own tables count it."""
    panel = county[PANEL]
    with county.register.work(MAKER) as work:
        add_death(work, panel, notified=AFTER)
        add_death(work, panel, died=BEFORE, notified=date(2013, 4, 1))
        add_death(work, panel, died=BEFORE, reviewed=REVIEW_DAY)
        add_death(work, panel, died=AFTER)
        add_death(work, panel, died=BEFORE, reviewed=AFTER)
    figures = exact(county).figures
    totals = [figures[f"{p}-by-age", (TOTAL,)] for p in ("died", "notified", "reviewed")]
    assert totals == [1, 1, 1]
    assert figures["reviewed-by-year-of-death", ("earlier",)] == 1
    assert figures["died-by-review", ("not-reviewed",)] == 1


def test_joined_and_out_of_scope_cases_are_in_no_table(published: Herefordshire) -> None:
    before = exact(published).figures
    with published.register.work(MAKER) as work:
        add_death(work, published[PANEL], status="out-of-scope")
        add_death(work, published[PANEL], status="joined")
    assert exact(published).figures == before


def test_a_year_without_deaths_is_all_zeros(county: Herefordshire) -> None:
    assert set(exact(county).figures.values()) == {0}


def test_a_panel_counts_the_deaths_of_the_panel_whose_place_it_took(
    published: Herefordshire,
) -> None:
    with published.register.work(MAKER) as work:
        new = service.merge(work, "marches-cdop", "Marches CDOP", [published[PANEL]], MERGED)
    with published.register.reading(MAKER) as work:
        mine = counting.counts(work, new, YEAR)
        old = counting.counts(work, published[PANEL], YEAR)
        other = counting.counts(work, published["worcestershire-cdop"], YEAR)
    assert len(mine) == len(old) == 11
    assert other.empty


def test_nothing_sealed_is_selected(published: Herefordshire) -> None:
    sealed = {
        f"{table.__tablename__}.{name}"
        for table in (Death, Review)
        for name in sealed_columns(table)
        if issubclass(table, Sealed)
    }
    asked: list[str] = []
    event.listen(
        published.register.engine, "before_cursor_execute", lambda *call: asked.append(call[2])
    )
    with published.register.reading(MAKER) as work:
        counting.counts(work, published[PANEL], YEAR)
    assert any("deaths.age_band" in statement for statement in asked)
    assert not [name for name in sealed if any(name in statement for statement in asked)]


def test_exact_figures_are_audited(published: Herefordshire) -> None:
    exact(published)
    (line,) = audited(published.register, counting.READ)
    assert line.actor == "analyst"
    assert line.organisation_id == published[PANEL]
    assert line.detail == {"report": "annual", "year": YEAR, "pooled": 1}


def test_without_the_permission_or_out_of_scope_there_are_no_figures(
    published: Herefordshire,
) -> None:
    with pytest.raises(Denied):
        exact(published, "panel-member")
    with pytest.raises(NotFound):
        exact(published, "neighbour")
    with pytest.raises(Invalid):
        exact(published, year="2013")


def test_an_answer_that_no_row_counts_stops_the_tables(published: Herefordshire) -> None:
    with published.register.work(MAKER) as work:
        add_death(work, published[PANEL], age="18-or-over")
    with pytest.raises(Refused, match="died-by-age"):
        exact(published)


def test_the_panel_of_a_board_is_found_for_a_year(county: Herefordshire) -> None:
    with county.register.reading(MAKER) as work:
        for slug in ("herefordshire", "herefordshire-area", "herefordshire-adults", PANEL):
            assert whose.resolve(work.session, slug, YEAR) == county[PANEL]
        with pytest.raises(NotFound):
            whose.resolve(work.session, "herefordshire", "2001-02")
        with pytest.raises(NotFound):
            whose.resolve(work.session, "nowhere", YEAR)


def test_years_and_panels_in_scope_are_listed(published: Herefordshire) -> None:
    with published.register.reading(published.actors["analyst"]) as work:
        assert [each.slug for each in whose.reached(work)] == [PANEL, "herefordshire-jcr"]
        assert [each.slug for each in whose.reached(work, kinds=whose.PANELS)] == [PANEL]
        assert whose.years(work, by_slug(work.session, PANEL)) == ["2014-15", "2013-14"]


def test_every_table_of_a_population_has_its_total(published: Herefordshire) -> None:
    """Those for internal use too; what was not answered has a row of its own."""
    found = exact(published)
    totals = {"died": 11, "notified": 10, "reviewed": 5}
    for table in found.tables.every:
        cells = {key: n for (code, key), n in found.figures.items() if code == table.code}
        assert cells[(TOTAL,) * len(table.by)] == totals[table.population], table.code
        assert sum(n for key, n in cells.items() if TOTAL not in key) == totals[table.population]
    assert found.figures["reviewed-by-event", ("not-recorded",)] == 5
    assert found.figures["died-by-place", ("home",)] == 11


def test_what_the_panel_answered_is_counted(published: Herefordshire) -> None:
    with published.register.work(MAKER) as work:
        review = work.session.exec(select(Review)).first()
        review.event, review.social_care = "sudi", "plan-current"
    figures = exact(published).figures
    assert figures["reviewed-by-event", ("sudi",)] == 1
    assert figures["reviewed-by-social-care", ("plan-current",)] == 1
    assert figures["reviewed-by-statutory-order", ("not-recorded",)] == 5


def test_a_review_is_counted_once_in_each_domain_of_its_factors(published: Herefordshire) -> None:
    """Whatever the number of its factors there, and only where one may have contributed."""
    told = [("child", "2", ""), ("child", "3", ""), ("service", "2", "yes"), ("family", "1", "")]
    with published.register.work(MAKER) as work:
        query = select(Review).where(Review.category == "10")
        review = work.session.exec(query).one()
        for position, (domain, relevance, modifiable) in enumerate(told):
            work.session.add(
                Factor(
                    review_id=review.id,
                    position=position,
                    domain=domain,
                    factor="other",
                    relevance=relevance,
                    modifiable=modifiable,
                )
            )
    found = exact(published)
    contributed = [found.figures[f"reviewed-by-factors-{d}", ("contributed",)] for d in "abcd"]
    assert contributed == [1, 0, 0, 1]
    assert found.figures["reviewed-by-factors-a", ("none",)] == 4
    with published.register.reading(MAKER) as work:
        records = counting.counts(work, published[PANEL], YEAR)
        assert records.factors.dropna().tolist() == ["child service*"]
        late = deaths.described(records, "2021-22")
    assert set(late.modifiable_d.dropna()) <= {"none"}  # nobody is reviewed in that year


def test_pooled_years_count_each_death_once(published: Herefordshire) -> None:
    """A death of one year that is reviewed in the next is one death of the pool."""
    with published.register.work(MAKER) as work:
        add_death(work, published[PANEL], died=BEFORE, reviewed=REVIEW_DAY)
    pooled = published.register.do(
        published.actors["analyst"], counting.exact_year, PANEL, YEAR, pooled=2
    ).figures
    assert (pooled["died-by-age", (TOTAL,)], pooled["reviewed-by-age", (TOTAL,)]) == (12, 6)
    assert pooled["reviewed-by-year-of-death", ("earlier",)] == 1
    assert exact(published).figures["died-by-age", (TOTAL,)] == 11
