"""Whether somebody may see which records an organisation of the other duty knows."""

from cdop.errors import Refused
from cdop.organisations import queries as organisations
from cdop.organisations.models import Organisation
from cdop.security.work import Work

READ = "statistics:exact:read"


def check_seen(work: Work, of: Organisation) -> None:
    """Raise Refused for whoever may not read the exact figures of an organisation.

    Which referrals a panel made, or which deaths a group was told of, would be hidden from them:
    the release would be proved as if it knew none.
    """
    if not work.actor.may(READ, of.id):
        name = organisations.name_on(work.session, of.id, work.today)
        raise Refused(
            f"{name} knows some of these cases already, and you may not see which. Leave this "
            "release to somebody who reads the exact figures of both."
        )
