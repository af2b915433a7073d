"""Nothing of a child lies open where data rest: database, journal, log, address, header."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from httpx import Response
from sqlmodel import select

from cdop import schema
from cdop.clock import FixedClock
from cdop.deaths import queries, service
from cdop.deaths.commands import Correction
from cdop.deaths.documents import IDENTITY, NAMES, Circumstances
from cdop.deaths.models import Death
from cdop.security.sections import Section
from cdop.security.work import Register
from cdop.web.app import create_app
from tests.client import Client
from tests.factories import MAKER, Herefordshire, herefordshire
from tests.integration.security.canaries import CANARIES, INVENTED, REASON, SUMMARY, Invented
from tests.leaks import assert_no_leak, search


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Everything that any part of the program logs, down to the last detail, in a file."""
    file = tmp_path / "everything.log"
    handler = logging.FileHandler(file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s %(exc_text)s"))
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    # SQLAlchemy's own log of statements hides parameters; its log of rows is nobody's default.
    logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the browser's, not the register's
    yield file
    logging.getLogger("httpx").setLevel(logging.NOTSET)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)
    root.setLevel(before)
    root.removeHandler(handler)
    handler.close()


def live(county: Herefordshire, of: Invented) -> None:
    """Give a case its life through the services: told, told again, corrected, read."""
    register, coordinator = county.register, county.actors["coordinator"]
    told = of.told(county["herefordshire-cdop"])
    death_id = register.do(coordinator, service.notify, told).death_id
    register.do(county.actors["notifier"], service.notify, told)
    elsewhere = of.told(county["worcestershire-cdop"])
    register.do(county.actors["neighbour"], service.notify, elsewhere)
    with register.work(coordinator) as work:
        death = queries.get(work, death_id)
        revision = death.sealed_revision
        assert work.open(death, NAMES).given == of.given
        assert work.open(death, IDENTITY).born_on == of.born_on
    register.do(
        coordinator, service.correct_identity, death_id, Correction(of.child, revision, REASON)
    )
    register.do(coordinator, service.write_summary, death_id, SUMMARY)


def everything_in(register: Register) -> str:
    """Return every value of every table as the database shows it."""
    texts = []
    with register.engine.connect() as connection:
        for table in schema.metadata.sorted_tables:
            for row in connection.execute(sa.text(f'SELECT * FROM "{table.name}"')):
                texts += [
                    bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)
                    for value in row
                ]
    return "\n".join(texts)


def test_a_register_filled_by_the_services_holds_nothing_open(
    county: Herefordshire, log: Path
) -> None:
    for of in INVENTED:
        live(county, of)
    register = county.register
    assert_no_leak([everything_in(register), log], CANARIES)
    if not register.settings.is_sqlite:
        return
    journal = Path(f"{register.settings.database_file}-wal")
    assert journal.stat().st_size > 0
    assert_no_leak([register.settings.data], CANARIES)
    with register.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert_no_leak([register.settings.data], CANARIES)
    register.engine.dispose()
    assert_no_leak([register.settings.data], CANARIES)


def test_the_search_would_find_a_name_in_a_plain_column(
    sqlite_register: Register, clock: FixedClock
) -> None:
    """The check that proves the check: one column written in clear is found, and where."""
    county = herefordshire(sqlite_register)
    live(county, INVENTED[0])
    with sqlite_register.engine.execution_options(writes=True).begin() as connection:
        connection.execute(
            sa.text("UPDATE tasks SET reference = :told"), {"told": INVENTED[0].family}
        )
    found = search([sqlite_register.settings.data], CANARIES)
    assert {each.what for each in found} == {INVENTED[0].family}


class Watched(Client):
    """A browser that keeps what travels in the open: addresses and headers, both ways."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.seen: list[str] = []

    def request(self, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().request(*args, **kwargs)
        self.seen += [str(answer.request.url), *map(str, answer.request.headers.items())]
        self.seen += [str(answer.status_code), *map(str, answer.headers.items())]
        return answer


def typed(county: Herefordshire, of: Invented, **changes: str) -> dict[str, str]:
    """Return what a coordinator types about an invented child."""
    asked = of.told(county["herefordshire-cdop"])
    fields = {
        "given_names": of.given,
        "family_name": of.family,
        "also_known_as": asked.child.names.also_known_as,
        "nhs_number": of.number,
        "sex": "female",
        "ethnicity": "A",
        "address": asked.child.identity.address,
        "postcode": of.postcode,
        "residence_area": str(county["herefordshire-area"]),
        "expected": "unexpected",
        "place_of_death": "home",
        "death_area": str(county["herefordshire-area"]),
        "place_name": asked.circumstances.place_name,
        "narrative": asked.circumstances.narrative,
        "notifier_name": asked.notifier.name,
        "notifier_role": "Consultant",
        "notifier_agency": "hospital",
        "notifier_contact": asked.notifier.contact,
    }
    for name, day in (("born_on", of.born_on), ("died_on", of.died_on)):
        fields |= {f"{name}-day": str(day.day), f"{name}-month": str(day.month)}
        fields |= {f"{name}-year": str(day.year)}
    return {**fields, **changes}


@pytest.fixture
def browsing(sqlite_register: Register) -> Iterator[tuple[Herefordshire, Watched]]:
    county = herefordshire(sqlite_register)
    with Watched(create_app(sqlite_register)) as client:
        client.act_as(sqlite_register, county.actors["coordinator"])
        yield county, client


def test_a_register_filled_in_the_browser_tells_nothing_by_log_address_or_header(
    browsing: tuple[Herefordshire, Watched], log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    county, web = browsing
    for of in INVENTED:
        wrong = typed(county, of, nhs_number="999 000 4006", sex="")
        assert web.submit("/deaths/notify", wrong).status_code == 422
        assert web.submit("/deaths/notify", typed(county, of, surprise="x")).status_code == 400
        kept = web.submit("/deaths/notify", typed(county, of))
        assert kept.status_code == 303
        where = kept.headers["location"].partition("?")[0]
        page = web.get(kept.headers["location"])
        assert of.family in page.text
        assert web.get(f"{where}/notifications").status_code == 200
        telling = web.submit(f"{where}/summary", {"summary": f"{of.given} died"})
        assert telling.status_code == 422
        assert web.submit(f"{where}/summary", {"summary": SUMMARY}).status_code == 303
        revised = {
            **{k: v for k, v in typed(county, of).items() if not k.startswith("notifier")},
            "reason": REASON,
            "revision": "99",
        }
        for name in ("narrative", "place_name"):
            del revised[name]
        assert web.submit(f"{where}/correct", revised).status_code == 409
        assert web.get(f"{where}x").status_code == 404

    def break_down(*_: Any, **__: Any) -> None:
        raise ValueError(f"{INVENTED[0].family} {INVENTED[0].born_on} could not be kept")

    monkeypatch.setattr(service, "notify", break_down)
    broken = web.submit("/deaths/notify", typed(county, INVENTED[0]))
    assert broken.status_code == 500
    assert_no_leak([broken.text], CANARIES)
    web.cookies.clear()
    assert web.submit("/deaths/notify", typed(county, INVENTED[1])).status_code == 401
    assert_no_leak([county.register.settings.data, log], CANARIES)
    assert_no_leak(["\n".join(web.seen)], CANARIES)
    strange = web.get(f"/deaths/{INVENTED[0].family}?name={INVENTED[0].given}")
    assert strange.status_code == 303, "led to sign in"
    web.act_as(county.register, county.actors["coordinator"])
    strange = web.get(f"/deaths/{INVENTED[0].family}?name={INVENTED[0].given}")
    assert strange.status_code == 404
    assert_no_leak([log, strange.text, str(strange.headers)], CANARIES)


def test_a_sealed_document_of_another_shape_puts_nothing_in_the_log(
    browsing: tuple[Herefordshire, Watched], log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version's document, or a bug: pydantic's error would repeat what was sealed."""
    county, web = browsing
    live(county, INVENTED[0])
    with county.register.reading(MAKER) as work:
        death = work.session.exec(select(Death)).first()
    assert death
    monkeypatch.setattr(
        "cdop.web.deaths.pages.NAMES",
        Section("deaths", "names", Circumstances, NAMES.permission),
    )
    answer = web.get(f"/deaths/{death.id}")
    assert answer.status_code == 500
    assert_no_leak([answer.text, log], CANARIES)
