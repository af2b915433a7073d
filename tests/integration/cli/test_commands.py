"""Each command works as a named actor and is audited; a refusal is one sentence and exit code 1."""

import json
from pathlib import Path

import pytest
from sqlmodel import select

import cdop
from cdop import config, registers
from cdop.organisations import people
from cdop.security.actor import system
from cdop.security.models import AuditEntry
from cdop.security.single_sign_on.tokens import Identity
from cdop.sign_in import administering, invitations
from cdop.sign_in.delays import Visitor
from cdop.sign_in.identities import keeping as identities
from cdop.sign_in.steps import Next

VISITOR = Visitor("192.0.2.1", "Firefox on Windows")


@pytest.fixture
def register(tmp_path, made):
    return registers.open_register(config.load(tmp_path / "register"))


def audited(register, action):
    with register.reading(system("tests")) as work:
        query = select(AuditEntry).where(AuditEntry.action == action)
        return [(line.actor, line.outcome) for line in work.session.exec(query)]


def test_version_is_that_of_the_program(run):
    ended = run("version")
    assert (ended.code, ended.out) == (0, f"{cdop.__version__}\n")


def test_help_names_every_command(run):
    ended = run("--help")
    for name in ("init", "serve", "demo", "user", "report", "release", "backup", "doctor"):
        assert name in ended.out


def test_without_a_command_the_usage_is_shown(run):
    assert run().code == 2


def test_an_unknown_option_is_wrong_usage(run):
    assert run("init", "--nonsense").code == 2


def test_init_makes_a_register_for_real_use_and_says_what_is_next(run, tmp_path):
    ended = run("init")
    assert ended.code == 0
    assert "user add" in ended.out
    register = registers.open_register(config.load(tmp_path / "register"))
    assert not registers.is_demonstration(register)
    assert audited(register, "register:register:create") == [("system:cli", "done")]


def test_init_again_brings_the_register_up_to_date(made):
    ended = made("init")
    assert ended.code == 0
    assert "up to date" in ended.out


def test_a_command_on_no_register_says_how_to_make_one(run):
    ended = run("user", "add", "anna", "--role", "auditor")
    assert ended.code == 1
    assert ended.err.count("\n") == 1
    assert "init" in ended.err


def test_an_account_is_added_with_an_invitation_that_is_printed_once(made, register):
    """Nobody but the account's owner chooses the password."""
    ended = made("user", "add", "anna", "--role", "coordinator", "--at", "shire-cdop", "--json")
    added = json.loads(ended.out)
    assert set(added) == {"username", "role", "invitation"}
    step = invitations.accept(register, added["invitation"], "horses and staples", VISITOR)
    assert step.next is Next.ENROL
    assert audited(register, "accounts:account:add") == [("system:cli", "done")]
    assert audited(register, "accounts:password:set") == [("anna", "done")]


def test_a_code_is_told_in_a_demonstration_only(made):
    made("user", "add", "anna", "--role", "auditor")
    refused = made("user", "code", "anna")
    assert (refused.code, "demonstration" in refused.err) == (1, True)


def test_an_account_is_appointed_disabled_and_reset_from_the_command_line(made, register):
    made("user", "add", "anna", "--name", "Anna Invented", "--role", "auditor")
    where = ("--role", "coordinator", "--at", "shire-cdop")
    assert made("user", "grant", "anna", *where, "--from", "2026-01-01").code == 0
    (row,) = json.loads(made("user", "list", "ann", "--json").out)
    assert row["roles"] == ["Auditor", "CDOP coordinator at Shire CDOP"]
    assert row["state"] == "invited"
    assert made("user", "end-role", "anna", *where).code == 0
    again = made("user", "end-role", "anna", *where)
    assert (again.code, "does not hold" in again.err) == (1, True)
    assert "Auditor\tinvited" in made("user", "list").out
    assert made("user", "disable", "anna").code == 0
    assert "Enable it first" in made("user", "invite", "anna").err
    assert made("user", "enable", "anna").code == 0
    assert "/join#" in made("user", "invite", "anna").out
    assert "/join#" in made("user", "reset", "anna", "--factor").out
    assert made("user", "reset", "nobody").code == 1
    assert audited(register, "accounts:account:reset") == [("system:cli", "done")]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--role", "coordinator"), "name the organisation"),
        (("--role", "coordinator", "--at", "nowhere"), "no organisation 'nowhere'"),
        (("--role", "decision-maker", "--at", "shire-cdop"), "holds an office"),
        (("--role", "decision-maker", "--at", "shire-cdop", "--office", "king"), "no such office"),
    ],
)
def test_an_account_that_cannot_be_is_refused(made, arguments, sentence):
    ended = made("user", "add", "carl", *arguments)
    assert ended.code == 1
    assert sentence in ended.err
    assert made("user", "add", "carl", "--role", "auditor").code == 0


def test_a_taken_name_is_refused(made):
    made("user", "add", "dora", "--role", "auditor")
    taken = made("user", "add", "dora", "--role", "auditor")
    assert (taken.code, "taken" in taken.err) == (1, True)


def test_an_organisation_of_a_name_that_is_taken_is_refused(made):
    again = ("--kind", "area", "--name", "Shire", "--from", "2019-09-29")
    ended = made("organisation", "add", "shire-area", *again)
    assert (ended.code, "already" in ended.err) == (1, True)


def test_a_command_as_an_account_has_the_rights_of_the_account(made, register):
    made("user", "add", "emma", "--role", "coordinator", "--at", "shire-cdop")
    ended = made("user", "add", "fred", "--role", "auditor", "--as", "emma")
    assert ended.code == 1
    assert "permission accounts:account:manage" in ended.err
    assert ("emma", "denied") in audited(register, "accounts:account:manage")


def test_a_command_as_nobody_is_refused(made):
    ended = made("user", "add", "fred", "--role", "auditor", "--as", "nobody")
    assert (ended.code, "no account" in ended.err) == (1, True)


def test_a_fault_of_the_program_shows_no_traceback_and_no_value(made, monkeypatch):
    def fail(*_args, **_kwargs):
        raise ValueError("Canary Planted, born 2026-03-01")

    monkeypatch.setattr(people, "add_account", fail)
    ended = made("user", "add", "anna", "--role", "auditor")
    assert ended.code == 3
    assert "ValueError" in ended.err
    assert "Canary" not in ended.out + ended.err
    assert "Traceback" not in ended.out + ended.err


def test_backup_verify_and_restore_work_from_the_command_line(made, tmp_path):
    file, keys = str(tmp_path / "a.backup"), str(tmp_path / "register" / "keys.json")
    assert "no keys" in made("backup", "create", file).out
    assert made("backup", "create", file).code == 1
    assert made("backup", "verify", file).code == 0
    verified = made("backup", "verify", file, "--keys", keys, "--json")
    assert json.loads(verified.out)["rows"] > 0
    restored = made("backup", "restore", file, "--keys", keys, data="restored")
    assert restored.code == 0
    assert made("doctor", "--all", data="restored").code == 0
    assert made("backup", "restore", file, "--keys", keys).code == 1


def test_the_index_root_is_rotated_from_the_command_line(made, register):
    assert "Bring it to every server" in made("keys", "reindex", "--prepare").out
    assert audited(register, "register:keys:index-add") == [("system:keys", "done")]
    assert "Index root 1 finds what is sealed." in made("keys", "status").out
    assert "0 cases" in made("keys", "reindex").out
    assert "Index root 2 finds what is sealed." in made("keys", "status").out
    assert audited(register, "register:keys:reindex-end") == [("system:keys", "done")]
    assert json.loads(made("keys", "reindex", "--json").out) == {"cases": 0}
    assert made("doctor", "--all").code == 0


def test_doctor_ends_with_1_when_something_is_wrong_and_says_how_to_mend_it(made, tmp_path):
    assert made("doctor").code == 0
    (tmp_path / "register").chmod(0o755)
    ended = made("doctor")
    assert ended.code == 1
    assert "chmod" in ended.out
    states = {check["name"]: check["state"] for check in json.loads(made("doctor", "--json").out)}
    assert states["data folder"] == "wrong"
    assert states["key file"] == "ok"


@pytest.mark.parametrize("name", ["registers", "reports"])
def test_the_program_starts_without_the_web(name):
    """Only `serve` needs the web; the other commands do not wait for it."""
    module = Path(cdop.__file__).parent / "cli" / f"{name}.py"
    top = [line for line in module.read_text().splitlines() if line.startswith(("from", "import"))]
    assert [line for line in top if "cdop.web" in line or "uvicorn" in line] == []


def test_linked_sign_ins_are_listed_and_unlinked(made, register):
    made("user", "add", "ada", "--role", "auditor")
    held = Identity("https://id.example", "a-subject-nobody-sees", None, second_factor=True)

    def link(work):
        identities.link(work, people.by_username(work.session, "ada").id, held, "session")

    register.do(system("tests"), link)
    listed = json.loads(made("user", "identities", "--json").out)
    assert [(each["username"], each["issuer"]) for each in listed] == [("ada", held.issuer)]
    assert "a-subject" not in made("user", "identities").out
    assert made("user", "unlink", "ada", "--issuer", "https://other.example").code == 1
    assert made("user", "unlink", "ada").out == "ada: 1 unlinked.\n"
    assert json.loads(made("user", "identities", "--json").out) == []
    assert audited(register, "accounts:identity:unlink") == [("system:cli", "done")]


def test_standing_in_is_ended(made, register):
    for name in ("ada", "bea"):
        made("user", "add", name, "--role", "auditor")

    def name_deputy(work):
        ada, bea = (people.by_username(work.session, each).id for each in ("ada", "bea"))
        [role] = administering.standing(work, bea).roles
        people.add_deputy(work, ada, role.id, work.today, work.today)

    register.do(system("tests"), name_deputy)
    assert made("user", "end-deputy", "bea", "ada").code == 1
    ended = made("user", "end-deputy", "ada", "bea")
    assert (ended.code, ended.out) == (0, "ada stands in for bea no longer.\n")
    assert made("user", "end-deputy", "ada", "bea").code == 1
