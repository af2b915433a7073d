"""How a page is rendered. The one place where Jinja is set up.

How to write a page. In `web/deaths/pages.py`, the values, ready to show:

    @dataclass(frozen=True)
    class NotifyPage:
        form: Bound[Notification]
        sexes: tuple[tuple[str, str], ...]      # (value, label)

In `templates/deaths/notify.html` (`page` is that dataclass; `ui` are the macros of
`templates/components/`, `nhsuk` the design system's own; neither is imported):

    {% extends "base.html" %}
    {% block title %}Notify a death{% endblock %}
    {% block content %}
    {% block form %}
    <div id="form">
      {{ ui.error_summary(page.form) }}
      <h1>Notify a death</h1>
      {% call ui.form("/deaths/notify", csrf, swap="#form") %}
        {{ ui.text_input(page.form, "given_names", "Given names", width=20) }}
        {{ ui.date_input(page.form, "died_on", "Date of death", hint="For example, 15 3 2014") }}
        {{ ui.radios(page.form, "sex", "Sex", page.sexes) }}
        {{ ui.submit("Notify") }}
      {% endcall %}
    </div>
    {% endblock %}
    {% endblock %}

In `web/deaths/routes.py` (add the module to `ROUTES` in `cdop.web.app`, a menu entry to
`cdop.web.navigation`):

    router = APIRouter()

    @router.get("/deaths/notify", dependencies=[requires("deaths:notification:create")])
    def ask(request: Request) -> Response:
        return render(request, "deaths/notify.html", notify_page(blank(Notification)))

    @router.post("/deaths/notify", dependencies=[requires("deaths:notification:create")])
    def notify(
        request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
    ) -> Response:
        bound = bind(Notification, posted)
        if bound.model:
            try:
                case_id = register.do(actor, deaths.notify, bound.model.command())
                return go(request, f"/deaths/{case_id}")
            except Invalid as invalid:
                bound = bound.refused(invalid)
        return render(request, "deaths/notify.html", notify_page(bound), block="form", status=422)

`swap` names the element that the block replaces, for htmx; without JavaScript the same form posts
and gets the whole page. A block is rendered alone, so `{% set %}` what it uses inside it. A name
that is not defined is an error in every template of ours. Give `text` to macros, never user text
as `html`; markup made with `{% set x %}…{% endset %}` is escaped inside and may be passed on.
Refused, NotFound and Denied need no handling in a route: `cdop.web.errors` shows their pages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import (
    ChainableUndefined,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    Template,
    Undefined,
)
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from jinja2_fragments import render_block
from markupsafe import Markup

from cdop.clock import LONDON
from cdop.config import ROOT
from cdop.organisations.sessions import Elsewhere
from cdop.security.actor import Actor
from cdop.web.assets import own_assets
from cdop.web.headers import SUPPORT_SCRIPT
from cdop.web.navigation import Item, items_for

SERVICE = "cdop"
DEMONSTRATION = "Demonstration register: every person in it is invented"
_NHSUK = {
    "button": "button",
    "character-count": "characterCount",
    "checkboxes": "checkboxes",
    "date-input": "dateInput",
    "details": "details",
    "error-summary": "errorSummary",
    "fieldset": "fieldset",
    "input": "input",
    "inset-text": "insetText",
    "password-input": "passwordInput",
    "radios": "radios",
    "select": "select",
    "skip-link": "skipLink",
    "textarea": "textarea",
    "warning-callout": "warningCallout",
}
# What stays as it is in an address, as in a redirect of Starlette's own.
_IN_ADDRESSES = ":/%#?=@[]!$&'()*+,;"
_COMPONENTS = ("forms.html", "buttons.html", "layout.html", "data.html", "charts.html")


@dataclass(frozen=True)
class Shell:
    """What stands around every page."""

    path: str
    person: str | None = None
    place: str | None = None
    navigation: tuple[Item, ...] = ()
    banner: str | None = None
    elsewhere: Elsewhere | None = None
    glass: UUID | None = None

    @property
    def current(self) -> str | None:
        """Return the address of the menu entry under which this page lies: the nearest one."""
        return max((i.href for i in self.navigation if i.holds(self.path)), key=len, default=None)


def render(
    request: Request,
    template: str,
    page: object,
    block: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    """Return a page; for a request by htmx that names a block, that block alone."""
    context = {"page": page, "shell": shell_of(request, status), "csrf": csrf_of(request)}
    env = request.app.state.templates
    if block and is_htmx(request):
        body = render_block(env, template, block, **context)
    else:
        body = env.get_template(template).render(context)
    headers = {"Cache-Control": "no-store", "Vary": "HX-Request"}
    return HTMLResponse(body, status, headers)


def go(request: Request, path: str) -> Response:
    """Return a redirect to a page of ours after a change (303, or HX-Redirect for htmx)."""
    if request.headers.get("HX-Request") == "true":
        to = quote(path, safe=_IN_ADDRESSES)
        return Response(status_code=204, headers={"HX-Redirect": to, "Vary": "HX-Request"})
    return RedirectResponse(path, 303, headers={"Vary": "HX-Request"})


def is_htmx(request: Request) -> bool:
    """Say whether a fragment is wanted: htmx asks, and not to restore a page of the history."""
    asked = request.headers.get("HX-Request") == "true"
    return asked and request.headers.get("HX-History-Restore-Request") != "true"


def shell_of(request: Request, status: int = 200) -> Shell:
    """Return what stands around the page for whoever asks.

    A refusal lies nowhere in the menu, so that absent and forbidden do not differ by address.
    """
    actor: Actor | None = getattr(request.state, "actor", None)
    banner = DEMONSTRATION if request.app.state.demonstration else None
    path = request.url.path if status in (200, 422) else ""
    if actor is None:
        return Shell(path, banner=banner)
    place = getattr(request.state, "place", None)
    elsewhere = request.state.session.elsewhere
    glass = next((grant.glass for grant in actor.grants if grant.glass), None)
    return Shell(path, actor.display_name, place, items_for(actor), banner, elsewhere, glass)


def csrf_of(request: Request) -> str:
    """Return the value that this session's forms carry; empty when nobody is signed in."""
    return getattr(request.state, "csrf", "")


@cache
def environment() -> Environment:
    """Return the environment of our templates, with the macros as globals.

    The design system's macros need a lenient undefined and live in an environment of their own;
    in ours every undefined name is an error.
    """
    env = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.filters |= {"day": day, "moment": moment}
    env.globals |= {
        "asset": own_assets().url,
        "nhsuk": _nhsuk(),
        "service": SERVICE,
        "support_script": Markup(SUPPORT_SCRIPT),  # noqa: S704  a constant of ours
    }
    env.globals["ui"] = SimpleNamespace(**_macros(env))
    return env


class _Macros(Template):
    """A file of the design system's macros: they read nothing but their arguments.

    Jinja would run the file anew at each import from an included file, because the including
    context has names of its own: nine tenths of the time of a form.
    """

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module()


def _nhsuk() -> SimpleNamespace:
    lenient = Environment(
        loader=PackageLoader("nhsuk_frontend_jinja"),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    lenient.template_class = _Macros
    modules = {
        name: lenient.get_template(f"nhsuk/components/{folder}/macro.jinja").module
        for folder, name in _NHSUK.items()
    }
    macros = {name: _strict(getattr(module, name)) for name, module in modules.items()}
    return SimpleNamespace(**macros)


def _strict(macro: Callable[[object], Markup]) -> Callable[[object], Markup]:
    """Return a lenient macro that still refuses an undefined name handed to it from outside."""

    def call(params: object) -> Markup:
        _refuse_undefined(params)
        return macro(params)

    return call


def _refuse_undefined(value: object) -> None:
    if isinstance(value, Undefined):
        str(value)  # raises, with the name
    elif isinstance(value, dict):
        for inner in value.values():
            _refuse_undefined(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_undefined(inner)


def _macros(env: Environment) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for file in _COMPONENTS:
        module = env.get_template(f"components/{file}").module
        found |= {k: v for k, v in vars(module).items() if callable(v) and not k.startswith("_")}
    return found


def day(value: date) -> str:
    """Return a day as people write it: 5 March 2014."""
    return f"{value.day} {value:%B %Y}"


def moment(value: datetime) -> str:
    """Return a time in England as people write it: 5 March 2014, 14:30."""
    local = value.astimezone(LONDON)
    return f"{day(local.date())}, {local:%H:%M}"
