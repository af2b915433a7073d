"""The search for leaks finds what it is meant to find: it can fail."""

import base64
import gzip
import html
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from urllib.parse import quote, quote_plus
from zoneinfo import ZoneInfo

import pytest

from tests.leaks import Canary, assert_no_leak, search

BORN, DIED = date(2003, 6, 23), date(2014, 3, 7)
PHRASE = "the kestrel's “marmalade” & Fáworthy/Quistgaard"
ONE = Canary((PHRASE, "Vanterpoole"), ("999 000 4005",), ("ZZ19 9QX",), (BORN, DIED))
DAYS = [date(2001 + n, 1 + n % 12, 11 + n) for n in range(6)]
FOUR = [Canary(days=tuple(DAYS[n : n + 2])) for n in (0, 2, 4)]
LONDON = ZoneInfo("Europe/London")

WRAPPINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda s: s.encode(),
    "utf-16-le": lambda s: s.encode("utf-16-le"),
    "utf-16-be": lambda s: s.encode("utf-16-be"),
    "utf-32": lambda s: s.encode("utf-32"),
    "upper case": lambda s: s.upper().encode(),
    "backwards": lambda s: s.encode()[::-1],
    "hex": lambda s: s.encode().hex().encode(),
    "HEX": lambda s: s.encode().hex().upper().encode(),
    "spaced hex": lambda s: s.encode().hex(" ").encode(),
    "hex after a half byte": lambda s: b"a" + s.encode().hex().encode(),
    "hex of utf-16": lambda s: s.encode("utf-16-le").hex().encode(),
    "quoted": lambda s: quote(s, safe="").encode(),
    "form": lambda s: quote_plus(s).encode(),
    "percent": lambda s: "".join(f"%{b:02X}" for b in s.encode()).encode(),
    "json": lambda s: json.dumps({"x": s}).encode(),
    "json in json": lambda s: json.dumps(json.dumps({"x": s})).encode(),
    "repr": lambda s: repr(s.encode()).encode(),
    "html": lambda s: html.escape(s).encode(),
    "html numbers": lambda s: "".join(f"&#{ord(c)};" for c in s if ord(c) < 999).encode(),
    "gzip": lambda s: gzip.compress(s.encode()),
    "zlib in a pdf": lambda s: b"%PDF\nstream\n" + zlib.compress(s.encode()) + b"\nendstream",
    "base64 of json": lambda s: base64.b64encode(json.dumps({"x": s}).encode()),
    "base64 of utf-16": lambda s: base64.b64encode(s.encode("utf-16-le")),
    **{
        f"base64, {n} after": lambda s, n=n: b"," + base64.b64encode(b"x" * n + s.encode())  # type: ignore[misc]
        for n in range(3)
    },
    **{
        f"base32, {n} after": lambda s, n=n: base64.b32encode(b"x" * n + s.encode())  # type: ignore[misc]
        for n in range(5)
    },
    "base64 in lines": lambda s: base64.encodebytes(b"y" * 50 + s.encode()),
    "url base64": lambda s: base64.urlsafe_b64encode(s.encode() + b"\xff\xfe"),
}


def zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tables/one.csv", text)
    return buffer.getvalue()


@pytest.mark.parametrize("wrapping", [*WRAPPINGS, "zip"])
@pytest.mark.parametrize(
    "planted", ["Vanterpoole", "9990004005", "999-000-4005", "zz199qx", "23/06/2003", "2014-03-07"]
)
def test_a_planted_canary_is_found_in_each_wrapping(
    tmp_path: Path, wrapping: str, planted: str
) -> None:
    wrap = zipped if wrapping == "zip" else WRAPPINGS[wrapping]
    if wrapping == "backwards" and "2" in planted and planted[-1] in "37":
        pytest.skip("days are not looked for backwards: their figures would stand by chance")
    file = tmp_path / "register.db"
    file.write_bytes(bytes(range(256)) + b"\n" + wrap(f"before {planted} after") + b"\n")
    if wrapping in ("gzip", "zip"):
        file.write_bytes(wrap(f"before {planted} after"))
    found = search([tmp_path], [ONE])
    assert found, wrapping
    assert {Path(each.place).name for each in found} == {"register.db"}
    with pytest.raises(AssertionError, match=r"register\.db"):
        assert_no_leak([file], [ONE])


@pytest.mark.parametrize(
    "text",
    [
        *("2014-03-07", "20140307", "2014/3/7", "07/03/2014", "7/3/2014", "7.3.14", "07032014"),
        *("03/07/2014", "3/7/2014", "7 March 2014", "07 Mar 2014", "7th March", "7th of March"),
        *("March 7, 2014", "Mar 7th 2014", "7-Mar-14", "07MAR2014", "2014-066", "2014-W10-5"),
        *("2014-03-07T14:30:00Z", "Fri Mar  7 00:00:00 2014", "x_2014_03_07.pdf"),
        *('{"died_on-day": "7", "died_on-month": "3", "died_on-year": "2014"}',),
        *("datetime.date(2014, 3, 7)", "year: 2014, month: 3, day: 7", "born20140307.csv"),
    ],
)
def test_a_day_is_found_however_it_is_written(text: str) -> None:
    text = text.replace('"died_on-', '"')
    assert {each.what for each in search([f"a line: {text} and more"], [ONE])} == {"2014-03-07"}


@pytest.mark.parametrize("zone", [UTC, LONDON])
@pytest.mark.parametrize("hour", [0, 12])
@pytest.mark.parametrize("unit", [1, 1000])
def test_a_day_is_found_as_seconds_since_1970(zone: ZoneInfo, hour: int, unit: int) -> None:
    number = int(datetime(2003, 6, 23, hour, tzinfo=zone).timestamp()) * unit
    for planted in (
        f'{{"at":{number}}}'.encode(),
        struct.pack("<q", number),
        struct.pack(">q", number),
        struct.pack(">d", number),
    ):
        assert {each.what for each in search([b"..." + planted], [ONE])} == {"2003-06-23"}


@pytest.mark.parametrize(
    "count",
    [
        lambda d: str(d.toordinal()).encode() + b",",
        lambda d: str(d.toordinal() - 693594).encode() + b" ",
        lambda d: str((d - date(1970, 1, 1)).days).encode() + b";",
        lambda d: str(d.toordinal() + 1721425).encode() + b"|",
        lambda d: d.toordinal().to_bytes(4, "little") + b"!",
        lambda d: d.toordinal().to_bytes(3, "big") + b"!",
        lambda d: (d - date(1970, 1, 1)).days.to_bytes(4, "big") + b"!",
        lambda d: int(datetime(d.year, d.month, d.day, tzinfo=UTC).timestamp()).to_bytes(4, "big"),
    ],
)
def test_days_counted_are_found_when_all_of_them_are_there(
    count: Callable[[date], bytes],
) -> None:
    whole = b"".join(count(day) for day in DAYS)
    assert {each.what for each in search([whole], FOUR)} == {str(day) for day in DAYS}
    assert search([b"".join(count(day) for day in DAYS[1:])], FOUR) == []


def test_a_phrase_is_found_with_its_marks_and_accents_in_either_case() -> None:
    for planted in (PHRASE, PHRASE.upper(), json.dumps(PHRASE), html.escape(PHRASE), quote(PHRASE)):
        assert {each.what for each in search([planted], [ONE])} == {PHRASE}, planted


def test_a_name_of_a_file_is_searched_too(tmp_path: Path) -> None:
    (tmp_path / "Vanterpoole.log").write_text("nothing")
    assert search([tmp_path], [ONE])


def test_what_is_innocent_is_left_in_peace(tmp_path: Path) -> None:
    innocent = "Notified on 20 November 2026; CD-2026-0042; N-ABCDEFGH; ZZ1 1AA; 999 000 0018; 2014"
    file = tmp_path / "register.db"
    file.write_bytes(innocent.encode() + Random(7).randbytes(400_000))
    assert_no_leak([file, innocent], [ONE, *FOUR])


def test_a_search_of_nothing_is_an_error(tmp_path: Path) -> None:
    for places in ([], [tmp_path], [b""]):
        with pytest.raises(ValueError, match="nothing to search"):
            search(places, [ONE])
    with pytest.raises(FileNotFoundError):
        search([tmp_path / "absent.db"], [ONE])


@pytest.mark.parametrize(
    "beside",
    [
        "0190c1f2-7d3e-7c11-9a2b-5e6f70810703{}{}2014-11-20T09:00:00.000000+00:00",
        "2026-11-20T12:20:14.030712+00:00 {}{}",
        "{} 9f20140307aa41c0de77b1020304beef9f20140307aa41c0{}",
    ],
)
def test_figures_that_ids_hashes_and_times_make_together_are_no_day(beside: str) -> None:
    assert not search([f"open {beside.format('', '')} and more"], [ONE])
    assert search([f"open{beside.format('', '2014-03-07')}and more"], [ONE])
    assert search([f"open{beside.format('20140307', '20140307T')}and more"], [ONE])
