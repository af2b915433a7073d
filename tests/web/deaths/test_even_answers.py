"""How long the answer to a notification took does not tell whether the child is known."""

from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdop.deaths.service import notify
from cdop.security.work import Register
from cdop.web import even
from cdop.web.app import create_app
from tests.client import Client
from tests.factories import herefordshire
from tests.integration.security.canaries import INVENTED
from tests.integration.security.test_leaks import typed


@given(st.floats(0, 1e4), st.floats(0.01, 2))
def test_an_answer_leaves_at_the_next_full_step(took: float, step: float) -> None:
    waits = even.pause(took, step)
    assert 0 <= waits < step or waits == pytest.approx(step)
    steps = (took + waits) / step
    assert steps == pytest.approx(round(steps), abs=1e-6)


def test_without_a_step_nothing_waits() -> None:
    assert even.pause(0.3, 0) == 0


def test_every_app_is_made_with_a_step_longer_than_the_work(sqlite_register: Register) -> None:
    assert create_app(sqlite_register).state.even_step == even.STEP == 1.0


@pytest.mark.parametrize("child", ["known here", "known elsewhere", "unknown", "with a fault"])
def test_each_answer_to_a_notification_waits_and_the_form_does_not(
    sqlite_register: Register, monkeypatch: pytest.MonkeyPatch, child: str
) -> None:
    county = herefordshire(sqlite_register)
    panels = {"known here": "herefordshire-cdop", "known elsewhere": "worcestershire-cdop"}
    of = INVENTED[0]
    if child in panels:
        teller = "coordinator" if child == "known here" else "neighbour"
        sqlite_register.do(county.actors[teller], notify, of.told(county[panels[child]]))
    web = Client(create_app(sqlite_register)).act_as(sqlite_register, county.actors["notifier"])
    web.app.state.even_step = 1e6  # type: ignore[attr-defined]
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(anyio, "sleep", sleep)
    assert web.get("/deaths/notify").status_code == 200
    assert waited == []
    fields: dict[str, Any] = {"sex": ""} if child == "with a fault" else {}
    answer = web.submit("/deaths/notify", typed(county, of, **fields))
    assert answer.status_code == (422 if fields else 303)
    assert [0 < each < 1e6 for each in waited] == [True]
