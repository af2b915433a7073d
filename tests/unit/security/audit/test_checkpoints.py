"""A checkpoint opens with the register's public key, and not when a character of it differs."""

import string
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdop.errors import Unsafe
from cdop.security import keys
from cdop.security.audit.checkpoints import (
    Checkpoint,
    Signer,
    Verifier,
    notes_in,
    one_line,
    origin_of,
    signer_of,
)

REGISTER = UUID("0197a000-0000-7000-8000-000000000001")
SIGNER = signer_of(keys.new_ring(), REGISTER)
CHECKPOINT = Checkpoint(
    origin_of(REGISTER, UUID(int=0)), 42, b"r" * 32, datetime(2026, 11, 20, 9, tzinfo=UTC)
)
NOTE = SIGNER.note(CHECKPOINT)

# The example of the specification c2sp.org/signed-note.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ON"
    "ncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def test_notes_and_keys_are_those_of_the_specification() -> None:
    verifier = Verifier.parse(EXAMPLE_KEY)
    assert verifier.encode() == EXAMPLE_KEY
    assert verifier.signed_text(EXAMPLE) == "This is an example message.\n"


def test_what_is_signed_opens_with_the_exported_key() -> None:
    assert Verifier.parse(SIGNER.verifier.encode()).open(NOTE) == CHECKPOINT


def test_the_text_is_that_of_a_transparency_log() -> None:
    origin, size, root, time, empty, signature = NOTE.splitlines()
    assert origin == f"cdop/{REGISTER}/{UUID(int=0)}"
    assert (size, empty, time) == ("42", "", "time 2026-11-20T09:00:00.000000+00:00")
    assert root == "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI="
    assert signature.startswith(f"— cdop/{REGISTER} ")


@given(st.integers(0, len(NOTE) - 2), st.characters(max_codepoint=126))
def test_a_note_with_another_character_does_not_open(place: int, character: str) -> None:
    changed = NOTE[:place] + character + NOTE[place + 1 :]
    if changed == NOTE:
        return
    with pytest.raises(Unsafe):
        SIGNER.verifier.open(changed)


def test_a_signature_is_taken_in_the_one_text_only_that_is_written() -> None:
    """Base64 ends in bits that say nothing: with another letter there it is the same signature."""
    letter, end = NOTE.rstrip()[-2], NOTE.rstrip()[-1]
    assert end == "="
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    for each in letters.replace(letter, ""):
        with pytest.raises(Unsafe, match="not signed"):
            SIGNER.verifier.open(f"{NOTE.rstrip()[:-2]}{each}=\n")


def test_the_key_of_another_register_opens_nothing() -> None:
    other = signer_of(keys.new_ring(), REGISTER).verifier
    with pytest.raises(Unsafe, match="not signed"):
        other.open(NOTE)


def test_the_same_key_file_gives_the_same_key_on_every_server() -> None:
    ring = keys.new_ring()
    first, second = (signer_of(ring, REGISTER).verifier.encode() for _ in range(2))
    assert first == second
    assert signer_of(ring.added(), REGISTER).verifier.encode() == first


def test_a_text_that_is_signed_but_no_checkpoint_is_refused() -> None:
    with pytest.raises(Unsafe, match="not in the form"):
        Verifier.parse(EXAMPLE_KEY).open(EXAMPLE)


def test_notes_are_found_in_a_file_of_them_and_in_a_mail() -> None:
    second = SIGNER.note(Checkpoint(CHECKPOINT.origin, 43, b"s" * 32, CHECKPOINT.at))
    assert notes_in(NOTE + "\n" + second) == [NOTE, second]
    mail = f"Subject: checkpoints\r\n\r\nKeep this.\r\n\r\n{NOTE}".replace("\n", "\r\n")
    assert notes_in(mail) == [NOTE]
    with pytest.raises(Unsafe) as refused:
        notes_in("nothing here")
    assert str(refused.value) == "There is no checkpoint in this file."


class Anything(Checkpoint):
    """What a faulty program might sign: its origin is the whole text."""

    def text(self) -> str:
        """Return any text there is."""
        return self.origin


def signed(text: str) -> str:
    return SIGNER.note(Anything(text, 0, b"", CHECKPOINT.at))


@pytest.mark.parametrize(
    ("what", "by"),
    [
        ("\n42\n", "\n042\n"),
        ("\n42\n", "\nforty-two\n"),
        (
            "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=",
            "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=",
        ),
        ("cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=", "no base64"),
        ("time 2026-11-20", "2026-11-20"),
        ("+00:00\n", "+00:00\nmore\n"),
        ("T09:00:00.000000+00:00", "T10:00:00.000000+01:00"),
    ],
)
def test_what_is_signed_opens_in_the_one_form_only(what: str, by: str) -> None:
    """Two texts of one checkpoint would be two checkpoints to whoever compares texts."""
    assert what in CHECKPOINT.text()
    with pytest.raises(Unsafe) as refused:
        SIGNER.verifier.open(signed(CHECKPOINT.text().replace(what, by)))
    assert str(refused.value) == (
        "A checkpoint is signed, but not in the form that this program writes."
    )


def test_the_text_that_is_signed_may_have_an_empty_line() -> None:
    """What is signed ends at the last empty line, as in the specification."""
    text = "first\n\nsecond\n"
    assert SIGNER.verifier.signed_text(signed(text)) == text


def test_a_checkpoint_that_a_witness_has_signed_too_opens() -> None:
    witness = EXAMPLE.splitlines()[-1]
    text, _, own = NOTE.rpartition("\n\n")
    for both in (f"{witness}\n{own}", f"{own}{witness}\n"):
        assert SIGNER.verifier.open(f"{text}\n\n{both}") == CHECKPOINT
    with pytest.raises(Unsafe) as refused:
        SIGNER.verifier.open(f"{text}\n\n{witness}\n")
    assert str(refused.value) == "A checkpoint is not signed by the key of this register."


NO_KEY = "This is not the public key of an audit log."
DAMAGED = "The public key is damaged: its parts do not belong together."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", NO_KEY),
        ("no key", NO_KEY),
        ("a+b+é", NO_KEY),
        ("name+00000000+AAAA", NO_KEY),
        (EXAMPLE_KEY.replace("Aek", "Aek!"), NO_KEY),
        (EXAMPLE_KEY.replace("530d", "530e"), DAMAGED),
    ],
)
def test_a_key_that_is_none_is_refused_and_why_is_said(text: str, said: str) -> None:
    with pytest.raises(Unsafe) as refused:
        Verifier.parse(text)
    assert str(refused.value) == said


def test_a_key_may_have_blanks_around_it_and_a_plus_sign_in_it() -> None:
    assert Verifier.parse(f"  {EXAMPLE_KEY}\n").encode() == EXAMPLE_KEY
    made = (Signer(bytes([number]) * 32, REGISTER).verifier.encode() for number in range(256))
    text = next(each for each in made if each.count("+") > 2)
    assert Verifier.parse(text).encode() == text


def test_one_line_of_a_note_is_ascii_and_is_found_again_behind_whatever_syslog_writes() -> None:
    line = one_line(NOTE)
    assert line.startswith(f"cdop-checkpoint {CHECKPOINT.origin}|42|")
    assert line.isascii()
    assert "\n" not in line
    other = one_line(SIGNER.note(Checkpoint(CHECKPOINT.origin, 43, b"s" * 32, CHECKPOINT.at)))
    log = f"<38>Nov 20 host cdop: {line}\nanother line\n{other}\n"
    assert [SIGNER.verifier.open(note).size for note in notes_in(log)] == [42, 43]
