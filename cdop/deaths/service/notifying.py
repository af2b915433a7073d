"""Notifying a death. The notifier learns the same whether or not the child is known already."""

import secrets
from dataclasses import replace

from cdop.db import new_id
from cdop.deaths import rules
from cdop.deaths.commands import Child, NewNotification, Receipt
from cdop.deaths.documents import (
    CIRCUMSTANCES,
    NOTIFIED_IDENTITY,
    NOTIFIED_NAMES,
    NOTIFIER,
    SCOPE_REMARK,
    Remark,
)
from cdop.deaths.models import Death, Notification
from cdop.deaths.references import next_reference
from cdop.deaths.service import clocks, finding, matching
from cdop.deaths.service.deriving import lookup_for, plain_values, set_child
from cdop.deaths.service.events import record_event
from cdop.deaths.service.transferring import ask, tell_other_panels
from cdop.errors import Invalid
from cdop.organisations import queries as organisations
from cdop.reference import derive, nhs_numbers
from cdop.security.work import Work

NOTIFY = "deaths:notification:create"
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def notify(work: Work, told: NewNotification) -> Receipt:
    """Record a notification: it joins the case with the same valid NHS number, or opens one.

    Raises Invalid with a sentence for each field, and OutOfScope (explained, not kept) when the
    death is outside review and `scope_confirmed` is not set. A match at another panel tells the
    notifier nothing and opens a task for that panel. Run by `Register.do`: two notifications of
    one number at the same moment make one case, because the database refuses the second token.
    """
    work.check(NOTIFY, told.cdop_id)
    child = _checked(work, told)
    known = finding.with_number(work, child)
    panels = organisations.with_predecessors(work.session, told.cdop_id)
    death = next((each for each in known if each.organisation_id in panels), None)
    joins = death is not None
    if death is None:
        death = _open_case(work, told, child)
    receipt = _keep(work, told, child, death)
    if joins:
        record_event(work, death, "notified-again", ("notifications", receipt.id))
        ask(work, death, "read-notification")
    tell_other_panels(work, known, panels, told.cdop_id)
    work.audit(NOTIFY, ("notifications", receipt.id), told.cdop_id)
    may_read = work.actor.may("deaths:case:read", told.cdop_id)
    return Receipt(receipt.receipt, death.id if may_read else None)


def _checked(work: Work, told: NewNotification) -> Child:
    """Return the child with normalised values, or raise what is wrong with the notification."""
    found = rules.notification_faults(told, work.today)
    if found:
        raise Invalid(found)
    identity = told.child.identity
    reason = rules.scope_reason(identity, told.out_of_scope)
    if reason and not told.scope_confirmed:
        raise rules.OutOfScope(reason, rules.explain_scope(reason, work.today))
    number = nhs_numbers.normalise(identity.nhs_number) if identity.nhs_number else ""
    return replace(told.child, identity=identity.model_copy(update={"nhs_number": number}))


def _open_case(work: Work, told: NewNotification, child: Child) -> Death:
    reason = rules.scope_reason(child.identity, told.out_of_scope)
    case_id = new_id()
    death = Death(
        id=case_id,
        subject_id=case_id,
        organisation_id=told.cdop_id,
        reference=next_reference(work, "CD", told.cdop_id),
        status="out-of-scope" if reason else "open",
        out_of_scope=reason,
        notified_on=work.today,
        notified_year=derive.financial_year(work.today),
        **plain_values(child, lookup_for(work, child)),
    )
    set_child(work, death, child)
    if reason:
        work.seal(death, {SCOPE_REMARK: Remark(text=told.scope_remark)})
    work.session.add(death)
    work.session.flush()
    finding.index(work, death, child)
    record_event(work, death, "out-of-scope" if reason else "notified")
    if not reason:
        clocks.open_tasks(work, death, child.identity)
        matching.offer(work, death, child)
        _ask_about_residence(work, death, child)
    work.audit("deaths:case:open", ("deaths", death.id), death.organisation_id)
    return death


def _keep(work: Work, told: NewNotification, child: Child, death: Death) -> Notification:
    row = Notification(
        subject_id=death.id,
        organisation_id=death.organisation_id,
        death_id=death.id,
        received_at=work.now,
        received_by=work.actor.name,
        receipt="N-" + "".join(secrets.choice(_ALPHABET) for _ in range(8)),
    )
    work.seal(
        row,
        {
            NOTIFIED_NAMES: child.names,
            NOTIFIED_IDENTITY: child.identity,
            CIRCUMSTANCES: told.circumstances,
            NOTIFIER: told.notifier,
        },
    )
    work.session.add(row)
    work.session.flush()
    return row


def _ask_about_residence(work: Work, death: Death, child: Child) -> None:
    """Ask the coordinator to agree who reviews a child who lived in another panel's area."""
    area = child.residence_area_id
    if area is None:
        return
    served = organisations.served_by(work.session, death.organisation_id, work.today)
    if area not in {each.id for each in served}:
        ask(work, death, "agree-reviewer")
