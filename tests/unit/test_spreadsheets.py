"""A spreadsheet shows what a file holds, and computes nothing of it."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdop.config import ROOT
from cdop.spreadsheets import inert, inert_row


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+44 20", "'+44 20"),
        ("-cmd", "'-cmd"),
        ("\tx", "'\tx"),
        ("\0x", "'\0x"),
        ("-1.5", "-1.5"),
        (-3, -3),
        ("", ""),
        ("Hereford = town", "Hereford = town"),
    ],
)
def test_a_cell_that_begins_like_a_formula_is_quoted(cell: object, kept: object) -> None:
    assert inert(cell) == kept
    assert inert_row([cell]) == [kept]


@given(st.text())
def test_no_text_is_left_that_begins_like_a_formula(text: str) -> None:
    kept = str(inert(text))
    assert kept.removeprefix("'") == text.removeprefix("'")
    assert not kept.startswith(("=", "@", "\t", "\r", "\0"))


def test_every_writer_of_spreadsheets_uses_it() -> None:
    """Whoever writes CSV passes its rows through; the workbook has a guard of its own."""
    writers = []
    for file in (ROOT / "cdop").rglob("*.py"):
        source = file.read_text()
        called = {
            ast.unparse(n.func) for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)
        }
        if called & {"csv.writer", "csv.DictWriter"}:
            writers.append(file)
            assert called & {"inert", "inert_row"} or "import inert" in source, file
    assert len(writers) >= 3
