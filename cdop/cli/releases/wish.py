"""What a release is to be, as the options of whatever command drafts one."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from uuid import UUID

import typer
from sqlmodel import Session

from cdop.errors import Invalid
from cdop.statistics import releasing
from cdop.statistics.asked import Asked, with_asked
from cdop.statistics.drafting import Draft, parse_known
from cdop.statistics.rules import Recipient
from cdop.statistics.whose import resolve
from cdop.statistics.year_tables import year_tables


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The options. Whose it is and a year are needed to draft, and not where there is a draft."""

    board: Annotated[
        str, typer.Option(metavar="SLUG", help="A panel or group, or a panel's board.")
    ] = ""
    year: Annotated[
        str, typer.Option(help="The financial year, such as 2013-14; of a pool the last.")
    ] = ""
    profile: Annotated[
        str, typer.Option(metavar="ID", help="What is hidden or rounded, and how.")
    ] = releasing.DEFAULT_PROFILE
    recipients: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="NAME",
            help="Whom it is for. NAME@SLUG: knows that organisation's cases.",
        ),
    ] = None
    years: Annotated[int, typer.Option(help="How many years to pool, up to 5.")] = 1
    public: Annotated[
        bool, typer.Option("--public", help="It is published, not shared by agreement.")
    ] = False
    tables: Annotated[
        list[str] | None,
        typer.Option(
            "--table",
            metavar="WHO:COLUMN[,COLUMN]",
            help="A table of its own in place of the year's, as reviewed:place,sex.",
        ),
    ] = None
    ways: Annotated[
        list[str] | None, typer.Option("--merge", metavar="WAY", help="Coarser answers, as ages-3.")
    ] = None
    known: Annotated[
        Path | None,
        typer.Option(
            "--known", metavar="FILE", help="Counts published by others: table,codes,source."
        ),
    ] = None
    note: Annotated[str, typer.Option(help="A note for the readers, settled by the approver.")] = ""
    replaces: Annotated[
        str | None,
        typer.Option("--replaces", metavar="ID", help="The release it is a new edition of."),
    ] = None

    def whose(self, session: Session) -> UUID:
        """Return whose release it is to be. Raises Invalid, NotFound."""
        if not self.board or not self.year:
            raise Invalid({"release": "Name a draft, or --board and --year"})
        return resolve(session, self.board, self.year)

    def draft(self, counts: str) -> Draft:
        """Return the draft of what is counted there. Raises Invalid, naming what cannot be."""
        asked = tuple(_asked(text) for text in self.tables or ())
        tables = with_asked(year_tables(self.year, counts=counts), asked)
        return Draft(
            self.year,
            self.profile,
            tuple(self._recipients()),
            self.years,
            tuple(self.ways or ()),
            parse_known(_text(self.known), tables) if self.known else (),
            self.note,
            asked,
        )

    def _recipients(self) -> list[Recipient]:
        audience = "public" if self.public else "partner"
        named = [name.partition("@") for name in self.recipients or ["Public health"]]
        return [Recipient(name, audience, board) for name, _, board in named]


def wishing(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a wish, in place of its parameter `wish`."""
    hints = get_type_hints(Wish, include_extras=True)
    options = [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=each.default,
            annotation=hints[each.name],
        )
        for each in fields(Wish)
    ]

    @wraps(command)
    def with_options(*args: Any, **given: Any) -> None:
        wished = {each.name: given.pop(each.name) for each in options}
        command(*args, wish=Wish(**wished), **given)

    own = inspect.signature(command, eval_str=True)
    rest = [each for name, each in own.parameters.items() if name != "wish"]
    rest = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in rest]
    signature = own.replace(parameters=[*options, *rest])
    with_options.__signature__ = signature  # type: ignore[attr-defined]
    with_options.__annotations__ = {n: p.annotation for n, p in signature.parameters.items()}
    return with_options


def _asked(text: str) -> Asked:
    population, _, columns = text.partition(":")
    return Asked(population, tuple(name.strip() for name in columns.split(",") if name.strip()))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Invalid({"known": f"{path} cannot be read"}) from None
