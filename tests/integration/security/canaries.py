"""Invented children whose details stand nowhere else, to be searched for wherever data rest.

Their days lie far from the tests' present (November 2026) and from one another.
"""

from dataclasses import dataclass, replace
from datetime import date

from cdop.deaths.commands import Child, NewNotification
from cdop.deaths.documents import Circumstances, Names, Notifier
from tests.factories import child, told
from tests.leaks import Canary

ALIAS, STREET = "Wexlibrand", "17 Quorndell Mews"
NARRATIVE = "Unvorsichtig zebra account: the kestrel fell asleep beside the marmalade"
HOUSE, TELLER, CONTACT = "Pellucid Grange", "Thessaly Grimbletoft", "01632 960777"
REASON = "The hospital misheard Vanterpoole's band"
SUMMARY = "A quibbling anonymised gloss about an ottoman"


@dataclass(frozen=True)
class Invented:
    """A child as notified, and what to search for."""

    seed: int
    given: str
    family: str
    born_on: date
    died_on: date
    number: str
    postcode: str

    @property
    def canary(self) -> Canary:
        words = (self.given, self.family, ALIAS, STREET, NARRATIVE, HOUSE, TELLER)
        return Canary(
            (*words, REASON, SUMMARY, "marmalade", "Quorndell", "ottoman"),
            (self.number, CONTACT),
            (self.postcode,),
            (self.born_on, self.died_on),
        )

    @property
    def child(self) -> Child:
        of = child(
            given=self.given,
            family=self.family,
            born_on=self.born_on,
            died_on=self.died_on,
            nhs_number=self.number,
        )
        names = Names(given=self.given, family=self.family, also_known_as=ALIAS)
        identity = of.identity.model_copy(
            update={"address": STREET, "postcode": self.postcode, "nhs_number": self.number}
        )
        return replace(of, names=names, identity=identity)

    def told(self, panel: object) -> NewNotification:
        """Return the notification of this child to a panel."""
        return replace(
            told(panel, self.child),  # type: ignore[arg-type]
            circumstances=Circumstances(narrative=NARRATIVE, place_name=HOUSE),
            notifier=Notifier(name=TELLER, role="Consultant", agency="hospital", contact=CONTACT),
        )


INVENTED = tuple(
    Invented(n, given, family, born_on, died_on, f"999000{number}", postcode)
    for n, (given, family, born_on, died_on, number, postcode) in enumerate(
        (
            ("Zephyrine", "Vanterpoole", date(2003, 6, 23), date(2014, 3, 27), 4005, "ZZ19 9QX"),
            ("Bartholomy", "Quistgaard", date(2005, 10, 17), date(2021, 7, 29), 4013, "ZZ18 8QW"),
            ("Ottoline", "Fáworthy", date(2007, 2, 28), date(2017, 1, 25), 4021, "ZZ17 7QV"),
            ("Ignatzia", "Mulciberry", date(2011, 12, 19), date(2022, 5, 26), 4048, "ZZ16 6QU"),
        )
    )
)
CANARIES = tuple(each.canary for each in INVENTED)
