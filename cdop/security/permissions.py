"""What each role may do. A permission reads `area:thing:action`; scope is a separate question.

Roles that may not see a child's identity have no `deaths:identity:*`: the panel works on the
anonymised case only (domain: panel papers are anonymised).
"""

from enum import StrEnum


class Role(StrEnum):
    """A part that a person plays at one organisation, between two dates."""

    NOTIFIER = "notifier"
    COORDINATOR = "coordinator"
    PANEL_CHAIR = "panel-chair"
    PANEL_MEMBER = "panel-member"
    JCR_ADMINISTRATOR = "jcr-administrator"
    JCR_MEMBER = "jcr-member"
    DECISION_MAKER = "decision-maker"
    ANALYST = "analyst"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    CALDICOTT_GUARDIAN = "caldicott-guardian"


LABELS = {
    Role.NOTIFIER: "Notifying professional",
    Role.COORDINATOR: "CDOP coordinator",
    Role.PANEL_CHAIR: "Panel chair",
    Role.PANEL_MEMBER: "Panel member",
    Role.JCR_ADMINISTRATOR: "JCR administrator",
    Role.JCR_MEMBER: "JCR group member",
    Role.DECISION_MAKER: "Decision maker",
    Role.ANALYST: "Public health analyst",
    Role.ADMINISTRATOR: "Register administrator",
    Role.AUDITOR: "Auditor",
    Role.CALDICOTT_GUARDIAN: "Caldicott guardian",
}

_PANEL = {"meetings:meeting:read", "overview:case:read", "overview:review:draft"}
_GROUP = {
    "meetings:meeting:read",
    "case_reviews:referral:read",
    "statistics:exact:read",
}
_KEEPS_RECORDS = {
    "retention:record:list",
    "retention:erasure:propose",
    "retention:hold:set",
    "rights:request:handle",
}

GRANTS: dict[Role, frozenset[str]] = {
    Role.NOTIFIER: frozenset({"deaths:notification:create"}),
    Role.COORDINATOR: frozenset(
        {
            "deaths:notification:create",
            "deaths:case:read",
            "deaths:case:edit",
            "deaths:identity:read",
            "deaths:identity:correct",
            "deaths:narrative:read",
            "meetings:meeting:read",
            "meetings:meeting:arrange",
            "overview:case:read",
            "overview:review:draft",
            "case_reviews:referral:create",
            "statistics:exact:read",
        }
        | _KEEPS_RECORDS
    ),
    Role.PANEL_CHAIR: frozenset(
        _PANEL
        | {
            "overview:review:sign",
            "case_reviews:referral:create",
            "statistics:exact:read",
        }
    ),
    Role.PANEL_MEMBER: frozenset(_PANEL),
    Role.JCR_ADMINISTRATOR: frozenset(
        _GROUP
        | _KEEPS_RECORDS
        | {
            "meetings:meeting:arrange",
            "case_reviews:referral:create",
            "case_reviews:subject:read",
            "case_reviews:recommendation:record",
            "case_reviews:review:record",
        }
    ),
    Role.JCR_MEMBER: frozenset(
        _GROUP | {"case_reviews:subject:read", "case_reviews:recommendation:record"}
    ),
    Role.DECISION_MAKER: frozenset(
        {
            "case_reviews:referral:read",
            "case_reviews:subject:read",
            "case_reviews:decision:decide",
        }
    ),
    Role.ANALYST: frozenset(
        {"statistics:exact:read", "statistics:release:build", "statistics:release:read"}
    ),
    Role.ADMINISTRATOR: frozenset(
        {"accounts:account:manage", "retention:record:list", "retention:register:set"}
    ),
    Role.AUDITOR: frozenset({"audit:log:read"}),
    # Answers for confidentiality: approves what others propose to erase, and never proposes.
    Role.CALDICOTT_GUARDIAN: frozenset(
        {
            "retention:record:list",
            "retention:erasure:approve",
            "retention:hold:set",
            "retention:period:set",
            "rights:request:handle",
            "deaths:case:read",
            "deaths:identity:read",
            "deaths:narrative:read",
            "case_reviews:referral:read",
            "case_reviews:subject:read",
        }
    ),
}

EVERY_PERMISSION = frozenset().union(*GRANTS.values()) | {
    "register:backup:create",
    "register:keys:manage",
}
