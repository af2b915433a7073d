"""Further attackers, each of whom knows a little more than the first: families, say.

Most of them are kept off already, and the tables that prove it against others prove it against
them. What is left is looked at one by one.
"""

from collections.abc import Sequence

from cdop.statistics.disclosure import progress
from cdop.statistics.disclosure.attack import Attack
from cdop.statistics.disclosure.attackers import Attacker
from cdop.statistics.disclosure.certificate import Certificate, no_tables
from cdop.statistics.disclosure.pool import Pool
from cdop.statistics.disclosure.profiles import Profile
from cdop.statistics.disclosure.protect import Choice, Protection
from cdop.statistics.disclosure.reading import read_hiding
from cdop.statistics.disclosure.sensitive import EachSensitive, Sensitive
from cdop.statistics.disclosure.system import LinearSystem, Mask

MANY = 12  # further attackers beyond which nothing is shown again for their sake


def protect_further(
    system: LinearSystem,
    profile: Profile,
    first: Sequence[Attacker],
    further: Sequence[Attacker],
    done: Protection,
    start: Mask | None = None,
) -> Protection:
    """Hide what further attackers ask for beyond what was hidden against the first."""
    after, demanding = _against_each(system, profile, further, done)
    if 0 < len(demanding) <= MANY:
        kept = done.primary if start is None else done.primary | start
        choice = Choice(system, profile, (*first, *demanding), after.hidden)
        assert after.pool is not None
        for attack in choice.attacks:
            attack.know(after.pool)
        choice.show_again(kept)
        lighter = Protection(done.primary, choice.hidden, (), choice.found())
        after, _ = _against_each(system, profile, further, lighter)
    nothing = (no_tables(system),) * len(first)
    return Protection(done.primary, after.hidden, (*nothing, *after.certificates), after.pool)


def _against_each(
    system: LinearSystem, profile: Profile, attackers: Sequence[Attacker], done: Protection
) -> tuple[Protection, list[Attacker]]:
    """Hide what each of several attackers asks for, one by one; tell who asked for more."""
    assert done.pool is not None
    hidden, pool, demanding = done.hidden, done.pool, []
    proofs: list[Certificate] = []
    every = EachSensitive(system, hidden, profile)
    for number, who in enumerate(attackers):
        progress.step("Thinking of those who know a record", number, len(attackers))
        must = every.of(who)
        proof = pool.proof(must, who)
        if proof is None:
            proof, more = _proved(system, hidden, profile, who, must, pool)
            pool = pool.joined(more)
        if proof is None:
            choice = Choice(system, profile, (who,), hidden)
            (attack,) = choice.attacks
            old = attack.know(pool)
            while choice.repair():
                pass
            demanding.append(who)
            proof, hidden = attack.certificate(), choice.hidden
            every = EachSensitive(system, hidden, profile)
            pool = pool.joined(attack.found(old))
        proofs.append(proof)
    return Protection(done.primary, hidden, tuple(proofs), pool), demanding


def _proved(
    system: LinearSystem,
    hidden: Mask,
    profile: Profile,
    who: Attacker,
    must: Sensitive,
    pool: Pool,
) -> tuple[Certificate | None, Pool]:
    """Return the proof that nothing more is needed, if there is one, and the tables found."""
    attack = Attack(system, read_hiding(system, hidden, profile), profile.width, who)
    old = attack.know(pool)
    attack.aim(must)
    safe = attack.first_unproved() is None
    return attack.certificate() if safe else None, attack.found(old)
