"""The answers that the pages about a death offer, in the words of the code lists."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind
from cdop.reference import codelist
from cdop.security.work import Work
from cdop.web.deaths.forms import ELSEWHERE

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DeathChoices:
    """Every list that the notification and the correction offer."""

    sex: Choices
    ethnicity: Choices
    expected: Choices
    places: Choices
    missing: Choices
    areas: Choices
    agencies: Choices
    out_of_scope: Choices
    panels: Choices


def death_choices(work: Work) -> DeathChoices:
    """Return what may be answered on the day of the work, for its actor."""
    day = work.today
    return DeathChoices(
        sex=codelist("sex", day).choices(),
        ethnicity=_grouped_ethnicity(day),
        expected=codelist("expected", day).choices(),
        places=codelist("place-of-death", day).choices(),
        missing=(("not-known", "Not known"), ("not-yet-issued", "Not yet given or issued")),
        areas=(*_named(work, Kind.AREA), (ELSEWHERE, "Another area, or outside England")),
        agencies=codelist("agencies", day).choices(),
        out_of_scope=codelist("out-of-scope", day).choices(),
        panels=_panels(work),
    )


def _grouped_ethnicity(day: date) -> Choices:
    """Return each answer with its group before it, unless it is its group's own name."""
    listed = codelist("ethnicity", day)
    groups = listed.groups()
    if groups is None:
        return listed.choices()
    names = [(item, groups.label(item.group)) for item in listed.items]
    return tuple(
        (item.code, item.label if item.label == name else f"{name}: {item.label}")
        for item, name in names
    )


def _named(work: Work, kind: Kind) -> Choices:
    found = organisations.in_force(work.session, kind, work.today)
    names = organisations.names_on(work.session, [each.id for each in found], work.today)
    return tuple((str(each.id), names[each.id]) for each in found)


def _panels(work: Work) -> Choices:
    """Return the panels to which the actor may notify, in force today."""
    mine = work.actor.scope("deaths:notification:create")
    return tuple((id, name) for id, name in _named(work, Kind.CDOP) if UUID(id) in mine)
