"""Who decides what becomes of a referral to the joint case review group, and on whose authority."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from pydantic import Field

from cdop.errors import Misconfigured
from cdop.reference.codelists import codelist_edition
from cdop.reference.loading import Certainty, Dated, NotInForce, parse, read


class DecisionRule(Dated):
    """The offices that decide for a kind of board, everywhere or for the named boards only."""

    board_kind: str
    boards: tuple[str, ...] = ()
    offices: tuple[str, ...] = Field(min_length=1)
    all_must_agree: bool
    source: str = Field(min_length=1)
    certainty: Certainty
    note: str = ""


@dataclass(frozen=True)
class Deciders:
    """The offices that decide. If `all_must_agree` is false any one of them is enough."""

    offices: tuple[str, ...]
    all_must_agree: bool
    source: str
    certainty: Certainty

    def labels(self) -> tuple[str, ...]:
        """Return the offices in words."""
        return tuple(codelist_edition("offices", "1").label(office) for office in self.offices)


@cache
def decision_rules() -> tuple[DecisionRule, ...]:
    """Return all rules of all dates. Raises `Misconfigured`."""
    where = "decision_makers.toml"
    found = tuple(parse(DecisionRule, row, where) for row in read(where)["rules"])
    offices = codelist_edition("offices", "1")
    kinds = codelist_edition("board-kinds", "1")
    for rule in found:
        if rule.board_kind not in kinds or any(office not in offices for office in rule.offices):
            raise Misconfigured(f"Reference file {where}: unknown office or kind of board.")
    for rule in found:
        # A rule for named boards has precedence; between two alike, dates must decide.
        alike = [
            other
            for other in found
            if other is not rule
            and other.board_kind == rule.board_kind
            and (set(other.boards) & set(rule.boards) or other.boards == rule.boards)
        ]
        if any(other.in_force(rule.valid_from) for other in alike):
            raise Misconfigured(f"Reference file {where}: rules for {rule.board_kind} overlap.")
    return found


@cache
def deciders(board_kind: str, day: date, board_slug: str | None = None) -> Deciders:
    """Return who decides a referral to a board of that kind on that day.

    `board_slug` is the area's slug or begins with it ("herefordshire", "herefordshire-csp").
    Raises `NotInForce` if nobody could decide then.
    """
    rules = [
        each for each in decision_rules() if each.board_kind == board_kind and each.in_force(day)
    ]
    own = [each for each in rules if board_slug and _names(each, board_slug)]
    for rule in own + [each for each in rules if not each.boards]:
        return Deciders(rule.offices, rule.all_must_agree, rule.source, rule.certainty)
    raise NotInForce("Nobody decided for that kind of board on that day.")


def _names(rule: DecisionRule, slug: str) -> bool:
    return any(slug == board or slug.startswith(f"{board}-") for board in rule.boards)
