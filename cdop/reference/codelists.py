"""Code lists: the allowed answers, what they are called and how they are grouped, by edition.

A file holds every edition of one list. An edition that differs little from another says
`like = "<edition>"` and lists only the items that are new or changed.
"""

from collections.abc import Iterator
from datetime import date
from functools import cache, cached_property, lru_cache
from typing import Any, Self

from pydantic import Field, model_validator

from cdop.errors import Misconfigured
from cdop.reference.loading import (
    Certainty,
    Edition,
    Frozen,
    Unknown,
    check,
    named,
    names,
    on_day,
    read,
)


class Item(Frozen):
    """One answer. `certainty` stands only where it differs from that of its list."""

    code: str = Field(min_length=1, pattern=r"^\S+$")
    label: str = Field(min_length=1)
    short: str = ""
    plural: str = ""
    """How several are written in brackets in a table: "SILPs", "HELPS"."""
    group: str = ""
    help: str = ""
    includes: str = ""
    excludes: str = ""
    applies_to: tuple[str, ...] = ()
    """Codes of what the answer may be given for (kinds of board, say); none means for all."""
    certainty: Certainty | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def offered(self, day: date | None, applies_to: str | None = None) -> bool:
        """Say whether the answer may be given on `day` (None: any day) for `applies_to`."""
        begun = day is None or self.valid_from is None or self.valid_from <= day
        ended = day is not None and self.valid_to is not None and self.valid_to < day
        fits = applies_to is None or not self.applies_to or applies_to in self.applies_to
        return begun and not ended and fits


class CodeList(Edition):
    """One edition of a list, seen from a day: `items` are the answers that may be given then."""

    grouped_by: str = ""
    """The list that names the groups: its edition of the same name, or its only one."""
    every: tuple[Item, ...] = Field(min_length=1)
    on: date | None = None

    @model_validator(mode="after")
    def _codes_are_unique(self) -> Self:
        codes = [item.code for item in self.every]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(f"codes given twice: {', '.join(twice)}")
        if ungrouped := [item.code for item in self.every if bool(item.group) != self._grouped]:
            raise ValueError(f"items and grouped_by disagree: {', '.join(ungrouped)}")
        return self

    @property
    def _grouped(self) -> bool:
        return bool(self.grouped_by)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The answers that may be given on the day asked for, in the order of the form."""
        return tuple(item for item in self.every if item.offered(self.on))

    @cached_property
    def _by_code(self) -> dict[str, Item]:
        return {item.code: item for item in self.every}

    def __contains__(self, code: object) -> bool:
        """Say whether `code` may be given on the day asked for."""
        item = self._by_code.get(code) if isinstance(code, str) else None
        return item is not None and item.offered(self.on)

    def item(self, code: str) -> Item:
        """Return an item, offered that day or not: old answers stay readable. Raises `Unknown`."""
        try:
            return self._by_code[code]
        except KeyError:
            # The code may be something a person typed: it stays out of the message.
            raise Unknown(f"{self.id}, edition {self.edition}, has no such code.") from None

    def label(self, code: str) -> str:
        """Return an item's words. Raises `Unknown`."""
        return self.item(code).label

    def group(self, code: str) -> str:
        """Return the code of an item's group, "" in a list without groups. Raises `Unknown`."""
        return self.item(code).group

    def groups(self) -> "CodeList | None":
        """Return the list of this list's groups, or None if it has none."""
        if not self.grouped_by:
            return None
        all_groups = editions(self.grouped_by)
        return all_groups[0] if len(all_groups) == 1 else named(all_groups, self.edition)

    def choices(self, applies_to: str | None = None) -> tuple[tuple[str, str], ...]:
        """Return (code, label) of the answers to offer, optionally only those for `applies_to`."""
        chosen = (item for item in self.items if item.offered(self.on, applies_to))
        return tuple((item.code, item.label) for item in chosen)

    def codes(self) -> tuple[str, ...]:
        """Return the codes that may be given on the day asked for, in order."""
        return tuple(item.code for item in self.items)


def codelist_ids() -> tuple[str, ...]:
    """Return the ids of all lists."""
    return names("codelists")


@lru_cache(maxsize=4096)
def codelist(id: str, on: date) -> CodeList:
    """Return the edition of a list in force on a day. Raises `Unknown`, `NotInForce`."""
    found = on_day(editions(id), on)
    if any(item.valid_from or item.valid_to for item in found.every):
        return found.model_copy(update={"on": on})
    return found


@cache
def codelist_edition(id: str, edition: str) -> CodeList:
    """Return an edition by name, with every item it ever offered. Raises `Unknown`."""
    return named(editions(id), edition)


@cache
def editions(id: str) -> tuple[CodeList, ...]:
    """Return all editions of a list, oldest first. Raises `Unknown`, `Misconfigured`."""
    if id not in codelist_ids():
        raise Unknown("There is no code list of that name.")
    where = f"codelists/{id}.toml"
    content = read("codelists", f"{id}.toml")
    if content.get("id") != id:
        raise Misconfigured(f"Reference file {where} should say id = {id!r}.")
    found = check(CodeList, merged(content, where), where)
    for each in found:
        groups = each.groups()
        if groups and any(item.group not in groups for item in each.every):
            raise Misconfigured(f"Reference file {where} ({each.edition}): unknown group.")
    return found


def merged(content: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    """Yield each edition with the file's common values and the items of the one it is like."""
    common = {key: value for key, value in content.items() if key != "editions"}
    seen: dict[str, list[dict[str, Any]]] = {}
    for written in content.get("editions", []):
        row = common | written
        own = {item["code"]: item for item in row.pop("items", [])}
        if like := row.pop("like", None):
            if like not in seen:
                raise Misconfigured(
                    f"Reference file {where}: no earlier edition {like} to be like."
                )
            changed = [own.pop(item["code"], item) for item in seen[like]]
            row["every"] = changed + list(own.values())
        else:
            row["every"] = row.pop("every", None) or written.get("items", [])
        seen[row["edition"]] = row["every"]
        yield row
