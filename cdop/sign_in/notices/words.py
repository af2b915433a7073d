"""What a notice says: no name of a child, no secret, nothing that somebody typed."""

from datetime import datetime
from enum import StrEnum

from cdop.clock import LONDON

SUBJECT = "A way to sign in to your account was changed or used up"


class Kind(StrEnum):
    """What was done to an account."""

    PASSWORD = "password"  # noqa: S105
    FACTOR_ADDED = "factor-added"
    FACTOR_REMOVED = "factor-removed"
    CODES = "codes"
    CODE_USED = "code-used"
    IDENTITY_LINKED = "identity-linked"
    IDENTITY_UNLINKED = "identity-unlinked"
    RESET = "reset"
    ADDRESS = "address"


SENTENCES = {
    Kind.PASSWORD: "A new password was set.",
    Kind.FACTOR_ADDED: "An authenticator app or a passkey was added.",
    Kind.FACTOR_REMOVED: "An authenticator app or a passkey was removed.",
    Kind.CODES: "New recovery codes were made; the old ones are worthless.",
    Kind.CODE_USED: "A recovery code was used in place of an authenticator app or a passkey.",
    Kind.IDENTITY_LINKED: "A sign-in at another provider was linked.",
    Kind.IDENTITY_UNLINKED: "A sign-in at another provider was unlinked.",
    Kind.RESET: "An administrator took the password away and made an invitation to the account.",
    Kind.ADDRESS: "An administrator changed the address to which such messages go.",
}


def text_of(kind: str, username: str, at: datetime, origin: str) -> str:
    """Return the message about a change at a moment."""
    local = at.astimezone(LONDON)
    return (
        f"Your account at {origin} (user name: {username.encode('ascii', 'replace').decode()})\n\n"
        f"{SENTENCES[Kind(kind)]}\n"
        f"When: {local.day} {local:%B %Y}, {local:%H:%M}\n\n"
        "If you know of this, nothing needs to be done. If you do not, tell your administrator at\n"
        f"once, and sign out everywhere: {origin}/account\n"
    )


def invitation(username: str, link: str, hours: int, origin: str) -> str:
    """Return the message that carries an invitation, which only its owner is to hold."""
    return (
        f"You are invited to the account {username.encode('ascii', 'replace').decode()} "
        f"at {origin}\n\n"
        f"{link}\n\n"
        f"The link is good for one time, within {hours} hours. Whoever opens it chooses the\n"
        "password of the account: pass it on to nobody. If you did not expect it, tell your\n"
        "administrator.\n"
    )
