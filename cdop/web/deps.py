"""Who asks, and what a route asks of them.

Every route declares one of five:

    dependencies=[requires("deaths:case:read")]   signed in, holding the permission somewhere
    dependencies=[signed_in()]                    signed in
    dependencies=[half_signed_in()]               between the password and the second factor
    dependencies=[by_token()]                     a program with a token of the API
    dependencies=[public()]                       anyone

With `confirmed=True` the first two also ask for a second factor given within the last minutes:
`cdop.web.sign_in.confirming`. Put it on the page with the form as well as on the form's own route.

`requires` is the outer wall: the service asks again, at the record's own organisation. A change by
someone signed in must carry the session's token in its form. An app with a route that declares
nothing does not start.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, Request
from fastapi.routing import iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from cdop.organisations import queries, sessions
from cdop.security.actor import Actor
from cdop.security.single_sign_on.asking import Asked
from cdop.security.work import Register
from cdop.sign_in import confirming, steps
from cdop.sign_in.delays import TooSoon, Visitor
from cdop.sign_in.passkeys import proving
from cdop.sign_in.steps import Begun
from cdop.statistics import tokens
from cdop.web.browsers import label_of
from cdop.web.gathering import CONFIRMATION_FIELD, CSRF_FIELD, PASSKEY_FIELD, read_form
from cdop.web.headers import SAFE_METHODS

COOKIE = "__Host-cdop"
BEGUN = "__Host-cdop-begun"
KNOWN = "__Host-cdop-known"
ASKED = "__Host-cdop-asked"
SENT = "__Host-cdop-sent"
_ASK_FOR_TOKEN = {"WWW-Authenticate": "Bearer"}
_BEARER = HTTPBearer(scheme_name="token", auto_error=False)
_NOT_GIVEN = ("",)

Fields = Mapping[str, tuple[str, ...]]
"""What a form has brought; empty for a request that only reads."""


class SignInNeeded(Exception):
    """Nobody is signed in, or no longer."""


class ConfirmationNeeded(Exception):
    """Someone is signed in, and is to give a second factor again. `fault` says what was wrong."""

    def __init__(self, fault: str | None = None) -> None:
        super().__init__()
        self.fault = fault


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


async def get_begun(request: Request) -> Begun:
    """Return who is half signed in; for a route that is for `half_signed_in`."""
    begun: Begun = request.state.begun
    return begun


CurrentBegun = Annotated[Begun, Depends(get_begun)]


async def check_token(request: Request) -> Fields:
    """Refuse a change whose form does not carry the session's token. Touches no database."""
    return await _check_token(request, COOKIE)


async def check_begun_token(request: Request) -> None:
    """Refuse a second step whose form does not carry the token of the first."""
    await _check_token(request, BEGUN)


async def _check_token(request: Request, cookie: str) -> Fields:
    token = request.cookies.get(cookie)
    if token is None or request.method in SAFE_METHODS:
        return {}
    posted = await read_form(request)
    given = posted.fields.get(CSRF_FIELD, _NOT_GIVEN)[0]
    if not hmac.compare_digest(given.encode(), sessions.csrf(token).encode()):
        raise HTTPException(403)
    return posted.fields


@dataclass(frozen=True)
class Access:
    """What a route asks of whoever asks for it.

    `page` is where the link to a file stands. Whoever confirms is led back there: a file leaves the
    browser where it is, which would be the page that asked for the code.
    """

    permission: str | None = None
    confirmed: bool = False
    page: str = ""

    def __call__(
        self,
        request: Request,
        register: CurrentRegister,
        posted: Annotated[Fields, Depends(check_token)],
    ) -> None:
        """Find out who asks. Raises SignInNeeded; Denied, which is written to the audit log.

        Raises ConfirmationNeeded when a second factor is to be given again first.
        """
        actor = identify(request)
        if actor is None:
            raise SignInNeeded
        if self.permission:
            register.check(actor, self.permission)
        if self.page:
            request.state.link_on = self.page.format(**request.path_params)
        if self.confirmed:
            _check_confirmed(request, register, posted)


@dataclass(frozen=True)
class HalfAccess:
    """Marks a route for who has shown a password, and no second factor yet."""

    def __call__(
        self,
        request: Request,
        register: CurrentRegister,
        _: Annotated[None, Depends(check_begun_token)],
    ) -> None:
        """Find out who is half signed in. Raises SignInNeeded."""
        token = request.cookies.get(BEGUN)
        begun = steps.begun_by(register, token) if token else None
        if begun is None or token is None:
            raise SignInNeeded
        request.state.begun = begun
        request.state.csrf = sessions.csrf(token)


@dataclass(frozen=True)
class ByToken:
    """Marks a route for programs, which show a token and have no session."""

    def __call__(
        self,
        request: Request,
        register: CurrentRegister,
        shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> None:
        """Find out whose token it is. Raises HTTPException 401, or 429 with when to ask again."""
        if shown is None:
            raise HTTPException(401, headers=_ASK_FOR_TOKEN)
        try:
            request.state.actor = tokens.reader(register, shown.credentials)
        except tokens.NotAccepted:
            raise HTTPException(401, headers=_ASK_FOR_TOKEN) from None
        except tokens.TooMany as error:
            raise HTTPException(429, headers={"Retry-After": str(error.seconds)}) from None


@dataclass(frozen=True)
class Public:
    """Marks a route that anyone may ask for."""

    async def __call__(self) -> None:
        """Ask nothing."""


def requires(permission: str, *, confirmed: bool = False, page: str = "") -> Any:
    """Declare that a route is for those who hold a permission (and have just confirmed).

    `page` of one that sends a file is where the link to it stands.
    """
    return Depends(Access(permission, confirmed, page))


def signed_in(*, confirmed: bool = False) -> Any:
    """Declare that a route is for everyone who is signed in (and has just confirmed)."""
    return Depends(Access(confirmed=confirmed))


def half_signed_in() -> Any:
    """Declare that a route is for those who have shown a password, and no second factor yet."""
    return Depends(HalfAccess())


def by_token() -> Any:
    """Declare that a route is for programs that show a token of the API."""
    return Depends(ByToken())


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
    current = sessions.current(register, token) if token else None
    found = current.actor if current else None
    request.state.actor = found
    if current and token:
        request.state.session = current
        request.state.csrf = sessions.csrf(token)
        request.state.place = _place(request.app, register, current.actor)
    return found


def providers_of(request: Request) -> tuple[Asked, ...]:
    """Return the identity providers that this register trusts."""
    found: tuple[Asked, ...] = request.app.state.providers
    return found


def visitor_of(request: Request) -> Visitor:
    """Return whom a request comes from, as far as signing in counts it."""
    return Visitor(
        source=request.client.host if request.client else "",
        browser=label_of(request.headers.get("user-agent", "")),
        remembers=request.cookies.get(KNOWN, ""),
    )


def _check_confirmed(request: Request, register: Register, posted: Fields) -> None:
    """Raise ConfirmationNeeded unless a second factor was just given, or comes with this form."""
    current: sessions.Current = request.state.session
    if confirming.is_confirmed(register, current):
        return
    code = posted.get(CONFIRMATION_FIELD, _NOT_GIVEN)[0]
    answer = posted.get(PASSKEY_FIELD, _NOT_GIVEN)[0]
    if not (code or answer):
        raise ConfirmationNeeded
    actor, visitor = current.actor, visitor_of(request)
    try:
        right = (
            proving.confirm(register, actor, answer, visitor)
            if answer
            else confirming.confirm(register, actor, code, visitor)
        )
    except TooSoon as error:
        raise ConfirmationNeeded(str(error)) from None
    if not right:
        raise ConfirmationNeeded("That is not right, or was used before")


def _place(app: FastAPI, register: Register, actor: Actor) -> str:
    """Return the names of the organisations at which someone works, remembered by the process."""
    ids = frozenset().union(*(grant.organisations for grant in actor.grants if grant.role))
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
        if sum(isinstance(call, Access | HalfAccess | ByToken | Public) for call in asked) != 1:
            raise RuntimeError(
                f"{context.path} must declare one of requires, signed_in, half_signed_in, "
                "by_token, public"
            )
    return count
