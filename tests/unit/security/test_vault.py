"""A sealed value opens at its own place and nowhere else, and nothing prints a key."""

import copy
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlmodel import Session

from cdop.clock import SystemClock
from cdop.db import new_id
from cdop.errors import Erased, Unsafe
from cdop.security import vault as vaults
from cdop.security.key_versions import first_key
from cdop.security.keys import Ring
from cdop.security.models import DataKey, SealingKey
from cdop.security.sealing import ERASED
from cdop.security.vault import PAD_TO, Place, Vault

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
SEALING, INDEX, ANCHOR = (bytes(range(start, start + 32)) for start in (0, 32, 64))
WORDS = "Quillon Vextrablatt of 4 Nowhere Lane"
SAYS = (
    " It was changed or moved outside the register. Tell whoever runs it.",
    " does not open with this register's key file.",
    "put the newest key file in its place.",
    " is missing.",
)
SLOW_HOST = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Secret(BaseModel):
    """What is sealed here."""

    words: str = ""


class Other(BaseModel, extra="forbid"):
    """A document that no `Secret` can be read as."""

    number: int


@dataclass(frozen=True)
class Safe:
    """A vault, the session that holds its keys, and a value sealed at a place."""

    vault: Vault
    session: Session
    place: Place
    sealed: bytes

    def opens(self, place: Place, sealed: bytes) -> str:
        return self.vault.open(self.session, place, sealed, Secret).words


def ring(sealing: bytes = SEALING, index: bytes = INDEX) -> Ring:
    return Ring({1: sealing}, {1: index}, ANCHOR)


@pytest.fixture
def session() -> Iterator[Session]:
    engine = sa.create_engine("sqlite://")
    for table in (SealingKey, DataKey):
        table.__table__.create(engine)  # type: ignore[union-attr]
    with Session(engine) as opened:
        opened.add(first_key(ring(), SystemClock().now()))
        opened.commit()
        yield opened
    engine.dispose()


@pytest.fixture
def safe(session: Session) -> Safe:
    vault = Vault(ring())
    case = new_id()
    place = Place("deaths", "names", case, case, 1)
    return Safe(vault, session, place, vault.seal(session, place, Secret(words=WORDS)))


def refusal(safe: Safe, place: Place, sealed: bytes) -> str:
    """Return the sentence of the refusal to open; it tells no content."""
    with pytest.raises(Unsafe) as caught:
        safe.opens(place, sealed)
    hidden = caught.value.__context__ is None or caught.value.__suppress_context__
    assert hidden, "what failed may repeat what was sealed"
    sentence = str(caught.value)
    assert sentence.endswith(SAYS)
    assert not any(word in sentence for word in WORDS.split() if len(word) > 2)
    return sentence


def test_a_value_opens_at_its_place(safe: Safe) -> None:
    assert safe.opens(safe.place, safe.sealed) == WORDS
    again = Vault(ring())
    assert again.open(safe.session, safe.place, safe.sealed, Secret).words == WORDS


@SLOW_HOST
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "table": st.sampled_from(["death", "deathsn", "notifications", ""]),
            "column": st.sampled_from(["identity", "ames", "summary", ""]),
            "row_id": st.uuids(),
            "revision": st.sampled_from([0, 2, 3, 2**63]),
        },
    ).filter(bool)
)
def test_it_opens_at_no_other_table_column_row_or_revision(
    safe: Safe, change: dict[str, object]
) -> None:
    place = replace(safe.place, **change)  # type: ignore[arg-type]
    sentence = refusal(safe, place, safe.sealed)
    assert f"{place.table}.{place.column}, row {place.row_id}" in sentence


def test_letters_cannot_wander_from_the_table_to_the_column(safe: Safe) -> None:
    place = replace(safe.place, table="deathsn", column="ames")
    assert place.bind(b"\1\0\1") != safe.place.bind(b"\1\0\1")
    refusal(safe, place, safe.sealed)


def test_it_does_not_open_as_another_case_s(safe: Safe) -> None:
    stranger = replace(safe.place, row_id=new_id(), subject_id=new_id())
    theirs = safe.vault.seal(safe.session, stranger, Secret(words="not this"))
    refusal(safe, replace(safe.place, subject_id=stranger.subject_id), safe.sealed)
    refusal(safe, stranger, safe.sealed)
    refusal(safe, safe.place, theirs)
    absent = replace(safe.place, subject_id=new_id())
    assert str(absent.subject_id) in refusal(safe, absent, safe.sealed)


def test_no_byte_can_be_changed(safe: Safe) -> None:
    for at in range(len(safe.sealed)):
        for bit in (1, 128):
            changed = bytearray(safe.sealed)
            changed[at] ^= bit
            refusal(safe, safe.place, bytes(changed))


def test_it_can_be_neither_cut_nor_lengthened(safe: Safe) -> None:
    for length in range(len(safe.sealed)):
        refusal(safe, safe.place, safe.sealed[:length])
        refusal(safe, safe.place, safe.sealed[length + 1 :])
    refusal(safe, safe.place, safe.sealed + b"\0")


def test_another_generation_of_the_key_does_not_open_it(safe: Safe) -> None:
    refusal(safe, safe.place, safe.sealed[:1] + b"\0\2" + safe.sealed[3:])
    row = safe.session.get_one(DataKey, safe.place.subject_id)
    row.generation = 2
    fresh = replace(safe, vault=Vault(safe.vault.ring))
    assert str(row.subject_id) in refusal(fresh, safe.place, safe.sealed)


def test_a_wrapped_key_cannot_be_given_to_another_case(safe: Safe) -> None:
    stranger = replace(safe.place, subject_id=new_id())
    safe.vault.seal(safe.session, stranger, Secret(words="not this"))
    taken = safe.session.get_one(DataKey, safe.place.subject_id).wrapped
    safe.session.get_one(DataKey, stranger.subject_id).wrapped = taken
    refusal(replace(safe, vault=Vault(safe.vault.ring)), stranger, safe.sealed)


def test_another_ring_opens_nothing(safe: Safe) -> None:
    other = Vault(ring(INDEX))
    refusal(replace(safe, vault=other), safe.place, safe.sealed)
    unknown = Vault(Ring({2: SEALING}, {1: INDEX}, ANCHOR))
    refusal(replace(safe, vault=unknown), safe.place, safe.sealed)


def test_what_does_not_read_as_its_document_is_refused_without_being_repeated(safe: Safe) -> None:
    with pytest.raises(Unsafe) as caught:
        safe.vault.open(safe.session, safe.place, safe.sealed, Other)
    assert caught.value.__suppress_context__
    assert "Quillon" not in str(caught.value)


def test_the_same_value_is_never_sealed_alike(safe: Safe) -> None:
    sealed = {safe.vault.seal(safe.session, safe.place, Secret(words=WORDS)) for _ in range(2000)}
    assert len({each[3:15] for each in sealed}) == 2000
    assert len({each[15:] for each in sealed}) == 2000


@SLOW_HOST
@given(st.text(max_size=300))
def test_the_length_tells_only_the_number_of_64_byte_blocks(safe: Safe, words: str) -> None:
    sealed = safe.vault.seal(safe.session, safe.place, Secret(words=words))
    assert (len(sealed) - 3 - 12 - 16) % PAD_TO == 0
    assert safe.opens(safe.place, sealed) == words


def test_short_answers_have_one_length(safe: Safe) -> None:
    lengths = {
        len(safe.vault.seal(safe.session, safe.place, Secret(words=words)))
        for words in ("", "no", "not-known", "a name of some length")
    }
    assert len(lengths) == 1


def test_a_key_of_a_unit_that_was_rolled_back_is_forgotten(session: Session) -> None:
    """Or a later value would be sealed under a key that no row holds, and lost at the restart."""
    vault, case = Vault(ring()), new_id()
    place = Place("deaths", "names", case, case, 1)
    for _ in range(3):
        vault.seal(session, place, Secret(words="undone"))
    session.rollback()
    with Session(session.bind) as later:
        sealed = vault.seal(later, place, Secret(words=WORDS))
        later.commit()
        restarted = Vault(vault.ring)
        assert restarted.open(later, place, sealed, Secret).words == WORDS


def test_tokens_are_alike_only_for_one_value_kind_panel_and_ring(safe: Safe) -> None:
    here, there = UUID(int=1), UUID(int=2)
    token = safe.vault.token(1, "born-on", "2026-03-01", here)
    assert token == safe.vault.token(1, "born-on", "2026-03-01", here)
    others = {
        safe.vault.token(1, "born-on", "2026-03-02", here),
        safe.vault.token(1, "died-on", "2026-03-01", here),
        safe.vault.token(1, "born-on", "2026-03-01", there),
        safe.vault.token(1, "born-on", "2026-03-01"),
        Vault(ring(index=SEALING)).token(1, "born-on", "2026-03-01", here),
    }
    assert len(others) == 5
    assert token not in others


def test_nothing_prints_or_pickles_a_key(safe: Safe) -> None:
    key = safe.vault.key(safe.session, safe.place.subject_id)
    for holder in (safe.vault.ring, safe.vault, key):
        shown = f"{holder!r} {holder!s} {holder:}"
        for secret in (SEALING, INDEX, ANCHOR):
            assert secret.hex() not in shown
            assert repr(secret)[2:-1] not in shown
        for way in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError, match=r"^keys are neither pickled nor copied$|lock"):
                way(holder)


@pytest.mark.parametrize("new", [False, True])
def test_a_destroyed_key_opens_and_seals_nothing_any_more(safe: Safe, new: bool) -> None:
    case = new_id() if new else safe.place.subject_id
    place = replace(safe.place, subject_id=case)
    before = None if new else safe.vault.sealing_key(safe.session, case)
    safe.vault.destroy(safe.session, case, NOW)
    safe.vault.destroy(safe.session, case, NOW + timedelta(days=1))
    row = safe.session.get_one(DataKey, case)
    assert (row.wrapped, row.kek_version, row.made_under) == (None, None, None)
    assert row.destroyed_at == NOW, "when it was first"
    assert row.generation == (1 if before else 0)
    for vault in (safe.vault, Vault(safe.vault.ring)):
        with pytest.raises(Erased):
            vault.seal(safe.session, place, Secret(words=WORDS))
        with pytest.raises(Erased):
            vault.open(safe.session, place, safe.sealed, Secret)
        with pytest.raises(Erased):
            vault.open(safe.session, place, ERASED, Secret)
        with pytest.raises(Erased):
            vault.replace_key(safe.session, case)


def test_the_mark_of_an_erased_value_opens_nothing_while_the_case_has_its_key(safe: Safe) -> None:
    sentence = refusal(safe, safe.place, ERASED)
    assert "deaths.names" in sentence
    refusal(safe, replace(safe.place, subject_id=new_id()), ERASED)


def test_a_replaced_key_seals_from_now_on_and_the_old_one_opens_what_it_sealed(
    safe: Safe,
) -> None:
    case = safe.place.subject_id
    wrapped = safe.session.get_one(DataKey, case).wrapped
    old, new = safe.vault.replace_key(safe.session, case)
    row = safe.session.get_one(DataKey, case)
    assert row.generation == 2
    assert row.wrapped != wrapped
    assert (row.kek_version, row.made_under) == (1, 1)
    assert (old.head, new.head) == (b"\1\0\1", b"\1\0\2")
    assert safe.vault.sealing_key(safe.session, case) is new
    assert old.open(safe.sealed, safe.place.bind(old.head)).startswith(b'{"words"')
    again = safe.vault.seal(safe.session, safe.place, Secret(words=WORDS))
    assert again[:3] == new.head
    assert replace(safe, vault=Vault(safe.vault.ring)).opens(safe.place, again) == WORDS
    refusal(safe, safe.place, safe.sealed)


def test_a_key_changed_behind_the_session_is_read_as_it_is(safe: Safe) -> None:
    """The row was loaded before: what is in memory must not be written back over it."""
    case = safe.place.subject_id
    row = safe.session.get_one(DataKey, case)
    assert row.wrapped
    gone = "UPDATE data_keys SET wrapped = NULL, kek_version = NULL, destroyed_at = :at"
    safe.session.execute(sa.text(gone), {"at": NOW.isoformat(timespec="microseconds")})
    with pytest.raises(Erased):
        Vault(safe.vault.ring).replace_key(safe.session, case)
    safe.session.expire(row)
    later = NOW + timedelta(days=1)
    assert safe.session.get_one(DataKey, case).destroyed_at == NOW
    changed = "UPDATE data_keys SET destroyed_at = :at"
    safe.session.execute(sa.text(changed), {"at": later.isoformat(timespec="microseconds")})
    safe.vault.destroy(safe.session, case, NOW)
    assert safe.session.get_one(DataKey, case).destroyed_at == later


def test_a_key_made_by_another_process_meanwhile_is_read_anew(safe: Safe) -> None:
    """Its generation stands before each value."""
    case = safe.place.subject_id
    behind = Vault(safe.vault.ring)
    assert behind.key(safe.session, case).head == b"\1\0\1"
    safe.vault.replace_key(safe.session, case)
    sealed = safe.vault.seal(safe.session, safe.place, Secret(words=WORDS))
    assert behind.open(safe.session, safe.place, sealed, Secret).words == WORDS
    assert behind.key(safe.session, case).head == b"\1\0\2"


def test_a_database_that_names_no_key_to_seal_with_is_refused(session: Session) -> None:
    session.execute(sa.text("DELETE FROM sealing_keys"))
    with pytest.raises(Unsafe) as caught:
        Vault(ring()).sealing_key(session, new_id())
    assert str(caught.value) == (
        "The database names no key to seal with: it is not a whole register."
    )


def test_the_mark_of_a_term_is_sixteen_digits_that_only_this_register_gives(safe: Safe) -> None:
    mark = safe.vault.mark("search-term", "anna")
    assert len(mark) == 16
    assert int(mark, 16)
    assert mark == Vault(ring(index=SEALING)).mark("search-term", "anna"), "whatever was rotated"
    others = {
        safe.vault.mark("search-term", "annA"),
        safe.vault.mark("another", "anna"),
        Vault(replace(ring(), anchor=INDEX)).mark("search-term", "anna"),
    }
    assert len(others | {mark}) == 4


def test_the_keys_of_many_cases_are_opened_with_few_questions(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vaults, "PREPARED", 2)
    cases = [new_id() for _ in range(5)]
    places = [replace(safe.place, row_id=case, subject_id=case) for case in cases]
    sealed = [safe.vault.seal(safe.session, each, Secret(words=WORDS)) for each in places]
    safe.vault.destroy(safe.session, cases[0], NOW)
    safe.session.commit()
    fresh = replace(safe, vault=Vault(safe.vault.ring))
    asked: list[str] = []
    sa.event.listen(
        safe.session.get_bind(), "before_cursor_execute", lambda *of: asked.append(of[2])
    )
    fresh.vault.prepare(fresh.session, [*cases, cases[1], new_id()])
    assert sum("data_keys.subject_id IN" in each for each in asked) == 3, "six cases, two at once"
    asked.clear()
    assert [fresh.opens(*each) for each in list(zip(places, sealed, strict=True))[1:]] == [
        WORDS
    ] * 4
    fresh.vault.prepare(fresh.session, cases[1:])
    assert asked == []
    with pytest.raises(Erased):
        fresh.opens(places[0], sealed[0])
