"""The vendored files are the ones that were checked, and are clean of third hosts and NHS marks."""

import hashlib
from pathlib import Path

import pytest

from cdop.config import ROOT

VENDORED = [ROOT / "static" / "vendor", ROOT / "tests" / "vendor"]


@pytest.mark.parametrize("folder", VENDORED, ids=lambda folder: folder.parent.name)
def test_every_vendored_file_has_its_checksum(folder: Path):
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert len(found) > 2
    assert found == listed


def test_every_vendored_package_has_its_licence():
    packages = [p for folder in VENDORED for p in folder.iterdir() if p.is_dir()]
    assert len(packages) == 3
    for package in packages:
        assert (package / "LICENCE.txt").stat().st_size > 100


def test_no_style_sheet_reaches_a_third_host_or_the_licensed_font():
    sheets = list((ROOT / "static").rglob("*.css"))
    assert {sheet.name for sheet in sheets} == {"app.css", "report.css", "nhsuk-frontend.min.css"}
    for sheet in sheets:
        text = sheet.read_text().lower()
        for banned in ("@font-face", "frutiger", "http:", "https:", "@import", "/assets/"):
            assert banned not in text, f"{sheet.name} holds {banned}"


def test_no_nhs_logo_is_shipped():
    names = [path.name for path in (ROOT / "static").rglob("*")]
    assert not [n for n in names if "logo" in n or "favicon" in n or "opengraph" in n]
