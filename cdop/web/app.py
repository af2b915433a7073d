"""The web application: a register behind pages."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from functools import partial
from types import ModuleType

import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from cdop.registers import is_demonstration
from cdop.security import mail
from cdop.security.single_sign_on import configuration
from cdop.security.single_sign_on.asking import Asked
from cdop.security.work import Register
from cdop.statistics.working import Worker
from cdop.web import even
from cdop.web.account import routes as account
from cdop.web.accounts import role_routes
from cdop.web.accounts import routes as accounts
from cdop.web.api import routes as api
from cdop.web.assets import own_assets
from cdop.web.audit import routes as audit
from cdop.web.break_glass import routes as break_glass
from cdop.web.case_reviews import referral_routes as referrals
from cdop.web.case_reviews import routes as case_reviews
from cdop.web.deaths import case_routes, key_worker_routes, list_routes, notify_routes
from cdop.web.deps import check_access_is_declared, public
from cdop.web.errors import Incidents, Report, add_error_pages, log_incident, plain_page
from cdop.web.headers import BodyLimit, OriginCheck, PlainAddress, SecurityHeaders
from cdop.web.identities import provider_routes, sign_in_routes
from cdop.web.identities import routes as identities
from cdop.web.meetings import routes as meetings
from cdop.web.overview import routes as overview
from cdop.web.passkeys import routes as passkeys
from cdop.web.reports import routes as reports
from cdop.web.retention import hold_routes
from cdop.web.retention import routes as retention
from cdop.web.rights import routes as rights
from cdop.web.search import routes as search
from cdop.web.sign_in import confirm_routes, join_routes, passkey_routes, second_routes
from cdop.web.sign_in import routes as sign_in
from cdop.web.start import routes as start
from cdop.web.statistics import (
    asking,
    dashboard,
    desk_routes,
    loaded,
    reports_made,
    settling_routes,
    token_routes,
)
from cdop.web.statistics import routes as statistics
from cdop.web.templating import environment

# Each module has a `router`; they are tried in this order, so the page asked for most comes first.
# More threads than cores only wait for one another.
ROUTES: tuple[ModuleType, ...] = (
    start,
    sign_in,
    second_routes,
    passkey_routes,
    join_routes,
    confirm_routes,
    passkeys,
    sign_in_routes,
    identities,
    provider_routes,
    account,
    accounts,
    role_routes,
    list_routes,
    notify_routes,
    case_routes,
    key_worker_routes,
    search,
    meetings,
    overview,
    case_reviews,
    referrals,
    reports,
    statistics,
    desk_routes,
    loaded,
    dashboard,
    asking,
    reports_made,
    settling_routes,
    token_routes,
    api,
    retention,
    hold_routes,
    rights,
    audit,
    break_glass,
)
THREADS = 4


def _nothing(_: Register) -> AbstractContextManager[None]:
    return nullcontext()


def create_app(
    register: Register,
    *,
    report: Report = log_incident,
    beside: Callable[[Register], AbstractContextManager[None]] = _nothing,
) -> FastAPI:
    """Return the app that serves a register.

    `report` is told of errors that nothing handles, and returns the incident's number. `beside` is
    entered while the app is served. Raises RuntimeError when a route declares no access,
    Misconfigured for identity providers or a mail server that cannot be.
    """
    mail.configured(register.settings.sending)
    app = FastAPI(
        title="cdop",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request names
        # Flat: routers within the app are gone through half as fast.
        routes=[route for module in ROUTES for route in module.router.routes],
        lifespan=partial(_lifespan, partial(beside, register)),
    )
    env = environment()
    app.state.register = register
    app.state.templates = env
    app.state.demonstration = is_demonstration(register)
    app.state.places = {}
    app.state.even_step = even.STEP
    app.state.providers = tuple(
        Asked(trusted, register.clock.now) for trusted in configuration.load(register.settings.oidc)
    )
    app.add_api_route("/health", _health, dependencies=[public()], name="health")
    app.mount("/static", own_assets(), name="static")
    add_error_pages(app)
    page = partial(plain_page, env)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, page=page)
    origin = register.settings.origin
    app.add_middleware(OriginCheck, page=page, origin=origin)
    app.add_middleware(PlainAddress, page=page)
    app.add_middleware(Incidents, env=env, report=report)
    app.add_middleware(SecurityHeaders, https=origin.startswith("https:"))
    check_access_is_declared(app)
    return app


async def _health() -> PlainTextResponse:
    return PlainTextResponse("ok")


@asynccontextmanager
async def _lifespan(
    beside: Callable[[], AbstractContextManager[None]], app: FastAPI
) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    # What is loaded by now stays: to look through it for cycles, and so often, took an eighth of
    # each request.
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    app.state.worker = Worker(app.state.register)
    app.state.worker.start()
    with beside():
        yield
    await anyio.to_thread.run_sync(app.state.worker.stop)
