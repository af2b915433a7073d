"""A register with two people, a stand-in for a browser, and a sample noun to try the shell on."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from cdop import config, registers
from cdop.clock import FixedClock
from cdop.organisations import people, service
from cdop.organisations.models import Kind
from cdop.security import one_time_codes
from cdop.security.actor import Actor, system
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from cdop.sign_in import authenticators, passwords
from cdop.web.app import create_app
from tests.browser import browser_type_launch_args, visit
from tests.client import Client
from tests.conftest import NOW, sqlite_settings
from tests.factories import Herefordshire, herefordshire
from tests.web.shell import sample
from tests.web.shell.sample_records import Samples, fill

__all__ = ["browser_type_launch_args", "visit"]


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    """Give a demonstration register with a coordinator and an analyst of an invented panel."""
    settings = config.load(tmp_path_factory.mktemp("register"))
    opened = registers.create(settings, demonstration=True)
    opened.do(system("tests"), add_people)
    yield opened
    opened.engine.dispose()


def add_people(work: Work) -> None:
    """Add a coordinator and an analyst with the same password, each with an authenticator app."""
    panel = service.found(work, "invented", Kind.CDOP, "Inventedshire CDOP", date(2008, 4, 1))
    for name, shown, role in (
        (sample.USERNAME, "Imogen Invented", Role.COORDINATOR),
        (sample.ANALYST, "Ada Analyst", Role.ANALYST),
    ):
        account = people.add_account(work, name, shown)
        passwords.set_for(work, account, sample.PASSWORD)
        authenticators.add(work, account, one_time_codes.new_secret())
        people.add_membership(work, account, role, panel, valid_from=date(2008, 4, 1))


@pytest.fixture
def app(register: Register) -> FastAPI:
    """Give the app with the sample noun."""
    return sample.add_to(create_app(register))


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[Client]:
    """Give a client that is not signed in."""
    with Client(app) as client:
        yield client


@pytest.fixture
def client(app: FastAPI, register: Register) -> Iterator[Client]:
    """Give a client signed in as the coordinator."""
    with Client(app) as client:
        yield client.act_as(register, actor(register, sample.USERNAME))


@pytest.fixture
def analyst(app: FastAPI, register: Register) -> Iterator[Client]:
    """Give a client signed in as the analyst."""
    with Client(app) as client:
        yield client.act_as(register, actor(register, sample.ANALYST))


def actor(register: Register, username: str) -> Actor:
    """Return who an account is today."""
    with register.reading(system("tests")) as work:
        return people.actor_by_username(work.session, username, work.now)


@dataclass
class Played:
    """A register with a record of each kind in two counties, and its app."""

    county: Herefordshire
    samples: Samples
    app: FastAPI


@pytest.fixture(scope="session")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Two counties with a record of each kind, closed again, to be copied."""
    folder = tmp_path_factory.mktemp("filled") / "register"
    shutil.copytree(sqlite_template, folder)
    opened = registers.open_register(sqlite_settings(folder), clock=FixedClock(NOW))
    _wait_for_no_disk(opened)
    county = herefordshire(opened)
    samples = fill(county)
    opened.engine.dispose()
    return Played(county, samples, create_app(opened))


@pytest.fixture(scope="module")
def played(filled: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Give a copy of the two counties, for one module to play with."""
    folder = tmp_path_factory.mktemp("played") / "register"
    shutil.copytree(filled.county.register.settings.data, folder)
    opened = registers.open_register(sqlite_settings(folder), clock=FixedClock(NOW))
    _wait_for_no_disk(opened)
    county = Herefordshire(opened, filled.county.ids, filled.county.actors)
    yield Played(county, filled.samples, create_app(opened))
    opened.engine.dispose()


def _wait_for_no_disk(register: Register) -> None:
    """Thousands of requests: what is written need not survive a power cut."""

    def hurry(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(register.engine, "connect", hurry)
    register.engine.dispose()  # those connections that there are would wait
