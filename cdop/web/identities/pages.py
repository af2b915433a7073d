"""What the pages of identities show."""

from dataclasses import dataclass
from uuid import UUID

from cdop.security.single_sign_on.asking import Asked
from cdop.security.work import Work
from cdop.sign_in.identities import keeping
from cdop.sign_in.identities.models import ExternalIdentity
from cdop.web.buttons import Button
from cdop.web.sign_in.pages import ProviderLink
from cdop.web.templating import moment


@dataclass(frozen=True)
class Row:
    """A linked identity. `label` is the provider's, or its address when it is trusted no more."""

    id: UUID
    label: str
    linked: str
    used: str


@dataclass(frozen=True)
class IdentitiesPage:
    """The identities of whoever is signed in, and the providers that could be linked."""

    rows: tuple[Row, ...]
    providers: tuple[ProviderLink, ...]
    done: str | None
    fault: str | None


@dataclass(frozen=True)
class UnlinkPage:
    """An identity to be unlinked, another's account if `whose` names it, and the button."""

    row: Row
    whose: str | None
    unlink: Button


@dataclass(frozen=True)
class OnwardPage:
    """A step out of the register, to a provider's own pages."""

    label: str
    address: str


DONE = {"linked": "The sign-in was linked.", "unlinked": "The sign-in was unlinked."}


def identities_page(
    work: Work, asked: tuple[Asked, ...], done: str | None, fault: str | None
) -> IdentitiesPage:
    """Return the page of whoever acts."""
    assert work.actor.account_id
    held = keeping.of(work, work.actor.account_id)
    linked = {each.issuer for each in held}
    free = tuple(
        ProviderLink(each.provider.id, each.provider.label)
        for each in asked
        if each.provider.issuer not in linked
    )
    rows = tuple(row_of(each, asked) for each in held)
    return IdentitiesPage(rows, free, DONE.get(done or ""), fault)


def row_of(identity: ExternalIdentity, asked: tuple[Asked, ...]) -> Row:
    """Return an identity as a row. What it is called at the provider is shown to nobody."""
    labels = {each.provider.issuer: each.provider.label for each in asked}
    return Row(
        identity.id,
        labels.get(identity.issuer, identity.issuer),
        moment(identity.linked_at),
        moment(identity.used_at) if identity.used_at else "Not used yet",
    )
