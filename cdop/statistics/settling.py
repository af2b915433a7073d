"""What a second person settles: approval or not, and withdrawal; and whether a release holds."""

from hashlib import sha256
from uuid import UUID

from cdop.errors import Unsafe
from cdop.organisations.people import usernames_of
from cdop.security.actor import Actor
from cdop.security.work import Register, Work
from cdop.statistics import rules
from cdop.statistics.drafting import note
from cdop.statistics.earlier import releases_before, take_turns
from cdop.statistics.models import Release
from cdop.statistics.proving import pack, prepare_again, protected_as
from cdop.statistics.releasing import APPROVE, BUILD, find_release
from cdop.statistics.rules import Step


def approve(work: Work, release_id: UUID, *, settled: bool = False) -> Release:
    """Let a proved release out. `settled`: the typed note gives no count and no case away.

    Raises Denied without the permission at that panel; Refused for one's own release, in another
    state, or when another release of these cases went out since it was proved.
    """
    release = find_release(work, release_id, APPROVE)
    take_turns(work, release)
    check_approve(work, release)
    rules.check_settled(release.note, settled=settled)
    if release.package is None or sha256(release.package).hexdigest() != release.digest:
        raise Unsafe("The stored release was changed outside the register: it does not leave it.")
    now = [str(each.id) for each in releases_before(work, release)]
    rules.check_unchanged_ledger(release.against, now)
    release.state = rules.after(release.state, Step.APPROVE)
    release.approved_at, release.approved_by = work.now, work.actor.name
    if release.note:
        release.ledger = {**release.ledger, "note_settled_by": work.actor.name}
    note(work, release, Step.APPROVE, digest=release.digest)
    return release


def check_approve(work: Work, release: Release) -> None:
    """Raise Refused for one's own release, and for one in another state."""
    rules.after(release.state, Step.APPROVE)
    me = usernames_of(work.session, work.actor.name)
    rules.check_approver(me, (release.drafted_by, release.built_by))


def decline(work: Work, release_id: UUID, reason: str) -> Release:
    """Send a proved release back. Raises as `approve`; Invalid without a reason."""
    release = find_release(work, release_id, APPROVE)
    take_turns(work, release)
    state = rules.after(release.state, Step.DECLINE)
    rules.check_reason(reason)
    release.state, release.reason = state, reason.strip()
    note(work, release, Step.DECLINE, reason.strip())
    return release


def withdraw(work: Work, release_id: UUID, reason: str) -> Release:
    """Take a release back: nobody downloads it again; whoever has it is on the desk.

    An approver or a builder may. Raises Refused in another state; Invalid without a reason.
    """
    permission = APPROVE if work.actor.may(APPROVE) else BUILD
    release = find_release(work, release_id, permission)
    take_turns(work, release)
    state = rules.after(release.state, Step.WITHDRAW)
    rules.check_reason(reason)
    release.state, release.reason = state, reason.strip()
    note(work, release, Step.WITHDRAW, reason.strip())
    return release


def rebuild(register: Register, actor: Actor, release_id: UUID) -> tuple[bytes, bool]:
    """Build a release again from its frozen rows; say whether it is the same, byte for byte.

    Raises Refused when it was never built, or made before rows were kept.
    """
    with register.reading(actor) as work:
        release = find_release(work, release_id)
        prepared = prepare_again(work, release)
    content, _ = pack(register, prepared, protected_as(register, prepared))
    same = sha256(content).hexdigest() == release.digest
    with register.work(actor) as work:
        work.audit(
            "statistics:release:rebuild",
            ("releases", release.id),
            release.organisation_id,
            outcome="done" if same else "failed",
            year=release.year,
        )
    return content, same
