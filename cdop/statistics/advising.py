"""What each profile would keep of a release, side by side; and how to keep more of it.

Nothing here is stored but totals over all counts, which may be seen by whoever may build releases.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from cdop.errors import Invalid, Refused, Unsafe
from cdop.security.actor import Actor
from cdop.security.work import Register, Work
from cdop.statistics import rules
from cdop.statistics.coarsening import coarsenings, ways_for
from cdop.statistics.disclosure import TOTAL, Profile, profile, profiles
from cdop.statistics.disclosure.asking import OnStep
from cdop.statistics.drafting import as_drafted
from cdop.statistics.earlier import tables_of
from cdop.statistics.models import Release
from cdop.statistics.protecting import Protected
from cdop.statistics.proving import Prepared, prepare, protected_as
from cdop.statistics.releasing import BUILD, find_release
from cdop.statistics.year_tables import MOST_POOLED

POOLS = (3, MOST_POOLED)


@dataclass(frozen=True)
class Kept:
    """What one way of releasing keeps. Shares are of what the exact tables hold, in per cent.

    `cells` counts the cells, `some` those that are not 0; `shown` those of them printed other
    than hidden or [low]; `value` is the sum of what they print over that of all; `totals` the
    margins printed. `why` says, in a sentence, why there is no such release.
    """

    profile: str
    years: int
    ways: tuple[str, ...]
    cells: int = 0
    some: int = 0
    shown: int = 0
    hidden: int = 0
    value: int = 0
    totals: int = 0
    width: int | None = None
    why: str = ""


def preview(
    register: Register, actor: Actor, release_id: UUID, on_step: OnStep | None = None
) -> list[dict[str, Any]]:
    """Return what each profile that the recipients may get would keep: both modes side by side."""
    return _tried(register, actor, release_id, _each_profile, on_step)


def advise(
    register: Register, actor: Actor, release_id: UUID, on_step: OnStep | None = None
) -> list[dict[str, Any]]:
    """Return what coarser answers and longer periods would keep under the draft's own profile."""
    return _tried(register, actor, release_id, _each_way, on_step)


def _tried(
    register: Register,
    actor: Actor,
    release_id: UUID,
    ways: Callable[[Release], Iterable[Release]],
    on_step: OnStep | None,
) -> list[dict[str, Any]]:
    with register.reading(actor) as work:
        release = find_release(work, release_id, BUILD)
        rules.after(release.state, rules.Step.CHANGE)
        tries = [(each, _prepared(work, each)) for each in ways(release)]
    found = []
    for number, (each, prepared) in enumerate(tries):
        tell = _within(on_step, _titled(each), number, len(tries))
        kept = prepared if isinstance(prepared, Kept) else _kept(register, each, prepared, tell)
        found.append(asdict(kept))
    return found


def _within(on_step: OnStep | None, title: str, number: int, whole: int) -> OnStep:
    """Return what tells of the steps of one try, which are parts of the work on all of them."""
    tell = on_step or (lambda _: None)
    tell((f"{number + 1} of {whole}, {title}", number, whole))

    def within(step: tuple[str, int, int] | None) -> None:
        if step is None:
            tell(None)
        else:
            stage = step[0][:1].lower() + step[0][1:]
            tell((f"{number + 1} of {whole}, {title}: {stage}", number, whole))

    return within


def _titled(release: Release) -> str:
    pooled = [f"{release.years} years pooled"] if release.years > 1 else []
    ways = [coarsenings()[way].title for way in release.merged.get("ways", ())]
    return "; ".join([f"“{profile(release.profile).title}”", *pooled, *ways])


def _each_profile(release: Release) -> Iterable[Release]:
    audiences = {each.audience for each in as_drafted(release).recipients}
    for each in profiles().values():
        if audiences <= set(each.audiences):
            yield _other(release, profile=each.id)


def _each_way(release: Release) -> Iterable[Release]:
    """Each merge by itself, the coarsest together, and each longer period without and with them."""
    every = list(ways_for(tables_of(release)[0]).values())
    together = tuple({way.column: way.id for way in every}.values())
    for ways in dict.fromkeys([(), *((way.id,) for way in every), together]):
        yield _other(release, merged={**release.merged, "ways": list(ways)})
    for years in POOLS:
        for ways in dict.fromkeys([(), together]):
            yield _other(release, years=years, merged={**release.merged, "ways": list(ways)})


def _other(release: Release, **parts: Any) -> Release:
    """Return a release like this one but for some parts; it belongs to no session."""
    names = ("id", "organisation_id", "year", "years", "profile", "edition", "recipients", "known")
    values = {name: getattr(release, name) for name in (*names, "merged", "asked")} | parts
    if values["merged"] != release.merged or values["years"] != release.years:
        values["known"] = []
    return Release(**values)


def _prepared(work: Work, release: Release) -> Prepared | Kept:
    try:
        return prepare(work, release)
    except (Invalid, Refused) as error:
        return _nothing(release, str(error))


def _kept(register: Register, release: Release, prepared: Prepared, on_step: OnStep) -> Kept:
    try:
        protected = protected_as(register, prepared, on_step)
    except (Unsafe, Refused) as error:
        return _nothing(release, str(error))
    return what_is_kept(release, prepared.profile, protected)


def what_is_kept(release: Release, profile: Profile, protected: Protected) -> Kept:
    """Return how much a protected release keeps."""
    exact = protected.exact
    some = [place for place, count in exact.items() if count]
    shown = [place for place in some if protected.cells[place]]
    margins = [place for place in some if TOTAL in place[1]]
    whole = sum(exact[place] for place in some)
    value = sum(min(protected.cells[place] or 0, exact[place]) for place in shown)
    return Kept(
        profile.id,
        release.years,
        tuple(release.merged.get("ways", ())),
        len(exact),
        len(some),
        len(shown),
        sum(shown is None for shown in protected.cells.values()),
        _share(value, whole),
        _share(sum(bool(protected.cells[place]) for place in margins), len(margins)),
        protected.smallest_width,
    )


def _nothing(release: Release, why: str) -> Kept:
    ways = tuple(release.merged.get("ways", ()))
    return Kept(release.profile, release.years, ways, why=why)


def _share(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 100
