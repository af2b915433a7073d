"""Every route says who may ask for it, and the menu leads somewhere."""

import anyio.to_thread
import pytest
from fastapi import APIRouter, Response
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from cdop.security.permissions import EVERY_PERMISSION
from cdop.web import navigation
from cdop.web.app import ROUTES, THREADS, create_app
from cdop.web.deps import Access, Public, check_access_is_declared, public, requires

PUBLIC = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-in/passkey"),
    ("POST", "/sign-in/with/{provider}"),
    ("GET", "/sign-in/from/{provider}"),
    ("POST", "/join/with/{provider}"),
    ("POST", "/single-sign-on/{provider}/logout"),
    ("GET", "/single-sign-on/{provider}/keys"),
    ("POST", "/sign-in/passkey/options"),
    ("GET", "/join"),
    ("POST", "/join"),
    ("GET", "/health"),
    ("GET", "/api/v1/openapi.json"),
}


def routes(app):
    return [c for c in iter_route_contexts(app.routes) if hasattr(c, "dependant")]


def test_every_route_declares_who_may_ask(register):
    app = create_app(register)
    declared = sum(len(module.router.routes) for module in ROUTES) + 1
    assert check_access_is_declared(app) == declared == len(routes(app))


def test_only_sign_in_and_health_are_public_and_permissions_exist(register):
    open_to_all = set()
    for context in routes(create_app(register)):
        for dependency in context.dependant.dependencies:
            if isinstance(dependency.call, Public):
                open_to_all |= {(method, context.path) for method in context.methods}
            elif isinstance(dependency.call, Access) and dependency.call.permission:
                assert dependency.call.permission in EVERY_PERMISSION
    assert open_to_all == PUBLIC


@pytest.mark.parametrize("asked", [[], [public(), requires("deaths:case:read")]])
def test_an_app_with_an_undeclared_route_does_not_start(register, asked):
    app, router = create_app(register), APIRouter()
    router.add_api_route("/open", lambda: Response(), dependencies=asked)
    app.include_router(router)
    with pytest.raises(RuntimeError, match=r"^/open must declare one of requires, .*, public$"):
        check_access_is_declared(app)


def test_the_menu_leads_to_pages(register):
    paths = {context.path for context in routes(create_app(register))}
    assert {item.href for item in navigation.NAVIGATION} <= paths


def test_the_pages_have_few_threads(register):
    seen = []
    app = create_app(register)

    async def count() -> Response:
        seen.append(anyio.to_thread.current_default_thread_limiter().total_tokens)
        return Response()

    app.add_api_route("/count", count, dependencies=[public()])
    with TestClient(app) as client:
        client.get("/count")
    assert seen == [THREADS]
