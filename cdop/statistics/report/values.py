"""What a report holds, whatever it is written as: sections of sentences, charts and tables."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdop.statistics.drawing import Chart


@dataclass(frozen=True)
class Grid:
    """A table to read: the first cell of a row names it. `words`: its cells are no numbers."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: bool = False


@dataclass(frozen=True)
class Part:
    """A section: its sentences, then its charts, each with its table, then other tables."""

    title: str
    sentences: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    grids: Sequence[Grid] = ()


@dataclass(frozen=True)
class Report:
    """A report. `marking` is printed first and on each page: INTERNAL, or nothing."""

    title: str
    subtitle: str
    marking: str
    parts: Sequence[Part]
