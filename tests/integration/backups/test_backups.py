"""A backup holds every row and no key; a change is found; a restore is whole or not at all."""

import hashlib
import json
import stat
import threading
import zipfile
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from cdop import backups, db, doctor, migrations, registers
from cdop.backups import archive, rows
from cdop.clock import SystemClock
from cdop.deaths.documents import NAMES
from cdop.deaths.models import Death
from cdop.deaths.service import notify
from cdop.errors import Denied, Misconfigured, Refused, Unsafe
from cdop.security import index_roots, keys, walls
from cdop.security.audit.models import AuditLeaf
from cdop.security.key_versions import first_key
from cdop.security.models import AuditEntry, RegisterInfo
from cdop.security.vault import Vault
from cdop.security.work import Register
from tests import postgres
from tests.factories import MAKER, child, told


def content(engine, *, without=("audit_log", "audit_leaves", "audit_checkpoints")):
    """Return every row of every table, as a backup writes it."""
    with engine.connect() as connection:
        walls.go_everywhere(connection)
        return {
            table.name: list(rows.read(connection, table))
            for table in rows.tables(connection)
            if table.name not in without
        }


def rewrite(file, change):
    """Write a backup anew with its members changed by `change(name, bytes)`, and a right ending."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = b"0" * 64
        for name, data in members.items():
            archive.writestr(name, change(name, data))
    text = file.read_bytes()[:-64]
    file.write_bytes(text + hashlib.sha256(text).hexdigest().encode())


def test_what_is_restored_is_what_was_backed_up(filled, backup, new):
    backups.restore(new, MAKER, backup, filled.settings.keys)
    assert content(registers.open_register(new).engine) == content(filled.engine)


def test_a_restored_case_opens(filled, backup, new):
    backups.restore(new, MAKER, backup, filled.settings.keys)
    with registers.open_register(new).work(MAKER) as work:
        death = work.session.exec(select(Death)).one()
        assert work.open(death, NAMES).full == "Canary Planted"


def test_after_a_restore_the_doctor_finds_nothing(filled, backup, new):
    backups.restore(new, MAKER, backup, filled.settings.keys)
    found = doctor.examine(new, thorough=True)
    assert [check for check in found if check.state == doctor.WRONG] == []


def test_a_backup_goes_into_postgresql_from_either_database(filled, backup, new, postgres_cluster):
    name = f"restored_{uuid4().hex}"
    postgres.create_database(postgres_cluster, name)
    settings = replace(new, database_url=postgres_cluster.owner_url(name))
    backups.restore(settings, MAKER, backup, filled.settings.keys)
    restored = registers.open_register(settings)
    assert content(restored.engine) == content(filled.engine)
    restored.engine.dispose()
    with pytest.raises(Refused, match="not empty"):
        backups.restore(
            replace(settings, data=new.data / "again"), MAKER, backup, filled.settings.keys
        )


def test_backup_and_restore_are_audited(filled, backup, new):
    backups.restore(new, MAKER, backup, filled.settings.keys)
    for register, action in (
        (filled, "register:backup:create"),
        (registers.open_register(new), "register:backup:restore"),
    ):
        with register.reading(MAKER) as work:
            line = work.session.exec(select(AuditEntry).where(AuditEntry.action == action)).one()
        assert line.actor == MAKER.name
        assert line.detail["rows"] > 0


def test_a_person_cannot_back_up(filled, county, tmp_path):
    with pytest.raises(Denied):
        backups.create(filled, county.actors["administrator"], tmp_path / "file")


def test_the_file_is_its_owners_alone(backup):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_no_key_and_no_name_is_in_it(filled, backup):
    ring = json.loads(filled.settings.keys.read_text())
    secrets = [*ring["sealing"].values(), *ring["index"].values(), "Canary", "Planted"]
    with zipfile.ZipFile(backup) as whole:
        text = b"".join(whole.read(name) for name in whole.namelist()).decode()
    assert [secret for secret in secrets if secret in text] == []


def test_a_backup_is_never_written_over(filled, backup):
    before = backup.read_bytes()
    with pytest.raises(Refused, match="never written over"):
        backups.create(filled, MAKER, backup)
    assert backup.read_bytes() == before


def test_a_backup_that_fails_leaves_no_file(filled, tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "read", fail)
    with pytest.raises(ZeroDivisionError):
        backups.create(filled, MAKER, tmp_path / "none.backup")
    assert [path for path in tmp_path.iterdir() if "none" in path.name] == []


def fail(*_):
    raise ZeroDivisionError
    yield


def test_a_backup_is_of_one_moment_while_others_write(filled, county, tmp_path, monkeypatch):
    """Cases notified after the first row was read are in no table of the backup."""
    original, told_now = rows.read, threading.Event()

    def read(connection, table):
        if not told_now.is_set():
            told_now.set()
            writer = threading.Thread(target=notify_another, args=(county,))
            original_rows = list(original(connection, table))
            writer.start()
            writer.join()
            return iter(original_rows)
        return original(connection, table)

    monkeypatch.setattr(rows, "read", read)
    file = tmp_path / "moment.backup"
    manifest = backups.create(filled, MAKER, file)
    assert {e.table: e.rows for e in manifest.tables}["deaths"] == 1
    assert len(content(filled.engine)["deaths"]) == 2
    backups.verify(file, keys.load(filled.settings.keys))


def notify_another(county):
    of = child(2, given="Later", family="Arrived")
    county.register.do(county.actors["coordinator"], notify, told(county["herefordshire-cdop"], of))


def test_a_whole_backup_verifies_with_and_without_keys(filled, backup):
    assert backups.verify(backup) == backups.verify(backup, keys.load(filled.settings.keys))


@pytest.mark.parametrize("place", [0.0, 0.1, 0.5, 0.8, 0.9, 0.9999])
def test_a_damaged_byte_is_found(file, place):
    data = bytearray(file.read_bytes())
    data[int(len(data) * place)] ^= 0xFF
    file.write_bytes(data)
    with pytest.raises(Unsafe, match="not a whole backup"):
        backups.verify(file)


def test_a_cut_file_is_found(file):
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(Unsafe, match="not a whole backup"):
        backups.verify(file)


def test_something_else_is_not_a_backup(tmp_path):
    file = tmp_path / "letter"
    file.write_text("Dear all")
    with pytest.raises(Unsafe, match="not a whole backup"):
        backups.verify(file)
    with pytest.raises(Misconfigured, match="cannot be read"):
        backups.verify(tmp_path / "missing")


def test_a_file_made_to_unpack_without_end_is_stopped_early(file, monkeypatch):
    monkeypatch.setattr(archive, "_LONGEST_LINE", 2**16)
    rewrite(file, lambda name, data: b" " * 2**20 if name == "tables/deaths.jsonl" else data)
    with pytest.raises(Unsafe, match="not a whole backup"):
        backups.verify(file)
    rewrite(file, lambda name, data: data + b" " * 2**20 if name == "manifest.json" else data)
    with pytest.raises(Unsafe, match="not a whole backup"), archive.reading(file):
        pass


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "tables/../../escaped"])
def test_a_file_in_it_with_a_path_of_its_own_is_written_nowhere(file, tmp_path, name):
    """Only the tables that the register knows are read, and no file is ever unpacked."""
    with zipfile.ZipFile(file, "a") as more:
        more.writestr(name, "x")
    rewrite(file, lambda _, data: data)
    backups.verify(file)
    assert not list(tmp_path.parent.rglob("escaped"))
    assert not Path("/tmp/escaped").exists()


def test_a_changed_row_is_found_by_its_digest(file):
    rewrite(file, lambda _, data: data.replace(b'"female"', b'"male"'))
    with pytest.raises(Unsafe, match="not a whole backup"):
        backups.verify(file)


def test_a_changed_row_with_its_digest_set_right_is_found_with_the_keys(filled, backup, new):
    with zipfile.ZipFile(backup) as whole:
        deaths = whole.read("tables/deaths.jsonl").replace(b'"female"', b'"male"')
        manifest = json.loads(whole.read("manifest.json"))
    entry = next(e for e in manifest["tables"] if e["table"] == "deaths")
    entry["sha256"] = hashlib.sha256(deaths).hexdigest()
    changed = {"tables/deaths.jsonl": deaths, "manifest.json": json.dumps(manifest).encode()}
    rewrite(backup, lambda name, data: changed.get(name, data))
    backups.verify(backup)
    for attempt in (
        lambda: backups.verify(backup, keys.load(filled.settings.keys)),
        lambda: backups.restore(new, MAKER, backup, filled.settings.keys),
    ):
        with pytest.raises(Unsafe, match="was changed"):
            attempt()


def test_another_registers_keys_restore_nothing(backup, new, tmp_path):
    keys.create(tmp_path / "other.json")
    with pytest.raises(Unsafe, match="another register's"):
        backups.restore(new, MAKER, backup, tmp_path / "other.json")
    assert not new.data.exists()


def test_a_register_that_stands_is_never_restored_over(filled, backup):
    with pytest.raises(Refused, match="is not empty"):
        backups.restore(filled.settings, MAKER, backup, filled.settings.keys)


def test_a_restore_that_fails_leaves_nothing(filled, backup, new, monkeypatch):
    monkeypatch.setattr("cdop.backups.service._copy_keys", lambda *_: fail_now())
    with pytest.raises(ZeroDivisionError):
        backups.restore(new, MAKER, backup, filled.settings.keys)
    assert [path for path in new.data.parent.iterdir() if "restor" in path.name] == []


def fail_now():
    raise ZeroDivisionError


def test_a_backup_of_a_newer_version_says_so(file):
    def change(name, data):
        return data.replace(b'"revision": "0', b'"revision": "9') if name.endswith("json") else data

    rewrite(file, change)
    with pytest.raises(Misconfigured, match="newer version"):
        backups.verify(file)


def test_a_backup_of_an_older_version_is_brought_up_to_date(new, tmp_path, monkeypatch):
    """Taken at the first revision, restored by today's program."""
    monkeypatch.setattr(backups.service, "_audit", lambda *_: None)  # today's line does not fit it
    folder = tmp_path / "old"
    folder.mkdir()
    settings = replace(
        new, data=folder, database_url=f"sqlite:///{folder / 'r.db'}", keys=folder / "keys.json"
    )
    engine = db.connect(settings.database_url)
    with engine.execution_options(writes=True).begin() as connection:
        migrations.upgrade_on(connection, "0001")
        connection.exec_driver_sql(
            "INSERT INTO audit_log (id, at, recorded_at, actor, action, outcome, detail) VALUES "
            "('0197a000-0000-7000-8000-000000000001', '2026-01-05T09:00:00.000000+00:00', "
            "'2026-01-05T09:00:00.000000+00:00', 'anna', 'tests:thing:done', 'done', '{}')"
        )
    ring = keys.create(settings.keys)
    old = Register(settings, engine, Vault(ring), SystemClock())
    info = RegisterInfo(created_at=old.clock.now(), key_check=b"")
    info.key_check = ring.check_value(info.id.bytes)
    with Session(engine.execution_options(writes=True)) as session, session.begin():
        session.add(info)
        session.add(first_key(ring, old.clock.now()))
    file = tmp_path / "old.backup"
    assert backups.create(old, MAKER, file).revision == "0001"
    backups.restore(new, MAKER, file, settings.keys)
    restored = registers.open_register(new)
    migrations.check(restored.engine)
    with restored.reading(MAKER) as work:
        query = select(AuditEntry).where(AuditEntry.action == "tests:thing:done")
        old_line = work.session.exec(query).one()
        assert (old_line.actor, old_line.mac) == ("anna", b"")
        leaf = select(AuditLeaf).where(AuditLeaf.entry_id == old_line.id)
        assert work.session.exec(leaf).one()
        assert index_roots.within(work.session, work.vault.held).written == (1,)
