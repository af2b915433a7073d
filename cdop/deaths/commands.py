"""What a person asks of the deaths services, as values. Never a table's parent."""

from dataclasses import dataclass, field
from uuid import UUID

from cdop.deaths.documents import Circumstances, Identity, Names, Notifier


@dataclass(frozen=True)
class Child:
    """What is known about a child and the death: sealed documents and coded answers.

    Codes come from the code lists `sex`, `ethnicity`, `expected` and `place-of-death` in force on
    the day of death.
    """

    names: Names
    identity: Identity
    sex: str
    ethnicity: str
    expected: str
    place_of_death: str
    residence_area_id: UUID | None = None
    death_area_id: UUID | None = None


@dataclass(frozen=True)
class NewNotification:
    """A death as it is notified to one panel (`cdop_id`).

    `out_of_scope` is a code of the list `out-of-scope`, given by the notifier or confirmed by them
    after the register explained that the death is outside the review's scope.
    """

    cdop_id: UUID
    child: Child
    circumstances: Circumstances = field(default_factory=Circumstances)
    notifier: Notifier = field(default_factory=Notifier)
    out_of_scope: str | None = None
    scope_confirmed: bool = False
    scope_remark: str = ""


@dataclass(frozen=True)
class Receipt:
    """What everyone who notifies gets, whether or not the child was known already.

    `death_id` is set only for those who may read the panel's cases.
    """

    number: str
    death_id: UUID | None = None


@dataclass(frozen=True)
class Correction:
    """Corrected facts about a child; `revision` is the one that the person was shown."""

    child: Child
    revision: int
    reason: str
