"""Proving from an export that nobody changed the audit log, with nothing of the register at hand.

Needed are the export, the public key, and checkpoints from a place that whoever could change the
register cannot reach. What the export says of itself is not believed: only that place shows that
the end was cut off, or that everything was signed anew by someone who has the key file.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cdop.errors import Unsafe
from cdop.security.audit import lines
from cdop.security.audit.checkpoints import Verifier
from cdop.security.audit.exporting import FORMAT
from cdop.security.audit.merkle import Frontier

# Lines are sealed within seconds; a transaction may be open for a while before it commits its own.
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True)
class Fault:
    """Something that is not as the register wrote it. `what` is a sentence."""

    kind: str
    tree: str
    what: str


@dataclass
class Report:
    """What an export was found to be.

    `unsealed` lines are written but not proved yet; `newer` are proved by the export's own
    checkpoints alone, not by one from outside; `trees` are those that the export holds.
    """

    sealed: int = 0
    unsealed: int = 0
    newer: int = 0
    trees: int = 0
    checkpoints: int = 0
    whole: bool = True
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        """Say whether nothing was found."""
        return not self.faults


@dataclass
class _Tree:
    """One tree as it is read: how far, and what roots are to be met on the way."""

    edge: Frontier = field(default_factory=Frontier)
    own: dict[int, bytes] = field(default_factory=dict)
    outside: dict[int, bytes] = field(default_factory=dict)
    proved: int = 0  # the size at the last checkpoint that was met
    has_left: bool = False  # a root was not met: none after it can be

    @property
    def signed(self) -> int:
        return max([*self.own, *self.outside], default=0)


def verify(export: Iterable[bytes], verifier: Verifier, notes: Iterable[str]) -> Report:
    """Read an export and hold it to the checkpoints in it and to those given from outside.

    Raises Unsafe when it is no export, or one of another register.
    """
    return _Reading(verifier).read(_records(export), notes)


class _Reading:
    def __init__(self, verifier: Verifier) -> None:
        self.verifier = verifier
        self.report = Report()
        self.trees: defaultdict[str, _Tree] = defaultdict(_Tree)
        self.seen: set[str] = set()
        self.sealed_at = datetime.min.replace(tzinfo=UTC) + LONGEST_WAIT

    def read(self, records: Iterator[dict[str, Any]], notes: Iterable[str]) -> Report:
        self._begin(next(records, {}))
        for note in notes:
            self._checkpoint(note, from_outside=True)
        steps = {
            "checkpoint": lambda each: self._checkpoint(each["note"], from_outside=False),
            "sealed": self._sealed,
            "unsealed": self._unsealed,
        }
        for record in records:
            try:
                steps[record["kind"]](record)
            except (KeyError, ValueError, TypeError, AttributeError):
                raise Unsafe("The export is damaged: a line of it is not in its form.") from None
        for name in sorted(self.trees):
            self._end(name, self.trees[name])
        return self.report

    def _begin(self, head: dict[str, Any]) -> None:
        if head.get("kind") != "export" or head.get("format") != FORMAT:
            raise Unsafe("This is not an export of an audit log in the form that is read here.")
        if head.get("key") != self.verifier.encode():
            raise Unsafe("This export names another public key: it is of another register.")
        self.report.whole = bool(head.get("whole"))

    def _checkpoint(self, note: str, *, from_outside: bool) -> None:
        where = "from outside" if from_outside else "in the export"
        try:
            checkpoint = self.verifier.open(note)
        except Unsafe as error:
            self._fault("unsigned", "", f"{error} It stands {where}.")
            return
        self.report.checkpoints += 1
        self.sealed_at = max(self.sealed_at, checkpoint.at)
        tree = self.trees[checkpoint.origin.removeprefix(f"{self.verifier.name}/")]
        known = tree.outside if from_outside else tree.own
        if known.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            name = checkpoint.origin.rpartition("/")[2]
            text = f"two different checkpoints of {checkpoint.size:,} lines are signed"
            self._fault("rewritten", name, text)

    def _sealed(self, record: dict[str, Any]) -> None:
        name, position = record["tree"], int(record["position"])
        tree, expected = self.trees[name], bytes.fromhex(record["leaf"])
        at = tree.edge.size
        if position != at:
            self._fault("order", name, f"line {position:,} stands where line {at:,} belongs")
        self._line(record, name, position, expected)
        self.report.sealed += 1
        tree.edge.append(expected)
        self._meet(name, tree)

    def _line(self, record: dict[str, Any], name: str, position: int, expected: bytes) -> None:
        line = record["line"]
        if line is None:
            self._fault("removed", name, f"line {position:,} was removed")
            return
        if lines.leaf_of_content(line) != expected:
            self._fault("edited", name, f"line {position:,} ({line['id']}) was changed")
        if line["id"] in self.seen:
            self._fault("inserted", name, f"line {position:,} ({line['id']}) stands there twice")
        self.seen.add(line["id"])

    def _meet(self, name: str, tree: _Tree) -> None:
        """Compare with every checkpoint of this size."""
        size = tree.edge.size
        signed = [known[size] for known in (tree.outside, tree.own) if size in known]
        if not signed or tree.has_left:
            return
        if any(root != tree.edge.root() for root in signed):
            tree.has_left = True
            which = "a checkpoint from outside" if size in tree.outside else "its checkpoint"
            text = (
                f"lines {tree.proved:,} to {size - 1:,} are not those that {which} was signed for: "
                "some were changed, removed, put in or moved"
            )
            self._fault("rewritten", name, text)
            return
        tree.proved = size

    def _unsealed(self, record: dict[str, Any]) -> None:
        line = record["line"]
        self.report.unsealed += 1
        if line["id"] in self.seen:
            self._fault("inserted", record["tree"], f"{line['id']} stands there twice")
        if not record["waits"]:
            text = f"{line['id']} is in no tree and waits for none: it was put in past the register"
            self._fault("inserted", record["tree"], text)
        elif datetime.fromisoformat(line["recorded_at"]) < self.sealed_at - LONGEST_WAIT:
            text = f"{line['id']} says that it is older than lines that are sealed"
            self._fault("inserted", record["tree"], text)

    def _end(self, name: str, tree: _Tree) -> None:
        size, signed = tree.edge.size, tree.signed
        self.report.trees += bool(size)
        if not size and not self.report.whole and not tree.own:
            return  # a tree that this export was not to hold
        if signed > size:
            text = (
                f"{signed - size:,} lines are missing at the end: {size:,} of {signed:,} are left"
            )
            self._fault("cut", name, text)
        elif signed < size:
            self._fault("inserted", name, f"no checkpoint covers lines {signed:,} to {size - 1:,}")
        self.report.newer += max(0, size - max(tree.outside, default=0))

    def _fault(self, kind: str, tree: str, what: str) -> None:
        self.report.faults.append(Fault(kind, tree, what))


def _records(export: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for text in export:
        try:
            record = json.loads(text)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            raise Unsafe("The export is damaged: a line of it is no JSON.")
        yield record
