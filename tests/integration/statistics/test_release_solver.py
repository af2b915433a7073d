"""Whatever becomes of the solver's process, nothing leaves the register: each end, each output."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from cdop.errors import CdopError
from cdop.statistics import advising, protecting, proving
from cdop.statistics.asked import Asked
from cdop.statistics.disclosure import worker
from cdop.statistics.models import Release
from tests.desk import blocked, drafted, plain_packages
from tests.factories import MAKER, Herefordshire

SMALL = (Asked("died", ("age_band", "sex")), Asked("reviewed", ("category",)))
ASK = "import sys; sys.stdout.buffer.write(worker.answer(sys.stdin.buffer.read()))"
WORKS = "from cdop.statistics.disclosure import integers, programme, worker;"
ENDS = {
    "dies": ("import os; os.abort()", "failed.*tell whoever runs"),
    "ends early": ("pass", "gave no answer.*tell whoever runs"),
    "says something else": ("print('all is well')", "gave no answer"),
    "hangs": ("import time; time.sleep(60)", "did not finish.*fewer tables, coarser answers"),
    "is not optimal": (
        f"{WORKS} programme.ITERATIONS = 0; programme.NODES = integers.NODES = 0; {ASK}",
        "No choice of hidden cells was found|No rounding was found|could be worked out",
    ),
}


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    plain_packages(monkeypatch)


def with_parts(ask: Callable[..., Any], parts: dict[str, Any]) -> Callable[..., Any]:
    return lambda *of, **others: ask(*of, **{**others, **parts})


@pytest.mark.parametrize("profile", ["partner-1to4", "rounded-5"])
@pytest.mark.parametrize("end", ENDS)
def test_without_a_whole_answer_there_is_no_release_and_the_desk_says_why(
    sqlite_county: Herefordshire, monkeypatch: pytest.MonkeyPatch, end: str, profile: str
) -> None:
    code, why = ENDS[end]
    other = {"command": (sys.executable, "-c", code), "seconds": 2 if end == "hangs" else 60}
    for name in ("hide_against", "round_system"):
        ask = getattr(worker, name)
        monkeypatch.setattr(protecting, name, with_parts(ask, other))
    blocked(sqlite_county, drafted(sqlite_county, profile=profile, asked=SMALL), why)


@pytest.mark.parametrize("profile", ["partner-1to4", "rounded-5"])
def test_work_that_is_stopped_leaves_a_draft_as_it_was(
    sqlite_county: Herefordshire, profile: str
) -> None:
    class Stopped(CdopError):
        """Somebody pressed Stop."""

    def stop(_: object) -> None:
        raise Stopped

    release = drafted(sqlite_county, profile=profile, asked=SMALL)
    analyst = sqlite_county.actors["analyst"]
    with pytest.raises(Stopped):
        proving.build(sqlite_county.register, analyst, release.id, stop)
    with sqlite_county.register.reading(MAKER) as work:
        found = work.session.get_one(Release, release.id)
        assert (found.state, found.package, found.version) == ("draft", None, release.version)
    assert proving.build(sqlite_county.register, analyst, release.id).state == "proved"


def test_long_work_says_in_words_what_it_is_at_and_keeps_to_the_time_allowed(
    sqlite_county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which profile, which stage, against which reader; and each proof ends by the clock."""
    allowed: list[float] = []
    ask = worker.hide_against

    def watched(*of: Any, **others: Any) -> Any:
        allowed.append(others["seconds"])
        return ask(*of, **others)

    monkeypatch.setattr(protecting, "hide_against", watched)
    register, analyst = sqlite_county.register, sqlite_county.actors["analyst"]
    release = drafted(sqlite_county, profile="partner-1to4", asked=SMALL[1:])
    told: list[tuple[str, int, int] | None] = []
    advising.preview(register, analyst, release.id, told.append)
    first = "1 of 5, “Partners under a sharing agreement: 1 to 4 hidden”"
    looking = f"{first}: looking for what must be hidden (reader: anyone who"
    assert any(step and step[0].startswith(looking) for step in told)
    assert all(step[1:] == (0, 5) for step in told if step and step[0].startswith(first))
    told.clear()
    proving.build(register, analyst, release.id, told.append)
    stages = list(dict.fromkeys(step[0] for step in told if step))
    assert stages[0].startswith("Counting")
    assert stages[-2:] == [
        "Checking the proof by arithmetic alone",
        "Drawing, printing and signing the file",
    ]
    assert "attacker" not in " ".join(stages)
    assert set(allowed) == {register.settings.proof_seconds}
