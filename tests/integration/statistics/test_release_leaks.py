"""Every leak planted in a release blocks its download, whoever reads and whatever is printed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix, vstack
from sqlmodel import select

from cdop.deaths.models import Death
from cdop.errors import Refused
from cdop.statistics import protecting, proving, releasing
from cdop.statistics.asked import Asked
from cdop.statistics.disclosure import worker
from cdop.statistics.disclosure.asking import ask
from cdop.statistics.drafting import Known
from cdop.statistics.models import Release
from cdop.statistics.protecting import Protected, Wish, protect_release
from cdop.statistics.rules import Recipient
from tests.deaths import AFTER, add_death
from tests.desk import PANEL, approved, blocked, built, drafted, plain_packages, released
from tests.factories import MAKER, Herefordshire

SMALL = (Asked("died", ("age_band", "sex")), Asked("reviewed", ("category",)))
BOARD = (Recipient("Invented board of the county", board="herefordshire"),)
ELSEWHERE = "Invented national return"
Answer = dict[str, Any]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    plain_packages(monkeypatch)


def solver_that_lies(monkeypatch: pytest.MonkeyPatch, lie: Callable[[Answer], None]) -> None:
    def asked(*question: Any) -> Answer:
        answer = ask(*question)
        lie(answer)
        return answer

    monkeypatch.setattr(worker, "ask", asked)


@pytest.mark.parametrize("which", [0, -1])
def test_one_hidden_count_shown_is_blocked(
    sqlite_county: Herefordshire, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    """The solver's process proposes one count less than it proved: the register sees it."""

    def show_one(answer: Answer) -> None:
        answer["hidden"][np.flatnonzero(answer["hidden"])[which]] = False

    solver_that_lies(monkeypatch, show_one)
    why = "small count would be printed|contradicts a printed count"
    blocked(sqlite_county, drafted(sqlite_county, asked=SMALL), why)


def test_one_complement_shown_and_proved_anew_is_blocked(
    sqlite_county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other proof is found either: each complement is needed."""

    def leaky(system: Any, profile: Any, who: Any, **options: Any) -> Any:
        hidden = worker.hide_against(system, profile, who, **options).hidden
        complements = hidden & ~profile.is_small(system.values, system.limits)
        hidden[np.flatnonzero(complements)[0]] = False
        return worker.hide_against(system, profile, who, hidden=hidden)

    monkeypatch.setattr(protecting, "hide_against", leaky)
    blocked(sqlite_county, drafted(sqlite_county, asked=SMALL), "could be worked out")


def test_a_linked_total_added_is_blocked(
    sqlite_county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody adds the sum of a hidden and of a shown count, printed for a table of its own."""

    def with_total(system: Any, profile: Any, who: Any, **options: Any) -> Any:
        hidden = worker.hide_against(system, profile, who, **options).hidden
        small = hidden & profile.is_small(system.values, system.limits)
        apart = [
            (cell, other)
            for cell in np.flatnonzero(small)
            for other in np.flatnonzero(~hidden)
            if not system.sums[[cell]].multiply(system.sums[[other]]).nnz
        ]
        cell, other = apart[0]
        more = replace(
            system,
            sums=csr_matrix(vstack([system.sums, system.sums[[cell]] + system.sums[[other]]])),
            costs=np.append(system.costs, 1.0),
            places={**system.places, ("a linked table", ("sum",)): len(hidden)},
            limits=None if system.limits is None else np.append(system.limits, 0),
        )
        return worker.hide_against(more, profile, who, hidden=np.append(hidden, False))

    monkeypatch.setattr(protecting, "hide_against", with_total)
    blocked(sqlite_county, drafted(sqlite_county, asked=SMALL), "could be worked out")


def test_a_release_that_forgets_an_earlier_one_is_blocked(
    sqlite_county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a late notification: what would do alone gives it away beside the first."""
    released(sqlite_county, asked=SMALL)
    late(sqlite_county)
    second = drafted(sqlite_county, asked=SMALL)
    alone = protected_alone(sqlite_county, second)
    monkeypatch.setattr(protecting, "hide_against", hiding_as(alone))
    blocked(sqlite_county, second, "what is left without another table's")


def test_an_earlier_release_that_came_to_light_stops_the_approval(
    sqlite_county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proved as if it were the first, it stays in: the approval looks into the ledger again."""
    released(sqlite_county, asked=SMALL)
    late(sqlite_county)
    with monkeypatch.context() as context:
        context.setattr(proving, "releases_before", lambda *_: [])
        second = built(sqlite_county, asked=SMALL)
    with pytest.raises(Refused, match="Another release of these cases"):
        approved(sqlite_county, second)
    analyst = sqlite_county.actors["analyst"]
    with pytest.raises(Refused, match="waits for approval"):
        sqlite_county.register.do(analyst, releasing.package_bytes, second.id)


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        (lambda printed: printed.__setitem__(0, printed[0] + 1), "not a multiple"),
        (lambda printed: printed.__setitem__(0, printed[0] + 5), "sum of its parts|too far"),
        (lambda printed: printed.__setitem__(slice(None), 0), "too far"),
    ],
)
def test_a_rounded_number_changed_is_blocked(
    sqlite_county: Herefordshire,
    monkeypatch: pytest.MonkeyPatch,
    lie: Callable[[Any], None],
    why: str,
) -> None:
    solver_that_lies(monkeypatch, lambda answer: lie(answer["printed"]))
    blocked(sqlite_county, drafted(sqlite_county, profile="rounded-5", asked=SMALL), why)


def late(county: Herefordshire) -> None:
    with county.register.work(MAKER) as work:
        add_death(work, county[PANEL], notified=AFTER, age="5-9-years", sex="female")


def known_to_the_board(county: Herefordshire, ages: tuple[str, ...]) -> None:
    """Let the county's board serve the area in which the children of these ages lived."""
    with county.register.work(MAKER) as work:
        for death in work.session.exec(select(Death)):
            if death.age_band in ages:
                death.residence_area_id = county["herefordshire-area"]


def protected_alone(county: Herefordshire, release: Release) -> Protected:
    """Return what a release would show if nobody knew anything besides it."""
    with county.register.reading(MAKER) as work:
        found = work.session.get_one(Release, release.id)
        prepared = proving.prepare(work, found)
    wish = Wish(seed=prepared.wish.seed)
    return protect_release(prepared.counted, prepared.profile, wish)


def hiding_as(alone: Protected) -> Callable[..., Any]:
    def hide(system: Any, profile: Any, who: Any, **options: Any) -> Any:
        told = system.earlier
        hidden = np.zeros(len(system.values), dtype=bool)
        if told is not None:
            hidden |= told.only & (told.low != told.high)
        for place, cell in system.places.items():
            if place in alone.cells:
                hidden[cell] = alone.cells[place] is None
        return worker.hide_against(system, profile, who, hidden=hidden)

    return hide


OUTPUTS = ["partner-1to4", "rounded-5"]
YOUNG = ("0-27-days", "28-364-days")


@pytest.mark.parametrize("profile", OUTPUTS)
def test_a_release_for_a_board_is_proved_against_what_it_knows(
    sqlite_county: Herefordshire, profile: str
) -> None:
    known_to_the_board(sqlite_county, YOUNG)
    release = released(sqlite_county, profile=profile, recipients=BOARD, asked=SMALL)
    assert "board:herefordshire" in release.ledger["attackers"]
    assert len(release.ledger["boards"]["herefordshire"]) == 6
    _, content = sqlite_county.register.do(
        sqlite_county.actors["analyst"], releasing.package_bytes, release.id
    )
    assert content == release.package


@pytest.mark.parametrize("profile", OUTPUTS)
def test_a_release_against_counts_of_others_is_proved_against_them(
    sqlite_county: Herefordshire, profile: str
) -> None:
    margins = (Known("died-by-age-band-sex", ("total", "male"), ELSEWHERE),)
    release = released(sqlite_county, profile=profile, known=margins, asked=SMALL)
    assert "known-margins" in release.ledger["attackers"]


def test_what_would_do_for_strangers_is_blocked_for_a_board(
    sqlite_county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The board knows the complements: its own cases. More must be hidden from it."""
    known_to_the_board(sqlite_county, YOUNG)
    release = drafted(sqlite_county, recipients=BOARD, asked=SMALL)
    alone = protected_alone(sqlite_county, release)
    with monkeypatch.context() as context:
        context.setattr(protecting, "hide_against", hiding_as(alone))
        blocked(sqlite_county, release, "herefordshire, which knows its own records")
    proved = proving.build(sqlite_county.register, sqlite_county.actors["analyst"], release.id)
    shown = releasing.shown_cells(proved)
    assert sum(n is None for n in shown.values()) > sum(n is None for n in alone.cells.values())


@pytest.mark.parametrize("profile", OUTPUTS)
def test_counts_of_others_that_give_one_away_are_no_release(
    sqlite_county: Herefordshire, profile: str
) -> None:
    """Published elsewhere are all boys who died and every age of them but one."""
    ages = ("total", "0-27-days", "28-364-days", "1-4-years", "5-9-years", "10-14-years")
    keys = [(age, "male") for age in (*ages, "not-known")]
    margins = tuple(Known("died-by-age-band-sex", key, ELSEWHERE) for key in keys)
    # so that the boy whom nobody counted elsewhere is there
    with sqlite_county.register.work(MAKER) as work:
        add_death(work, sqlite_county[PANEL], age="15-17-years")
    release = drafted(sqlite_county, profile=profile, known=margins, asked=SMALL)
    blocked(sqlite_county, release, "counts that others published")
