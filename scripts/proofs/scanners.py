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
from pathlib import Path
from typing import Any

from scanning import tools
from scanning.document import document
from scanning.served import STRANGER, Served, Session, program, serving, sign_in
from scanning.tools import Finding
from scanning.walking import browser, signed_in, walk

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
        found = prove(Path(folder), asked.role, asked.seconds, asked.requests)
    print(json.dumps(found, indent=1))
    if asked.keep:
        command = ["git", "rev-parse", "HEAD"]
        commit = subprocess.check_output(command, text=True).strip()
        whole = json.dumps({"commit": commit} | found, indent=1) + "\n"
        (HERE / "results" / "scanners.json").write_text(whole)
    return 0 if passes(found) else 1


def prove(folder: Path, only: list[str] | None, seconds: int, requests: int) -> dict[str, Any]:
    """Scan as each role. Returns what was asked and found."""
    findings: list[Finding] = [*tools.bandit(folder), *tools.detect_secrets()]
    roles = {}
    with serving(folder) as served:
        for role in [*served.roles, None]:
            name = role.value if role else STRANGER.role
            if only and name not in only:
                continue
            # Only now: a session that waits ends.
            session = sign_in(served.register, role) if role else STRANGER
            roles[name] = _scan(served, session, seconds, requests, folder, findings)
            print(name, roles[name], flush=True)
        if not only or "program" in only:
            roles["program"] = _scan_api(served, requests, folder, findings)
    counts = Counter(findings)
    explained = {each: why for each in counts if (why := explanation(each))}
    return {
        "roles": roles,
        "faults": served.counted.faults,
        "errors": served.errors,
        "explained": _grouped(counts, explained),
        "unexplained": [vars(each) for each in counts if each not in explained],
    }


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
