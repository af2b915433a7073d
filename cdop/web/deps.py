"""Who asks, and what a route asks of them.

Every route declares one of three:

    dependencies=[requires("deaths:case:read")]   signed in, holding the permission somewhere
    dependencies=[signed_in()]                    signed in
    dependencies=[public()]                       anyone

`requires` is the outer wall: the service asks again, at the record's own organisation. A change by
someone signed in must carry the session's token in its form. An app with a route that declares
nothing does not start.
"""

import hmac
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, Request
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from cdop.organisations import queries, sessions
from cdop.security.actor import Actor
from cdop.security.work import Register
from cdop.web.gathering import CSRF_FIELD, read_form
from cdop.web.headers import SAFE_METHODS

COOKIE = "__Host-cdop"


class SignInNeeded(Exception):
    """Nobody is signed in, or no longer."""


async def get_register(request: Request) -> Register:
    """Return the register that this app serves."""
    register: Register = request.app.state.register
    return register


async def get_actor(request: Request) -> Actor:
    """Return who is signed in; for a route that `requires` a permission or is `signed_in`."""
    actor: Actor = request.state.actor
    return actor


CurrentRegister = Annotated[Register, Depends(get_register)]
CurrentActor = Annotated[Actor, Depends(get_actor)]


async def check_token(request: Request) -> None:
    """Refuse a change whose form does not carry the session's token. Touches no database."""
    token = request.cookies.get(COOKIE)
    if token is None or request.method in SAFE_METHODS:
        return
    posted = await read_form(request)
    given = posted.fields.get(CSRF_FIELD, ("",))[0]
    if not hmac.compare_digest(given.encode(), sessions.csrf(token).encode()):
        raise HTTPException(403)


@dataclass(frozen=True)
class Access:
    """What a route asks of whoever asks for it."""

    permission: str | None = None

    def __call__(
        self, request: Request, register: CurrentRegister, _: Annotated[None, Depends(check_token)]
    ) -> None:
        """Find out who asks. Raises SignInNeeded; Denied, which is written to the audit log."""
        actor = identify(request)
        if actor is None:
            raise SignInNeeded
        if self.permission and not actor.may(self.permission):
            with register.work(actor) as work:
                work.check(self.permission)


@dataclass(frozen=True)
class Public:
    """Marks a route that anyone may ask for."""

    async def __call__(self) -> None:
        """Ask nothing."""


def requires(permission: str) -> Any:
    """Declare that a route is for those who hold a permission."""
    return Depends(Access(permission))


def signed_in() -> Any:
    """Declare that a route is for everyone who is signed in."""
    return Depends(Access())


def public() -> Any:
    """Declare that a route is for anyone."""
    return Depends(Public())


def identify(request: Request) -> Actor | None:
    """Return who asks, by the session's cookie, and keep it for the page's shell."""
    if hasattr(request.state, "actor"):
        actor: Actor | None = request.state.actor
        return actor
    register: Register = request.app.state.register
    token = request.cookies.get(COOKIE)
    actor = sessions.actor_for(register, token) if token else None
    request.state.actor = actor
    if actor and token:
        request.state.csrf = sessions.csrf(token)
        request.state.place = _place(request.app, register, actor)
    return actor


def _place(app: FastAPI, register: Register, actor: Actor) -> str:
    """Return the names of the organisations at which someone works, remembered by the process."""
    ids = frozenset().union(*(grant.organisations for grant in actor.grants))
    known: dict[frozenset[UUID], str] = app.state.places
    if ids not in known:
        with register.reading(actor) as work:
            present = [i for i in ids if queries.get(work.session, i).valid_to is None]
            names = queries.names_on(work.session, present, work.today)
        known[ids] = ", ".join(sorted(names.values()))
    return known[ids]


def check_access_is_declared(app: FastAPI) -> int:
    """Return how many routes there are; raises RuntimeError for one that declares no access."""
    count = 0
    for context in iter_route_contexts(app.routes):
        if context.endpoint is None or not hasattr(context, "dependant"):
            continue
        count += 1
        asked = [d.call for d in context.dependant.dependencies]
        if sum(isinstance(call, Access | Public) for call in asked) != 1:
            raise RuntimeError(f"{context.path} must declare one of requires, signed_in, public")
    return count
