"""Duplicates offered, and how many of the offers are right, on an invented set of children."""

import argparse
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from inventing.children import Account, invent

from cdop.deaths.likeness import Decision, compare
from cdop.deaths.naming import NORMALISED_BY
from cdop.deaths.service.finding import NHS_NUMBER, low_values
from cdop.deaths.thresholds import rule

SIZES, SEED = (500, 4_000, 20_000), 2026
RESULTS = Path(__file__).parent / "results" / "duplicates.txt"


@dataclass
class Measured:
    """Pairs of accounts: told of one child or of two, and what the rule says of them."""

    accounts: int = 0
    pairs: Counter[str] = field(default_factory=Counter)
    said: Counter[tuple[bool, str]] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    @property
    def offered(self) -> tuple[float, float]:
        """Return precision and recall of what is offered: `same` or `possible`."""
        return self._rates([Decision.SAME, Decision.POSSIBLE])

    @property
    def same(self) -> tuple[float, float]:
        """Return precision and recall of `same` alone."""
        return self._rates([Decision.SAME])

    def _rates(self, decisions: list[Decision]) -> tuple[float, float]:
        right, wrong = (sum(self.said[one, each] for each in decisions) for one in (True, False))
        return right / max(1, right + wrong), right / max(1, self.pairs["one child"])


def measure(children: int, seed: int = SEED, *, numbered: bool = True) -> Measured:
    """Compare what the register would compare, among the accounts of so many invented children.

    Without `numbered`, a pair that has one NHS number (and joins by itself) is left out.
    """
    accounts = invent(children, seed)
    found = Measured(len(accounts))
    by_child: dict[int, list[int]] = defaultdict(list)
    for at, account in enumerate(accounts):
        by_child[account.who].append(at)
    true = {pair for ats in by_child.values() for pair in combinations(ats, 2)}
    if not numbered:
        true = {pair for pair in true if not _share_number(accounts, pair)}
    candidates = _candidates(accounts)
    found.pairs = Counter({"one child": len(true), "compared": len(candidates)})
    found.pairs["one child, compared"] = len(true & candidates)
    for pair in true - candidates:
        found.missed[f"{_kind(accounts, pair)}, never compared"] += 1
    for pair in candidates:
        if not numbered and _share_number(accounts, pair):
            continue
        decision = compare(accounts[pair[0]].child, accounts[pair[1]].child).decision
        found.said[pair in true, decision] += 1
        if pair in true and decision == Decision.DIFFERENT:
            found.missed[_kind(accounts, pair)] += 1
        if pair not in true and decision != Decision.DIFFERENT:
            found.wrong[f"{_kind(accounts, pair)}, {decision.value}"] += 1
    return found


def _candidates(accounts: list[Account]) -> set[tuple[int, int]]:
    """Return the pairs that share the value of a token, as the register finds them."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, account in enumerate(accounts):
        identity = account.child.identity
        for key in low_values(identity):
            groups[key].append(at)
        if identity.nhs_number:
            groups[NHS_NUMBER, identity.nhs_number].append(at)
    small = (group for group in groups.values() if len(group) <= rule().most_candidates)
    return {pair for group in small for pair in combinations(group, 2)}


def _share_number(accounts: list[Account], pair: tuple[int, int]) -> bool:
    one, other = (accounts[at].child.identity.nhs_number for at in pair)
    return bool(one) and one == other


def _kind(accounts: list[Account], pair: tuple[int, int]) -> str:
    return " and ".join(sorted({accounts[at].kind for at in pair}))


def report(sizes: tuple[int, ...]) -> str:
    """Return the figures as text."""
    lines = [
        f"rule {rule().edition}, names {NORMALISED_BY}, seed {SEED}; everybody invented",
        "",
        "children  accounts  pairs of one child   offered (same or possible)   same alone",
        "                    all   compared       precision  recall            precision  recall",
    ]
    for numbered in (True, False):
        lines.append("all pairs:" if numbered else "without the pairs that one NHS number joins:")
        for size in sizes:
            found = measure(size, numbered=numbered)
            offered, same = found.offered, found.same
            lines.append(
                f"{size:8}  {found.accounts:8}  {found.pairs['one child']:5}  "
                f"{found.pairs['one child, compared']:8}       {offered[0]:9.3f}  {offered[1]:6.3f}"
                f"            {same[0]:9.3f}  {same[1]:6.3f}"
            )
    for title, counts in (("missed", found.missed), ("wrongly offered", found.wrong)):
        lines += ["", f"{title} among the {size} children, by kind of account:"]
        lines += [f"{number:6}  {kind}" for kind, number in counts.most_common(12)]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the figures, and keep them with the commit that they were measured on."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--keep", action="store_true", help=f"write {RESULTS.name}")
    asked = arguments.parse_args()
    text = report(SIZES)
    print(text)
    if asked.keep:
        commit = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()  # noqa: S607
        RESULTS.write_text(f"measured on commit {commit}\n{text}")


if __name__ == "__main__":
    main()
