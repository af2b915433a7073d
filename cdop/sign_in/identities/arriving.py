"""Whoever comes back from a provider: let in, linked to an account, or turned away.

An identity opens an account that it is linked to, and never makes one. No e-mail address and no
name is looked at: both can be another person's at another provider.
"""

from dataclasses import dataclass

from cdop.errors import CdopError, Invalid
from cdop.organisations.models import Account
from cdop.organisations.sessions import GATE
from cdop.security.actor import Actor
from cdop.security.single_sign_on import flow
from cdop.security.single_sign_on.asking import Asked
from cdop.security.single_sign_on.flow import Answer
from cdop.security.single_sign_on.tokens import Identity, NotProved
from cdop.security.work import Register, Work
from cdop.sign_in import confirming, delays, factors, invitations, steps
from cdop.sign_in.delays import Visitor
from cdop.sign_in.identities import asking, ending, keeping
from cdop.sign_in.identities.asking import Purpose, Why
from cdop.sign_in.identities.models import ExternalIdentity
from cdop.sign_in.steps import Step


class NotLinked(CdopError):
    """The provider knows this person, and no account of this register is theirs."""


class NotAsked(CdopError):
    """Nothing was asked of this browser, or too long ago, or it has answered already."""


@dataclass(frozen=True)
class Arrival:
    """Where somebody goes who came back: a step of signing in; None, who was signed in already."""

    why: Why
    step: Step | None


def arrive(
    register: Register,
    asked: Asked,
    secret: str,
    answer: Answer,
    visitor: Visitor,
    actor: Actor | None,
) -> Arrival:
    """Take what a browser brings back. `actor` is who is signed in in it, if anybody is.

    Raises NotAsked, NotProved, NotLinked, Unavailable, TooSoon; Refused for an identity that is
    another account's; Invalid for an invitation that is over. Refusals are written to the audit
    log, and delayed by source.
    """
    counted = delays.count(register, "provider", None, visitor)
    why = register.do(GATE, asking.answered, asked.provider.id, secret)
    if why is None:
        raise NotAsked
    try:
        question, back = flow.question_of(secret), asking.redirect_uri(register, asked)
        fresh = why.purpose is Purpose.CONFIRM
        identity = flow.identity(asked, question, answer, back, fresh=fresh)
    except NotProved as error:
        register.do(GATE, _note_refusal, asked, error.why)
        raise

    def take_in(work: Work) -> Arrival | None:
        arrival = _TAKE_IN[why.purpose](work, why, identity, visitor)
        if arrival:
            delays.take_back(work, counted)
            if why.session_id is None:
                delays.take_back(work, delays.question_of(register, visitor))
        else:
            _note_refusal(work, asked, "not linked")
        return arrival

    # Who comes to sign in may be another than who is signed in: it is not told under that name.
    who = actor if actor and why.session_id else GATE
    arrival = register.do(who, take_in)
    if arrival is None:
        raise NotLinked
    return arrival


def _sign_in(work: Work, why: Why, identity: Identity, visitor: Visitor) -> Arrival | None:
    row = keeping.find(work, identity)
    account = work.session.get(Account, row.account_id) if row else None
    if row is None or account is None or account.disabled_at:
        return None
    return Arrival(why, _let_in(work, account, row, identity, visitor))


def _link(work: Work, why: Why, identity: Identity, _: Visitor) -> Arrival | None:
    """Link to the account whose session asked, if that is still who is signed in here."""
    actor = work.actor
    if actor.account_id is None or actor.session_id != why.session_id:
        raise NotAsked
    keeping.link(work, actor.account_id, identity, "session")
    return Arrival(why, None)


def _confirm(work: Work, why: Why, identity: Identity, _: Visitor) -> Arrival | None:
    """Confirm the session that asked, by its own account's identity and a second factor there."""
    if work.actor.account_id is None or work.actor.session_id != why.session_id:
        raise NotAsked
    row = keeping.find(work, identity)
    if row is None or row.account_id != work.actor.account_id or not identity.second_factor:
        return None
    row.used_at = work.now
    confirming.note(work)
    return Arrival(why, None)


def _join(work: Work, why: Why, identity: Identity, visitor: Visitor) -> Arrival | None:
    """Take an invitation up by an identity, where no other way in asks for more than that."""
    assert why.invitation_id
    account = invitations.use(work, why.invitation_id)
    there = {(each.issuer, each.subject) for each in keeping.of(work, account.id)}
    if there - {(identity.issuer, identity.subject)} or factors.has_any(work, account.id):
        raise Invalid({"invitation": invitations.HELD})
    row = keeping.link(work, account.id, identity, "invitation")
    return Arrival(why, _let_in(work, account, row, identity, visitor))


_TAKE_IN = {
    Purpose.SIGN_IN: _sign_in,
    Purpose.LINK: _link,
    Purpose.CONFIRM: _confirm,
    Purpose.JOIN: _join,
}


def _let_in(
    work: Work, account: Account, row: ExternalIdentity, identity: Identity, visitor: Visitor
) -> Step:
    """Start a session when the provider vouches for a second factor; otherwise ask for ours."""
    row.used_at = work.now
    work.audit(
        "accounts:identity:use",
        ("accounts", account.id),
        identity=row.id.hex,
        second_factor=identity.second_factor,
    )
    if identity.second_factor:
        step, held_by = steps.let_in(work, account, identity.proved_at, visitor)
    else:
        step, held_by = steps.half(work, account)
    ending.hold(work, held_by, row.id, identity.sid)
    return step


def _note_refusal(work: Work, asked: Asked, why: str) -> None:
    work.audit("accounts:identity:refuse", provider=asked.provider.id, why=why)
