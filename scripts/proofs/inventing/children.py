"""Accounts of invented children, told once or twice, with the errors that people make.

The shares of errors are this project's own guesses, set before anything was measured on them and on
the high side; there is no published study of errors in notifications of child deaths.
"""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cdop.deaths.commands import Child
from cdop.deaths.documents import Identity, Names
from cdop.reference import nhs_numbers

_FIRST, _DAYS = date(2012, 4, 1), 3_650
_ONSETS = ["b", "br", "ch", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v"]
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ee", "oo"]
_ENDS = ["", "n", "l", "s", "rd", "m", "x", "th"]
_BABY = ("", "Baby", "Baby Boy", "Baby Girl", "Infant")
_SOUNDS = (("ph", "f"), ("f", "ph"), ("c", "k"), ("k", "c"), ("ee", "ea"), ("y", "i"), ("i", "y"))


@dataclass(frozen=True)
class Account:
    """What was told of a child; two accounts of one child have one `who`. `kind` names the case."""

    who: int
    child: Child
    kind: str


def invent(children: int, seed: int) -> list[Account]:
    """Return accounts of so many children (siblings, twins and namesakes among them), shuffled."""
    chance = random.Random(f"{seed}:{children}")  # noqa: S311 - invented people, no secret
    return _Inventor(chance, children).accounts()


class _Inventor:
    def __init__(self, chance: random.Random, children: int) -> None:
        self.chance = chance
        self.wanted = children
        self.given = [self._word(2) for _ in range(700)]
        self.family = [
            self._word(2) + chance.choice(("", "son", "ley", "by")) for _ in range(1_500)
        ]
        self.numbers = iter(chance.sample(range(nhs_numbers.INVENTED_LIMIT), 4 * children))

    def accounts(self) -> list[Account]:
        """Return every account, in no order."""
        firsts: list[Account] = []
        while len(firsts) < self.wanted:
            child = self._child()
            firsts.append(Account(len(firsts), child, "plain"))
            draw = self.chance.random()
            if draw < 0.05:
                firsts += [Account(len(firsts), self._twin(firsts[-1].child), "twin")]
            elif draw < 0.11:
                firsts += [Account(len(firsts), self._sibling(child), "sibling")]
            elif draw < 0.13:
                firsts += [Account(len(firsts), self._namesake(child), "namesake")]
        firsts = [replace(a, child=self._unnamed(a.child)) for a in firsts]
        again = [self._again(each) for each in firsts if self.chance.random() < 0.35]
        found = firsts + again
        self.chance.shuffle(found)
        return found

    def _word(self, syllables: int) -> str:
        parts = [
            self.chance.choice(_ONSETS) + self.chance.choice(_VOWELS) for _ in range(syllables)
        ]
        return ("".join(parts) + self.chance.choice(_ENDS)).title()

    def _common(self, words: list[str]) -> str:
        """Choose a word; the first are the most common, as with real names."""
        return words[min(int(self.chance.expovariate(8 / len(words))), len(words) - 1)]

    def _child(self) -> Child:
        born = _FIRST + timedelta(days=self.chance.randrange(_DAYS))
        age = self.chance.choices(
            [
                self.chance.randrange(28),
                self.chance.randrange(28, 365),
                self.chance.randrange(6_500),
            ],
            [43, 18, 39],
        )[0]
        return Child(
            names=Names(given=self._common(self.given), family=self._common(self.family)),
            identity=Identity(
                nhs_number=self._number(0.85),
                born_on=born,
                died_on=born + timedelta(days=age),
                postcode=f"ZZ{self.chance.randrange(1, 30)} {self.chance.randrange(10)}"
                f"{self.chance.choice('ABDEFGH')}{self.chance.choice('ABDEFGHJLN')}",
            ),
            sex=self.chance.choice(["female", "male"]),
            ethnicity="A",
            expected="unexpected",
            place_of_death="home",
        )

    def _number(self, share: float) -> str:
        seed = next(self.numbers)
        return nhs_numbers.invented(seed) if self.chance.random() < share else ""

    def _twin(self, of: Child) -> Child:
        died = _known(of.identity.died_on)
        if self.chance.random() < 0.5:
            died += timedelta(days=self.chance.randrange(1, 60))
        given = self._common(self.given)
        if self.chance.random() < 0.15:  # parents like names that go together
            given = of.names.given[:-1] + self.chance.choice("aeioy")
        number = self._number(0.85)
        return _with(
            of, self.chance.choice(["female", "male"]), given=given, died_on=died, nhs_number=number
        )

    def _sibling(self, of: Child) -> Child:
        born = _known(of.identity.born_on) + timedelta(days=self.chance.randrange(300, 3_000))
        died = born + timedelta(days=self.chance.randrange(2_000))
        given, number = self._common(self.given), self._number(0.85)
        sex = self.chance.choice(["female", "male"])
        return _with(of, sex, given=given, born_on=born, died_on=died, nhs_number=number)

    def _namesake(self, of: Child) -> Child:
        other = self._child()
        return replace(other, names=of.names)

    def _unnamed(self, child: Child) -> Child:
        """Leave three in ten of the newborn without a name, and most of those without a number."""
        age = (_known(child.identity.died_on) - _known(child.identity.born_on)).days
        if age > 27 or self.chance.random() > 0.3:
            return child
        number = child.identity.nhs_number if self.chance.random() < 0.4 else ""
        return _with(child, given=self.chance.choice(_BABY), nhs_number=number)

    def _again(self, first: Account) -> Account:
        """Tell of a child a second time, as somebody else would."""
        child, chance = first.child, self.chance
        kind = "named" if child.names.given in _BABY else "again"
        for error, share in (
            (self._other_number, 0.48),
            (self._other_given, 0.45),
            (self._other_family, 0.22),
            (self._swapped, 0.04),
            (self._other_birth, 0.12),
            (self._other_death, 0.12),
            (self._other_postcode, 0.2),
            (self._other_sex, 0.045),
        ):
            if chance.random() < share:
                child = error(child)
        return Account(first.who, child, kind)

    def _other_number(self, child: Child) -> Child:
        """Leave the number out, or give somebody else's: a mother's, or a temporary one."""
        return _with(child, nhs_number=self._number(0.06))

    def _other_given(self, child: Child) -> Child:
        given = child.names.given
        if given in _BABY:
            return _with(child, given=self._common(self.given))
        how = self.chance.choices(
            ["slip", "short", "sound", "second", "unnamed"], [16, 6, 6, 9, 8]
        )[0]
        changed = {
            "slip": self._slip(given),
            "short": given[:4],
            "sound": self._sound(given),
            "second": f"{given} {self._common(self.given)}",
            "unnamed": self.chance.choice(_BABY),
        }
        return _with(child, given=changed[how])

    def _other_family(self, child: Child) -> Child:
        family = child.names.family
        how = self.chance.choices(["slip", "hyphen", "other", "former"], [8, 6, 6, 3])[0]
        other = self._common(self.family)
        if how == "former":
            names = child.names.model_copy(update={"family": other, "also_known_as": family})
            return replace(child, names=names)
        changed = {"slip": self._slip(family), "hyphen": f"{family}-{other}", "other": other}
        return _with(child, family=changed[how])

    def _swapped(self, child: Child) -> Child:
        return _with(child, given=child.names.family, family=child.names.given)

    def _other_birth(self, child: Child) -> Child:
        return _with(child, born_on=self._other_day(_known(child.identity.born_on)))

    def _other_death(self, child: Child) -> Child:
        return _with(child, died_on=self._other_day(_known(child.identity.died_on)))

    def _other_day(self, day: date) -> date:
        how = self.chance.choices(["slip", "swap", "next", "wrong"], [7, 3, 5, 3])[0]
        if how == "swap" and day.day <= 12:
            return date(day.year, day.day, day.month)
        if how == "next":
            return day + timedelta(days=self.chance.choice([-1, 1]))
        if how == "wrong":
            return day + timedelta(days=self.chance.randrange(-200, 200))
        return self._slip_of_day(day)

    def _other_postcode(self, child: Child) -> Child:
        code = child.identity.postcode
        how = self.chance.choices(["none", "slip", "moved"], [10, 4, 6])[0]
        changed = {
            "none": "",
            "slip": code[:-1] + self.chance.choice("ABDEFGHJLN"),
            "moved": "ZZ99 9ZZ",
        }
        return _with(child, postcode=changed[how])

    def _other_sex(self, child: Child) -> Child:
        wrong = "male" if child.sex == "female" else "female"
        return replace(child, sex=self.chance.choice([wrong, "not-known", "not-known"]))

    def _slip(self, word: str) -> str:
        """Leave a letter out, double it, exchange it, or swap it with the next."""
        at = self.chance.randrange(max(1, len(word) - 1))
        how = self.chance.randrange(4)
        letter = self.chance.choice("aeinorst")
        return (
            word[:at] + word[at + 1 :],
            word[: at + 1] + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
        )[how]

    def _sound(self, word: str) -> str:
        lowered = word.lower()
        usable = [pair for pair in _SOUNDS if pair[0] in lowered]
        if not usable:
            return word + "e"
        return lowered.replace(*self.chance.choice(usable), 1).title()

    def _slip_of_day(self, day: date) -> date:
        while True:
            typed = list(day.isoformat())
            at = self.chance.choice([3, 5, 6, 8, 9])
            typed[at] = str(self.chance.randrange(10))
            try:
                return date.fromisoformat("".join(typed))
            except ValueError:
                continue


def _known(day: date | None) -> date:
    assert day
    return day


def _with(child: Child, sex: str | None = None, **changes: object) -> Child:
    """Return a child with other names, dates or numbers."""
    names = {key: value for key, value in changes.items() if key in Names.model_fields}
    rest = {key: value for key, value in changes.items() if key in Identity.model_fields}
    return replace(
        child,
        names=child.names.model_copy(update=names),
        identity=child.identity.model_copy(update=rest),
        sex=sex or child.sex,
    )
