"""Every column is classified, and whatever tells of a person is sealed."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from cdop import schema
from cdop.config import ROOT
from cdop.db import Key
from cdop.security.sealing import Sealed

FILE = Path(ROOT, "cdop", "security", "classification.toml")
CLASSES: dict[str, dict[str, list[str]]] = tomllib.loads(FILE.read_text())
SEALED = {"identity", "confidential"}
NAMES = {"coded", "operational", "staff", "keyed", "released"} | SEALED


def columns(of: str) -> list[tuple[str, str]]:
    """Return (table, column) of all that stands under a class."""
    return [(table, name) for table, kinds in CLASSES.items() for name in kinds.get(of, ())]


def column(table: str, name: str) -> sa.Column[Any]:
    return schema.metadata.tables[table].columns[name]


def test_each_column_of_each_table_stands_under_one_class() -> None:
    classified = Counter(each for of in NAMES for each in columns(of))
    there = {
        (table.name, each.name)
        for table in schema.metadata.sorted_tables
        for each in table.columns
        if not isinstance(each.type, Key)
    }
    assert there - set(classified) == set(), f"say in {FILE.name} what these may hold"
    assert set(classified) - there == set(), "these are gone"
    assert [each for each, times in classified.items() if times > 1] == []
    assert {name for kinds in CLASSES.values() for name in kinds} <= NAMES


def test_what_tells_of_a_person_is_sealed_and_nothing_else_is() -> None:
    """Sealed: a binary column of a table whose rows belong to a case and count revisions."""
    tables = {str(each.__tablename__) for each in _sealed_tables(SQLModel)}
    sealed = {
        (table.name, each.name)
        for table in schema.metadata.sorted_tables
        for each in table.columns
        if table.name in tables and each.type.python_type is bytes
    }
    assert sealed == {each for of in SEALED for each in columns(of)}


def _sealed_tables(start: type[Any]) -> list[type[Sealed]]:
    found: list[type[Sealed]] = []
    inherited: list[type[Any]] = start.__subclasses__()
    for each in inherited:
        found += [each] if issubclass(each, Sealed) and hasattr(each, "__table__") else []
        found += _sealed_tables(each)
    return found


def test_every_other_binary_column_is_keyed_or_released() -> None:
    others = {
        (table.name, each.name)
        for table in schema.metadata.sorted_tables
        for each in table.columns
        if each.type.python_type is bytes
    } - {each for of in SEALED for each in columns(of)}
    assert others <= {*columns("keyed"), *columns("released")}


@pytest.mark.parametrize("of", ["coded", "staff"])
def test_a_coded_or_staff_column_holds_no_day_and_no_bytes(of: str) -> None:
    for table, name in columns(of):
        assert column(table, name).type.python_type in (str, int, bool), f"{table}.{name}"


def test_no_plain_column_is_called_after_a_detail_of_a_person() -> None:
    plain = {name for of in NAMES - SEALED - {"keyed"} for _, name in columns(of)}
    telling = ("born", "birth", "died_on", "died_at", "dob", "nhs", "postcode", "address", "given")
    assert {n for n in plain if any(part in n for part in telling)} <= {"given_on", "given_by"}
