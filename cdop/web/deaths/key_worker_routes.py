"""Who is the key worker of a family: the page on which the coordinator assigns the case."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.deaths import queries
from cdop.deaths.service import assigning
from cdop.deaths.service.assigning import EDIT
from cdop.deaths.service.correcting import check_not_joined
from cdop.errors import Invalid
from cdop.security.work import Work
from cdop.web.buttons import Button, why_not
from cdop.web.deaths.forms import KeyWorkerForm
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import Bound, PostedForm, bind, blank
from cdop.web.templating import go, render

router = APIRouter()


@dataclass(frozen=True)
class KeyWorkerPage:
    """To whom a case is assigned, and to whom it can be: (user name, name)."""

    id: UUID
    reference: str
    form: Bound[KeyWorkerForm]
    assigned: list[tuple[str, str]]
    others: list[tuple[str, str]]
    assign: Button


@router.get("/deaths/{death_id}/key-worker", dependencies=[requires(EDIT)])
def ask(
    request: Request, register: CurrentRegister, actor: CurrentActor, death_id: UUID
) -> Response:
    """Show to whom a case is assigned."""
    with register.reading(actor) as work:
        page = _page(work, death_id, blank(KeyWorkerForm))
    return render(request, "deaths/key_worker.html", page)


@router.post("/deaths/{death_id}/key-worker", dependencies=[requires(EDIT)])
def assign(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    death_id: UUID,
    posted: PostedForm,
) -> Response:
    """Assign a case to a key worker."""
    bound = bind(KeyWorkerForm, posted)
    if bound.model:
        try:
            register.do(actor, assigning.assign, death_id, bound.model.key_worker)
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/deaths/{death_id}/key-worker")
    with register.reading(actor) as work:
        page = _page(work, death_id, bound)
    return render(request, "deaths/key_worker.html", page, status=422)


@router.post("/deaths/{death_id}/key-worker/end", dependencies=[requires(EDIT)])
def unassign(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    death_id: UUID,
    posted: PostedForm,
) -> Response:
    """End the assignment of a case to somebody."""
    bound = bind(KeyWorkerForm, posted)
    name = bound.model.key_worker if bound.model else ""
    register.do(actor, assigning.unassign, death_id, name)
    return go(request, f"/deaths/{death_id}/key-worker")


def _page(work: Work, death_id: UUID, form: Bound[KeyWorkerForm]) -> KeyWorkerPage:
    death = queries.get(work, death_id, EDIT)
    assigned = [account for _, account in assigning.assigned(work, death.id)]
    there = {account.id for account in assigned}
    workers = assigning.key_workers(work, death.organisation_id)
    return KeyWorkerPage(
        id=death.id,
        reference=death.reference,
        form=form,
        assigned=[(each.username, each.display_name) for each in assigned],
        others=[(w.username, w.display_name) for w in workers if w.id not in there],
        assign=Button(
            "Assign the case", f"/deaths/{death.id}/key-worker", why_not(check_not_joined, death)
        ),
    )
