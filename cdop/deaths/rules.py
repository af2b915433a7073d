"""Rules about a death: what a notification must hold, what is in scope, what derives from dates.

Pure functions of values. Scope: a live-born child who died before the eighteenth birthday, of any
gestation, expected or not (Child death review: statutory and operational guidance, 2018).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from cdop.deaths.commands import Child, NewNotification
from cdop.deaths.documents import Identity, Names
from cdop.errors import CdopError
from cdop.reference import REVIEW_BEGAN, codelist, derive, nhs_numbers

EIGHTEEN = "eighteen-or-over"
MISSING = ("not-known", "not-yet-issued")
CODED = {
    "sex": "sex",
    "ethnicity": "ethnicity",
    "expected": "expected",
    "place_of_death": "place-of-death",
}
_CHOOSE = {
    "sex": "Choose the child's sex",
    "ethnicity": "Choose the child's ethnicity, or that it is not known",
    "expected": "Choose whether the death was expected",
    "place_of_death": "Choose the kind of place where the child died",
}


class OutOfScope(CdopError):
    """The death is outside the review's scope; kept with its reason once that is confirmed."""

    def __init__(self, reason: str, explanation: str) -> None:
        super().__init__(explanation)
        self.reason = reason


@dataclass(frozen=True)
class Derived:
    """The plain values that statistics read, derived when identity is sealed."""

    died_year: str
    age_band: str
    ethnic_group: str
    deprivation: str
    edition: str


def notification_faults(told: NewNotification, today: date) -> dict[str, str]:
    """Return what is missing or wrong in a notification, a sentence for each field."""
    found = faults(told.child, today)
    if not told.circumstances.narrative.strip():
        found["narrative"] = "Describe the circumstances, or write that they are not known"
    if not told.notifier.name.strip():
        found["notifier_name"] = "Enter who notified the death"
    if told.notifier.agency not in codelist("agencies", today):
        found["notifier_agency"] = "Choose the notifier's agency"
    if told.out_of_scope and told.out_of_scope not in codelist("out-of-scope", today):
        found["out_of_scope"] = "Choose a reason from the list"
    return found


def faults(child: Child, today: date) -> dict[str, str]:
    """Return what is missing or wrong about a child, a sentence for each field."""
    found = {**_name_faults(child.names), **_number_faults(child.identity)}
    found |= _date_faults(child.identity, today)
    day = child.identity.died_on if "died_on" not in found else today
    for name, list_id in CODED.items():
        if getattr(child, name) not in codelist(list_id, day or today):
            found[name] = _CHOOSE[name]
    return found


def _name_faults(names: Names) -> dict[str, str]:
    if names.full and names.answer:
        return {"name_answer": "Give a name, or say why there is none, not both"}
    if not names.full and names.answer not in MISSING:
        return {
            "family_name": "Enter the child's name, or say that it is not known or not yet given"
        }
    return {}


def _number_faults(identity: Identity) -> dict[str, str]:
    if identity.nhs_number and identity.nhs_number_answer:
        return {"nhs_number_answer": "Give the NHS number, or say why there is none, not both"}
    if identity.nhs_number:
        try:
            nhs_numbers.normalise(identity.nhs_number)
        except ValueError as error:
            return {"nhs_number": str(error)}
    elif identity.nhs_number_answer not in MISSING:
        return {"nhs_number": "Enter the NHS number, or say that it is not known or not yet issued"}
    return {}


def as_far_as_valid(child: Child) -> Child:
    """Return a child as it is being typed, with the NHS number normalised, or without it."""
    try:
        number = nhs_numbers.normalise(child.identity.nhs_number)
    except ValueError:
        number = ""
    return replace(child, identity=child.identity.model_copy(update={"nhs_number": number}))


def _date_faults(identity: Identity, today: date) -> dict[str, str]:
    found = {}
    if identity.born_on is None:
        found["born_on"] = "Enter the date of birth"
    elif identity.born_on > today:
        found["born_on"] = "The date of birth must not be in the future"
    if identity.died_on is None:
        found["died_on"] = "Enter the date of death"
    elif identity.died_on > today:
        found["died_on"] = "The date of death must not be in the future"
    elif identity.died_on < REVIEW_BEGAN:
        found["died_on"] = "Child death review began on 1 April 2006: the death is before that"
    elif identity.born_on and not found and identity.died_on < identity.born_on:
        found["died_on"] = "The date of death must not be before the date of birth"
    return found


def scope_reason(identity: Identity, claimed: str | None) -> str | None:
    """Return why the death is out of scope, as a code of `out-of-scope`, or None when it is in.

    The register finds the eighteenth birthday by itself; a stillbirth or a termination only the
    notifier can say.
    """
    if claimed:
        return claimed
    if identity.born_on and identity.died_on:
        return None if derive.is_in_scope(identity.born_on, identity.died_on) else EIGHTEEN
    return None


def explain_scope(reason: str, day: date) -> str:
    """Return the sentence that explains why such a death is not reviewed."""
    label = codelist("out-of-scope", day).label(reason)
    return (
        f"This death is outside child death review: {label[0].lower()}{label[1:]}. "
        "It can be kept with that reason, and is then not reviewed or counted."
    )


def derived(child: Child, sectors: Mapping[str, str]) -> Derived:
    """Derive what statistics read. An age out of scope has the band `out-of-scope`."""
    born, died = child.identity.born_on, child.identity.died_on
    if born is None or died is None:
        raise ValueError("dates are checked before values are derived")
    in_scope = derive.is_in_scope(born, died)
    return Derived(
        died_year=derive.financial_year(died),
        age_band=derive.age_band(born, died) if in_scope else "out-of-scope",
        ethnic_group=codelist("ethnicity", died).group(child.ethnicity),
        deprivation=derive.deprivation_quintile(child.identity.postcode, sectors),
        edition=derive.RULE_EDITION,
    )
