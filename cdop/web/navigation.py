"""What the menu offers. An item is shown to those who may open it, and to nobody else."""

from dataclasses import dataclass

from cdop.security.actor import Actor


@dataclass(frozen=True)
class Item:
    """A menu entry. `permission` None means everyone who is signed in.

    `unless` is the permission of those who come to the page by another entry.
    """

    label: str
    href: str
    permission: str | None = None
    unless: str | None = None

    def holds(self, path: str) -> bool:
        """Say whether a page lies under this entry."""
        return path == self.href or (self.href != "/" and path.startswith(f"{self.href}/"))


# In the order of the work. A test holds that each leads to a page.
NAVIGATION: tuple[Item, ...] = (
    Item("Your work", "/"),
    Item("Notify", "/deaths/notify", "deaths:notification:create"),
    Item("Find", "/search", "deaths:identity:read"),
    Item("Cases", "/deaths", "deaths:case:read"),
    Item("Meetings", "/meetings", "meetings:meeting:read"),
    Item("Referrals", "/referrals", "case_reviews:referral:read"),
    Item("Statistics", "/statistics", "statistics:exact:read"),
    Item("Numbers", "/statistics/dashboard", "statistics:dashboard:read", "statistics:exact:read"),
    Item("Rights", "/rights", "rights:request:handle"),
    Item("Retention", "/retention", "retention:record:list"),
    Item("Audit", "/audit", "audit:log:read"),
    Item("Break-glass", "/break-glass", "access:break-glass:read"),
    Item("Accounts", "/accounts", "accounts:account:manage"),
)


def items_for(actor: Actor) -> tuple[Item, ...]:
    """Return the menu of a person."""
    return tuple(
        item
        for item in NAVIGATION
        if (item.permission is None or actor.may(item.permission))
        and not (item.unless and actor.may(item.unless))
    )
