"""Columns of the register under the codes that tables print."""

import pandas as pd

from cdop.statistics.definitions import ColumnDefinition
from cdop.statistics.year_tables import YearTables


def answer(records: pd.DataFrame, tables: YearTables) -> pd.DataFrame:
    """Add to rows with their populations the columns of the tables that they have answers for."""
    for column in tables.definitions.columns:
        if column.reads in records.columns:
            records[column.name] = _answered(records, column)
    return records


def _answered(records: pd.DataFrame, column: ColumnDefinition) -> pd.Series:
    """Return a column under the codes that tables print."""
    found = records[column.reads]
    if column.domains:
        found = found.where(found.notna(), "")
        answers = {text: _of_domains(text, column) for text in found.unique()}
        return found.map(answers).astype(object).where(records[column.only or "reviewed"], None)
    groups = {fine: item.code for item in column.items for fine in item.of}
    if groups:
        found = found.map(groups).where(found.isin(list(groups)), found)
    if column.unanswered:
        inside = records[column.only] if column.only else pd.Series(True, index=records.index)
        found = found.where(found.notna() | ~inside, column.unanswered.code)
    return found


def _of_domains(factors: str, column: ColumnDefinition) -> str:
    """Return what the factors of a review say of a column's domains."""
    named = {each.rstrip("*"): each.endswith("*") for each in factors.split()}
    mine = [modifiable for domain, modifiable in named.items() if domain in column.domains]
    if any(mine) and any(item.code == "modifiable" for item in column.items):
        return "modifiable"
    return "contributed" if mine else "none"
