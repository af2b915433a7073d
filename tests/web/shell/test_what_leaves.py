"""What leaves the register as a file, or destroys a key, asks for a second factor just given."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

from fastapi.routing import iter_route_contexts

import cdop.web
from cdop.web.deps import Access, ByToken
from tests.client import Client
from tests.web.shell.conftest import Played

# Files, the redacted copy that is printed and sent, and what ends in destroying a key. A draft of a
# release leaves nothing: it is asked when it is approved, and whenever it is taken.
LEAVES = {
    ("POST", "/audit/export"),
    ("GET", "/reports/jcr-outcomes.csv"),
    ("GET", "/rights/{request_id}/copy"),
    ("POST", "/rights/{request_id}/copy"),
    ("GET", "/statistics/releases/{release_id}/approve"),
    ("POST", "/statistics/releases/{release_id}/approve"),
    ("GET", "/statistics/releases/{release_id}/package"),
    ("GET", "/statistics/report.docx"),
    ("GET", "/statistics/report.pdf"),
    ("POST", "/statistics/tokens"),
    ("POST", "/break-glass/open"),
    ("POST", "/retention/erasures/{erasure_id}/approve"),
    ("POST", "/retention/erasures/{erasure_id}/erase"),
}
# A program shows its token instead; whoever made that was asked.
BY_TOKEN = "cdop.web.api.routes"


def asked_of(played: Played) -> dict[tuple[str, str], object]:
    found: dict[tuple[str, str], object] = {}
    for context in iter_route_contexts(played.app.routes):
        if hasattr(context, "dependant"):
            calls = [each.call for each in context.dependant.dependencies]
            [asked] = [each for each in calls if isinstance(each, Access | ByToken)] or [None]
            found |= {(method, context.path): asked for method in context.methods}
    return found


def test_each_way_out_asks_who_it_is_once_more(played: Played) -> None:
    asked = asked_of(played)
    assert set(asked) >= LEAVES
    assert [each for each in LEAVES if not getattr(asked[each], "confirmed", False)] == []


def test_no_module_sends_a_file_by_another_address(played: Played) -> None:
    """A new file fails here until its address is written down above."""
    modules = [import_module(each.name) for each in walk_packages(cdop.web.__path__, "cdop.web.")]
    sending = {
        m.__name__ for m in modules if '"Content-Disposition"' in Path(m.__file__ or "").read_text()
    }
    known: dict[str, set[tuple[str, str]]] = {}
    for context in iter_route_contexts(played.app.routes):
        if context.endpoint is not None and hasattr(context, "dependant"):
            made = known.setdefault(context.endpoint.__module__, set())
            made |= {(method, context.path) for method in context.methods}
    assert BY_TOKEN in sending
    for name in sending - {BY_TOKEN}:
        assert known[name] & LEAVES, f"{name} sends a file that is not written down"


def test_whoever_has_not_just_confirmed_is_asked_and_nothing_is_destroyed(
    played: Played,
) -> None:
    register = played.county.register
    [record] = [r for r in played.samples.records[("erasure_id",)] if r.is_ours]
    with Client(played.app) as web:
        web.act_as(register, played.county.actors["caldicott-guardian"])
        before = register.clock.at  # type: ignore[attr-defined]
        register.clock.at = before + timedelta(minutes=6)  # type: ignore[attr-defined]
        answer = web.submit(f"/retention/erasures/{record.values['erasure_id']}/approve", {})
        register.clock.at = before  # type: ignore[attr-defined]
    assert answer.status_code == 401
    assert 'name="confirmation"' in answer.text
