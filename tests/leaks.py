"""Searches files and texts for what must never stand in them unsealed, however it is written.

    assert_no_leak([data_folder, log_file, "captured text"], CANARIES)

A canary is an invented child whose name, number, postcode, days and words occur nowhere else. What
is searched is also unwrapped, twice over: UTF-16 and UTF-32, base64 and base32 at every alignment,
hexadecimal, percent, JSON, Python and HTML escapes, zip, gzip and zlib. Case and punctuation do not
matter; words are looked for backwards too.

Days are looked for in the ways people and programs write them, and as seconds and milliseconds
since 1970 (midnight and noon, UTC and London; digits, 64 bits, doubles). Shorter counts (ordinals,
Julian days, days since 1970, spreadsheet serials; 24 and 32 bits) stand by chance in any large
file, so they count only when every canary's day is found in one file: give at least four canaries
the same treatment. Two bytes tell nothing. Choose days far from any that is kept in clear on
purpose: a day of notification is not a leak.
"""

import base64
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import compress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.spelt_days import counts, instants, spellings, tight_spellings

DEPTH = 2
Haystack = Path | bytes | str


@dataclass(frozen=True)
class Canary:
    """What must not leak about one invented child. `words` are names and telling phrases."""

    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    days: tuple[date, ...] = ()


@dataclass(frozen=True, order=True)
class Finding:
    """A canary that was found: where, what, and as what."""

    place: str
    what: str
    clothes: str


def assert_no_leak(paths: Iterable[Haystack], canaries: Iterable[Canary]) -> None:
    """Fail with every place in which a canary is found. Folders are searched with all in them."""
    found = search(paths, canaries)
    assert not found, "\n".join(f"{f.place}: {f.what}, as {f.clothes}" for f in found)


def search(paths: Iterable[Haystack], canaries: Iterable[Canary]) -> list[Finding]:
    """Return what is found in files (their names too), folders and given texts.

    Raises ValueError when there is nothing to read, FileNotFoundError for a path that is absent.
    """
    looked_for = _Needles(tuple(canaries))
    found: set[Finding] = set()
    read = 0
    for place, data in _haystacks(paths):
        read += len(data)
        for clothes, layer in _layers(data, DEPTH):
            for what, how in looked_for.within(layer):
                found.add(Finding(place, what, f"{how} in {clothes}" if clothes else how))
    if not read:
        raise ValueError("nothing to search: the places are empty")
    return sorted(found)


def _haystacks(paths: Iterable[Haystack]) -> Iterator[tuple[str, bytes]]:
    for number, path in enumerate(paths):
        if isinstance(path, Path):
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if not file.is_dir():
                    yield f"the name {file}", file.name.encode()
                    yield str(file), file.read_bytes()
        else:
            yield f"text {number}", path.encode() if isinstance(path, str) else path


class _Needles:
    """What to look for in data that have been unwrapped."""

    def __init__(self, canaries: tuple[Canary, ...]) -> None:
        self.words: dict[bytes, str] = {}  # in data with one blank for all that is no letter
        self.squeezed: dict[bytes, str] = {}  # in data with nothing but letters and digits
        self.figures: dict[bytes, str] = {}  # in the same, without what has any figures by chance
        self.exact: dict[bytes, tuple[str, str]] = {}
        self.counts: list[tuple[str, dict[bytes, str]]] = []
        for canary in canaries:
            for word in canary.words:
                for each in {word, word.upper(), word.lower(), word.title()}:
                    for form in ("utf-8", "latin-1"):
                        self._add_word(each.encode(form, errors="ignore"), word)
            for text in (*canary.numbers, *canary.postcodes):
                self.squeezed[_squeeze(text.encode())] = text
                self.squeezed[_squeeze(text.encode())[::-1]] = text
            for day in canary.days:
                self.exact[str(day).encode()] = (str(day), "text")  # whatever stands beside it
                for text in spellings(day):
                    self.words[f" {text} ".encode()] = str(day)
                for text in tight_spellings(day):
                    tight = self.figures if text.isdigit() else self.squeezed
                    tight[text.encode()] = str(day)
                for how, packed in instants(day):
                    self.exact[packed] = (str(day), how)
        days = sorted({day for canary in canaries for day in canary.days})
        self.iso_days = {str(day).encode() for day in days}
        for how, pack in counts().items():
            if len(days) >= 6:
                self.counts.append((how, {pack(day): str(day) for day in days}))
        short = [needle for _, every in self.counts for needle in every]
        every = self.words, [*self.squeezed, *self.figures], [*self.exact, *short]
        self.sieves = [_Sieve(needles) for needles in every]

    def _add_word(self, word: bytes, name: str) -> None:
        self.words[_blank(word).strip()] = name
        self.words[_blank(word[::-1]).strip()] = name

    def within(self, data: bytes) -> Iterator[tuple[str, str]]:
        """Yield (what, as what) for each needle in `data`."""
        layers = b" " + _blank(data) + b" ", _squeeze(data), data
        words, squeezed, exact = map(_Sieve.within, self.sieves, layers)
        yield from ((self.words[needle], "text") for needle in words)
        yield from ((self.squeezed[needle], "text") for needle in squeezed & self.squeezed.keys())
        if figures := squeezed & self.figures.keys():
            fixed = _squeeze(_CHANCE.sub(self._parted, data))
            yield from ((self.figures[needle], "text") for needle in figures if needle in fixed)
        yield from (self.exact[needle] for needle in exact & self.exact.keys())
        for how, every in self.counts:
            if every.keys() <= exact:
                yield from ((what, how) for what in every.values())

    def _parted(self, match: re.Match[bytes]) -> bytes:
        """Return what stands for an id, a hash or another day: a mark that parts its neighbours."""
        return match[0] if match[0][:10] in self.iso_days else b"z"


class _Sieve:
    """Needles to be found in one reading, for most of them are not there.

    Only those are looked for of which every piece occurs in the data: the longer the pieces, the
    fewer are there by chance.
    """

    def __init__(self, needles: Iterable[bytes]) -> None:
        self.by_size: dict[int, list[bytes]] = {}
        for needle in needles:
            size = max(size for size in _SIZES if size <= max(len(needle), min(_SIZES)))
            self.by_size.setdefault(size, []).append(needle)
        self.pieces = {
            size: [_pieces(needle, size) for needle in same] for size, same in self.by_size.items()
        }

    def within(self, data: bytes) -> set[bytes]:
        """Return the needles that occur in `data`."""
        found: set[bytes] = set()
        for size, needles in self.by_size.items():
            there = np.zeros(1 << 24, bool)
            there[_pieces(data, size)] = there[_NO_PIECE] = True
            pieces = self.pieces[size]
            starts = np.cumsum([0, *map(len, pieces)])[: len(pieces)]
            possible = np.logical_and.reduceat(there[np.concatenate(pieces)], starts)
            found |= {needle for needle in compress(needles, possible) if needle in data}
        return found


_SIZES = (3, 4, 6)
_NO_PIECE = 0  # stands for the pieces of what is shorter than one


def _pieces(data: bytes, size: int) -> npt.NDArray[np.uint32]:
    """Return so many bytes that follow each other in `data`, each as a number below 2^24.

    Of more than three bytes it is not theirs alone, which costs a needless look and no more.
    """
    if len(data) < size:
        return np.array([_NO_PIECE], np.uint32)
    each = np.frombuffer(data, np.uint8).astype(np.uint32)
    three = np.asarray(each[:-2] | each[1:-1] << 8 | each[2:] << 16)
    if size == 3:
        return three
    first, last = three[: 3 - size], three[size - 3 :]
    return np.asarray((first * np.uint32(0x9E3779B1) ^ last * np.uint32(0x85EBCA6B)) >> 8)


# Eight figures of a day stand by chance in many ids together, or in the end of one and the year
# of the time beside it; in hexadecimal a day would be found once it is unwrapped.
_CHANCE = re.compile(
    rb"[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    rb"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::[\d.]+)?)?",
    re.IGNORECASE,
)
_LETTERS = bytes(b for b in range(256) if b >= 128 or chr(b).isalnum())
_FOLD = bytes((b + 32 if 65 <= b <= 90 else b) if b in _LETTERS else 32 for b in range(256))
_OTHERS = bytes(b for b in range(256) if b not in _LETTERS)


def _blank(data: bytes) -> bytes:
    return b" ".join(data.translate(_FOLD).split())


def _squeeze(data: bytes) -> bytes:
    return data.translate(_FOLD, _OTHERS)


def _layers(data: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    """Yield the data, and what comes of unwrapping them, each with the name of its wrapping."""
    yield "", data
    if depth == 0:
        return
    for name, unwrap in _WRAPPINGS.items():
        inner = unwrap(data)
        if inner and inner != data:
            for deeper, layer in _layers(inner, depth - 1):
                yield f"{name}, {deeper}" if deeper else name, layer


def _without_zeros(data: bytes) -> bytes:
    return data.replace(b"\0", b"") if b"\0" in data else b""


_ESCAPE = re.compile(
    rb"(?P<byte>(?:%|\\x|=)(?P<hex>[0-9a-fA-F]{2}))"
    rb"|\\u(?P<json>[0-9a-fA-F]{4})|&#x(?P<html>[0-9a-fA-F]{1,5});|&#(?P<number>\d{1,6});"
    rb"|&(?P<named>amp|lt|gt|quot|apos|nbsp);|\\(?P<mark>[/\"'\\])"
)


def _unescaped(data: bytes) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        given = found.groupdict()
        if given["byte"]:
            return bytes([int(given["hex"], 16)])
        if given["mark"]:
            return given["mark"]
        if given["named"]:
            return b" "
        code = int(given["number"]) if given["number"] else int(given["json"] or given["html"], 16)
        return chr(code).encode(errors="ignore") if code < 0x110000 else b""

    return _ESCAPE.sub(one, data)


def _runs(
    pattern: bytes, decode: Callable[[bytes], bytes], unit: int, between: bytes
) -> Callable[[bytes], bytes]:
    """Return what decodes each run of letters at each alignment, `unit` letters at a time.

    They are decoded all at once, with what `between` stands for between them.
    """
    runs = re.compile(pattern)

    def decoded(data: bytes) -> bytes:
        parts = []
        for run in runs.findall(data.translate(None, b"\r\n")):
            ends = [len(run) - (len(run) - start) % unit for start in range(unit)]
            parts += [run[start:end] for start, end in enumerate(ends)]
        return decode(between.join(parts))

    return decoded


def _base64(runs: bytes) -> bytes:
    return base64.b64decode(runs.translate(bytes.maketrans(b"-_", b"+/")))


def _hexadecimal(data: bytes) -> bytes:
    parts = []
    for run in re.findall(rb"(?:[0-9a-fA-F]{2}[ :]?){5,}[0-9a-fA-F]?", data):
        figures = run.translate(None, b" :")
        for start in (0, 1):
            end = start + (len(figures) - start) // 2 * 2
            parts.append(bytes.fromhex(figures[start:end].decode()))
    return b"\n".join(parts)


def _unpacked(data: bytes) -> bytes:
    """Return the contents of a zip or gzip file, and of the zlib streams within a PDF."""
    parts = []
    try:
        if data[:4] == _IN_ZIP:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    parts += [name.encode(), archive.read(name)]
        elif data[:2] == b"\x1f\x8b":
            parts.append(gzip.decompress(data))
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, zlib.error):
        parts += _of_broken_zip(data)  # or bytes that only look like an archive
    for found in re.finditer(rb"stream\r?\n", data):
        try:
            parts.append(zlib.decompressobj().decompress(data[found.end() :]))
        except zlib.error:
            continue
    return b"\n".join(parts)


def _of_broken_zip(data: bytes) -> list[bytes]:
    """Return what can be read of a zip that was never finished: it has no list of its files."""
    parts = []
    for found in re.finditer(re.escape(_IN_ZIP), data):
        lengths = data[found.start() + 26 : found.start() + 30]
        start = found.start() + 30 + int.from_bytes(lengths[:2], "little")
        start += int.from_bytes(lengths[2:], "little")
        try:
            parts.append(zlib.decompressobj(-zlib.MAX_WBITS).decompress(data[start:]))
        except zlib.error:
            continue
    return parts


_IN_ZIP = b"PK\x03\x04"  # before each file in it
_WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "two or four bytes a letter": _without_zeros,
    "escapes": _unescaped,
    "base64": _runs(rb"[A-Za-z0-9+/_\-]{8,}", _base64, 4, base64.b64encode(b"\n" * 3)),
    "base32": _runs(rb"[A-Z2-7]{8,}", base64.b32decode, 8, base64.b32encode(b"\n" * 5)),
    "hexadecimal": _hexadecimal,
    "an archive": _unpacked,
}
