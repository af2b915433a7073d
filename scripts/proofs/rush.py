"""Lets two hundred people sign in and save at the same moment, and counts their audit lines.

Each signs in through the served pages by password and recovery code, notifies an invented death,
and all begin together. Afterwards each has one session and one case, and of every step there is
exactly one audit line in that person's name. On SQLite and, with --database, on PostgreSQL.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
from sqlmodel import select

from cdop import registers
from cdop.config import Settings
from cdop.deaths.models import Death
from cdop.organisations import people
from cdop.organisations.models import Account, SignIn
from cdop.organisations.sessions import csrf
from cdop.security import one_time_codes, passwords
from cdop.security.models import AuditEntry
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from cdop.sign_in import authenticators, recovery
from cdop.web.app import create_app
from cdop.web.deps import BEGUN, COOKIE
from tests import postgres
from tests.browser import serving
from tests.factories import MAKER, Herefordshire, herefordshire
from tests.integration.security.canaries import INVENTED
from tests.integration.security.test_leaks import typed

RESULTS = Path(__file__).parent / "results"
PEOPLE = 200
PASSWORD = "eleven grey herons"  # noqa: S105 - of invented people
STEPS = ("accounts:recovery:use", "accounts:session:start", "deaths:notification:create")


def main() -> int:
    """Run the proof; print and, with --keep, write down what happened. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--keep", action="store_true", help="write the results with the commit")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="cdop-proof-") as folder,
        _register(asked.database, Path(folder) / "register") as register,
    ):
        found = prove(register)
    print(json.dumps(found, indent=1))
    if asked.keep:
        command = ["git", "rev-parse", "HEAD"]
        commit = subprocess.check_output(command, text=True).strip()
        about = {"commit": commit, "database": asked.database}
        (RESULTS / f"rush-{asked.database}.json").write_text(
            json.dumps(about | found, indent=1) + "\n"
        )
    return 0 if found["lost"] == 0 else 1


def prove(register: Register) -> dict[str, Any]:
    """Let everyone in at once. Returns how many did what, and how many lines are missing."""
    county = herefordshire(register)
    codes = register.do(MAKER, _add_people, county)
    together, began = Barrier(PEOPLE), time.monotonic()
    with serving(create_app(register)) as address, ThreadPoolExecutor(PEOPLE) as pool:
        answers = list(
            pool.map(lambda who: _come_in(address, county, who, codes[who], together), codes)
        )
    seconds = time.monotonic() - began
    with register.reading(MAKER) as work:
        lines = Counter(
            (line.actor, line.action)
            for line in work.session.exec(select(AuditEntry))
            if line.action in STEPS and line.outcome == "done"
        )
        sessions = len(work.session.exec(select(SignIn)).all())
        cases = len(work.session.exec(select(Death)).all())
    lost = sum(lines[who, step] != 1 for who in codes for step in STEPS)
    lost += abs(sessions - PEOPLE) + abs(cases - PEOPLE)
    return {
        "people": PEOPLE,
        "answers": {str(status): times for status, times in sorted(Counter(answers).items())},
        "sessions": sessions,
        "cases": cases,
        "lines": sum(lines.values()),
        "lost": lost,
        "seconds": round(seconds, 1),
    }


def _add_people(work: Work, county: Herefordshire) -> dict[str, str]:
    """Add everyone, with the same password. Returns a recovery code of each by user name."""
    kept, codes = passwords.hash_password(PASSWORD), {}
    for number in range(PEOPLE):
        who = f"person-{number}"
        account = people.add_account(work, who, f"Person {number}")
        people.add_membership(work, account, Role.COORDINATOR, county["herefordshire-cdop"])
        work.session.get_one(Account, account).password_hash = kept
        authenticators.add(work, account, one_time_codes.new_secret())
        codes[who] = recovery.renew(work, account)[0]
    return codes


def _come_in(address: str, county: Herefordshire, who: str, code: str, together: Barrier) -> int:
    """Sign in and notify. Returns the status of the last answer."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=address, headers=headers, timeout=300) as web:
        together.wait()
        first = web.post("/sign-in", data={"username": who, "password": PASSWORD})
        begun = _cookie(first, BEGUN)
        second = web.post(
            "/sign-in/code",
            data={"code": code, "csrf": csrf(begun)},
            headers={"Cookie": f"{BEGUN}={begun}"},
        )
        token = _cookie(second, COOKIE)
        fields = typed(county, INVENTED[0], family_name=who, nhs_number="")
        fields |= {"nhs_number_answer": "not-known", "csrf": csrf(token)}
        saved = web.post("/deaths/notify", data=fields, headers={"Cookie": f"{COOKIE}={token}"})
    return saved.status_code


def _cookie(answer: httpx.Response, name: str) -> str:
    """Return a cookie's value: `httpx` keeps no `__Host-` cookie over plain http."""
    found = re.search(rf"{name}=([^;]+)", "; ".join(answer.headers.get_list("Set-Cookie")))
    if found is None:
        raise RuntimeError(f"no {name}: {answer.status_code}")
    return found.group(1)


@contextmanager
def _register(kind: str, folder: Path) -> Iterator[Register]:
    folder.mkdir(mode=0o700)
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'register.db'}"
        yield registers.create(Settings(folder, url, folder / "keys.json"))
        return
    cluster = postgres.start(None)
    try:
        postgres.create_database(cluster, "register")
        keys = folder / "keys.json"
        registers.create(Settings(folder, cluster.owner_url("register"), keys)).engine.dispose()
        yield registers.open_register(Settings(folder, cluster.app_url("register"), keys))
    finally:
        postgres.stop(cluster)


if __name__ == "__main__":
    sys.exit(main())
