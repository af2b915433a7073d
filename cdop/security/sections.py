"""Which documents are sealed where, and which permission opens each. Values only."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

D = TypeVar("D", bound=BaseModel)


@dataclass(frozen=True)
class Section(Generic[D]):
    """A sealed column: the document in it and the permission that opens it."""

    table: str
    column: str
    document: type[D]
    permission: str
