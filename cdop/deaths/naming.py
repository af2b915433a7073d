"""Names as the register compares them: lower-case letters and digits, without marks or hyphens.

Pure functions of text. A change of what they return is a new edition of `NORMALISED_BY`.
"""

import unicodedata

NORMALISED_BY = "names-2026-11"
"""The edition of these rules; measurements of matching name it."""

# Letters that Unicode does not take apart, and that people type with plain ones.
_PLAIN = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ı": "i",
        "ĸ": "k",
        "ŋ": "n",
        "ŧ": "t",
    }
)
# O'Brien and OBrien are one name; Smith-Jones is two.
_DROPPED = frozenset("'`´’‘ʼʻʹ′＇")
_ASCII = {code: (chr(code) if chr(code).isalnum() else " ") for code in range(128)}
_ASCII |= {ord("'"): None, ord("`"): None, ord("\n"): "\n"}  # type: ignore[dict-item]


def plain(text: str) -> str:
    """Return a text with its words normalised and lines kept; blanks between words may repeat."""
    if text.isascii():
        return text.lower().translate(_ASCII)
    for _ in range(4):  # folding may yield a mark, and taking apart a capital
        before, text = text, _fold(text)
        if text == before:
            break
    return "".join(
        mark if mark.isalnum() or mark == "\n" else " " for mark in text if mark not in _DROPPED
    )


def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a name: `Łucja O'Neill-Müller` gives `lucja`, `oneill`, `muller`."""
    return tuple(plain(text).split())


def _fold(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    bare = "".join(mark for mark in apart if not unicodedata.category(mark).startswith("M"))
    return bare.casefold().translate(_PLAIN)
