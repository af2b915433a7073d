"""What has left the demonstration's register, and what is on its way out, by the release desk.

Herefordshire 2013-14 is published to multiples of 5, which is proved in seconds. The year after,
and the referrals of 2013-14, wait for the server, which protects them beside its pages and leaves
them to the approver; a table that a board asked for is a draft.
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

GROUP = "herefordshire-jcr"
PUBLISHED = Draft("2013-14", "rounded-5", (Recipient("The public", "public"),))
NEXT = Draft("2014-15", "partner-1to4", (Recipient("Invented public health team"),))
REFERRALS = Draft("2013-14", "rounded-5", (Recipient("Invented partners of the county"),))
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
        panel, group = (by_slug(work.session, slug).id for slug in (PANEL, GROUP))
    first = register.do(analyst, drafting.draft, panel, PUBLISHED)
    proving.build(register, analyst, first.id)
    register.do(approver, settling.approve, first.id)
    register.do(analyst, drafting.draft, panel, ASKED)
    for place, wanted in ((group, REFERRALS), (panel, NEXT)):
        waits = register.do(analyst, drafting.draft, place, wanted)
        register.do(analyst, working.ask, waits.id, working.BUILDING)


def _actor(work: Work, username: str) -> Actor:
    return people.actor_by_username(work.session, username, work.now)
