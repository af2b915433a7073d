"""Who acts: a signed-in person or a named part of the system, with what they may do and where."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from cdop.errors import Denied
from cdop.security.permissions import EVERY_PERMISSION, GLASS, GRANTS, Role

OFFICE = "office:"


@dataclass(frozen=True)
class Grant:
    """What somebody holds now, and where. `organisations` are those reached, predecessors included.

    `role` None is access by break-glass, `glass` its id. `stands_in_for` is the user name of whose
    role it is, where this person is only the deputy. A role for assigned cases reaches `cases`.
    """

    role: Role | None
    organisations: frozenset[UUID]
    office: str | None = None
    cases: frozenset[UUID] = frozenset()
    stands_in_for: str | None = None
    glass: UUID | None = None

    @cached_property
    def permissions(self) -> frozenset[str]:
        """Return what it permits; an office held is a permission of its own (`office:…`)."""
        given = GRANTS[self.role] if self.role else GLASS.may
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

    def cases(self, permission: str) -> frozenset[UUID]:
        """Return the cases assigned one by one for which this actor holds `permission`."""
        return frozenset().union(*(g.cases for g in self.grants if permission in g.permissions))

    def may(
        self, permission: str, organisation_id: UUID | None = None, case_id: UUID | None = None
    ) -> bool:
        """Say whether this actor holds `permission`: anywhere, at an organisation, or for a case
        of it that is assigned.
        """
        return any(
            organisation_id is None or organisation_id in g.organisations or case_id in g.cases
            for g in self.grants
            if permission in g.permissions
        )

    def offices(self, organisation_id: UUID) -> frozenset[str]:
        """Return the offices (for example `children-chair`) held at an organisation."""
        return frozenset(
            g.office for g in self.grants if g.office and organisation_id in g.organisations
        )

    def check(
        self, permission: str, organisation_id: UUID | None = None, case_id: UUID | None = None
    ) -> None:
        """Raise Denied unless `may`."""
        if not self.may(permission, organisation_id, case_id):
            raise Denied(permission)

    def capacity(self, organisation_id: UUID | None, action: str = "") -> dict[str, str]:
        """Return in what capacity this actor acts at an organisation, for the audit line.

        Empty for a role of one's own there. Otherwise for whom somebody stands in, or by which
        break-glass they are there. For what is of no organisation, or of one that no role reaches
        (a board's office decides on a group's referral): all that they hold so. Where `action` is
        a permission, only what gives it counts.
        """
        there = tuple(g for g in self.grants if organisation_id in g.organisations)
        there = tuple(g for g in there if action in g.permissions) or there
        if any(g.role and not g.stands_in_for for g in there):
            return {}
        held = there or self.grants
        found = {
            "stands_in_for": sorted({g.stands_in_for for g in held if g.stands_in_for}),
            "break_glass": sorted({str(g.glass) for g in held if g.glass}),
        }
        return {name: ",".join(values) for name, values in found.items() if values}


@dataclass(frozen=True)
class SystemActor(Actor):
    """A named part of the system, such as the command line run by whoever owns the key file.

    One that does not see cases is given none by the database either: see `cdop.security.walls`.
    """

    sees_cases: bool = True

    @property
    def permissions(self) -> frozenset[str]:
        """Return every permission: whoever runs it holds the keys and the database already."""
        return EVERY_PERMISSION

    def may(
        self, permission: str, organisation_id: UUID | None = None, case_id: UUID | None = None
    ) -> bool:
        """Return True for every permission there is."""
        return permission in EVERY_PERMISSION


def system(part: str, *, sees_cases: bool = True) -> SystemActor:
    """Return the actor that stands for a part of the system in the audit log."""
    return SystemActor(f"system:{part}", f"System ({part})", sees_cases=sees_cases)


def everywhere(actor: Actor) -> bool:
    """Say whether scope does not bind this actor."""
    return isinstance(actor, SystemActor)
