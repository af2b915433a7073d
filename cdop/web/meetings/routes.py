"""Meetings in the browser."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid, Refused
from cdop.meetings import service
from cdop.meetings.queries import ARRANGE, DEATHS, READ
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import PostedForm, bind
from cdop.web.meetings.forms import AgendaForm, ArrangeForm, AttendanceForm
from cdop.web.meetings.pages import arrange_page, meeting_page, meetings_page
from cdop.web.templating import go, render

router = APIRouter()


@router.get("/meetings", dependencies=[requires(READ)])
def listed(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show the meetings to come and those held."""
    with register.reading(actor) as work:
        page = meetings_page(work)
    return render(request, "meetings/list.html", page)


@router.get("/meetings/arrange", dependencies=[requires(ARRANGE)])
def ask(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show the form for a new meeting."""
    with register.reading(actor) as work:
        page = arrange_page(work)
    return render(request, "meetings/arrange.html", page)


@router.post("/meetings/arrange", dependencies=[requires(ARRANGE)])
def arrange(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Arrange a meeting, or show the form again with what is wrong."""
    bound = bind(ArrangeForm, posted)
    if bound.model:
        try:
            meeting_id = register.do(actor, service.arrange, bound.model.command())
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/meetings/{meeting_id}")
    with register.reading(actor) as work:
        page = arrange_page(work, bound)
    return render(request, "meetings/arrange.html", page, block="form", status=422)


@router.get("/meetings/{meeting_id}", dependencies=[requires(READ)])
def one(
    request: Request, register: CurrentRegister, actor: CurrentActor, meeting_id: UUID
) -> Response:
    """Show a meeting."""
    with register.reading(actor) as work:
        page = meeting_page(work, meeting_id)
    return render(request, "meetings/meeting.html", page)


@router.post("/meetings/{meeting_id}/agenda", dependencies=[requires(ARRANGE)])
def put_on_agenda(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    meeting_id: UUID,
    posted: PostedForm,
) -> Response:
    """Put a case on the agenda."""
    bound = bind(AgendaForm, posted)
    if bound.model:
        subject = (DEATHS, bound.model.death_id)
        register.do(actor, service.put_on_agenda, meeting_id, subject, "")
        return go(request, f"/meetings/{meeting_id}#agenda")
    with register.reading(actor) as work:
        page = meeting_page(work, meeting_id, add=bound)
    return render(request, "meetings/meeting.html", page, status=422)


@router.post("/meetings/{meeting_id}/agenda/remove", dependencies=[requires(ARRANGE)])
def take_off_agenda(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    meeting_id: UUID,
    posted: PostedForm,
) -> Response:
    """Take a case off the agenda."""
    bound = bind(AgendaForm, posted)
    if bound.model is None:
        raise Refused("Say which case is taken off the agenda with the button beside it.")
    register.do(actor, service.take_off_agenda, meeting_id, bound.model.death_id)
    return go(request, f"/meetings/{meeting_id}#agenda")


@router.post("/meetings/{meeting_id}/attendance", dependencies=[requires(ARRANGE)])
def hold(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    meeting_id: UUID,
    posted: PostedForm,
) -> Response:
    """Record that the meeting was held, and who was there."""
    bound = bind(AttendanceForm, posted)
    if bound.model:
        try:
            register.do(actor, service.hold, meeting_id, bound.model.command())
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/meetings/{meeting_id}#present")
    with register.reading(actor) as work:
        page = meeting_page(work, meeting_id, attendance=bound)
    return render(request, "meetings/meeting.html", page, status=422)
