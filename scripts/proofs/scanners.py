"""Attacks a running demonstration as each role, signed in, with schemathesis and wapiti.

It also reads the source with bandit and detect-secrets. Passes when no answer was a fault, each
session was the person's before and after, and every finding has its explanation in
scanning/explained.toml. Takes about three minutes for each role, and a minute to install.
"""

import argparse
import json
import re
import subprocess
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scanning import tools
from scanning.document import document
from scanning.served import STRANGER, Served, Session, program, serving, sign_in
from scanning.tools import Finding
from scanning.walking import browser, signed_in, walk

from cdop.security.permissions import Role
from cdop.web.api.routes import describe
from cdop.web.app import create_app

HERE = Path(__file__).parent
EXPLAINED = tomllib.loads((HERE / "scanning" / "explained.toml").read_text())["explained"]


def main() -> int:
    """Run the proof; print and, with --keep, write down what was found. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--role", action="append", help="only this role; may be given again")
    parser.add_argument("--seconds", type=int, default=8, help="for each of wapiti's modules")
    parser.add_argument("--requests", type=int, default=45, help="seconds of schemathesis")
    parser.add_argument("--keep", action="store_true", help="write the results with the commit")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cdop-proof-") as folder:
        found: dict[str, Any] = {}
        for found in prove(Path(folder), asked.role, asked.seconds, asked.requests):
            if asked.keep:  # after each role: a proof that is broken off has shown something
                _keep(found)
    print(json.dumps(found, indent=1))
    return 0 if passes(found) else 1


def prove(
    folder: Path, only: list[str] | None, seconds: int, requests: int
) -> Iterator[dict[str, Any]]:
    """Scan as each role. Yields what was asked and found so far, after each."""
    findings: list[Finding] = [*tools.bandit(folder), *tools.detect_secrets()]
    roles: dict[str, Any] = {}
    with serving(folder) as served:
        # The program first: an administrator under attack disables whoever made its token.
        for name in ["program", *served.roles, STRANGER.role]:
            if only and name not in only:
                continue
            if name == "program":
                roles[name] = _scan_api(served, requests, folder, findings)
            else:
                # Signed in only now: a session that waits ends.
                session = (
                    STRANGER if name == STRANGER.role else sign_in(served.register, Role(name))
                )
                roles[name] = _scan(served, session, seconds, requests, folder, findings)
            print(name, roles[name], served.counted.faults, served.errors, flush=True)
            yield _told(served, roles, findings)


def _told(served: Served, roles: dict[str, Any], findings: list[Finding]) -> dict[str, Any]:
    counts = Counter(findings)
    explained = {each: why for each in counts if (why := explanation(each))}
    return {
        "roles": roles,
        "faults": served.counted.faults,
        "errors": served.errors,
        "explained": _grouped(counts, explained),
        "unexplained": [vars(each) for each in counts if each not in explained],
    }


def _keep(found: dict[str, Any]) -> None:
    command = ["git", "rev-parse", "HEAD"]
    commit = subprocess.check_output(command, text=True).strip()
    whole = json.dumps({"commit": commit} | found, indent=1) + "\n"
    (HERE / "results" / "scanners.json").write_text(whole)


def _scan(
    served: Served,
    session: Session,
    seconds: int,
    requests: int,
    folder: Path,
    findings: list[Finding],
) -> dict[str, Any]:
    """Walk and attack as one person; adds to `findings`."""
    before = signed_in(served, session)
    walked = walk(served, session)
    findings += [Finding("walk", "answer", "", each) for each in walked.wrong]
    described = document(create_app(served.register), session, walked)
    findings += tools.schemathesis(served.address, session, described, requests, folder)
    findings += tools.wapiti(served.address, session, seconds, folder)
    return {
        "signed_in": [before, signed_in(served, session)],
        "pages": len(walked.pages),
        "operations": sum(len(each) for each in described["paths"].values()),
        "answers": dict(sorted(served.counted.answers[session.token].items())),
    }


def _scan_api(
    served: Served, requests: int, folder: Path, findings: list[Finding]
) -> dict[str, Any]:
    """Send the API what its own document describes, with a token that is good before and after."""
    session, described = program(served.register), describe()

    def is_let_in() -> bool:
        with browser(served, session) as client:
            return client.get("/api/v1/releases").status_code in (200, 429)

    before = is_let_in()
    findings += tools.schemathesis(served.address, session, described, requests, folder)
    return {"signed_in": [before, is_let_in()], "operations": len(described["paths"])}


def explanation(finding: Finding) -> str | None:
    """Return why a finding is none, or None when nobody has said so."""
    for each in EXPLAINED:
        fits = [re.fullmatch(each.get(name, ".*"), getattr(finding, name)) for name in _TOLD]
        if all(fits):
            return str(each["why"])
    return None


_TOLD = ("scanner", "kind", "where", "says")


def passes(found: dict[str, Any]) -> bool:
    """Say whether nothing broke, nothing is unexplained and everybody stayed signed in."""
    sessions = {role: all(each["signed_in"]) for role, each in found["roles"].items()}
    right = all(sessions[role] == (role != STRANGER.role) for role in sessions)
    return right and not (found["faults"] or found["errors"] or found["unexplained"])


def _grouped(counts: Counter[Finding], explained: dict[Finding, str]) -> list[dict[str, Any]]:
    """Return one line for each explanation, with how many findings it covers."""
    totals: Counter[tuple[str, str, str]] = Counter()
    for each, why in explained.items():
        totals[each.scanner, each.kind, why] += counts[each]
    return [
        {"scanner": scanner, "kind": kind, "found": number, "why": why}
        for (scanner, kind, why), number in sorted(totals.items())
    ]


if __name__ == "__main__":
    raise SystemExit(main())
