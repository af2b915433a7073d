"""Who decides, for which board, on which day."""

from datetime import date

import pytest

from cdop.reference import deciders
from cdop.reference.loading import NotInForce


@pytest.mark.parametrize(
    ("kind", "day", "board", "offices"),
    [
        ("children", date(2013, 6, 1), "herefordshire", ("children-chair",)),
        ("children", date(2019, 9, 28), None, ("children-chair",)),
        ("adults", date(2013, 6, 1), "herefordshire", ("adults-chair",)),
        ("adults", date(2024, 6, 1), "hampshire", ("adults-chair",)),
        ("community-safety", date(2013, 6, 1), "herefordshire", ("hpeg-chair",)),
        ("community-safety", date(2013, 6, 1), "herefordshire-csp", ("hpeg-chair",)),
        ("community-safety", date(2013, 6, 1), "herefordshireton", ("csp-chair",)),
        ("community-safety", date(2013, 6, 1), "worcestershire", ("csp-chair",)),
        ("community-safety", date(2013, 6, 1), None, ("csp-chair",)),
    ],
)
def test_one_chair_decides(
    kind: str, day: date, board: str | None, offices: tuple[str, ...]
) -> None:
    found = deciders(kind, day, board)
    assert found.offices == offices
    assert not found.all_must_agree
    assert found.source


def test_from_the_third_era_the_three_safeguarding_partners_decide_together_on_children() -> None:
    found = deciders("children", date(2019, 9, 29), "herefordshire")
    assert found.offices == ("partner-local-authority", "partner-health", "partner-police")
    assert found.all_must_agree
    assert all(label.startswith("Safeguarding partner") for label in found.labels())


def test_nobody_decides_on_a_domestic_homicide_before_the_act_was_in_force() -> None:
    with pytest.raises(NotInForce):
        deciders("community-safety", date(2011, 4, 12), "herefordshire")
