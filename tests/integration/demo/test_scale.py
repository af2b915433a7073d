"""`cdop demo --scale N` adds invented cases in any number through the services."""

import pytest
from sqlmodel import col, select

from cdop import demo, registers
from cdop.clock import FixedClock
from cdop.deaths.models import Death
from cdop.demo import scale
from cdop.errors import Refused
from cdop.overview.models import Review
from cdop.security.actor import system
from tests.conftest import NOW, sqlite_settings

pytestmark = pytest.mark.usefixtures("quick_passwords")
CODED = ("reference", "status", "sex", "age_band", "died_year", "deprivation", "reviewed_year")


def coded(register):
    with register.reading(system("tests")) as work:
        rows = work.session.exec(select(Death).order_by(col(Death.id))).all()
    return [tuple(getattr(row, name) for name in CODED) for row in rows]


def test_it_adds_as_many_cases_as_asked_and_reviews_most_of_them(empty, monkeypatch):
    monkeypatch.setattr(scale, "BATCH", 25)
    told: list[int] = []
    done = demo.add_scale(empty, 40, progress=told.append)
    assert (done.cases, told) == (40, [25, 40])
    assert len(coded(empty)) == 40
    assert done.reviewed > 30
    with empty.reading(system("tests")) as work:
        signed = work.session.exec(select(Review).where(Review.status == "signed-off")).all()
    assert len(signed) == done.reviewed


def test_more_can_be_added_later(empty):
    first, second = demo.add_scale(empty, 5), demo.add_scale(empty, 5)
    assert len(coded(empty)) == 10
    assert len(first.accounts) == 3
    assert second.accounts == ()


def test_the_same_seed_gives_the_same_cases(empty, tmp_path):
    settings = sqlite_settings(tmp_path / "other")
    other = registers.create(settings, clock=FixedClock(NOW), demonstration=True)
    demo.add_scale(empty, 12, seed=7)
    demo.add_scale(other, 12, seed=7)
    assert coded(empty) == coded(other)


def test_there_cannot_be_more_cases_than_invented_nhs_numbers(empty):
    with pytest.raises(Refused, match="invented NHS numbers"):
        demo.add_scale(empty, 900_000)
