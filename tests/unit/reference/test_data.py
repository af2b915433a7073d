"""The data files load, agree with each other and say their source."""

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from cdop.errors import Misconfigured
from cdop.reference import (
    REVIEW_BEGAN,
    codelist,
    codelist_edition,
    codelist_ids,
    form,
    form_edition,
)
from cdop.reference.clocks import every_clock
from cdop.reference.codelists import CodeList, editions, merged
from cdop.reference.deciders import decision_rules
from cdop.reference.deprivation import invented_deprivation
from cdop.reference.forms import editions as form_editions
from cdop.reference.loading import NotInForce, Unknown, check, data, names

DATA = Path(str(data()))
UNCHECKED = "– not checked against the original"
ERAS = {"E1": date(2009, 1, 1), "E2": date(2013, 6, 1), "E3": date(2024, 1, 1)}


@pytest.mark.parametrize("id", codelist_ids())
def test_a_list_has_a_source_and_no_gap_between_its_editions(id: str) -> None:
    found = editions(id)
    for earlier, later in pairwise(found):
        assert earlier.valid_to is not None
        assert (later.valid_from - earlier.valid_to).days == 1
    assert found[0].valid_from in (REVIEW_BEGAN, date(2008, 4, 1))
    assert found[-1].valid_to is None


def test_a_source_says_when_it_is_recalled_and_never_when_it_was_found() -> None:
    assert len(every_clock()) >= 20
    assert len(decision_rules()) == 5
    given = [(each.certainty, each.source) for id in codelist_ids() for each in editions(id)]
    given += [(each.certainty, each.source) for each in form_editions("analysis")]
    given += [(each.certainty, each.source) for each in every_clock()]
    given += [(each.certainty, each.source) for each in decision_rules()]
    assert len(given) > 80
    for certainty, source in given:
        recalled = source.endswith(UNCHECKED)
        assert recalled or not certainty.startswith("recalled") or UNCHECKED in source, source
        assert not recalled or certainty != "found", source


def test_a_source_reads_for_somebody_outside_the_project() -> None:
    """No mark of ours, no file of ours: pages show these words to coordinators."""
    for path in DATA.rglob("*.toml"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\[(?:F|R-[hml]|I)\b|\w+\.md\b|\bHSCB\b", text), path.name


@pytest.mark.parametrize("era", ERAS)
def test_the_analysis_form_of_an_era_uses_the_lists_in_force_in_that_era(era: str) -> None:
    used = form("analysis", ERAS[era])
    assert used.edition == era
    assert set(used.lists) == {"relevance", "domains", "factors", "category", "modifiable"}
    for id in used.lists:
        assert used.list(id).every == codelist(id, ERAS[era]).every
    assert names("forms") == ("analysis",)
    assert len(form_editions("analysis")) == 3


@pytest.mark.parametrize("era", ERAS)
def test_every_domain_of_a_form_has_prompts(era: str) -> None:
    used = form_edition("analysis", era)
    assert {item.group for item in used.list("factors").every} == set(used.list("domains").codes())


def test_clocks_name_review_kinds_that_exist() -> None:
    kinds = set(codelist_edition("review-kinds", "2024").codes())
    allowed = {
        "case-review": kinds,
        "death": {"every-death", "joint-agency-response"},
        "rights-request": {"rights-request"},
    }
    for each in every_clock():
        assert set(each.applies_to) <= allowed[each.subject], each.code


def test_only_acts_and_regulations_are_called_statutory() -> None:
    assert {each.code for each in every_clock() if each.standing == "statutory"} == {
        "registrar",
        "coroner",
        "lcspr-publication",
        "rights-request",
        "rights-request-extended",
    }


def test_what_an_answer_applies_to_is_a_kind_of_board() -> None:
    kinds = set(codelist_edition("board-kinds", "1").codes())
    for id in codelist_ids():
        for each in editions(id):
            assert all(set(item.applies_to) <= kinds for item in each.every), id


def test_demonstration_areas_are_not_real() -> None:
    lookup = invented_deprivation()
    assert lookup.certainty == "invented"
    assert len(lookup.sectors) == 45
    assert all(re.fullmatch(r"ZZ[1-5] [1-9]", sector) for sector in lookup.sectors)


def _edition(**changes: object) -> dict[str, object]:
    return {
        "id": "x",
        "edition": "1",
        "title": "X",
        "source": "test",
        "certainty": "inferred",
        "valid_from": date(2010, 1, 1),
        "every": [{"code": "a", "label": "A"}],
    } | changes


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([], "holds no edition"),
        ([_edition(every=[{"code": "a", "label": "A"}] * 2)], "codes given twice: a"),
        ([_edition(every=[{"code": "a", "label": "A", "colour": "red"}])], "colour"),
        ([_edition(every=[])], "every"),
        ([_edition(certainty="sure")], "certainty"),
        ([_edition(source="")], "source"),
        ([_edition(valid_to=date(2009, 1, 1))], "valid_to is before valid_from"),
        ([_edition(), _edition(edition="2", valid_from=date(2012, 1, 1))], "1 and 2 overlap"),
        (
            [
                _edition(valid_to=date(2011, 12, 31)),
                _edition(valid_from=date(2012, 1, 1)),
            ],
            "names an edition twice",
        ),
        ([_edition(grouped_by="ethnic-groups")], "items and grouped_by disagree"),
    ],
)
def test_a_faulty_file_is_refused_with_its_name_and_its_fault(
    rows: list[dict[str, object]], fault: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        check(CodeList, rows, "codelists/x.toml")
    assert "codelists/x.toml" in str(caught.value)
    assert fault in str(caught.value)


def test_an_edition_like_another_changes_in_place_and_adds_at_the_end() -> None:
    rows = list(
        merged(
            {
                "id": "x",
                "editions": [
                    {"edition": "1", "items": [{"code": "a"}, {"code": "b"}]},
                    {"edition": "2", "like": "1", "items": [{"code": "c"}, {"code": "a", "n": 1}]},
                ],
            },
            "x",
        )
    )
    assert rows[1]["every"] == [{"code": "a", "n": 1}, {"code": "b"}, {"code": "c"}]
    assert rows[0]["every"] == [{"code": "a"}, {"code": "b"}]


def test_unknown_names_and_days_are_told_apart_and_repeat_nothing_typed() -> None:
    with pytest.raises(Unknown):
        codelist("no-such-list", date(2013, 1, 1))
    with pytest.raises(NotInForce) as early:
        codelist("category", date(2008, 3, 31))
    assert "2008" not in str(early.value)
    with pytest.raises(Unknown):
        codelist_edition("category", "E9")
    with pytest.raises(Unknown) as caught:
        codelist("sex", date(2013, 1, 1)).label("Testchild Invented")
    assert "Testchild" not in str(caught.value)
