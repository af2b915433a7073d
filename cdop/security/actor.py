"""Who acts: a signed-in person or a named part of the system, with what they may do and where."""

from dataclasses import dataclass
from uuid import UUID

from cdop.errors import Denied
from cdop.security.permissions import EVERY_PERMISSION, GRANTS, Role

OFFICE = "office:"


@dataclass(frozen=True)
class Grant:
    """A role held today. `organisations` are those it reaches, predecessors included."""

    role: Role
    organisations: frozenset[UUID]
    office: str | None = None

    @property
    def permissions(self) -> frozenset[str]:
        """Return what it permits; an office held is a permission of its own (`office:…`)."""
        given = GRANTS[self.role]
        return given | {OFFICE + self.office} if self.office else given


@dataclass(frozen=True)
class Actor:
    """Who acts. `name` is the account's user name, or `system:…`, as written in the audit log."""

    name: str
    display_name: str
    account_id: UUID | None = None
    grants: tuple[Grant, ...] = ()
    session_id: UUID | None = None

    @property
    def permissions(self) -> frozenset[str]:
        """Return everything this actor may do somewhere."""
        return frozenset().union(*(grant.permissions for grant in self.grants))

    def scope(self, permission: str) -> frozenset[UUID]:
        """Return the organisations at which this actor holds `permission`."""
        return frozenset().union(
            *(g.organisations for g in self.grants if permission in g.permissions)
        )

    def may(self, permission: str, organisation_id: UUID | None = None) -> bool:
        """Say whether this actor holds `permission` (at that organisation, when one is given)."""
        if permission not in self.permissions:
            return False
        return organisation_id is None or organisation_id in self.scope(permission)

    def offices(self, organisation_id: UUID) -> frozenset[str]:
        """Return the offices (for example `children-chair`) held at an organisation."""
        return frozenset(
            g.office for g in self.grants if g.office and organisation_id in g.organisations
        )

    def check(self, permission: str, organisation_id: UUID | None = None) -> None:
        """Raise Denied unless `may`."""
        if not self.may(permission, organisation_id):
            raise Denied(permission)


@dataclass(frozen=True)
class SystemActor(Actor):
    """A named part of the system, such as the command line run by whoever owns the key file."""

    @property
    def permissions(self) -> frozenset[str]:
        """Return every permission: whoever runs it holds the keys and the database already."""
        return EVERY_PERMISSION

    def may(self, permission: str, organisation_id: UUID | None = None) -> bool:
        """Return True for every permission there is."""
        return permission in EVERY_PERMISSION


def system(part: str) -> SystemActor:
    """Return the actor that stands for a part of the system in the audit log."""
    return SystemActor(name=f"system:{part}", display_name=f"System ({part})")


def everywhere(actor: Actor) -> bool:
    """Say whether scope does not bind this actor."""
    return isinstance(actor, SystemActor)
