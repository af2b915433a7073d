"""Every page works with and without htmx, and no undefined name of ours goes unseen."""

import re

import pytest
from jinja2 import UndefinedError

from cdop.web.templating import environment
from tests.web.shell.test_forms import RIGHT

HTMX = {"HX-Request": "true"}


def test_a_wrong_form_comes_back_whole_with_what_was_typed(client):
    answer = client.submit("/sample/form", {**RIGHT, "sex": "", "given_names": "Robin <b>"})
    assert answer.status_code == 422
    assert answer.text.startswith("<!DOCTYPE html>")
    assert "Select the child&#39;s sex" in answer.text
    assert 'value="Robin &lt;b&gt;"' in answer.text
    assert "<title>Error: Sample form" in answer.text
    assert answer.text.index("There is a problem") < answer.text.index("<h1>")


def test_htmx_gets_the_block_alone(client):
    answer = client.submit("/sample/form", {**RIGHT, "sex": ""}, headers=HTMX)
    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<div id="form">')
    assert "</html>" not in answer.text
    assert answer.headers["Vary"] == "HX-Request"


def test_a_page_of_the_history_is_whole(client):
    headers = {**HTMX, "HX-History-Restore-Request": "true"}
    answer = client.get("/sample/form", headers=headers)
    assert answer.text.startswith("<!DOCTYPE html>")
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_was_done_leads_to_the_next_page(client):
    plain = client.submit("/sample/form", RIGHT)
    assert (plain.status_code, plain.headers["Location"]) == (303, "/sample/parts")
    swapped = client.submit("/sample/form", RIGHT, headers=HTMX)
    assert (swapped.status_code, swapped.headers["HX-Redirect"]) == (204, "/sample/parts")


def test_the_summary_leads_to_ids_that_exist(client):
    page = client.submit("/sample/form", {"factors-1-note": "x"}).text
    anchors = re.findall(r'<a href="#([^"]+)"', page.partition("<h1>")[0])
    assert len(anchors) == 6
    for anchor in anchors:
        assert f'id="{anchor}"' in page


def test_every_id_is_unique(client):
    for path in ("/sample/form", "/sample/parts"):
        ids = re.findall(r'\sid="([^"]+)"', client.get(path).text)
        assert len(ids) == len(set(ids))


def test_every_form_that_posts_carries_the_token(client):
    for path in ("/sample/form", "/sample/parts"):
        page = client.get(path).text
        forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
        assert forms
        for form in forms:
            assert 'method="post"' in form
            assert re.search(r'name="csrf" value="[0-9a-f]{64}"', form)


def test_the_frame_names_the_person_the_place_and_the_demonstration(client):
    page = client.get("/sample/parts").text
    assert "Imogen Invented" in page
    assert "Inventedshire CDOP" in page
    assert "Demonstration register: every person in it is invented" in page


def test_a_hidden_number_has_no_bar(client):
    chart = re.search(r"<svg.*?</svg>", client.get("/sample/parts").text, re.DOTALL)
    assert chart
    assert chart[0].count("cdop-chart__bar") == 1
    assert "[c]" in chart[0]


@pytest.mark.parametrize(
    "source",
    [
        "{{ nowhere }}",
        "{{ page.nowhere }}",
        "{{ ui.nowhere() }}",
        "{{ ui.tag(nowhere) }}",
        "{{ nhsuk.input({'name': 'x', 'label': nowhere}) }}",
        "{% if nowhere %}{% endif %}",
    ],
)
def test_an_undefined_name_of_ours_is_an_error(source):
    """The design system's macros are lenient among themselves only, so a page that renders has
    no undefined name of ours in what it renders."""
    with pytest.raises(UndefinedError):
        environment().from_string(source).render(page=object())


def test_every_template_compiles():
    names = environment().list_templates()
    assert "base.html" in names
    for name in names:
        environment().get_template(name)
