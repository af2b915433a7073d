"""Loaded figures: kept once, asked by area and year, and never of another year."""

import json
from datetime import date

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from cdop.cli import app
from cdop.deaths.models import Death
from cdop.deaths.service import rederiving
from cdop.deaths.service.notifying import notify
from cdop.errors import Denied, Invalid, Refused
from cdop.reference_files.models import ReferenceFile
from cdop.reference_files.reading import AGES
from cdop.reference_files.service import Denominator, denominator, listing, load
from cdop.security.models import AuditEntry
from cdop.statistics.contents import Cells, rates
from cdop.statistics.denominators import denominators, rate_denominators
from cdop.statistics.year_tables import year_tables
from tests.factories import MAKER, Herefordshire, child, told
from tests.panels import audited

HEAD = """# kind: {kind}
# edition: {edition}
# title: Invented figures
# source: Invented for a test
# published: {published}
# valid_from: 2006-04-01
"""
AREAS = ["herefordshire-area", "worcestershire-area"]


def file(rows: str, kind: str = "population", edition: str = "1", published: str = "2014-06-26"):
    return (HEAD.format(kind=kind, edition=edition, published=published) + rows).encode()


POPULATION = file(
    "area,year,sex,count\n"
    "herefordshire-area,2013-14,male,18500\nherefordshire-area,2013-14,female,17600\n"
    "worcestershire-area,2013-14,male,60000\nworcestershire-area,2013-14,female,58000\n"
)


def loaded(county: Herefordshire, content: bytes) -> ReferenceFile:
    return county.register.do(county.actors["analyst"], load, content)


def test_a_denominator_is_of_the_areas_and_the_year(county: Herefordshire) -> None:
    loaded(county, POPULATION)
    with county.register.reading(county.actors["analyst"]) as work:
        one = denominator(work.session, "population", AREAS[:1], "2013-14")
        assert one == Denominator(36100, "1", "Invented for a test")
        males = denominator(work.session, "population", AREAS, "2013-14", {"sex": ["male"]})
        assert males.count == 78500


@pytest.mark.parametrize(
    ("kind", "areas", "year", "where", "said"),
    [
        ("population", AREAS, "2012-13", {}, "population of 2012-13"),
        ("population", [*AREAS, "elsewhere"], "2013-14", {}, "of 2013-14 for each area"),
        ("population", AREAS, "2013-14", {"age_band": ["1-4-years"]}, "by age_band of 2013-14"),
        ("live-births", AREAS, "2013-14", {}, "live-births of 2013-14"),
    ],
)
def test_a_denominator_that_is_missing_is_said(
    county: Herefordshire, kind, areas, year, where, said
) -> None:
    loaded(county, POPULATION)
    with (
        county.register.reading(county.actors["analyst"]) as work,
        pytest.raises(Invalid, match=said) as caught,
    ):
        denominator(work.session, kind, areas, year, where)
    if year == "2012-13":
        assert "There are figures of 2013-14" in str(caught.value)


def test_the_newest_figures_are_taken(county: Herefordshire) -> None:
    loaded(county, POPULATION)
    rows = "area,year,count\nherefordshire-area,2013-14,36000\n"
    loaded(county, file(rows, edition="2", published="2015-06-25"))
    with county.register.reading(county.actors["analyst"]) as work:
        assert denominator(work.session, "population", AREAS[:1], "2013-14").count == 36000
        assert [each.edition for each in listing(work.session)] == ["2", "1"]


def test_a_file_is_loaded_once_and_audited_and_does_not_change(county: Herefordshire) -> None:
    first, again = loaded(county, POPULATION), loaded(county, POPULATION)
    assert again.id == first.id
    with pytest.raises(Refused, match="other figures"):
        loaded(county, POPULATION.replace(b"18500", b"18501"))
    with county.register.reading(county.actors["analyst"]) as work:
        lines = work.session.exec(
            select(AuditEntry).where(AuditEntry.action == "reference:file:load")
        ).all()
        assert [line.subject_id for line in lines] == [first.id]


def test_only_those_who_may_load_a_file(county: Herefordshire) -> None:
    with pytest.raises(Denied):
        county.register.do(county.actors["panel-chair"], load, POPULATION)


def test_a_loaded_look_up_gives_a_death_its_quintile(county: Herefordshire) -> None:
    """The invented look-up says 1 for this postcode; the loaded one is taken instead."""
    loaded(county, file("sector,quintile\nZZ1 1,4\n", "deprivation", edition="invented-2"))
    county.register.do(county.actors["coordinator"], notify, told(county["herefordshire-cdop"]))
    with county.register.reading(county.actors["coordinator"]) as work:
        death = work.session.exec(select(Death)).one()
        assert (death.deprivation, death.derived_by.split()[-1]) == ("4", "deprivation-invented-2")


def test_older_cases_get_a_look_up_that_came_later_and_reviewed_ones_when_asked(
    county: Herefordshire, monkeypatch
) -> None:
    """By parts, so that what was broken off goes on; the edition before is in the audit line."""
    monkeypatch.setattr(rederiving, "PART", 2)
    panel = county["herefordshire-cdop"]
    for seed in (1, 2, 3):
        county.register.do(county.actors["coordinator"], notify, told(panel, child(seed)))
    with county.register.work(MAKER) as work:
        done = work.session.exec(select(Death)).first()
        done.status, done.reviewed_on, done.reviewed_year = (
            "reviewed",
            date(2026, 11, 20),
            "2026-27",
        )
        done_id = done.id
    loaded(county, file("sector,quintile\nZZ1 1,4\n", "deprivation", edition="invented-2"))
    assert rederiving.derive_again(county.register) == 2
    with county.register.reading(MAKER) as work:
        cases = work.session.exec(select(Death)).all()
        found = {(each.id == done_id, each.deprivation) for each in cases}
        assert found == {(True, "1"), (False, "4")}
    assert rederiving.derive_again(county.register) == 0
    assert rederiving.derive_again(county.register, reviewed=True) == 1
    lines = audited(county.register, rederiving.DERIVE)
    assert len(lines) == 3
    assert lines[0].organisation_id == panel
    assert lines[0].detail["now"] == "deprivation-invented-2"
    assert lines[0].detail["before"].startswith("deprivation-")
    with county.register.reading(MAKER) as work:
        (edition,) = {each.derived_by for each in work.session.exec(select(Death)).all()}
        assert edition == "2026-1 deprivation-invented-2"


def test_the_command_loads_and_lists(county: Herefordshire, tmp_path, monkeypatch) -> None:
    figures = tmp_path / "population.csv"
    figures.write_bytes(POPULATION)
    monkeypatch.setattr("cdop.cli.running.open_register", lambda _: county.register)
    run = CliRunner().invoke
    assert run(app, ["reference", "load", str(figures)]).output == "population, 1: 4 rows.\n"
    listed = json.loads(run(app, ["reference", "list", "--json"]).output)
    assert [(each["kind"], each["rows"]) for each in listed] == [("population", "4")]
    figures.write_bytes(POPULATION.replace(b"2013-14,male", b"2013,male"))
    failed = run(app, ["reference", "load", str(figures)])
    assert failed.exit_code == 1
    assert "Row 8: Write a financial year as 2013-14." in failed.output


BY_AGE = "".join(
    f"herefordshire-area,2013-14,{age},{people}\n"
    for age, people in zip(AGES, (1800, 7700, 9400, 9700, 7500), strict=True)
)


def test_a_standardised_rate_has_the_people_of_each_age(county: Herefordshire) -> None:
    """All of them or none: an age that lacks figures, or has those of another year, is said."""
    loaded(county, file("area,year,age_band,count\n" + BY_AGE))
    tables, panel = year_tables("2013-14"), county["herefordshire-cdop"]
    (rate,) = [each for each in tables.rates if each.strata]
    with county.register.reading(county.actors["analyst"]) as work:
        found = rate_denominators(work.session, panel, rate, "2013-14")
        assert [each.count for each in found.values()] == [1800, 7700, 9400, 9700, 7500]
        with pytest.raises(Invalid, match="population by age_band of 2012-13"):
            rate_denominators(work.session, panel, rate, "2013-14", pooled=2)
    codes = ("total", *tables.codes("age_band"))
    cells: Cells = {("died-by-age", (code,)): 6 for code in codes}
    (told_of,) = [each for each in rates(tables, cells, found) if each.definition == rate]
    assert (told_of.count, told_of.denominator.count) == (36, 36100)
    assert told_of.estimate.lower < told_of.estimate.value < told_of.estimate.upper
    (without,) = [each for each in rates(tables, cells, {}) if each.definition == rate]
    assert without.estimate.symbol == "[x]"


def test_a_panel_has_the_denominators_that_are_loaded(county: Herefordshire) -> None:
    loaded(county, POPULATION)
    tables, panel = year_tables("2013-14"), county["herefordshire-cdop"]
    with county.register.reading(county.actors["analyst"]) as work:
        found = denominators(work.session, panel, tables)
        assert {code: each.count for code, each in found.items()} == {
            "deaths-under-18": 36100,
            "deaths-of-boys": 18500,
            "deaths-of-girls": 17600,
        }
        (infants,) = [rate for rate in tables.rates if rate.code == "infant-deaths"]
        with pytest.raises(Invalid, match="live-births of 2013-14"):
            rate_denominators(work.session, panel, infants, "2013-14")
        with pytest.raises(Invalid, match="population of 2012-13"):
            rate_denominators(work.session, panel, tables.rates[0], "2013-14", pooled=2)
