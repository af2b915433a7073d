"""What kind of field a declaration makes, and how a kept value stands in a form's fields."""

from datetime import date, time
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

DATE_PARTS = ("day", "month", "year")


def flatten(name: str, value: Any) -> dict[str, tuple[str, ...]]:
    """Return the fields that would have been typed for a kept value."""
    if value is None:
        return {}
    if isinstance(value, date):
        parts = (str(value.day), str(value.month), f"{value.year:04d}")
        named = zip(DATE_PARTS, parts, strict=True)
        return {f"{name}-{part}": (number,) for part, number in named}
    if not isinstance(value, list | tuple | set | frozenset):
        return {name: (_plain(value),)}
    lines = [item for item in value if isinstance(item, BaseModel)]
    if not lines:
        return {name: tuple(_plain(item) for item in value)} if value else {}
    fields: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(lines):
        for part in type(line).model_fields:
            fields |= flatten(f"{name}-{number}-{part}", getattr(line, part))
    return fields


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return str(value.value if isinstance(value, Enum) else value)


def bare(annotation: Any) -> Any:
    """Return an annotation without `| None` and without `Annotated`."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        kept = [a for a in get_args(annotation) if a is not type(None)]
        return bare(kept[0]) if len(kept) == 1 else annotation
    return annotation


def is_date(annotation: Any) -> bool:
    """Say whether a field is typed as day, month and year."""
    return bare(annotation) is date


def is_list(annotation: Any) -> bool:
    """Say whether a field takes several values."""
    return get_origin(bare(annotation)) in (list, tuple, set, frozenset)


def line_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model of one line of a repeated group, or None for any other field."""
    kind = bare(annotation)
    args = get_args(kind)
    if get_origin(kind) not in (list, tuple) or not isinstance(args[0], type):
        return None
    return args[0] if issubclass(args[0], BaseModel) else None


def is_choice(annotation: Any) -> bool:
    """Say whether a person selects the answer, rather than typing it."""
    kind = bare(annotation)
    if is_list(annotation) or kind in (bool, UUID) or get_origin(kind) is Literal:
        return True
    return isinstance(kind, type) and issubclass(kind, Enum)
