"""Herefordshire 2013-14 with the figures of its board's annual report; the people are invented.

11 deaths in the year, the reviews of 5 of them completed in it (3 male, 2 female), 1 of the 5 with
modifiable factors [HSCB 2013/14]. That the other six were reviewed in the year after, and what the
deaths were of, is invented.
"""

from datetime import date, timedelta

from cdop.demo.cases import Case, play
from cdop.demo.stage import Stage

PANEL = "herefordshire-cdop"

# Died on, age in days, sex, category, modifiable, deprivation fifth, reviewed on.
_YEAR = (
    ("2013-04-09", 1, "male", "8", "no", "2", "2013-10-10"),
    ("2013-05-02", 120, "female", "10", "yes", "1", "2013-12-12"),
    ("2013-05-28", 3900, "male", "4", "no", "4", "2013-12-12"),
    ("2013-06-19", 16, "female", "7", "no", "3", "2014-02-13"),
    ("2013-08-01", 800, "male", "9", "no", "2", "2014-02-13"),
    ("2013-09-12", 3, "male", "8", "no", "1", "2014-06-12"),
    ("2013-10-21", 5990, "female", "3", "yes", "3", "2014-09-11"),
    ("2013-11-30", 48, "male", "7", "no", "5", "2014-09-11"),
    ("2014-01-08", 0, "female", "8", "no", "2", "2014-09-11"),
    ("2014-02-17", 2300, "male", "6", "no", "4", "2014-12-11"),
    ("2014-03-25", 210, "female", "5", "no", "1", "2014-12-11"),
)


def play_year(stage: Stage) -> None:
    """Take the eleven deaths of the year through the panel."""
    cases = {}
    for seed, row in enumerate(_YEAR):
        died, days, sex, category, modifiable, quintile, reviewed = row
        died_on = date.fromisoformat(died)
        case = Case(
            panel=PANEL,
            seed=seed,
            sex=sex,
            born_on=died_on - timedelta(days=days),
            died_on=died_on,
            notified_on=died_on + timedelta(days=1),
            category=category,
            modifiable=modifiable,
            quintile=quintile,
            place="hospital-neonatal" if days < 28 else "hospital-ward",
            expected="expected" if category in ("4", "6", "7") else "unexpected",
        )
        cases[case] = date.fromisoformat(reviewed)
    play(stage, cases)
