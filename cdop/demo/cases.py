"""Invented deaths on their way through the panel, each step taken as the person who takes it."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from cdop import reference
from cdop.deaths.commands import Child, NewNotification
from cdop.deaths.documents import Circumstances, Identity, Names, Notifier
from cdop.deaths.service import mark_step, notify, write_summary
from cdop.demo.stage import Stage
from cdop.meetings.service import hold, put_on_agenda
from cdop.overview.answers import NONE, Analysis, Draft, Line
from cdop.overview.service import save_draft, sign_off
from cdop.reference import Form, derive, nhs_numbers

STEPS = ("inform-services", "cdrm")
_TREES = ("Alder", "Birch", "Cedar", "Damson", "Elder", "Fir", "Gorse", "Hazel", "Ivy", "Juniper")

# Invented answers for the national return, in keeping with the category of death.
_EVENTS = {
    "1": "apparent-homicide",
    "2": "apparent-suicide",
    "3": "road-traffic",
    "4": "life-limiting",
    "6": "life-limiting",
    "8": "neonatal",
    "10": "sudi",
}
_EXTERNAL = ("1", "2", "3", "10")  # deaths that call for a joint agency response
_SOCIAL_CARE = ("not-known-to-care", "child-in-need", "plan-current", "not-known")
# The factors that are named where a case has modifiable ones: those of the Worcestershire report
# for 2013/14 and of the Analysis form, as far as the edition in force knows them.
_MODIFIABLE = (
    "co-sleeping",
    "unsafe-sleep",
    "smoking-household",
    "smoking-pregnancy",
    "parental-substance-misuse",
    "domestic-abuse",
    "access-to-care",
    "quality-of-service",
    "supervision",
    "road-safety",
)
_BEGINNINGS = {
    "0-27-days": "A baby in the first month of life",
    "28-364-days": "An infant in the first year of life",
    "1-4-years": "A child of nursery age",
    "5-9-years": "A child of primary school age",
    "10-14-years": "A child of secondary school age",
    "15-17-years": "A young person",
}


@dataclass(frozen=True)
class Case:
    """An invented death and what the panel finds; codes are those of the lists of that name.

    `quintile` is the deprivation fifth of the invented postcode; `panel` the slug of the CDOP;
    `seed` makes the NHS number, so that no two cases share one.
    """

    panel: str
    seed: int
    sex: str
    born_on: date
    died_on: date
    notified_on: date
    category: str
    modifiable: str
    ethnicity: str = "A"
    quintile: str = "3"
    place: str = "hospital-other"
    expected: str = "unexpected"
    names: tuple[str, str] = ("", "")

    @property
    def county(self) -> str:
        """Return the slug that the organisations and accounts of this case's panel begin with."""
        return self.panel.removesuffix("-cdop")


@dataclass(frozen=True)
class Crew:
    """The user names of those who take a panel's cases through."""

    coordinator: str
    member: str
    chair: str


def crew_of(county: str) -> Crew:
    """Return who works for a county's panel."""
    if county == "herefordshire":
        return Crew("coordinator", "panel-member", "panel-chair")
    return Crew(f"{county}-coordinator", f"{county}-panel-member", f"{county}-panel-chair")


def child(stage: Stage, case: Case) -> Child:
    """Return the invented child of a case. No postcode district ZZ exists, and no such name."""
    area = stage.ids[f"{case.county}-area"]
    given, family = case.names
    if not family:
        given, family = "Example", f"Testchild-{_TREES[case.seed % len(_TREES)]}"
    return Child(
        names=Names(given=given, family=family),
        identity=Identity(
            nhs_number=nhs_numbers.invented(case.seed),
            born_on=case.born_on,
            died_on=case.died_on,
            address=f"{case.seed % 200 + 1} Invented Lane",
            postcode=f"ZZ{case.quintile} {case.seed % 9 + 1}ZZ",
        ),
        sex=case.sex,
        ethnicity=case.ethnicity,
        expected=case.expected,
        place_of_death=case.place,
        residence_area_id=area,
        death_area_id=area,
    )


def notify_case(stage: Stage, case: Case) -> UUID:
    """Notify a case as its panel's coordinator. Returns the death's id."""
    told = NewNotification(
        cdop_id=stage.ids[case.panel],
        child=child(stage, case),
        circumstances=Circumstances(
            narrative="Invented for the demonstration: " + account(case),
            place_name="Invented Hospital",
        ),
        notifier=Notifier(name="Invented Notifier", role="Consultant", agency="hospital"),
    )
    who = crew_of(case.county).coordinator
    death_id = notify(stage.at(who, case.notified_on), told).death_id
    assert death_id is not None
    return death_id


def summarise(stage: Stage, case: Case, death_id: UUID, day: date) -> None:
    """Write the anonymised summary of a case on a day."""
    write_summary(stage.at(crew_of(case.county).coordinator, day), death_id, account(case))


def prepare(stage: Stage, case: Case, death_id: UUID, day: date) -> None:
    """Do on a day all that must be done before the panel meets: summary, and the steps that run."""
    work = stage.at(crew_of(case.county).coordinator, day)
    running = {clock.code for clock in reference.clocks(case.died_on, starts="death")}
    for step in STEPS:
        if step in running:
            mark_step(work, death_id, step, max(case.notified_on, day - timedelta(days=14)))
    write_summary(work, death_id, account(case))


def put_before_panel(stage: Stage, case: Case, death_id: UUID, day: date) -> None:
    """Put a case on the agenda of the panel's meeting of a day."""
    who = crew_of(case.county).coordinator
    meeting = stage.meeting(case.panel, who, day)
    work = stage.at(who, day - timedelta(days=7))
    put_on_agenda(work, meeting, ("deaths", death_id), "")


def classify(stage: Stage, case: Case, death_id: UUID, day: date) -> int:
    """Save the panel's findings on the day of its meeting. Returns the version saved."""
    work = stage.at(crew_of(case.county).member, day)
    return save_draft(work, death_id, findings(case, reference.form("analysis", day)), 0).version


def review(stage: Stage, cases: Iterable[tuple[Case, UUID]], day: date) -> None:
    """Hold a panel's meeting that reviews these cases, from agenda to signature."""
    cases = list(cases)
    for case, death_id in cases:
        prepare(stage, case, death_id, max(case.notified_on, day - timedelta(days=20)))
        put_before_panel(stage, case, death_id, day)
    for case, death_id in cases:
        version = classify(stage, case, death_id, day)
        sign_off(stage.at(crew_of(case.county).chair, day), death_id, version)
    case = cases[0][0]
    who = crew_of(case.county).coordinator
    there = dict.fromkeys(("public-health", "paediatrics", "police", "social-care"), "attended")
    hold(stage.at(who, day), stage.meeting(case.panel, who, day), there | {"coroner": "absent"})


def play(stage: Stage, cases: Mapping[Case, date]) -> None:
    """Take cases through, each to its meeting's day: all notified first, in order."""
    review_all(stage, notify_all(stage, cases), cases)


def notify_all(stage: Stage, cases: Iterable[Case]) -> dict[Case, UUID]:
    """Notify cases in the order of their days. Returns the deaths' ids."""
    return {case: notify_case(stage, case) for case in sorted(cases, key=_order)}


def review_all(stage: Stage, ids: Mapping[Case, UUID], days: Mapping[Case, date]) -> None:
    """Hold meeting after meeting until every case that has a day is reviewed."""
    by_day: dict[date, list[tuple[Case, UUID]]] = defaultdict(list)
    for case, death_id in ids.items():
        if case in days:
            by_day[days[case]].append((case, death_id))
    for day in sorted(by_day):
        review(stage, by_day[day], day)


def _order(case: Case) -> tuple[date, int]:
    return case.notified_on, case.seed


def account(case: Case) -> str:
    """Return an anonymised account of a case: no name, no date, no place by name."""
    beginning = _BEGINNINGS[derive.age_band(case.born_on, case.died_on)]
    label = reference.codelist("category", case.died_on).label(case.category)
    known = "after a time of illness" if case.expected == "expected" else "unexpectedly"
    return f"{beginning} died {known}. What is known points to: {label.lower()}."


def _event(case: Case) -> str:
    """Return the event that goes with a category, as the return counts it."""
    neonatal = derive.age_band(case.born_on, case.died_on) == derive.AGE_BANDS[0]
    return _EVENTS.get(case.category, "neonatal" if neonatal else "none")


def findings(case: Case, form: Form) -> Draft:
    """Return a complete analysis of a case in an edition of the form, the same every time."""
    rng = random.Random(case.seed)  # noqa: S311 - invented answers, not a secret
    factors = form.list("factors")
    found = {factors.group(code): code for code in rng.sample(factors.codes(), 2)}
    changeable = ""
    if case.modifiable == "yes":
        changeable = rng.choice([code for code in _MODIFIABLE if code in factors])
        found[factors.group(changeable)] = changeable
    lines = []
    for domain in form.list("domains").codes():
        code = found.get(domain, NONE)
        mark = "yes" if code == changeable else "no"
        relevance = "2" if code == changeable else "1"
        lines.append(Line(domain, code, relevance, mark if form.factor_has_modifiable else ""))
    return Draft(
        category=case.category,
        modifiable=case.modifiable,
        lines=tuple(lines),
        event=_event(case),
        social_care=rng.choices(_SOCIAL_CARE, (80, 8, 6, 6))[0],
        statutory_order="never" if rng.random() < 0.95 else "previous",
        asylum_seeker="no",
        case_review="yes" if case.category == "1" else "no",
        agency_response="yes" if case.category in _EXTERNAL else "not-required",
        analysis=Analysis(
            cause=form.list("category").label(case.category),
            issues="Invented for the demonstration.",
            learning="An invented lesson for the agencies." if changeable else "",
        ),
    )
