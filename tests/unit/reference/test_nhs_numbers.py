"""NHS numbers: the published examples, and that none is ever repeated in a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdop.reference.nhs_numbers import INVENTED_LIMIT, invented, is_invented, normalise


@pytest.mark.parametrize("number", ["9434765919", "9990000018", "4010232137"])
def test_valid_numbers_pass(number: str) -> None:
    assert normalise(number) == number


@pytest.mark.parametrize(
    "typed", ["943 476 5919", "943-476-5919", " 943\u00a0476\u00a05919\n", "943\u2013476\u20135919"]
)
def test_spaces_and_hyphens_do_not_matter(typed: str) -> None:
    assert normalise(typed) == "9434765919"


@pytest.mark.parametrize(
    "typed",
    [
        "9434765918",
        "943476591",
        "94347659190",
        "943476591O",
        "٩٤٣٤٧٦٥٩١٩",
        "９４３４７６５９１９",
        "",
        "not known",
        "0000000000",
        "9999999999",
    ],
)
def test_anything_else_is_refused_in_a_sentence_that_does_not_repeat_it(typed: str) -> None:
    with pytest.raises(ValueError, match="NHS number") as caught:
        normalise(typed)
    assert not typed or typed not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.integers(0, 9), st.integers(1, 9), st.integers(0, INVENTED_LIMIT - 1))
def test_one_wrong_digit_is_always_caught(place: int, change: int, seed: int) -> None:
    number = invented(seed)
    wrong = number[:place] + str((int(number[place]) + change) % 10) + number[place + 1 :]
    with pytest.raises(ValueError, match="NHS number"):
        normalise(wrong)


@given(st.integers(0, INVENTED_LIMIT - 1), st.integers(0, INVENTED_LIMIT - 1))
def test_invented_numbers_are_valid_marked_as_such_and_differ(one: int, other: int) -> None:
    assert normalise(invented(one)) == invented(one)
    assert is_invented(invented(one))
    assert (invented(one) == invented(other)) == (one == other)


def test_invented_numbers_end() -> None:
    assert normalise(invented(0)).startswith("999")
    assert normalise(invented(INVENTED_LIMIT - 1))
    for seed in (-1, INVENTED_LIMIT):
        with pytest.raises(ValueError, match="seeds"):
            invented(seed)
