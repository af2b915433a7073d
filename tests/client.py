"""A browser's stand-in for tests of routes: fast, without JavaScript.

client = Client(create_app(register)).act_as(register, county.actors["coordinator"])
answer = client.get("/deaths")
answer = client.submit("/deaths/notify", {"given_names": "Robin", ...})   # adds the token
"""

import secrets
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from cdop.organisations import sessions
from cdop.security.actor import Actor
from cdop.security.work import Register
from cdop.web.deps import COOKIE


class Client(TestClient):
    """Speaks https (or the cookie is not sent back), from the same origin; follows no redirect.

    An error that nothing handles is the page with a number, as for people; give the app
    `report=raising` to see it.
    """

    def __init__(self, app: FastAPI) -> None:
        headers = {"Sec-Fetch-Site": "same-origin"}
        super().__init__(
            app, base_url="https://testserver", headers=headers, follow_redirects=False
        )

    def act_as(self, register: Register, actor: Actor) -> "Client":
        """Take up a session of an account, without the page and its costly hash."""
        assert actor.account_id
        token = secrets.token_urlsafe(32)
        register.do(sessions.GATE, sessions.start, actor.account_id, token)
        self.cookies.set(COOKIE, token)
        return self

    def submit(self, path: str, fields: dict[str, Any], **options: Any) -> Response:
        """Post a form with the session's token."""
        token = self.cookies.get(COOKIE)
        csrf = {"csrf": sessions.csrf(token)} if token else {}
        answer: Response = self.post(path, data={**fields, **csrf}, **options)
        return answer


def raising(error: Exception) -> str:
    """Report an error by letting it through: `create_app(register, report=raising)`."""
    raise error
