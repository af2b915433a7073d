"""Rates and shares with the limits of the published test vectors (domain: PHEindicatormethods)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdop.errors import Invalid
from cdop.statistics.rates import (
    Estimate,
    Stratum,
    count_limits,
    crude_rate,
    proportion,
    published_rate,
    published_share,
    published_standardised,
    standardised_rate,
)

COUNTS = [(65, 50.163187710, 82.849138546), (1045, 982.593201807, 1110.331212986)]
RATES = [
    (20, 100, 100, 12.211428835, 30.889880369),
    (1, 100, 100, 0.025317808, 5.571643391),
    (5, 100, 100, 1.623486390, 11.668332079),
    (10, 200, 100_000, 2393.724957, 9195.729303),
    (2, 200, 100_000, 121.104639, 3612.343834),
]
SHARES = [
    (65, 100, 0.552544433, 0.736357518),
    (1, 100, 0.001767432, 0.054486196),
    (5, 100, 0.021543679, 0.111750469),
    (20, 100, 0.133366933, 0.288829166),
    (1045, 5000, 0.197955499, 0.220491304),
]
SMALL = [
    (0, 0, 3.6889),
    (1, 0.0253, 5.5716),
    (2, 0.2422, 7.2247),
    (3, 0.6187, 8.7673),
    (4, 1.0899, 10.2416),
    (5, 1.6235, 11.6683),
    (6, 2.2019, 13.0595),
    (7, 2.8144, 14.4227),
    (8, 3.4538, 15.7632),
    (9, 4.1154, 17.0848),
    (10, 4.7874, 18.3915),
    (11, 5.4837, 19.6832),
]


def near(*values: float, digits: int) -> object:
    return pytest.approx(values, rel=0, abs=0.51 * 10**-digits)


@pytest.mark.parametrize(("count", "lower", "upper"), COUNTS)
def test_limits_of_counts_are_the_published_ones(count: int, lower: float, upper: float) -> None:
    assert count_limits(count) == near(lower, upper, digits=9)


@pytest.mark.parametrize(("count", "lower", "upper"), SMALL)
def test_limits_change_from_exact_to_byar_at_ten(count: int, lower: float, upper: float) -> None:
    assert count_limits(count) == near(lower, upper, digits=4)


@pytest.mark.parametrize(("count", "population", "per", "lower", "upper"), RATES)
def test_rates_are_the_published_ones(
    count: int, population: int, per: int, lower: float, upper: float
) -> None:
    found = crude_rate(count, population, per)
    assert found.value == per * count / population
    digits = 9 if per == 100 else 6
    assert (found.lower, found.upper) == near(lower, upper, digits=digits)


def test_people_of_standard_ages_have_the_crude_rate_and_its_limits() -> None:
    """20 deaths among 100: the published limits, however the deaths lie over the ages."""
    for deaths in ((20, 0, 0), (5, 9, 6)):
        strata = [Stratum(d, p, 7 * p) for d, p in zip(deaths, (10, 40, 50), strict=True)]
        found = standardised_rate(strata, 100)
        assert found.value == pytest.approx(20)
        assert (found.lower, found.upper) == near(12.211428835, 30.889880369, digits=9)


def test_a_standardised_rate_is_of_the_standard_s_ages() -> None:
    """By hand: rates of 10 and 1 for each 1,000, weighed 1 to 3: 3.25; variance and limits too."""
    found = standardised_rate([Stratum(20, 2000, 1), Stratum(5, 5000, 3)], 1000)
    assert found.value == pytest.approx((10 * 1 + 1 * 3) / 4)
    variance = (1 * 20 / 2000**2 + 9 * 5 / 5000**2) / 16
    lower, upper = count_limits(25)
    scale = 1000 * (variance / 25) ** 0.5
    assert found.lower == pytest.approx(3.25 - scale * (25 - lower))
    assert found.upper == pytest.approx(3.25 + scale * (upper - 25))


@pytest.mark.parametrize(
    ("parts", "symbol", "shown"),
    [
        ([(None, 100, 1), (30, 100, 1)], "[c]", False),
        ([(30, None, 1), (30, 100, 1)], "[x]", False),
        ([(4, 100, 1), (5, 100, 1)], "[x]", False),
        ([(5, 100, 1), (5, 100, 1)], "[u]", True),
        ([(10, 100, 1), (9, 100, 1)], "[u]", True),
        ([(10, 100, 1), (10, 100, 1)], "", True),
    ],
)
def test_a_standardised_rate_is_blank_below_ten(parts, symbol: str, shown: bool) -> None:
    found = published_standardised(parts, 1000)
    assert (found.symbol, found.value is not None) == (symbol, shown)


@pytest.mark.parametrize(
    "strata", [[Stratum(5, 0, 1), Stratum(9, 10, 1)], [Stratum(0, 10, 1), Stratum(0, 10, 1)]]
)
def test_a_standardised_rate_of_nothing_is_refused(strata: list[Stratum]) -> None:
    with pytest.raises(Invalid):
        standardised_rate(strata, 1000)


@pytest.mark.parametrize(("part", "whole", "lower", "upper"), SHARES)
def test_shares_are_the_published_ones(part: int, whole: int, lower: float, upper: float) -> None:
    found = proportion(part, whole)
    assert (found.lower, found.upper) == near(lower, upper, digits=9)


def test_herefordshire_of_2013_14() -> None:
    """11 notified among 36,100; 1 of 5 with modifiable factors; Worcestershire's 15 of 38."""
    rate = crude_rate(11, 36_100, 100_000)
    assert (rate.value, rate.lower, rate.upper) == near(30.47, 15.19, 54.52, digits=2)
    for part, whole, lower, upper in [(1, 5, 3.6, 62.4), (15, 38, 25.6, 55.3), (0, 5, 0, 43.4)]:
        share = proportion(part, whole)
        assert (100 * share.lower, 100 * share.upper) == near(lower, upper, digits=1)


@pytest.mark.parametrize(
    ("count", "population", "symbol", "shown"),
    [
        (None, 1000, "[c]", False),
        (None, None, "[c]", False),
        (5, None, "[x]", False),
        (2, 1000, "[x]", False),
        (0, 1000, "[x]", False),
        (3, 1000, "[u]", True),
        (19, 1000, "[u]", True),
        (20, 1000, "", True),
    ],
)
def test_small_numbers_are_flagged(
    count: int | None, population: int | None, symbol: str, shown: bool
) -> None:
    found = published_rate(count, population, 1000)
    assert found.symbol == symbol
    assert [each is not None for each in (found.value, found.lower, found.upper)] == [shown] * 3


def test_a_hidden_count_hides_its_share() -> None:
    assert published_share(None, 5) == published_share(1, None) == Estimate(symbol="[c]")
    assert published_share(0, 0) == Estimate(symbol="[z]")
    assert published_share(1, 5).value == 0.2


@pytest.mark.parametrize(("count", "population"), [(1, 0), (1, -5), (-1, 100)])
def test_a_rate_of_nothing_is_refused(count: int, population: int) -> None:
    with pytest.raises(Invalid):
        crude_rate(count, population, 1000)


@pytest.mark.parametrize(("part", "whole"), [(1, 0), (0, 0), (6, 5), (-1, 5)])
def test_a_share_beyond_its_whole_is_refused(part: int, whole: int) -> None:
    with pytest.raises(Invalid):
        proportion(part, whole)


@settings(deadline=None)
@given(whole=st.integers(1, 10_000), data=st.data())
def test_limits_enclose_their_value(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    share = proportion(part, whole)
    assert 0 <= share.lower <= share.value <= share.upper <= 1
    lower, upper = count_limits(part)
    assert 0 <= lower <= part <= upper
