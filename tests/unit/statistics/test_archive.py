"""A package is found to be changed wherever one byte of it is."""

import io
import zipfile
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdop.errors import Unsafe
from cdop.security.keys import new_ring
from cdop.security.signing import signer
from cdop.statistics.archive import MANIFEST, SIGNATURE, check_package, pack, write_zip

BOARD = signer(new_ring(), "statistics:package", UUID(int=1))
FILES = {"tables/a.csv": b"code,count\nall,5\n", "README.txt": b"Zahlen"}
SIGNED = pack(FILES, BOARD.sign)


def test_a_signed_package_is_read() -> None:
    found = check_package(SIGNED, BOARD.public_key)
    assert found.files == FILES


def test_it_is_the_same_bytes_when_it_is_packed_again() -> None:
    assert pack(dict(reversed(FILES.items())), BOARD.sign) == SIGNED


@settings(deadline=None)
@given(at=st.integers(0, len(SIGNED) - 1), other=st.integers(1, 255))
def test_one_changed_byte_is_found(at: int, other: int) -> None:
    changed = bytearray(SIGNED)
    changed[at] ^= other
    with pytest.raises(Unsafe):
        check_package(bytes(changed), BOARD.public_key)


def test_every_byte_is_covered() -> None:
    for at in range(len(SIGNED)):
        with pytest.raises(Unsafe):
            check_package(
                SIGNED[:at] + bytes([SIGNED[at] ^ 1]) + SIGNED[at + 1 :], BOARD.public_key
            )


@settings(deadline=None)
@given(cut=st.integers(0, len(SIGNED) - 1))
def test_a_cut_or_a_longer_package_is_found(cut: int) -> None:
    for changed in (SIGNED[:cut], SIGNED + SIGNED[:cut] + b"x"):
        with pytest.raises(Unsafe):
            check_package(changed, BOARD.public_key)


def test_another_board_has_not_signed_it() -> None:
    with pytest.raises(Unsafe, match="signature"):
        check_package(SIGNED, signer(new_ring(), "statistics:package", UUID(int=1)).public_key)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (FILES, "not signed"),
        ({**FILES, "more.csv": b""}, "other files"),
        ({"README.txt": FILES["README.txt"]}, "other files"),
        ({**FILES, "README.txt": b"other"}, "README.txt was changed"),
    ],
)
def test_files_that_the_manifest_does_not_list_so_are_found(
    files: dict[str, bytes], said: str
) -> None:
    with zipfile.ZipFile(io.BytesIO(SIGNED)) as archive:
        proof = {name: archive.read(name) for name in (MANIFEST, SIGNATURE)}
    with pytest.raises(Unsafe, match=said):
        check_package(write_zip(files if said == "not signed" else files | proof), BOARD.public_key)


def test_a_zip_that_grows_is_not_opened() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", b"0" * 10_000_000)
    with pytest.raises(Unsafe):
        check_package(out.getvalue(), BOARD.public_key)
