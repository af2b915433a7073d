"""Cells of files that a spreadsheet may open."""

import re
from collections.abc import Iterable

_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")


def inert(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: such a text gets a quote in front.

    Numbers stay as they are. Source: OWASP ASVS 5.0, 1.2.10.
    """
    if not isinstance(cell, str) or not cell.startswith(_STARTS_FORMULA):
        return cell
    return cell if _NUMBER.fullmatch(cell) else f"'{cell}"


def inert_row(cells: Iterable[object]) -> list[object]:
    """Return a row of such cells."""
    return [inert(cell) for cell in cells]
