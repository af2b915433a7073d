"""The plain sentences that stand beside a field. None repeats what was typed."""

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from cdop.web.fields import is_choice

_WHOLE = "must be a whole number"
_NUMBER = "must be a number"
_TIME = "must be a time, such as 14:30"
_SENTENCES = {
    "string_too_long": "must be {max_length} characters or fewer",
    "string_too_short": "must be {min_length} characters or more",
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le} or less",
    "less_than": "must be less than {lt}",
    **dict.fromkeys(("int_parsing", "int_from_float", "int_parsing_size", "int_type"), _WHOLE),
    **dict.fromkeys(("float_parsing", "decimal_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("time_parsing", "time_type"), _TIME),
}
_ASKED_AGAIN = {"missing", "enum", "literal_error", "bool_parsing", "too_short", "uuid_parsing"}


def sentence(detail: ErrorDetails, info: FieldInfo | None) -> str:
    """Return a plain sentence for one of pydantic's errors. Never repeats what was typed."""
    context, kind = detail.get("ctx", {}), detail["type"]
    if kind == "value_error":
        return str(context["error"])
    if info is None:
        return "Something on this page is not right"
    phrase = phrase_of(info)
    if kind in _ASKED_AGAIN:
        extra = info.json_schema_extra
        if isinstance(extra, dict) and extra.get("missing"):
            return str(extra["missing"])
        return f"{'Select' if is_choice(info.annotation) else 'Enter'} {phrase}"
    rest = _SENTENCES.get(kind, "is not in the form expected").format(**context)
    return f"{capital(phrase)} {rest}"


def phrase_of(info: FieldInfo) -> str:
    """Return what follows "Enter" for a field."""
    return info.title or "an answer"


def capital(phrase: str) -> str:
    """Return a phrase as the beginning of a sentence."""
    return phrase[:1].upper() + phrase[1:]
