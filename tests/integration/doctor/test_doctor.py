"""The doctor names each thing that is wrong and how to mend it, one fault at a time."""

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from cdop import db, doctor
from cdop.deaths.service import notify
from cdop.doctor.checks import OK, SKIPPED, WEAK, WRONG
from cdop.organisations import people
from cdop.security import keys
from cdop.security.audit import delivering, sealer
from cdop.security.models import AuditEntry
from cdop.sign_in.notices import telling
from cdop.sign_in.notices.words import Kind
from tests.factories import MAKER, herefordshire, told
from tests.mailbox import SENDER, sending


@pytest.fixture
def register(sqlite_register):
    """A register on SQLite with a case in it."""
    county = herefordshire(sqlite_register)
    for path in (sqlite_register.settings.data, sqlite_register.settings.database_file):
        path.chmod(0o700)
    sqlite_register.do(county.actors["coordinator"], notify, told(county["herefordshire-cdop"]))
    return sqlite_register


def wrong(register):
    """Return what the doctor finds wrong, name to check."""
    found = doctor.examine(register.settings, thorough=True)
    assert all(check.state in (OK, WEAK, WRONG, SKIPPED) for check in found)
    return {check.name: check for check in found if check.state == WRONG}


def visited(register, name):
    """Return what the doctor says of one thing."""
    return {check.name: check for check in doctor.examine(register.settings)}[name]


def execute(register, sentence):
    with register.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql(sentence)


def test_a_sound_register_has_nothing_wrong(register):
    assert wrong(register) == {}


def test_the_visit_is_audited(register):
    doctor.examine(register.settings)
    with register.reading(MAKER) as work:
        query = select(AuditEntry).where(AuditEntry.action == "register:doctor:run")
        assert work.session.exec(query).one().actor == "system:doctor"


def test_a_folder_open_to_others(register):
    register.settings.data.chmod(0o750)
    assert "chmod" in wrong(register)["data folder"].mend


def test_a_key_file_open_to_others(register):
    register.settings.keys.chmod(0o640)
    assert "chmod 600" in wrong(register)["key file"].found


def test_a_missing_key_file(register):
    register.settings.keys.unlink()
    assert set(wrong(register)) == {"key file"}


def test_another_registers_key_file(register):
    register.settings.keys.unlink()
    keys.create(register.settings.keys)
    found = wrong(register)
    assert "another register" in found["keys and database"].found
    assert "do not open" in found["sealed rows"].found


def test_a_database_that_is_none(register):
    register.engine.dispose()
    for path in register.settings.data.glob("register.db*"):
        path.unlink()
    assert "cdop init" in wrong(register)["database"].mend


def test_a_database_file_that_is_damaged(register):
    register.engine.dispose()
    file = register.settings.database_file
    data = bytearray(file.read_bytes())
    data[100:] = os.urandom(len(data) - 100)
    file.write_bytes(data)
    found = wrong(register)
    assert "restore a backup" in found["integrity"].mend
    assert "integrity" in found


def test_a_row_that_points_to_nothing(register):
    with db.connect(register.settings.database_url).connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        connection.rollback()
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("DELETE FROM organisation_links")
        raw.execute("DELETE FROM notifications")
        raw.execute("DELETE FROM deaths")
    assert "point to nothing" in wrong(register)["references"].found


def test_a_sealed_value_that_was_changed(register):
    execute(register, "UPDATE deaths SET names = identity")
    assert "do not open" in wrong(register)["sealed rows"].found


def test_audit_triggers_that_are_gone(register):
    execute(register, "DROP TRIGGER audit_log_no_delete")
    assert "find out who" in wrong(register)["audit log"].mend


def test_a_database_of_a_newer_version(register):
    execute(register, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer version" in wrong(register)["database version"].found


def test_a_clock_that_stands_in_the_past(register):
    with register.work(MAKER) as work:
        line = work.session.exec(select(AuditEntry)).first()
        assert line is not None
        late = datetime.now(UTC) + timedelta(days=2)
        copy = AuditEntry(**{**line.model_dump(exclude={"id"}), "recorded_at": late})
        work.session.add(copy)
    assert "clock" in wrong(register)["clock"].mend


def test_a_library_that_can_corrupt(register, monkeypatch):
    monkeypatch.setattr(db, "FIRST_SAFE_SQLITE", (99, 0, 0))
    assert "WAL" in wrong(register)["SQLite library"].found


def test_a_disk_that_is_full(register, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    assert "free some space" in wrong(register)["disk space"].mend


def test_a_folder_that_is_not_there(register, tmp_path):
    settings = replace(register.settings, data=tmp_path / "nowhere")
    assert doctor.examine(settings)[0].state == WRONG


def test_progress_is_told(register):
    told_of = []
    doctor.examine(register.settings, progress=lambda done, total: told_of.append((done, total)))
    assert told_of[-1][0] == told_of[-1][1] > 0


def test_postgresql_is_examined_too(postgres_register):
    settings = postgres_register.settings
    settings.data.chmod(0o700)
    found = {check.name: check.state for check in doctor.examine(settings)}
    assert found["database version"] == found["audit log"] == found["references"] == OK
    assert found["integrity"] == found["SQLite library"] == SKIPPED
    assert found["durability"] == WRONG  # the test server does not sync on purpose


def test_lines_that_nobody_seals(register, monkeypatch):
    monkeypatch.setattr("cdop.security.audit.sealer.LATE", timedelta())
    monkeypatch.setattr("cdop.security.audit.sealer.seal", lambda _: 0)
    assert "cdop audit seal" in wrong(register)["audit seals"].mend


def test_a_sink_that_takes_nothing(register, tmp_path):
    settings = {"CDOP_AUDIT_FILE": str(tmp_path / "missing" / "file")}
    object.__setattr__(register.settings, "sending", settings)
    sealer.seal(register)
    delivering.deliver(register)
    found = wrong(register)["audit seals"]
    assert "do not reach file" in found.found
    assert "mend the sink" in found.mend


def test_an_address_without_a_mail_server_is_named_and_fails_no_visit(register):
    assert visited(register, "mail").state == SKIPPED
    register.do(MAKER, reach_the_coordinator)
    found = visited(register, "mail")
    assert found.state == WEAK
    assert "1 people with an address are not told" in found.found
    assert "CDOP_SMTP" in found.mend


def test_notices_that_no_server_takes(register, monkeypatch):
    sending(register, SMTP="smtp://127.0.0.1:9", SMTP_FROM=SENDER)
    register.do(MAKER, reach_the_coordinator)
    monkeypatch.setattr("cdop.doctor.mail.LATE", timedelta(days=36_500))
    assert visited(register, "mail").state == OK
    monkeypatch.setattr("cdop.doctor.mail.LATE", timedelta(days=-36_500))  # whatever day it is
    found = wrong(register)["mail"]
    assert "1 notices" in found.found
    assert "CDOP_SMTP" in found.mend
    sending(register, SMTP="smtp://127.0.0.1:9")
    assert "needs CDOP_SMTP_FROM" in wrong(register)["mail"].found


def reach_the_coordinator(work):
    account = people.by_username(work.session, "coordinator")
    account.email = "coordinator@example.invalid"
    telling.tell(work, account.id, Kind.CODES)


def test_a_panel_without_a_guardian_is_named_and_fails_no_visit(register):
    lacking = visited(register, "Caldicott guardians")
    assert lacking.state == WEAK
    assert "worcestershire-cdop" in lacking.found
    assert "herefordshire" not in lacking.found
    assert "caldicott" not in lacking.mend
    assert "cdop user grant" in lacking.mend
