"""Two people at one release, or at two of the same deaths, at the same moment."""

import threading
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import pytest

from cdop.errors import Refused
from cdop.security.work import Work
from cdop.statistics import drafting, earlier, releasing, settling
from cdop.statistics.asked import Asked
from cdop.statistics.models import Release
from tests.desk import approved, built, plain_packages
from tests.factories import MAKER, Herefordshire

REASON = "An invented reason"
SMALL = (Asked("died", ("sex",)),)
Step = Callable[[], object]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    plain_packages(monkeypatch)


@pytest.fixture
def together(published: Herefordshire, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Run steps at once, each of which has read its release before any of them goes on.

    Where a database lets only one write at a time, the others wait at their start instead.
    """
    gate = threading.Barrier(2)
    patience = 0.1 if published.register.settings.is_sqlite else 10.0
    real = earlier.wait_for_others

    def wait(work: Work, cdop_id: UUID) -> None:
        with suppress(threading.BrokenBarrierError):
            gate.wait(patience)
        real(work, cdop_id)

    monkeypatch.setattr(earlier, "wait_for_others", wait)

    def run(*steps: Step) -> list[str]:
        said: list[str] = []

        def one(step: Step) -> None:
            try:
                step()
                said.append("")
            except Refused as error:
                said.append(str(error))

        threads = [threading.Thread(target=one, args=(step,)) for step in steps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(said)

    return run


def state(county: Herefordshire, release: Release) -> str:
    with county.register.reading(MAKER) as work:
        return work.session.get_one(Release, release.id).state


def history(county: Herefordshire, release: Release) -> list[str]:
    with county.register.reading(MAKER) as work:
        return [event.kind for event in releasing.events(work, release)]


def test_two_releases_of_the_same_deaths_approved_at_once_let_one_out(
    published: Herefordshire, together: Callable[..., list[str]]
) -> None:
    """Neither was held against the other."""
    both = [built(published, asked=SMALL, profile=p) for p in ("partner-1to4", "strict-1to9")]
    said = together(*(lambda each=each: approved(published, each) for each in both))
    assert said[0] == ""
    assert "Another release of these cases" in said[1]
    assert sorted(state(published, each) for each in both) == ["proved", "released"]


@pytest.mark.parametrize("other", ["decline", "discard"])
def test_an_approval_and_its_contrary_at_once_leave_one_of_them(
    published: Herefordshire, together: Callable[..., list[str]], other: str
) -> None:
    release = built(published, asked=SMALL)
    register, actors = published.register, published.actors
    contrary: dict[str, Step] = {
        "decline": lambda: register.do(MAKER, settling.decline, release.id, REASON),
        "discard": lambda: register.do(actors["analyst"], drafting.discard, release.id),
    }
    said = together(lambda: approved(published, release), contrary[other])
    assert said[0] == ""
    assert "in this state" in said[1]
    ends = {"released": "approve", "declined": "decline", "discarded": "discard"}
    assert history(published, release) == ["draft", "prove", ends[state(published, release)]]


def test_an_approval_and_a_withdrawal_at_once_leave_what_the_last_one_did(
    published: Herefordshire, together: Callable[..., list[str]]
) -> None:
    """Withdrawn once it is out, or refused since it was not out yet: never out and withdrawn."""
    release = built(published, asked=SMALL)
    register = published.register
    said = together(
        lambda: approved(published, release),
        lambda: register.do(MAKER, settling.withdraw, release.id, REASON),
    )
    steps = history(published, release)
    if said == ["", ""]:
        assert (state(published, release), steps[2:]) == ("withdrawn", ["approve", "withdraw"])
    else:
        assert "waits for approval" in said[1]
        assert (state(published, release), steps[2:]) == ("released", ["approve"])


def test_two_who_withdraw_at_once_withdraw_it_once(
    published: Herefordshire, together: Callable[..., list[str]]
) -> None:
    release = approved(published, built(published, asked=SMALL))
    who = (MAKER, published.actors["release-approver"])
    steps = [
        lambda each=each: published.register.do(each, settling.withdraw, release.id, REASON)
        for each in who
    ]
    said = together(*steps)
    assert said[0] == ""
    assert "withdrawn" in said[1]
    assert history(published, release).count("withdraw") == 1
