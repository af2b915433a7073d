"""docker-compose.yml and its image: well formed, and as closed as the README says.

No container engine runs here, so the files are read and the database's preparation is tried on a
server of our own; the whole is validated and not run.
"""

import json
import os
import re
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest
import yaml

from tests import postgres

ROOT = Path(__file__).resolve().parents[2]
OURS = ("app", "migrate")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


@pytest.fixture(scope="module")
def image() -> str:
    return (ROOT / "scripts/Dockerfile").read_text()


def test_the_compose_file_meets_the_compose_specification(compose: dict[str, Any]) -> None:
    """The specification's own schema comes with the package check-jsonschema."""
    file = resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    schema = json.loads(file.read_text())
    check = jsonschema.validators.validator_for(schema)(schema)
    assert list(check.iter_errors({"services": {"app": {"imag": "x"}}})), (
        "the schema checks nothing"
    )
    assert [error.message for error in check.iter_errors(compose)] == []


def test_every_name_that_a_service_uses_is_defined(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert set(service["secrets"]) <= set(compose["secrets"])
        assert set(service["networks"]) <= set(compose["networks"])
        assert set(service.get("depends_on", ())) <= set(compose["services"])
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (ROOT / source).exists(), source


def test_only_the_migration_holds_the_owners_secret(compose: dict[str, Any]) -> None:
    for name, url in (("app", "app_url"), ("migrate", "owner_url")):
        service = compose["services"][name]
        assert service["secrets"] == [url]
        secrets = {k: v for k, v in service["environment"].items() if k != "CDOP_ORIGIN"}
        assert secrets == {"CDOP_DATABASE_URL_FILE": f"/run/secrets/{url}"}


def test_no_secret_is_written_in_the_file(compose: dict[str, Any]) -> None:
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    for service in compose["services"].values():
        for name in service.get("environment", {}):
            assert not re.search("PASSWORD|SECRET|KEY|URL", name) or name.endswith("_FILE"), name


def test_nothing_runs_as_root_or_can_become_root(compose: dict[str, Any], image: str) -> None:
    users = re.findall(r"^USER (\S+)", image, re.MULTILINE)
    assert users == ["cdop"]
    assert compose["services"]["database"]["user"] == "postgres"
    for service in compose["services"].values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(compose["services"][name]["read_only"] for name in OURS)


def test_the_program_answers_on_loopback_only_and_the_database_not_at_all(
    compose: dict[str, Any],
) -> None:
    ports = {name: service.get("ports", []) for name, service in compose["services"].items()}
    assert ports == {"app": ["127.0.0.1:${PORT:-8000}:8000"], "database": [], "migrate": []}
    assert compose["services"]["database"]["networks"] == ["inside"]
    assert compose["networks"]["inside"] == {"internal": True}


def test_the_program_starts_when_the_database_is_healthy_and_migrated(
    compose: dict[str, Any], image: str
) -> None:
    assert compose["services"]["app"]["depends_on"] == {
        "database": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }
    assert "/health" in compose["services"]["app"]["healthcheck"]["test"][-1]
    assert "pg_isready" in compose["services"]["database"]["healthcheck"]["test"]
    assert re.search(r"^HEALTHCHECK .*\n.*/health", image, re.MULTILINE)


def test_the_image_installs_from_the_hash_locked_list_and_takes_what_it_needs(image: str) -> None:
    assert "RUN scripts/setup" in image
    assert "pip install" not in image
    ignored = (ROOT / "scripts/Dockerfile.dockerignore").read_text().splitlines()
    taken = {line[1:] for line in ignored if line.startswith("!")}
    copied = set(re.findall(r"^COPY (\S+) ", image, re.MULTILINE))
    assert ignored[0] == "*"
    assert copied == taken


def test_the_secrets_are_made_once_and_lie_in_a_closed_folder(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts/compose_secrets"
    script.write_bytes((ROOT / "scripts/compose_secrets").read_bytes())
    made = []
    for _ in range(2):
        subprocess.run(["bash", script], check=True, capture_output=True)
        made.append({file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()})
    assert made[0] == made[1]
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    first = made[0]
    passwords = {first[f"{role}_password"] for role in ("superuser", "owner", "app")}
    assert len(passwords) == 3
    assert all(re.fullmatch("[0-9a-f]{48}", password) for password in passwords)
    assert first["app_url"] == (
        f"postgresql+psycopg://cdop_app:{first['app_password']}@database/cdop"
    )


def test_the_databases_preparation_makes_two_roles_with_their_own_passwords(tmp_path: Path) -> None:
    """Runs scripts/postgres/init.sh on a new server, its two folders put elsewhere."""
    for role in ("owner", "app"):
        (tmp_path / f"{role}_password").write_text(f"{role}-secret")
    cluster = postgres.start()
    try:
        with psycopg.connect(
            host=str(cluster.folder), user="postgres", dbname="postgres"
        ) as server:
            server.execute("DROP ROLE cdop_owner; DROP ROLE cdop_app")
        script = (ROOT / "scripts/postgres/init.sh").read_text()
        script = script.replace("/etc/cdop-postgres", str(ROOT / "scripts/postgres"))
        script = script.replace("/run/secrets", str(tmp_path))
        search = f"{cluster.programs}:{os.environ['PATH']}"
        subprocess.run(
            ["sh", "-c", script],
            env={"PATH": search, "PGHOST": str(cluster.folder), "POSTGRES_USER": "postgres"},
            check=True,
            capture_output=True,
        )
        with psycopg.connect(host=str(cluster.folder), user="postgres", dbname="cdop") as server:
            roles = server.execute(
                "SELECT rolname, rolsuper, rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid"
                " WHERE rolname LIKE 'cdop%' ORDER BY rolname"
            ).fetchall()
            assert roles == [("cdop_app", False, True), ("cdop_owner", False, True)]
            rights = server.execute(
                "SELECT role, has_schema_privilege(role, 'public', 'CREATE'),"
                " has_database_privilege(role, 'cdop', 'CONNECT')"
                " FROM unnest(ARRAY['cdop_app', 'cdop_owner']) AS role"
            ).fetchall()
            assert rights == [("cdop_app", False, True), ("cdop_owner", True, True)]
    finally:
        postgres.stop(cluster)
