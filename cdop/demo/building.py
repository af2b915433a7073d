"""Filling an empty demonstration register: all its cases or none, then what has left it."""

from collections.abc import Callable
from pathlib import Path

from sqlmodel import select

from cdop.case_reviews.models import Referral
from cdop.deaths.models import Death
from cdop.demo import accounts, herefordshire, neighbours, places, present, referrals, releases
from cdop.demo.accounts import NewAccount
from cdop.demo.stage import Stage, open_stage
from cdop.errors import Refused
from cdop.organisations.models import Organisation
from cdop.reference_files import service as reference_files
from cdop.registers import is_demonstration
from cdop.security.actor import system
from cdop.security.work import Register, Work

BUILDER = system("demo")
POPULATION = Path(__file__).parent / "population.csv"

Progress = Callable[[str], None]

PARTS: dict[str, Callable[[Stage], None]] = {
    "Herefordshire 2013-14": herefordshire.play_year,
    "Worcestershire 2013-14 and Hampshire 2012-13": neighbours.play_years,
    "Referrals of 2012-14 and 2019-20": referrals.play_referrals,
    "The present day": present.play_present,
}
# What is done once all that stands, because it takes seconds in which nothing may be held open.
AFTERWARDS: dict[str, Callable[[Register], None]] = {
    "A release of Herefordshire 2013-14": releases.play_releases,
}


def build(register: Register, progress: Progress = lambda _: None) -> list[NewAccount]:
    """Fill an empty demonstration register. Returns the accounts, with passwords to show once.

    Raises Refused for a register for real use, or one that holds anything already.
    """
    check_may_fill(register)
    with register.work(BUILDER) as work:
        if not _is_empty(work):
            raise Refused("This register holds cases already.")
        progress("Organisations and accounts")
        places.found_places(work)
        reference_files.load(work, POPULATION.read_bytes())
        made = accounts.appoint(work, accounts.POSTS)
        hidden = accounts.appoint(work, accounts.NEIGHBOURS)
        stage = open_stage(work, [account.username for account in (*made, *hidden)])
        for name, play in PARTS.items():
            progress(name)
            play(stage)
        work.audit("register:demonstration:build", accounts=len(made))
    for name, follow in AFTERWARDS.items():
        progress(name)
        follow(register)
    return made


def steps() -> int:
    """Return of how many parts `build` tells."""
    return len(PARTS) + len(AFTERWARDS) + 1


def check_may_fill(register: Register) -> None:
    """Raise Refused for a register that is for real use: the demonstration is kept out of it."""
    if not is_demonstration(register):
        raise Refused(
            "This register was made for real use; the demonstration is kept out of it. "
            "Choose another folder: cdop --data DIR demo"
        )


def is_filled(register: Register) -> bool:
    """Say whether a register holds anything that the demonstration would stand beside."""
    with register.reading(BUILDER) as work:
        return not _is_empty(work)


def _is_empty(work: Work) -> bool:
    tables = (Organisation, Death, Referral)
    return all(work.session.exec(select(table).limit(1)).first() is None for table in tables)
