"""Who reads a release, and why one is not safe, in words: tables, rows and readers by name."""

import re
from collections.abc import Sequence

from cdop.statistics.definitions import TableDefinition
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.subjects import Subject
from cdop.statistics.year_tables import YearTables

READERS = {
    "public": "anyone who has every number of this release",
    "other-years": "anyone who also has the releases of other years",
    "ledger": "anyone who kept the earlier releases of these {several}",
    "known-margins": "anyone who also has counts that others published",
    "family": "whoever knows that one of the {several} is among those counted",
}
_MENDS = (
    (
        "of an earlier release (reader: anyone who kept the earlier releases of these referrals",
        "What has gone out already, of whatever year, tells too much for this profile. The "
        "cheapest mend is to take one that protects no more counts than that release did.",
    ),
    (
        "of an earlier release",
        "What has gone out already tells too much for this profile. The cheapest mend is to take a "
        "profile that protects no more counts than that release did, or years that it does not "
        "hold.",
    ),
    (
        "No choice of hidden cells",
        "The cheapest mend is a profile that rounds; otherwise coarser answers or a longer period.",
    ),
    (
        "No rounding",
        "The cheapest mend is a profile that hides; otherwise coarser answers or a longer period.",
    ),
    ("did not finish", "Nothing was found to be wrong with it: there was no time to prove it."),
)
_MEND = "The cheapest mend is another profile; otherwise coarser answers or a longer period."
_CODE = r"[a-z0-9][a-z0-9-]*"
_CELL = re.compile(rf"table ([0-9a-f-]{{36}}:)?({_CODE}), ({_CODE}(?: / {_CODE})*)")
_ATTACKER = re.compile(r"\(attacker: ([^)]+)\)")


def reader(attacker: str, subject: Subject) -> str:
    """Return in words whom a release of a subject was proved against."""
    if attacker.startswith("board:"):
        return f"{attacker.removeprefix('board:')}, which knows its own records"
    if attacker == "ledger" and subject.linked:
        return f"{READERS['ledger']}, whatever their year".format(several=subject.words.several)
    words = READERS.get(attacker.partition(":")[0], attacker)
    return words.replace("{several}", subject.words.several)


def mend(reason: str) -> str:
    """Return what is most easily done about a reason for which there is no release."""
    return next((words for sign, words in _MENDS if sign in reason), _MEND)


def in_words(reason: str, tables: YearTables) -> str:
    """Return a reason of the disclosure check by the titles that people know."""
    named = {table.code: table for table in tables.every}

    def cell(found: re.Match[str]) -> str:
        earlier, code, key = found.groups()
        if code not in named:
            return found[0]
        words = cell_in_words(tables, named[code], key.split(" / "))
        return f"{words} of an earlier release" if earlier else words

    return with_readers(_CELL.sub(cell, reason), tables.definitions.subject)


def with_readers(text: str, subject: Subject) -> str:
    """Return a sentence of the disclosure check with its readers in words."""
    return _ATTACKER.sub(lambda found: f"(reader: {reader(found[1], subject)})", text)


def cell_in_words(tables: YearTables, table: TableDefinition, key: Sequence[str]) -> str:
    """Return which count of which table it is: one row, a row's or column's total, or all."""
    names = zip(table.by, key, strict=False)
    said = [dict(tables.answers[name]).get(code, code) for name, code in names if code != TOTAL]
    row = " / ".join(said) + (", in total" if TOTAL in key else "") if said else "the total"
    return f"“{table.title}”, {row}"
