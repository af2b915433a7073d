"""A browser's stand-in for tests of routes: fast, without JavaScript.

client = Client(create_app(register)).act_as(register, county.actors["coordinator"])
answer = client.get("/deaths")
answer = client.submit("/deaths/notify", {"given_names": "Robin", ...})   # adds the token
"""

import secrets
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from cdop.organisations import people, sessions
from cdop.organisations.models import Method
from cdop.security.actor import Actor
from cdop.security.work import Register, Work
from cdop.sign_in import authenticators
from cdop.web.deps import COOKIE


class Client(TestClient):
    """Speaks https (or the cookie is not sent back), from the same origin; follows no redirect.

    No answer waits for an even moment, unless a test sets `app.state.even_step` again. An error
    that nothing handles is the page with a number, as for people; give the app `report=raising` to
    see it.
    """

    def __init__(self, app: FastAPI) -> None:
        headers = {"Sec-Fetch-Site": "same-origin"}
        app.state.even_step = 0
        super().__init__(
            app, base_url="https://testserver", headers=headers, follow_redirects=False
        )

    def act_as(self, register: Register, actor: Actor) -> "Client":
        """Take up a session of an account, without the pages and their costly hash."""
        assert actor.account_id
        self.cookies.set(COOKIE, session_of(register, actor.account_id))
        return self

    def submit(self, path: str, fields: dict[str, Any], **options: Any) -> Response:
        """Post a form with the session's token."""
        token = self.cookies.get(COOKIE)
        csrf = {"csrf": sessions.csrf(token)} if token else {}
        answer: Response = self.post(path, data={**fields, **csrf}, **options)
        return answer


def session_of(register: Register, account_id: UUID, method: Method = Method.TOTP) -> str:
    """Start a session of an account, second factor and all. Returns its token."""
    token = secrets.token_urlsafe(32)

    def start(work: Work) -> None:
        sessions.start(work, account_id, token, method=method)

    register.do(sessions.GATE, start)
    return token


def code_for(register: Register, username: str) -> str:
    """Return a code that signs an account in now, even one that was used before."""

    def find(work: Work) -> str:
        account = people.by_username(work.session, username)
        for row in authenticators.of(work, account.id):
            row.last_step = 0
        work.session.flush()
        code = authenticators.next_code(work, account.id)
        assert code
        return code

    return register.do(sessions.GATE, find)


def raising(error: Exception) -> str:
    """Report an error by letting it through: `create_app(register, report=raising)`."""
    raise error
