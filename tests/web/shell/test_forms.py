"""What a person types becomes a model, or sentences beside the fields they belong to."""

from datetime import date, time
from typing import Any
from uuid import UUID

import pytest
from starlette.exceptions import HTTPException

from cdop.errors import Invalid
from cdop.web.forms import Bound, Form, Posted, ask, bind, blank
from tests.web.shell.sample import FactorLine, Notice, Sex

RIGHT = {
    "given_names": "Robin",
    "nhs_number": "999 000 0018",
    "born_on-day": "1",
    "born_on-month": "2",
    "born_on-year": "2014",
    "died_on-day": "03",
    "died_on-month": "03",
    "died_on-year": "2014",
    "sex": "female",
    "places": "home",
}


def typed(**changes: Any) -> Bound[Notice]:
    """Bind the right form with some fields changed; None leaves a field out."""
    fields = {**RIGHT, **{name.replace("__", "-"): value for name, value in changes.items()}}
    kept = {k: v for k, v in fields.items() if v is not None}
    return bind(Notice, posted(kept))


def posted(fields: dict[str, Any]) -> Posted:
    return Posted({k: v if isinstance(v, tuple) else (v,) for k, v in fields.items()})


def test_a_right_form_becomes_a_model():
    bound = typed(died_at="14:30", weight="3200", confirmed="yes", places=("home", "road"))
    assert bound.errors == {}
    assert bound.model == Notice(
        given_names="Robin",
        nhs_number="999 000 0018",
        born_on=date(2014, 2, 1),
        died_on=date(2014, 3, 3),
        died_at=time(14, 30),
        weight=3200,
        sex=Sex.FEMALE,
        places=["home", "road"],
        confirmed=True,
    )


def test_what_is_left_empty_is_absent():
    bound = typed(given_names="  ", account="", area="")
    assert bound.model is not None
    assert bound.model.given_names is None
    assert bound.model.account is None
    assert bound.model.confirmed is False


@pytest.mark.parametrize(
    ("changes", "name", "sentence"),
    [
        ({"nhs_number": ""}, "nhs_number", "Enter the NHS number, or say why there is none"),
        ({"sex": None}, "sex", "Select the child's sex"),
        ({"sex": "other"}, "sex", "Select the child's sex"),
        ({"places": None}, "places", "Select at least one place"),
        ({"weight": "heavy"}, "weight", "The weight in grams must be a whole number"),
        ({"weight": "12"}, "weight", "The weight in grams must be 200 or more"),
        ({"weight": "9" * 5000}, "weight", "The weight in grams must be a whole number"),
        ({"died_at": "noon"}, "died_at", "The time of death must be a time, such as 14:30"),
        (
            {"given_names": "R" * 51},
            "given_names",
            "The child's given names must be 50 characters or fewer",
        ),
        (
            {"died_on__day": "1", "died_on__month": "1"},
            "died_on",
            "The date of death must not be before the date of birth",
        ),
    ],
)
def test_each_fault_has_its_sentence(changes: dict[str, str], name: str, sentence: str):
    bound = typed(**changes)
    assert bound.model is None
    assert bound.errors == {name: sentence}


@pytest.mark.parametrize(
    ("day", "month", "year", "sentence"),
    [
        ("", "", "", "Enter the date of death"),
        ("3", "", "2014", "The date of death must include a month"),
        ("3", "", "", "The date of death must include a month and a year"),
        ("31", "2", "2014", "The date of death must be a real date"),
        ("x", "2", "2014", "The date of death must be a real date"),
        ("٣", "2", "2014", "The date of death must be a real date"),
        ("-1", "2", "2014", "The date of death must be a real date"),
        ("3", "2", "14", "The year of the date of death must have 4 numbers"),
        ("3", "2", "0000", "The date of death must be a real date"),
    ],
)
def test_a_date_that_is_none_is_told_and_kept(day: str, month: str, year: str, sentence: str):
    bound = typed(died_on__day=day, died_on__month=month, died_on__year=year)
    assert bound.errors == {"died_on": sentence}
    assert (bound.value("died_on-day"), bound.value("died_on-year")) == (day, year)


def test_no_rule_across_fields_runs_on_a_date_that_is_none():
    assert typed(born_on__day="31").errors == {"born_on": "The date of birth must be a real date"}


def test_errors_come_in_the_order_of_the_form():
    bound = typed(sex=None, born_on__day="31", nhs_number="", weight="x")
    assert list(bound.errors) == ["nhs_number", "born_on", "weight", "sex"]


def test_repeated_lines_keep_their_numbers_and_empty_ones_fall_out():
    lines = {
        "factors__0__domain": "",
        "factors__0__note": " ",
        "factors__2__domain": "",
        "factors__2__note": "n" * 21,
        "factors__5__domain": "home",
    }
    bound = typed(**lines)
    assert bound.errors == {
        "factors-2-domain": "Enter the domain of the factor",
        "factors-2-note": "The note must be 20 characters or fewer",
    }
    assert bound.lines("factors") == [0, 2, 5]
    right = typed(factors__5__domain="home")
    assert right.model is not None
    assert right.model.factors == [FactorLine(domain="home")]


def test_a_field_that_the_form_does_not_have_is_refused():
    for extra in ({"admin": "yes"}, {"factors-0-admin": "yes"}, {"factors-x-domain": "a"}):
        with pytest.raises(HTTPException) as caught:
            bind(Notice, posted({**RIGHT, **extra}))
        assert caught.value.status_code == 400


def test_a_single_field_sent_twice_is_refused():
    with pytest.raises(HTTPException):
        typed(sex=("female", "male"))


def test_a_line_number_out_of_measure_is_refused():
    with pytest.raises(HTTPException):
        typed(factors__99999__domain="a")


def test_a_refusal_of_the_service_stands_on_its_field_with_what_was_typed():
    bound = typed().refused(Invalid({"nhs_number": "Another case has this number"}))
    assert bound.model is None
    assert bound.error("nhs_number") == "Another case has this number"
    assert bound.value("given_names") == "Robin"


def test_the_summary_leads_to_an_input_that_is_there():
    bound = typed()
    assert bound.anchor("died_on") == "died_on-day"
    assert bound.anchor("sex") == "sex"
    assert bound.anchor("factors-3-domain") == "factors-3-domain"
    assert bound.anchor("") is None


def test_what_is_kept_fills_the_form_and_comes_back_the_same():
    model = typed(died_at="09:05", factors__0__domain="home", confirmed="yes").model
    assert model is not None
    again = bind(Notice, Posted(blank(Notice, model).values))
    assert again.model == model


def test_what_was_typed_is_in_no_representation():
    bound = typed(given_names="Canaryname")
    for thing in (bound, posted({"given_names": "Canaryname"})):
        assert "Canaryname" not in repr(thing)


def test_an_organisation_is_selected_not_typed():
    class Choice(Form):
        organisation: UUID = ask("an organisation")

    assert bind(Choice, posted({"organisation": ""})).errors == {
        "organisation": "Select an organisation"
    }
    assert bind(Choice, posted({"organisation": "x"})).errors == {
        "organisation": "Select an organisation"
    }
