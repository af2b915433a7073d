"""Which lines an auditor may read: all, or those about the organisations where the role is held."""

from uuid import UUID

from cdop.security.actor import Actor, everywhere

READ = "audit:log:read"


def reach(actor: Actor) -> frozenset[UUID] | None:
    """Return the organisations whose lines the actor may read; None where nothing is kept back.

    Lines about no organisation, such as sign-ins, are for those alone whose role has no bounds.
    """
    unbound = any(READ in g.permissions and not g.organisations for g in actor.grants)
    return None if everywhere(actor) or unbound else actor.scope(READ)
