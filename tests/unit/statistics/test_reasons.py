"""Why there is no release is told by the names that whoever drafted it knows."""

from cdop.statistics.asked import Asked, with_asked
from cdop.statistics.reasons import in_words, mend, reader
from cdop.statistics.subjects import REFERRALS
from cdop.statistics.year_tables import year_tables

TABLES = year_tables("2013-14")
EARLIER = "01a213c9-b8e2-7735-bb8d-082dbdc21f70"


def test_a_cell_and_a_reader_are_named_by_their_titles() -> None:
    told = in_words("Nothing protects table died-by-sex, male (attacker: family:0)", TABLES)
    assert told == (
        "Nothing protects “Deaths in the year by sex”, Male "
        "(reader: whoever knows that one of the deaths is among those counted)"
    )


def test_a_cell_of_an_earlier_release_is_told_as_such() -> None:
    told = in_words(f"It protects table {EARLIER}:died-by-sex, total", TABLES)
    assert told == "It protects “Deaths in the year by sex”, the total of an earlier release"
    assert EARLIER not in told


def test_a_total_is_called_one_and_not_all() -> None:
    crossed = "reviewed-by-category-and-modifiable"
    (table,) = (each for each in TABLES.tables if each.code == crossed)
    told = [
        in_words(f"table {crossed}, {key}", TABLES).removeprefix(f"“{table.title}”, ")
        for key in ("total / total", "2 / total", "total / yes")
    ]
    assert told[0] == "the total"
    assert all(each.endswith(", in total") and "All" not in each for each in told[1:])


def test_what_it_does_not_know_stays_as_it_is() -> None:
    for reason in ("table nowhere, male", "The disclosure check failed, so there is no release"):
        assert in_words(reason, TABLES) == reason
    asked = with_asked(TABLES, [Asked("reviewed", ("place", "sex"))])
    told = in_words("table reviewed-by-place-sex, home / merged (attacker: board:x)", asked)
    assert told == (
        "“Reviewed in the year by place of death and sex”, Home of normal residence / merged "
        "(reader: x, which knows its own records)"
    )


def test_each_reason_comes_with_the_cheapest_mend() -> None:
    stuck = "No choice of hidden cells was found that protects table died-by-sex, male"
    assert "a profile that rounds" in mend(in_words(stuck, TABLES))
    told = in_words(stuck.replace("died-by", f"{EARLIER}:died-by"), TABLES)
    assert "What has gone out already" in mend(told)
    assert "no time" in mend("The disclosure check did not finish in the 900 seconds")
    assert "another profile" in mend("The certificate does not fit this release")


def test_a_group_is_not_told_to_take_other_years() -> None:
    """Its years are held against one another, whichever they are."""
    kept = reader("ledger", REFERRALS)
    said = mend(
        f"No choice of hidden cells protects a count of an earlier release (reader: {kept})"
    )
    assert "of whatever year" in said
    assert "years that it does not hold" not in said
    assert "years that it does not hold" in mend("a count of an earlier release (reader: anyone)")
