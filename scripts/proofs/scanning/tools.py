"""The scanners: their own environments (they do not go together), their options, what they find."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cdop.config import ROOT
from scanning.served import ENDS_SESSION, Session
from scanning.walking import RECORD

HERE = Path(__file__).parent
PLACE = ROOT / ".venv" / "scanners"
# What wapiti brings that is published as source alone: built here, after its hash was checked.
SOURCE_ONLY = "pyperclip,urwid-mitmproxy,yaswfp"
WAPITI_MODULES = (
    *("cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "ldap"),
    *("methods", "permanentxss", "redirect", "shellshock", "sql", "xss"),
)
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_headers_conformance", "unsupported_method", "allow_header_conformance"),
)
# Wapiti's own notes, not the register: where two of its tasks write them at once SQLite refuses one
# now and then, and the whole scan is over. About one scan in fifteen ended so.
_LOCKED, _TRIES = "sqlite3.OperationalError) database is locked", 3
OVERDUE = 124  # the exit code of `timeout`
_GRACE = 600  # seconds that a scanner may go on after its own time: others use the machine too


@dataclass(frozen=True)
class Finding:
    """What a scanner says: its kind of finding, where (ids of records left out), its words."""

    scanner: str
    kind: str
    where: str
    says: str


def program(environment: str, name: str) -> Path:
    """Return a scanner's program; installs its environment from the hash-locked list when new."""
    lock, folder = HERE / f"{environment}.lock", PLACE / environment
    stamp, wanted = folder / "installed-lock", sha256(lock.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {lock.name}", file=sys.stderr)
        subprocess.run(
            [sys.executable, "-m", "venv", "--clear", "--without-pip", folder], check=True
        )
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
        options += ["--only-binary", ":all:", "--no-binary", SOURCE_ONLY]
        options += ["--requirement", str(lock)]
        python = str(folder / "bin" / "python")
        subprocess.run([*_pip(), "--python", python, "install", *options], check=True)
        stamp.write_text(wanted)
    return folder / "bin" / name


def wapiti(address: str, session: Session, seconds: int, folder: Path) -> Iterator[Finding]:
    """Attack the pages that a person reaches, with at most so many seconds for each module."""
    report = folder / f"wapiti-{session.role}.json"
    command: list[Any] = [program("wapiti", "wapiti"), "--url", f"{address}/", "--no-bugreport"]
    command += ["--flush-session", "--store-session", folder / f"wapiti-{session.role}"]
    command += ["--module", ",".join(WAPITI_MODULES), "--scan-force", "normal", "--depth", "5"]
    command += ["--max-scan-time", 3 * seconds, "--max-attack-time", seconds, "--verbose", "0"]
    command += ["--format", "json", "--output", report]
    for name, value in session.headers.items():
        command += ["--header", f"{name}: {value}"]
    for path in ENDS_SESSION:
        command += ["--exclude", f"{address}{path}*"]
    limit = (3 + len(WAPITI_MODULES)) * seconds + _GRACE
    for _ in range(_TRIES):
        ran = _run(command, limit)  # from the beginning each time: --flush-session
        if report.exists() or _LOCKED not in ran.stderr:
            break
    if not report.exists():
        yield _no_report("wapiti", session, ran)
        return
    found = json.loads(report.read_text())
    for part in ("vulnerabilities", "anomalies", "additionals"):
        for kind, each in found[part].items():
            yield from (Finding("wapiti", kind, _where(f), _said(f["info"], address)) for f in each)


def schemathesis(
    address: str, session: Session, document: dict[str, Any], seconds: int, folder: Path
) -> Iterator[Finding]:
    """Send what the document describes, and what it does not, for at most so many seconds."""
    described, report = (folder / f"{part}-{session.role}.json" for part in ("openapi", "st"))
    described.write_text(json.dumps(document))
    command: list[Any] = [program("schemathesis", "schemathesis"), "run", described]
    command += ["--url", address, "--tls-verify", "false", "--checks", ",".join(CHECKS)]
    command += ["--phases", "coverage,fuzzing", "--max-examples", "10", "--max-time", seconds]
    command += ["--seed", "1", "--continue-on-failure", "--no-shrink", "--warnings", "off"]
    command += ["--report", "json", "--report-json-path", report]
    for name, value in session.headers.items():
        command += ["--header", f"{name}: {value}"]
    ran = _run(command, seconds + _GRACE, folder)
    if not report.exists():
        yield _no_report("schemathesis", session, ran)
        return
    found = json.loads(report.read_text())
    for failure in found["failures"]:
        for operation in failure["operations"]:
            yield Finding("schemathesis", failure["code"], operation, failure["title"])
    yield from (Finding("schemathesis", "error", "", str(each)[:200]) for each in found["errors"])


def bandit(folder: Path) -> Iterator[Finding]:
    """Read the program's source."""
    report = folder / "bandit.json"
    command: list[Any] = [program("schemathesis", "bandit"), "--quiet", "--recursive", "cdop"]
    _run([*command, "--format", "json", "--output", report])
    for each in json.loads(report.read_text())["results"]:
        yield Finding("bandit", each["test_id"], each["filename"], each["issue_text"])


def detect_secrets() -> Iterator[Finding]:
    """Look for passwords and keys in every committed file."""
    command = [program("schemathesis", "detect-secrets"), "scan"]
    for file, found in json.loads(_run(command).stdout)["results"].items():
        yield from (Finding("detect-secrets", each["type"], file, "") for each in found)


def _pip() -> list[str]:
    """Return a pip: that of this environment, or else the system's. Raises FileNotFoundError."""
    for python in (sys.executable, "python3", "/usr/bin/python3"):
        pip = [python, "-m", "pip"]
        if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode == 0:
            return pip
    raise FileNotFoundError("pip")


def _where(found: dict[str, Any]) -> str:
    path = RECORD.sub("{id}", found["path"])
    return f"{found['method']} {path} {found['parameter'] or ''}".strip()


def _said(info: str, address: str) -> str:
    """Return a finding's words without what differs from run to run."""
    return re.sub(r"\s+", " ", RECORD.sub("{id}", info.replace(address, "")))[:300]


def _no_report(scanner: str, session: Session, ran: subprocess.CompletedProcess[str]) -> Finding:
    """Return the failure of a scan that left no report, with how it ended and its last words."""
    words = " / ".join((ran.stderr or ran.stdout).strip().splitlines()[-5:])
    said = f"no report of the scan as {session.role}: {_ending(ran.returncode)}: {words}"
    return Finding(scanner, "error", "", said[:1000])


def _ending(code: int | None) -> str:
    return "its time was over" if code == OVERDUE else f"it ended with {code}"


def _run(
    command: list[Any], timeout: float | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run a program; what it thinks of its findings (the exit code) is judged elsewhere."""
    words = [str(part) for part in command]
    try:
        return subprocess.run(
            words, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as late:
        said = [(each or b"").decode(errors="replace") for each in (late.stdout, late.stderr)]
        return subprocess.CompletedProcess(words, OVERDUE, *said)
