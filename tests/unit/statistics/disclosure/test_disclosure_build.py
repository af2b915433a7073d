"""A release becomes one linear system: every printed number the same sum of the same atoms."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from cdop.errors import Invalid
from cdop.statistics.disclosure import TOTAL, Dimension, Table, build_system

AGE = Dimension("age", ("0", "1-4", "5+"), {"under five": {"0": "u5", "1-4": "u5", "5+": "o5"}})
SEX = Dimension("sex", ("F", "M"))
RECORDS = pd.DataFrame(
    {
        "age": ["0", "0", "1-4", "5+"],
        "sex": ["F", "M", "M", "M"],
        "died": [True, True, False, True],
        "reviewed": [False, True, True, False],
    }
)
TABLES = [Table("a", ("age", "sex"), "died"), Table("b", ("sex",), "died"), Table("c", ("age",))]


def test_cells_count_the_records_of_their_population() -> None:
    system = build_system(RECORDS, [AGE, SEX], TABLES)
    value = {place: int(system.values[cell]) for place, cell in system.places.items()}
    assert value["a", (TOTAL, TOTAL)] == 3
    assert value["a", ("u5", "M")] == 1
    assert value["b", ("M",)] == 2
    assert value["c", ("u5",)] == 3
    assert value["c", ("5+",)] == 1
    assert len(value) == 6 * 3 + 3 + 6


def test_a_number_printed_in_two_tables_is_one_cell() -> None:
    system = build_system(RECORDS, [AGE, SEX], TABLES)
    assert system.places["a", (TOTAL, "F")] == system.places["b", ("F",)]
    assert system.places["c", ("o5",)] == system.places["c", ("5+",)]
    assert system.places["a", (TOTAL, TOTAL)] != system.places["c", (TOTAL,)]


def test_empty_kinds_are_atoms_unless_they_cannot_exist() -> None:
    everything = build_system(RECORDS, [AGE, SEX], TABLES)
    assert everything.sums.shape[1] == 3 * 2 + 3  # died: age and sex; not died: age alone
    fewer = build_system(
        RECORDS, [AGE, SEX], TABLES, possible=lambda kinds: kinds.died | (kinds.age != "0")
    )
    assert fewer.sums.shape[1] == 3 * 2 + 2
    with pytest.raises(Invalid):
        build_system(RECORDS, [AGE, SEX], TABLES, possible=lambda kinds: kinds.died)


def test_every_line_adds_up() -> None:
    system = build_system(RECORDS, [AGE, SEX], TABLES)
    assert system.lines
    for total, parts in system.lines:
        assert (system.sums[total] - system.sums[list(parts)].sum(axis=0) == 0).all()


def test_counted_kinds_give_the_same_system_as_records_in_any_order() -> None:
    counted = RECORDS.groupby(list(RECORDS.columns)).size().reset_index(name="n")
    one = build_system(RECORDS, [AGE, SEX], TABLES)
    two = build_system(counted.iloc[::-1], [AGE, SEX], TABLES, count="n")
    assert (one.atoms == two.atoms).all()
    assert (one.sums.toarray() == two.sums.toarray()).all()
    assert one.places == two.places
    assert one.lines == two.lines


def test_too_many_kinds_are_cut_down_to_those_near_the_observed() -> None:
    whole = build_system(RECORDS, [AGE, SEX], TABLES)
    near = build_system(RECORDS.iloc[:1], [AGE, SEX], TABLES, atom_limit=3)
    assert near.values[near.places["a", ("0", "F")]] == 1
    assert 0 < near.sums.shape[1] <= whole.sums.shape[1]


def test_a_release_of_one_number_is_a_system() -> None:
    system = build_system(RECORDS, [], [Table("deaths", ())])
    assert system.values.tolist() == [4]


def test_a_hidden_cell_prints_a_mark_and_no_number() -> None:
    system = build_system(RECORDS, [AGE, SEX], TABLES)
    hidden = np.zeros(len(system.values), dtype=bool)
    hidden[system.places["b", ("F",)]] = True
    frame = system.frame("b", hidden)
    assert frame["count_symbol"].tolist() == ["", "[c]", ""]
    assert frame["count"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("column", "bad"), [("age", "18"), ("age", None), ("died", None), ("n", -1), ("n", 1.5)]
)
def test_bad_records_are_refused_by_column_without_their_content(column: str, bad: object) -> None:
    records = RECORDS.assign(n=1).astype(object)
    records[column] = pd.Series([bad, *records[column].tolist()[1:]], dtype=object)
    with pytest.raises(Invalid) as refusal:
        build_system(records, [AGE, SEX], TABLES, count="n")
    assert list(refusal.value.fields) == [column]
    assert "18" not in str(refusal.value)


def test_names_that_could_be_mixed_up_are_refused() -> None:
    with pytest.raises(Invalid):
        Dimension("sex", ("F", "M", TOTAL))
    with pytest.raises(Invalid):
        Dimension("sex", ("F", "M"), {"all": {"F": "M", "M": "M"}})
    with pytest.raises(Invalid):
        Dimension("sex", ("F", "M"), {"all": {"F": "both"}})


def test_the_engine_knows_neither_database_nor_web() -> None:
    code = (
        "import sys, cdop.statistics.disclosure.worker;"
        "sys.exit(any(m in sys.modules for m in ('sqlalchemy', 'sqlmodel', 'fastapi')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
