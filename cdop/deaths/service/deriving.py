"""The one place where a child's identity is sealed, and plain values are derived from it."""

from typing import Any

from cdop.deaths import rules
from cdop.deaths.commands import Child
from cdop.deaths.documents import IDENTITY, NAMES
from cdop.deaths.models import Death
from cdop.reference.deprivation import DeprivationLookup, invented_deprivation
from cdop.reference_files.service import deprivation_on
from cdop.security.work import Work


def plain_values(child: Child, lookup: DeprivationLookup | None = None) -> dict[str, Any]:
    """Return every plain column of a case that says something about its child.

    `lookup` gives the deprivation of postcodes; otherwise that of invented ones.
    """
    lookup = lookup or invented_deprivation()
    values = rules.derived(child, lookup.sectors)
    return {
        "sex": child.sex,
        "ethnicity": child.ethnicity,
        "expected": child.expected,
        "place_of_death": child.place_of_death,
        "residence_area_id": child.residence_area_id,
        "death_area_id": child.death_area_id,
        "derived_by": f"{values.edition} {lookup.id}-{lookup.edition}",
        "died_year": values.died_year,
        "age_band": values.age_band,
        "ethnic_group": values.ethnic_group,
        "deprivation": values.deprivation,
    }


def set_child(work: Work, death: Death, child: Child) -> None:
    """Seal a child's identity into a case and derive what statistics read, in one step."""
    for column, value in plain_values(child, lookup_for(work, child)).items():
        setattr(death, column, value)
    work.seal(death, {NAMES: child.names, IDENTITY: child.identity})


def lookup_for(work: Work, child: Child) -> DeprivationLookup:
    """Return the deprivation of postcodes as it was known on the day of the death."""
    return deprivation_on(work.session, child.identity.died_on or work.today)


def get_child(work: Work, death: Death) -> Child:
    """Open a case's child for a rule that shows it to nobody; the caller audits what it does."""
    return Child(
        names=work.open_within(death, NAMES),
        identity=work.open_within(death, IDENTITY),
        sex=death.sex,
        ethnicity=death.ethnicity,
        expected=death.expected,
        place_of_death=death.place_of_death,
        residence_area_id=death.residence_area_id,
        death_area_id=death.death_area_id,
    )
