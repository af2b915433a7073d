"""The audit log in the browser, for auditors. Reading it is written to it."""

from datetime import date
from typing import TypeVar
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from cdop.errors import Invalid
from cdop.security.actor import Actor
from cdop.security.audit import queries
from cdop.security.audit.queries import Asked
from cdop.security.audit.scope import READ, reach
from cdop.security.work import Register
from cdop.web.audit import cases, files
from cdop.web.audit.forms import ExportForm, LogForm, StretchForm
from cdop.web.audit.pages import WEEK, log_page, stretch_of, unusual_page
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import Bound, Form, Posted, PostedForm, bind
from cdop.web.templating import render

ROWS = 50
_NO_CASE = "No case within your reach has that reference"

router = APIRouter()
F = TypeVar("F", bound=Form)


@router.get("/audit", dependencies=[requires(READ)])
def log(
    request: Request, register: CurrentRegister, actor: CurrentActor, before: UUID | None = None
) -> Response:
    """Show lines of the log that answer the form in the address, the newest first."""
    form = _asked_in(request, LogForm)
    form, asked = _asked(register, actor, form)
    with register.work(actor) as work:
        found, is_more = queries.page_of(work, asked, before, ROWS) if asked else ([], False)
    ids = {id for line in found for id in (line.case_id, line.subject_id) if id}
    with register.reading(cases.LOOK_UP) as work:
        names = cases.references(work.session, ids)
    older = found[-1].id if is_more else None
    with register.reading(actor) as work:
        page = log_page(work, register, form, found, names, older, before is not None)
    return render(request, "audit/log.html", page, status=200 if asked else 422)


@router.get("/audit/unusual", dependencies=[requires(READ)])
def unusual(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show what is unusual in a stretch of days: the last seven, unless others are asked for."""
    form = _asked_in(request, StretchForm)
    first, last = _days(register, form)
    found = register.do(actor, queries.look_for_unusual, first, last)
    ids = {each.case_id for each in found.findings if each.case_id}
    with register.reading(cases.LOOK_UP) as work:
        names = cases.references(work.session, ids)
    page = unusual_page(form, found, stretch_of(first, last), names)
    status = 200 if form.model else 422
    return render(request, "audit/unusual.html", page, status=status)


@router.post("/audit/export", dependencies=[requires(READ, confirmed=True)])
def export(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Send the log as a file; whoever takes it away confirms who they are first."""
    form = bind(ExportForm, posted)
    if form.model and form.model.form == "verifiable":
        return _sent(files.verifiable(register, actor), "audit-log.jsonl", "application/jsonl")
    form, asked = _asked(register, actor, form)
    if asked is None:
        with register.reading(actor) as work:
            page = log_page(work, register, form, [], {}, None, is_later=False)
        return render(request, "audit/log.html", page, status=422)
    return _sent(files.table(register, actor, asked), "audit-log.csv", "text/csv")


def _asked_in(request: Request, kind: type[F]) -> Bound[F]:
    """Return the form that stands in the address. Raises HTTPException 400 for other fields."""
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in request.query_params.multi_items():
        if name != "before":
            fields[name] = (*fields.get(name, ()), value)
    return bind(kind, Posted(fields))


def _asked(register: Register, actor: Actor, form: Bound[F]) -> tuple[Bound[F], Asked | None]:
    """Return what a form asks for; None, and the form with a sentence, when it cannot be."""
    answers = form.model
    if not isinstance(answers, LogForm):
        return form, None
    ids: tuple[UUID, ...] = ()
    if answers.case:
        with register.reading(cases.LOOK_UP) as work:
            ids = cases.named(work.session, answers.case, reach(actor))
        if not ids:
            return _refused(form), None
    return form, Asked(
        cases=ids,
        actor=answers.who,
        action=answers.action,
        outcome=answers.outcome,
        organisation_id=answers.organisation,
        first=answers.first,
        last=answers.last,
    )


def _refused(form: Bound[F]) -> Bound[F]:
    return form.refused(Invalid({"case": _NO_CASE}))


def _days(register: Register, form: Bound[StretchForm]) -> tuple[date, date]:
    with register.reading(cases.LOOK_UP) as work:
        today = work.today
    last = (form.model and form.model.last) or today
    return (form.model and form.model.first) or last - WEEK, last


def _sent(content: object, name: str, kind: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(content, media_type=kind, headers=headers)  # type: ignore[arg-type]
