"""NHS numbers: the check, and invented ones for demonstration and tests.

Check digit by the `nhs-number` library (weights 10 to 2, modulus 11). Ranges are not checked:
numbers outside today's issued ranges occur in old records.
"""

from nhs_number.validate import calculate_checksum, is_valid

INVENTED_PREFIX = "999"
"""The NHS sets this range aside: no such number is ever given to a person."""

INVENTED_LIMIT = 899_999
"""How many there are to give out; one more would be ten nines, which `normalise` refuses."""


def normalise(text: str) -> str:
    """Return the ten digits of an NHS number typed with or without spaces and hyphens.

    Raises `ValueError` with a sentence to show; it never repeats what was typed.
    """
    digits = "".join(mark for mark in text if not (mark.isspace() or mark in "-\u2010\u2011\u2013"))
    if not (len(digits) == 10 and digits.isascii() and digits.isdecimal()):
        raise ValueError("An NHS number has 10 digits, like 999 000 0018.")
    # One digit ten times passes the check, but it is what people type for "unknown", and two deaths
    # with one number become one case.
    if len(set(digits)) == 1 or not is_valid(digits):
        raise ValueError("This is not a valid NHS number. Check each digit.")
    return digits


def is_invented(number: str) -> bool:
    """Say whether a normalised number lies in the range kept for tests."""
    return number.startswith(INVENTED_PREFIX)


def invented(seed: int) -> str:
    """Return a valid number that belongs to nobody; different seeds give different numbers.

    Raises `ValueError` unless 0 <= seed < `INVENTED_LIMIT`.
    """
    if not 0 <= seed < INVENTED_LIMIT:
        raise ValueError(f"Invented NHS numbers have seeds from 0 to {INVENTED_LIMIT - 1}.")
    # Of the ten numbers that share eight digits at most one has no check digit: nine are sure.
    eight, place = f"{INVENTED_PREFIX}{seed // 9:05d}", seed % 9
    return [number for last in range(10) if (number := _checked(f"{eight}{last}"))][place]


def _checked(nine: str) -> str:
    """Return the nine digits with their check digit, or "" where there is none."""
    number = f"{nine}{calculate_checksum(nine)}"
    return number if is_valid(number) else ""
