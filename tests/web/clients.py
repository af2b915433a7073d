"""A browser's stand-in for tests of pages: same origin, signed in as any actor of the county."""

from typing import Any

from fastapi.testclient import TestClient

from cdop.organisations import sessions
from cdop.security.actor import Actor
from cdop.security.work import Register
from cdop.web.app import create_app
from cdop.web.deps import COOKIE


class Browser(TestClient):
    """Asks as a signed-in person would; does not follow redirects."""

    def __init__(self, register: Register, actor: Actor | None) -> None:
        super().__init__(
            create_app(register),
            base_url="https://testserver",
            headers={"Sec-Fetch-Site": "same-origin"},
            follow_redirects=False,
        )
        self.csrf = ""
        if actor:
            assert actor.account_id
            # Past the sign-in page, whose password hash is dear.
            token = f"token-of-{actor.name}-for-a-test"
            register.do(sessions.GATE, sessions.start, actor.account_id, token)
            self.cookies.set(COOKIE, token)
            self.csrf = sessions.csrf(token)

    def submit(self, path: str, fields: dict[str, Any], **options: Any) -> Any:
        """Post a form with the session's token."""
        return self.post(path, data={**fields, "csrf": self.csrf}, **options)
