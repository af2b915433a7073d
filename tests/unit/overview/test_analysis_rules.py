"""The analysis form's rules as truth tables: the three editions, contradictions, hierarchy."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cdop.overview import rules
from cdop.overview.answers import NONE, OTHER, RETURN_FACTS, Draft, Line
from cdop.reference import form

E1, E2, E3 = (form("analysis", date(year, 6, 1)) for year in (2009, 2014, 2026))

SLEEP = Line("C", "unsafe-sleep", "2", "yes")
SMOKING = Line("A", "smoking-pregnancy", "2", "no")
SILENT = (Line("B", NONE, "1", "no"), Line("D", NONE, "0", "no"))
WHOLE = Draft("10", (), "yes", (SLEEP, SMOKING, *SILENT))
OLD = Draft("9", (), "yes", tuple(Line(d, NONE, "1") for d in ("child", "family", "parenting")))


def blocking(draft, form_):
    return [f.field for f in rules.findings(draft, form_) if f.blocks]


def warnings(draft, form_):
    return [f.field for f in rules.findings(draft, form_) if not f.blocks]


def test_a_whole_answer_has_no_findings():
    assert rules.findings(WHOLE, E3) == ()
    assert rules.is_complete(WHOLE, E3)


@pytest.mark.parametrize("missing", ["category", "modifiable"])
def test_what_every_form_asks_must_be_answered_before_sign_off(missing):
    assert blocking(replace(WHOLE, **{missing: None}), E3) == [missing]


@pytest.mark.parametrize(
    ("answer", "mark", "agree"),
    [
        ("yes", "yes", True),
        ("yes", "no", False),
        ("no", "yes", False),
        ("no", "no", True),
        ("inadequate", "yes", False),
        ("inadequate", "no", True),
    ],
)
def test_the_answer_for_the_case_and_the_marks_on_its_lines_must_agree(answer, mark, agree):
    lines = (replace(SLEEP, modifiable=mark), SMOKING, *SILENT)
    assert (blocking(replace(WHOLE, modifiable=answer, lines=lines), E3) == []) is agree


@pytest.mark.parametrize(
    ("primary", "secondary", "warned"),
    [
        ("10", (), False),
        ("5", ("9",), False),
        ("9", ("5",), True),
        ("10", ("2",), True),
        ("2", ("10",), False),
        ("5", ("9", "3"), True),
    ],
)
def test_a_secondary_category_higher_in_the_list_warns_and_never_blocks(primary, secondary, warned):
    draft = replace(WHOLE, category=primary, secondary=secondary)
    assert (warnings(draft, E3) == ["secondary"]) is warned
    assert blocking(draft, E3) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (Line("C", "housing"), "how relevant"),
        (Line("C", OTHER, "2", "no", " "), "describe"),
        (Line("C", NONE, "2", "no"), "cannot have contributed"),
        (Line("C", NONE, "1", "yes"), "cannot be modifiable"),
    ],
)
def test_an_unfinished_line_may_be_saved_but_not_signed_off(line, words):
    draft = replace(WHOLE, lines=(SLEEP, line, SMOKING, *SILENT))
    assert rules.faults(draft, E3) == {}
    sentence = next(f.sentence for f in rules.findings(draft, E3) if f.blocks)
    assert sentence.startswith("Factor 2")
    assert words in sentence


def test_a_domain_without_a_line_is_named():
    draft = replace(WHOLE, lines=(SLEEP, SMOKING, SILENT[0]))
    (finding,) = rules.findings(draft, E3)
    assert finding.sentence.startswith("Nothing is recorded for Domain D: Service provision.")
    assert not finding.blocks


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft(category="11"), "category"),
        (Draft(modifiable="preventable"), "modifiable"),
        (Draft(category="3", secondary=("3",)), "secondary"),
        (Draft(secondary=("4", "4")), "secondary"),
        (Draft(secondary=("eleven",)), "secondary"),
        (Draft(lines=(Line("C", "smoking-pregnancy", "1"),)), "lines-0-factor"),
        (Draft(lines=(Line("Z", OTHER, "1"),)), "lines-0-factor"),
        (Draft(lines=(SLEEP, replace(SMOKING, relevance="3"))), "lines-1-factor"),
        (Draft(lines=(SLEEP, replace(SLEEP, relevance="1"))), "lines-1-factor"),
        (Draft(lines=(replace(SLEEP, modifiable="perhaps"),)), "lines-0-factor"),
    ],
)
def test_an_answer_that_the_form_lacks_cannot_even_be_saved(draft, field):
    assert list(rules.faults(draft, E3)) == [field]


def test_several_other_factors_may_stand_in_one_domain():
    lines = (Line("B", OTHER, "1", "no", "one"), Line("B", OTHER, "2", "no", "another"))
    assert rules.faults(Draft(lines=lines), E3) == {}


@pytest.mark.parametrize(
    ("form_", "answer", "offered"),
    [
        (E1, "preventable", True),
        (E1, "yes", False),
        (E2, "yes", True),
        (E2, "potentially-preventable", False),
        (E3, "yes", True),
    ],
)
def test_each_edition_asks_its_own_question(form_, answer, offered):
    assert ("modifiable" not in rules.faults(Draft(modifiable=answer), form_)) is offered


@pytest.mark.parametrize(
    ("form_", "grade", "offered"),
    [(E1, "1*", True), (E2, "1*", False), (E2, "3", True), (E3, "3", False), (E3, "0", True)],
)
def test_each_edition_grades_on_its_own_scale(form_, grade, offered):
    domain = form_.list("domains").codes()[0]
    assert (rules.faults(Draft(lines=(Line(domain, OTHER, grade),)), form_) == {}) is offered


def test_earlier_forms_have_one_category_and_no_marks_on_lines():
    lines = (Line("family", "co-sleeping", "2", "yes"),)
    assert list(rules.faults(Draft("9", ("10",), "yes", lines), E2)) == [
        "secondary",
        "lines-0-factor",
    ]


def test_on_earlier_forms_modifiable_without_a_contributing_factor_only_warns():
    silent = replace(OLD, lines=(*OLD.lines, Line("service", NONE, "1")))
    assert (blocking(silent, E2), warnings(silent, E2)) == ([], ["modifiable"])
    graded = replace(OLD, lines=(*OLD.lines, Line("service", "access-to-care", "2")))
    assert rules.findings(graded, E2) == ()


def test_a_draft_of_another_edition_cannot_be_signed_off_as_it_stands():
    assert blocking(OLD, E3) == ["lines", "lines", "lines"]


@pytest.mark.parametrize(("day", "may"), [(19, True), (20, True), (21, False)])
def test_a_review_is_signed_off_on_the_day_of_the_meeting_or_later(day, may):
    refusal = rules.sign_off_refusal(date(2026, 11, day), date(2026, 11, 20))
    assert (refusal is None) is may


@pytest.mark.parametrize("name", RETURN_FACTS)
def test_what_the_national_return_counts_is_a_code_or_open(name: str) -> None:
    answered: Any = {name: "typed"}
    assert rules.faults(WHOLE, E3) == {}
    assert rules.faults(replace(WHOLE, **answered), E3) == {name: "Select an answer from the list"}
