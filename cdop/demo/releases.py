"""What has left the demonstration's register, and what is on its way out, by the release desk.

Herefordshire 2013-14 is published to multiples of 5, which is proved in seconds. The year after
waits for the server, which protects it beside its pages and leaves it to the approver; a table that
a board asked for is a draft.
"""

from cdop.demo.herefordshire import PANEL
from cdop.organisations import people
from cdop.organisations.queries import by_slug
from cdop.security.actor import Actor, system
from cdop.security.work import Register, Work
from cdop.statistics import drafting, proving, settling, working
from cdop.statistics.asked import Asked
from cdop.statistics.drafting import Draft
from cdop.statistics.rules import Recipient

PUBLISHED = Draft("2013-14", "rounded-5", (Recipient("The public", "public"),))
NEXT = Draft("2014-15", "partner-1to4", (Recipient("Invented public health team"),))
ASKED = Draft(
    "2013-14",
    "partner-1to4",
    (Recipient("Invented health and wellbeing board"),),
    asked=(Asked("reviewed", ("place", "sex")),),
)


def play_releases(register: Register) -> None:
    """Release a year by two people, and leave two drafts. Proving holds no transaction."""
    with register.reading(system("demo")) as work:
        analyst, approver = _actor(work, "analyst"), _actor(work, "release-approver")
        panel = by_slug(work.session, PANEL).id
    first = register.do(analyst, drafting.draft, panel, PUBLISHED)
    proving.build(register, analyst, first.id)
    register.do(approver, settling.approve, first.id)
    register.do(analyst, drafting.draft, panel, ASKED)
    waits = register.do(analyst, drafting.draft, panel, NEXT)
    register.do(analyst, working.ask, waits.id, working.BUILDING)


def _actor(work: Work, username: str) -> Actor:
    return people.actor_by_username(work.session, username, work.now)
