"""An invented death that was reviewed thirty years ago, and a panel that keeps records for 25."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from cdop.clock import FixedClock
from cdop.deaths.models import Death
from cdop.overview.service import save_draft, sign_off
from cdop.retention import erasing
from cdop.retention.periods import NewPeriod, set_period
from cdop.security.actor import Actor
from cdop.security.work import Register
from tests.factories import Herefordshire
from tests.panels import WHOLE, a_tabled_case

LATER = datetime(2056, 11, 20, 9, 0, tzinfo=UTC)
YEARS = 25


@dataclass(frozen=True)
class Old:
    """A case past its period, in a register whose clock stands thirty years later."""

    county: Herefordshire
    id: UUID

    @property
    def register(self) -> Register:
        return self.county.register

    @property
    def record(self) -> tuple[str, UUID]:
        return ("deaths", self.id)

    @property
    def coordinator(self) -> Actor:
        return self.county.actors["coordinator"]

    @property
    def guardian(self) -> Actor:
        return self.county.actors["caldicott-guardian"]

    def proposed(self) -> UUID:
        return self.register.do(self.coordinator, erasing.propose, self.record)

    def approved(self) -> UUID:
        found = self.proposed()
        self.register.do(self.guardian, erasing.approve, found)
        return found

    def erased(self) -> UUID:
        found = self.approved()
        erasing.carry_out(self.register, self.coordinator, found)
        return found

    def row(self) -> Death:
        with self.register.reading(self.coordinator) as work:
            return work.session.get_one(Death, self.id)


def a_reviewed_case(county: Herefordshire, seed: int = 1) -> UUID:
    """Bring an invented case before the panel, classify it and sign it off."""
    death_id = a_tabled_case(county, seed)
    chair = county.actors["panel-chair"]
    county.register.do(chair, save_draft, death_id, WHOLE, 0)
    county.register.do(chair, sign_off, death_id, 1)
    return death_id


def keep_for(county: Herefordshire, years: int | None, kind: str = "death-case") -> None:
    """Let the panel decide how long it keeps a kind of record."""
    decided = NewPeriod(
        kind, county["herefordshire-cdop"], years, date(2026, 11, 1), "Invented minute 4"
    )
    county.register.do(county.actors["caldicott-guardian"], set_period, decided)


@pytest.fixture
def old(county: Herefordshire, clock: FixedClock) -> Old:
    death_id = a_reviewed_case(county)
    keep_for(county, YEARS)
    clock.at = LATER
    return Old(county, death_id)
