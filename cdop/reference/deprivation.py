"""Postcode sector to deprivation quintile, by dated lookup file."""

from functools import cache
from types import MappingProxyType
from typing import Literal

from cdop.reference.loading import Edition, parse, read


class DeprivationLookup(Edition):
    """One edition of an area's lookup; quintile "1" holds the most deprived fifth."""

    sectors: dict[str, Literal["1", "2", "3", "4", "5"]]


@cache
def invented_deprivation() -> DeprivationLookup:
    """Return the lookup of invented sectors that demonstrations and tests use."""
    where = "deprivation-invented.toml"
    return parse(DeprivationLookup, read(where), where)


@cache
def invented_sectors() -> MappingProxyType[str, str]:
    """Return sector to quintile, ready for `derive.deprivation_quintile`."""
    return MappingProxyType(dict(invented_deprivation().sectors))
