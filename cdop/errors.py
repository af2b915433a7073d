"""The few ways in which a person's wish can fail. Nothing here knows HTTP or the terminal.

No message may hold a name, an NHS number, a date of birth or typed text: messages reach logs.
"""

from uuid import UUID


class CdopError(Exception):
    """Any refusal of the register's own; `str()` is a sentence fit to show."""


class Invalid(CdopError):
    """Typed values break a rule. `fields` maps a field's name to a plain sentence."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(fields.values()))
        self.fields = fields


class Refused(CdopError):
    """The request is understood and permitted, but a rule or the record's state says no."""


class Erased(Refused):
    """What was sealed about a record was erased: its key is destroyed, and nobody can read it."""

    def __init__(self) -> None:
        super().__init__(
            "This record has been erased: what was written about the person can no longer be read. "
            "Its coded facts stay for statistics."
        )


class NotFound(CdopError):
    """The thing is absent, or outside this person's scope: the two look alike on purpose.

    `sought` is the record asked for by (table, id), and `permission` what it was asked for: with
    them the register keeps, in its audit log, which of the two it was.
    """

    def __init__(self, sought: tuple[str, UUID] | None = None, permission: str = "") -> None:
        super().__init__("Page not found")
        self.sought = sought
        self.permission = permission


class OnlyToRead(NotFound):
    """The person may read the record, but not do this to it; kept in the audit log as a denial."""

    def __str__(self) -> str:
        """Return a sentence: that the record exists is no secret from its reader."""
        return (
            "You may read this record, but not change it: it is not one of those for which you "
            "hold the role that does."
        )


class Denied(CdopError):
    """The person lacks a permission. Shown as `NotFound`; recorded in the audit log as a denial."""

    def __init__(self, permission: str) -> None:
        super().__init__("Page not found")
        self.permission = permission


class Unsafe(CdopError):
    """Fail closed: a sealed value that does not open, a release that can be undone."""


class Misconfigured(CdopError):
    """The register cannot start or be used as it is set up; the sentence says what to do."""
