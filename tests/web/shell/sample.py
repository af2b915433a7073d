"""A noun that exists in tests only: a form with every kind of field, and a page of every part."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

from fastapi import APIRouter, FastAPI, Request, Response
from jinja2 import ChoiceLoader, FileSystemLoader
from pydantic import model_validator

from cdop.errors import Denied, Invalid, NotFound, Refused
from cdop.web.deps import CurrentActor, requires, signed_in
from cdop.web.forms import Bound, Form, PostedForm, ask, bind, blank
from cdop.web.showing import Due, Event
from cdop.web.templating import go, render

USERNAME, ANALYST, PASSWORD = "imogen.invented", "ada.analyst", "a long invented password"
TODAY = date(2014, 3, 5)
router = APIRouter()


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "not-known"


class FactorLine(Form):
    domain: str = ask("the domain of the factor")
    note: str | None = ask("the note", None, max_length=20)


class Notice(Form):
    given_names: str | None = ask("the child's given names", None, max_length=50)
    nhs_number: str = ask(
        "the NHS number", missing="Enter the NHS number, or say why there is none"
    )
    born_on: date = ask("the date of birth")
    died_on: date = ask("the date of death")
    died_at: time | None = ask("the time of death", None)
    weight: int | None = ask("the weight in grams", None, ge=200, le=150_000)
    sex: Sex = ask("the child's sex")
    places: list[str] = ask("at least one place")
    area: str | None = ask("an area", None)
    account: str | None = ask("the account", None)
    confirmed: bool = ask("that you have checked it", False)
    factors: list[FactorLine] = ask("the factors", [])

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.died_on < self.born_on:
            raise Invalid({"died_on": "The date of death must not be before the date of birth"})
        return self


SEXES = ((Sex.FEMALE, "Female"), (Sex.MALE, "Male"), None, (Sex.UNKNOWN, "Not known"))
PLACES = (("home", "Home"), ("hospital", "Hospital"), ("road", "Road"))
AREAS = (("north", "North Inventedshire"), ("south", "South Inventedshire"))


@dataclass(frozen=True)
class NoticePage:
    form: Bound[Notice]
    sexes: tuple[object, ...] = SEXES
    places: tuple[object, ...] = PLACES
    areas: tuple[object, ...] = AREAS


@dataclass(frozen=True)
class PartsPage:
    dues: tuple[Due, ...]
    events: tuple[Event, ...]


@router.get("/sample/form", dependencies=[requires("deaths:case:read")])
def form(request: Request) -> Response:
    return render(request, "sample/form.html", NoticePage(blank(Notice)), block="form")


@router.post("/sample/form", dependencies=[requires("deaths:case:read")])
def send(request: Request, posted: PostedForm) -> Response:
    bound = bind(Notice, posted)
    if bound.model:
        if bound.model.nhs_number == "taken":
            bound = bound.refused(Invalid({"nhs_number": "Another case has this number"}))
        else:
            return go(request, "/sample/parts")
    return render(request, "sample/form.html", NoticePage(bound), block="form", status=422)


@router.get("/sample/parts", dependencies=[signed_in()])
def parts(request: Request) -> Response:
    dues = (
        Due(TODAY - timedelta(days=3), TODAY, "statutory", "Children Act 2004, section 16Q"),
        Due(TODAY, TODAY, "expected", "Working Together to Safeguard Children 2013, chapter 5"),
        Due(date(2014, 3, 10), TODAY, "local", "Panel protocol", week=True),
        Due(date(2014, 9, 1), TODAY),
    )
    events = (
        Event(datetime(2014, 3, 1, 9, 30).astimezone(), "Death notified", by="Imogen Invented"),
        Event(TODAY, "Report asked for", "From the invented hospital trust"),
    )
    return render(request, "sample/parts.html", PartsPage(dues, events))


@router.get("/sample/fails/{how}", dependencies=[signed_in()])
def fail(how: str, actor: CurrentActor) -> Response:
    match how:
        case "refused":
            raise Refused("The panel has already met, so the agenda is closed.")
        case "denied":
            raise Denied("deaths:case:read")
        case "invalid":
            raise Invalid({"x": "Enter something else"})
        case "broken":
            secret = f"{actor.name} canary-of-a-child"
            raise ValueError(secret)
    raise NotFound


@router.get("/sample/number/{number}", dependencies=[signed_in()])
def number(number: int) -> Response:
    return Response(str(number))


def add_to(app: FastAPI) -> FastAPI:
    """Add the sample's routes and templates to an app."""
    env = app.state.templates
    loader = ChoiceLoader([env.loader, FileSystemLoader(Path(__file__).parent / "templates")])
    app.state.templates = env.overlay(loader=loader)
    app.include_router(router)
    return app
