"""Many people at once, few threads: nobody waits for ever and nothing is lost."""

from concurrent.futures import ThreadPoolExecutor

from sqlmodel import select

from cdop.deaths.models import Death, Notification
from cdop.security.actor import system
from cdop.security.models import AuditEntry
from cdop.web.app import THREADS, create_app
from tests.client import Client
from tests.factories import Herefordshire
from tests.integration.security.canaries import INVENTED
from tests.integration.security.test_leaks import typed

SYSTEM = system("tests")
WRITERS = 32


def test_32_people_notify_through_four_threads_and_every_one_is_kept_and_audited(
    county: Herefordshire,
) -> None:
    assert THREADS <= 4
    register = county.register
    with Client(create_app(register)) as web:
        web.act_as(register, county.actors["coordinator"])

        def send(n: int) -> str:
            fields = typed(county, INVENTED[0], given_names=f"Writer{n}", nhs_number="")
            fields["nhs_number_answer"] = "not-known"
            answer = web.submit("/deaths/notify", fields)
            assert answer.status_code == 303, answer.text
            read = web.get(answer.headers["location"])
            assert f"Writer{n} " in read.text
            return answer.headers["location"].rpartition("=")[2]

        with ThreadPoolExecutor(WRITERS) as pool:
            receipts = set(pool.map(send, range(WRITERS), timeout=120))
    assert len(receipts) == WRITERS
    with register.reading(SYSTEM) as work:
        assert set(work.session.exec(select(Notification.receipt))) == receipts
        numbers = sorted(work.session.exec(select(Death.reference)))
        assert numbers == [f"CD-2026-{n:04d}" for n in range(1, WRITERS + 1)]
        for action, times in (("deaths:notification:create", 1), ("deaths:identity:read", 2)):
            lines = work.session.exec(select(AuditEntry).where(AuditEntry.action == action)).all()
            assert len(lines) == times * WRITERS
