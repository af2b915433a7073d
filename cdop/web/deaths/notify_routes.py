"""Notifying a death in the browser. Everyone gets the same receipt, whether the child is known.

And after the same time: see `cdop.web.even`.
"""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.clock import local_day
from cdop.deaths import rules, service
from cdop.deaths.documents import IDENTITY_READ
from cdop.deaths.queries import READ
from cdop.deaths.service.matching import Resembling, resembling
from cdop.errors import Invalid, NotFound
from cdop.security.actor import Actor
from cdop.security.work import Register
from cdop.web.deaths.choices import DeathChoices, death_choices
from cdop.web.deaths.forms import NotificationForm
from cdop.web.deaths.pages import CERTAINTY
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.even import evened
from cdop.web.forms import Bound, Posted, PostedForm, bind, blank
from cdop.web.templating import go, render

router = APIRouter()
NOTIFY = "deaths:notification:create"


@dataclass(frozen=True)
class NotifyPage:
    """The notification form. `explanation` is set when the death is out of scope."""

    form: Bound[NotificationForm]
    choices: DeathChoices
    explanation: str | None = None
    is_compared: bool = False


@dataclass(frozen=True)
class LikelyRow:
    """A case that may be the child being notified."""

    href: str
    reference: str
    why: str


@dataclass(frozen=True)
class LikelyPage:
    """The cases that may be the child being notified; empty for whoever may not read cases."""

    rows: list[LikelyRow]


@dataclass(frozen=True)
class ReceiptPage:
    """What a notifier without access to cases sees."""

    number: str


@router.get("/deaths/notify", dependencies=[requires(NOTIFY)])
def ask(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show an empty notification."""
    page = NotifyPage(
        blank(NotificationForm), _choices(register, actor), is_compared=_is_compared(actor)
    )
    return render(request, "deaths/notify.html", page)


@router.post("/deaths/notify", dependencies=[evened(), requires(NOTIFY)])
def notify(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Record a notification, or show the form again with what is wrong and what was typed."""
    bound, explanation = bind(NotificationForm, posted), None
    choices = _choices(register, actor)
    cdop = _panel(bound, choices)
    if bound.model:
        try:
            receipt = register.do(actor, service.notify, bound.model.command(cdop))
        except Invalid as invalid:
            bound = _in_page_order(bound.refused(invalid))
        except rules.OutOfScope as outside:
            explanation = str(outside)
            question = {"scope_confirmed": "Confirm that this death is outside the review's scope"}
            bound = bound.refused(Invalid(question))
        else:
            if receipt.death_id:
                return go(request, f"/deaths/{receipt.death_id}?receipt={receipt.number}")
            return go(request, f"/deaths/notified?receipt={receipt.number}")
    else:
        bound = _with_all_faults(bound, posted, register, cdop)
    page = NotifyPage(bound, choices, explanation, _is_compared(actor))
    return render(request, "deaths/notify.html", page, block="form", status=422)


@router.post("/deaths/notify/likely", dependencies=[requires(NOTIFY)])
def likely(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Show a panel's coordinator which cases may be the child being typed; others see nothing."""
    legible = _legible(bind(NotificationForm, posted), posted)
    found: list[Resembling] = []
    if legible.model and _is_compared(actor):
        cdop = _chosen(legible, _choices(register, actor))
        child = rules.as_far_as_valid(legible.model.child())
        if cdop:
            with register.work(actor) as work:
                found = resembling(work, child, cdop)
    rows = [LikelyRow(f"/deaths/{each.id}", each.reference, _why(each)) for each in found]
    return render(request, "search/likely.html", LikelyPage(rows), block="likely")


@router.get("/deaths/notified", dependencies=[requires(NOTIFY)])
def notified(request: Request) -> Response:
    """Show the receipt. It says the same for every notification."""
    number = request.query_params.get("receipt", "")
    if not (len(number) == 10 and number.startswith("N-") and number[2:].isalnum()):
        raise NotFound
    return render(request, "deaths/notified.html", ReceiptPage(number))


def _with_all_faults(
    bound: Bound[NotificationForm], posted: Posted, register: Register, cdop: UUID
) -> Bound[NotificationForm]:
    """Add the rules' faults to those of typing, so that one answer names every field."""
    rest = _legible(bound, posted)
    if rest.model is None:
        return bound
    today = local_day(register.clock.now())
    found = rules.notification_faults(rest.model.command(cdop), today)
    return _in_page_order(bound.refused(Invalid({**found, **bound.errors})))


def _legible(bound: Bound[NotificationForm], posted: Posted) -> Bound[NotificationForm]:
    """Return the form without the fields that could not be read."""
    heads = set(bound.errors)
    legible = {
        name: value
        for name, value in posted.fields.items()
        if name not in heads and name.rpartition("-")[0] not in heads
    }
    return bind(NotificationForm, Posted(legible))


def _is_compared(actor: Actor) -> bool:
    return actor.may(READ) and actor.may(IDENTITY_READ)


def _why(each: Resembling) -> str:
    return f"{CERTAINTY[each.decision]} ({', '.join(each.reasons)})"


def _in_page_order(bound: Bound[NotificationForm]) -> Bound[NotificationForm]:
    """Return the form with its errors in the order of its fields."""
    place = {name: number for number, name in enumerate(bound.kind.model_fields)}
    ordered = sorted(bound.errors.items(), key=lambda item: place.get(item[0], len(place)))
    return Bound(bound.kind, bound.model, dict(ordered), bound.values)


def _choices(register: Register, actor: Actor) -> DeathChoices:
    with register.reading(actor) as work:
        return death_choices(work)


def _panel(bound: Bound[NotificationForm], choices: DeathChoices) -> UUID:
    """Return the panel notified to, or raise NotFound."""
    panel = _chosen(bound, choices)
    if panel is None:
        raise NotFound
    return panel


def _chosen(bound: Bound[NotificationForm], choices: DeathChoices) -> UUID | None:
    """Return the chosen panel, or the only one there is."""
    typed = bound.value("cdop")
    offered = [id for id, _ in choices.panels]
    if typed in offered or (not typed and len(offered) == 1):
        return UUID(typed or offered[0])
    return None
