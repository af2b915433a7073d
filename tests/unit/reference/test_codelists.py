"""What the lists say on a day, as the public documents say it."""

from datetime import date

import pytest

from cdop.reference import codelist, codelist_edition, era_on, form_edition
from cdop.reference.derive import AGE_BANDS
from cdop.reference.loading import NotInForce

IN_2013 = date(2013, 6, 1)
IN_2020 = date(2020, 6, 1)


@pytest.mark.parametrize(
    ("day", "era"),
    [
        (date(2008, 4, 1), "E1"),
        (date(2010, 3, 31), "E1"),
        (date(2010, 4, 1), "E2"),
        (date(2019, 9, 28), "E2"),
        (date(2019, 9, 29), "E3"),
    ],
)
def test_an_era_begins_and_ends_on_its_day(day: date, era: str) -> None:
    assert era_on(day) == era
    assert codelist("relevance", day).edition == era


def test_no_era_before_the_duty_to_review() -> None:
    with pytest.raises(NotInForce):
        era_on(date(2008, 3, 31))


def test_the_three_relevance_scales_stay_apart() -> None:
    assert codelist_edition("relevance", "E1").codes() == ("0", "1", "1*", "2", "3")
    assert codelist_edition("relevance", "E2").codes() == ("0", "1", "2", "3")
    assert codelist_edition("relevance", "E3").codes() == ("0", "1", "2")
    assert codelist_edition("relevance", "E1").label("1") == "No factors identified"
    assert "unlikely to have contributed" in codelist_edition("relevance", "E2").label("1")


def test_preventable_and_modifiable_share_only_the_answer_that_information_is_inadequate() -> None:
    preventable = set(codelist_edition("modifiable", "E1").codes())
    modifiable = set(codelist_edition("modifiable", "E2").codes())
    assert preventable & modifiable == {"inadequate"}


def test_there_are_ten_categories_and_the_third_changes_its_words_in_the_third_era() -> None:
    for era in ("E1", "E2", "E3"):
        assert codelist_edition("category", era).codes() == tuple(map(str, range(1, 11)))
    assert codelist_edition("category", "E2").label("3") == "Trauma and other external factors"
    assert (
        codelist_edition("category", "E3")
        .label("3")
        .endswith("medical/surgical complications/error")
    )
    changed = [
        code
        for code in codelist_edition("category", "E2").codes()
        if codelist_edition("category", "E2").item(code)
        != codelist_edition("category", "E3").item(code)
    ]
    assert changed == ["3"]


def test_sudden_death_in_epilepsy_belongs_to_category_five() -> None:
    category = form_edition("analysis", "E3").list("category")
    assert "sudden unexpected death in epilepsy" in category.item("5").includes
    assert "epilepsy" in category.item("10").excludes


def test_not_stated_and_not_known_ethnicity_are_two_answers() -> None:
    ethnicity = codelist("ethnicity", IN_2013)
    assert ethnicity.label("Z") == "Not stated"
    assert ethnicity.label("99") == "Not known"


@pytest.mark.parametrize(
    ("edition", "size", "chinese"),
    [("2001", 16, "other"), ("2011", 18, "asian"), ("2021", 19, "asian")],
)
def test_ethnicity_has_its_known_size_and_chinese_moves_in_2011(
    edition: str, size: int, chinese: str
) -> None:
    ethnicity = codelist_edition("ethnicity", edition)
    assert len(set(ethnicity.codes()) - {"Z", "99"}) == size
    assert ethnicity.group("R") == chinese
    groups = ethnicity.groups()
    assert groups is not None
    assert groups.codes() == ("white", "mixed", "asian", "black", "other", "not-known")


def test_a_missing_answer_has_five_different_reasons() -> None:
    assert codelist("missing-answers", IN_2013).codes() == (
        "not-known",
        "not-yet-issued",
        "not-applicable",
        "refused",
        "not-yet-asked",
    )


def test_the_age_bands_are_those_that_are_derived() -> None:
    assert codelist("age-bands", IN_2013).codes() == (*AGE_BANDS, "not-known")


def test_a_review_kind_keeps_its_code_and_takes_the_name_of_its_day() -> None:
    assert codelist("review-kinds", IN_2013).label("dhr") == "Domestic Homicide Review"
    assert codelist("review-kinds", date(2024, 5, 24)).item("dhr").short == "DARDR"
    assert codelist("review-kinds", date(2015, 3, 31)).label("sar") == "Adult Serious Case Review"
    assert codelist("review-kinds", date(2015, 4, 1)).label("sar") == "Safeguarding Adults Review"


def test_a_closed_kind_is_no_longer_offered_but_can_still_be_read() -> None:
    kinds = codelist("review-kinds", IN_2020)
    assert "scr" not in kinds
    assert kinds.label("scr") == "Serious Case Review"
    assert "scr" in codelist("review-kinds", date(2019, 9, 28))
    assert "rapid-review" not in codelist("review-kinds", IN_2013)
    assert "rapid-review" in kinds


def test_a_board_is_offered_only_the_reviews_it_can_hold() -> None:
    common = (
        "independent-multi-agency",
        "internal-multi-agency",
        "single-agency",
        "criteria-not-met",
    )
    kinds = codelist("review-kinds", IN_2013)
    assert [code for code, _ in kinds.choices("children")] == ["scr", *common]
    assert [code for code, _ in kinds.choices("adults")] == ["sar", *common]
    assert [code for code, _ in kinds.choices("community-safety")] == ["dhr", *common]
