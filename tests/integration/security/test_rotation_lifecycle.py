"""Whatever is done with the keys, in whatever order: all that was sealed opens."""

import shutil
import tempfile
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlmodel import select

from cdop import registers
from cdop.clock import FixedClock
from cdop.config import Settings
from cdop.db import new_id
from cdop.deaths.documents import EVENT_REMARK, Remark
from cdop.deaths.models import DeathEvent
from cdop.errors import Refused
from cdop.security import custody, resealing, rollback, rotation
from cdop.security.models import DataKey
from cdop.security.rotation import KEYS
from cdop.security.work import Register, Work
from tests.conftest import NOW, sqlite_settings
from tests.factories import herefordshire
from tests.integration.security.rotating import notified

TEMPLATE: dict[str, Path] = {}


def template() -> Path:
    """Return the folder of a register with two cases, made once."""
    if "folder" not in TEMPLATE:
        folder = Path(tempfile.mkdtemp(prefix="cdop-lifecycle-")) / "register"
        county = herefordshire(registers.create(sqlite_settings(folder), clock=FixedClock(NOW)))
        notified(county, 1, 2)
        county.register.engine.dispose()
        TEMPLATE["folder"] = folder
    return TEMPLATE["folder"]


def remark(work: Work, row_id: UUID, words: str) -> None:
    """Seal other words into a remark."""
    work.seal(work.session.get_one(DeathEvent, row_id), {EVENT_REMARK: Remark(text=words)})


class Lifecycle(RuleBasedStateMachine):
    """Two servers on one register; commands on the keys between what they seal."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cdop-lifecycle-"))
        shutil.copytree(template(), self.folder / "register")
        here: Settings = sqlite_settings(self.folder / "register")
        self.servers = [registers.open_register(here, clock=FixedClock(NOW)) for _ in range(2)]
        self.words: dict[UUID, str] = {}
        self.retired: set[int] = set()

    @property
    def commands(self) -> Register:
        """The command line: a process of its own, which reads the key file anew."""
        return registers.open_register(self.servers[0].settings, clock=FixedClock(NOW))

    @rule()
    def add(self) -> None:
        rotation.add(self.commands)

    @rule(pick=st.integers(0, 9))
    def promote(self, pick: int) -> None:
        there = sorted(custody.load(self.servers[0].settings).sealing)
        rotation.promote(self.commands, there[pick % len(there)])

    @rule(batch=st.sampled_from([1, 2, 500]))
    def rewrap(self, batch: int) -> None:
        rotation.rewrap(self.commands, batch=batch)

    @rule(pick=st.integers(0, 9))
    def retire(self, pick: int) -> None:
        there = sorted(custody.load(self.servers[0].settings).sealing)
        version = there[pick % len(there)]
        try:
            rotation.retire(self.commands, version)
        except Refused:
            assert version in self._needed()
        else:
            assert version not in self._needed()
            self.retired.add(version)

    @rule()
    def reseal(self) -> None:
        assert not resealing.reseal(self.commands).unread

    @rule(server=st.integers(0, 1), words=st.text(max_size=70))
    def seal_in_a_new_case(self, server: int, words: str) -> None:
        row, case = new_id(), new_id()

        def make(work: Work) -> None:
            (some, *_) = work.session.exec(select(DeathEvent))
            event = DeathEvent(
                id=row,
                subject_id=case,
                organisation_id=some.organisation_id,
                death_id=some.death_id,
                kind="noted",
                at=NOW,
                by="tests",
            )
            work.session.add(event)
            work.seal(event, {EVENT_REMARK: Remark(text=words)})

        self.servers[server].do(KEYS, make)
        self.words[row] = words

    @precondition(lambda self: self.words)
    @rule(server=st.integers(0, 1), pick=st.integers(0, 99), words=st.text(max_size=70))
    def seal_anew(self, server: int, pick: int, words: str) -> None:
        row = sorted(self.words)[pick % len(self.words)]
        self.servers[server].do(KEYS, remark, row, words)
        self.words[row] = words

    @invariant()
    def everything_opens_everywhere(self) -> None:
        for server in (*self.servers, self.commands):
            with server.reading(KEYS) as work:
                for row, words in self.words.items():
                    event = work.session.get_one(DeathEvent, row)
                    assert work.open_within(event, EVENT_REMARK).text == words

    @invariant()
    def nothing_retired_is_needed(self) -> None:
        assert not self.retired & self._needed()
        assert not self.retired & set(custody.load(self.servers[0].settings).sealing)

    def _needed(self) -> set[int]:
        """Return the versions that some case key is wrapped under, and the one in use."""
        found = rotation.status(self.servers[0])
        with self.servers[0].reading(KEYS) as work:
            under = set(work.session.exec(select(DataKey.kek_version)))
        return {each.version for each in found if each.state == "current"} | {*under} - {None}

    def teardown(self) -> None:
        if hasattr(self, "servers"):
            with self.servers[0].reading(KEYS) as work:
                assert list(rollback.find(work.session, work.vault.ring)) == []
            for server in self.servers:
                server.engine.dispose()
            shutil.rmtree(self.folder)


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(
    max_examples=12,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
