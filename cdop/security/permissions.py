"""What each role may do, as `roles.toml` says it. Scope, where one may do it, is another question.

Roles that may not see a child's identity have no `deaths:identity:*`: the panel works on the
anonymised case only (domain: panel papers are anonymised).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Role(StrEnum):
    """A part that a person plays at one organisation, between two dates."""

    NOTIFIER = "notifier"
    COORDINATOR = "coordinator"
    DESIGNATED_DOCTOR = "designated-doctor"
    LEAD_HEALTH_PROFESSIONAL = "lead-health-professional"
    CDRM_CHAIR = "cdrm-chair"
    KEY_WORKER = "key-worker"
    PANEL_CHAIR = "panel-chair"
    PANEL_MEMBER = "panel-member"
    JCR_ADMINISTRATOR = "jcr-administrator"
    JCR_MEMBER = "jcr-member"
    DECISION_MAKER = "decision-maker"
    ANALYST = "analyst"
    RELEASE_APPROVER = "release-approver"
    CALDICOTT_GUARDIAN = "caldicott-guardian"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Opens(StrEnum):
    """What a permission opens; `roles.toml` says what each means."""

    IDENTITY = "identity"
    CONTENT = "content"
    WORK = "work"
    POWER = "power"


@dataclass(frozen=True)
class Permission:
    """What a permission opens, and what it lets one do, in plain words."""

    opens: Opens
    words: str


@dataclass(frozen=True)
class Part:
    """A role as people read it. `may` keeps the file's order.

    `assigned_only`: reaches the cases assigned to the person, not the organisation's. `anywhere`:
    its rights do not depend on an organisation.
    """

    label: str
    does: str
    may: tuple[str, ...]
    assigned_only: bool = False
    anywhere: bool = False


@dataclass(frozen=True)
class Glass:
    """What break-glass gives at another organisation, and for how many minutes."""

    minutes: int
    may: frozenset[str]


def read(text: str) -> tuple[dict[str, Permission], dict[Role, Part], Glass]:
    """Return the permissions, roles and break-glass of a file's text, in its order.

    Raises ValueError for a role that the program does not know or that is missing, for a
    permission that no group explains, and for one that a role names twice.
    """
    told = tomllib.loads(text)
    permissions = {
        name: Permission(Opens(opens), words)
        for opens, group in told["permissions"].items()
        for name, words in group.items()
    }
    parts = {
        Role(name): Part(**{**values, "may": tuple(values["may"])})
        for name, values in told["roles"].items()
    }
    if missing := set(Role) - set(parts):
        raise ValueError(f"no such role is described: {', '.join(sorted(missing))}")
    for role, part in parts.items():
        if len(set(part.may)) < len(part.may) or not set(part.may) <= set(permissions):
            raise ValueError(f"{role} names a permission twice, or one that nothing explains")
    glass = Glass(told["break_glass"]["minutes"], frozenset(told["break_glass"]["may"]))
    if not glass.may <= set(permissions):
        raise ValueError("break-glass gives a permission that nothing explains")
    return permissions, parts, glass


PERMISSIONS, PARTS, GLASS = read(Path(__file__).with_name("roles.toml").read_text(encoding="utf-8"))
LABELS: Mapping[Role, str] = {role: part.label for role, part in PARTS.items()}
GRANTS: Mapping[Role, frozenset[str]] = {role: frozenset(p.may) for role, p in PARTS.items()}
EVERY_PERMISSION = frozenset(PERMISSIONS)
ANYWHERE = frozenset(role for role, part in PARTS.items() if part.anywhere)
ASSIGNED_ONLY = frozenset(role for role, part in PARTS.items() if part.assigned_only)


def needs_second_factor(role: Role | None) -> bool:
    """Say whether a password alone is too little for a role, or for break-glass (None).

    It is enough for one whose permissions are of `work` only, and at one organisation: an
    anonymised case, or an exact small count, is recognised by those who knew the child.
    """
    if role is None:
        return True
    return role in ANYWHERE or any(PERMISSIONS[p].opens is not Opens.WORK for p in GRANTS[role])
