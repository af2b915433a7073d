"""What the search box accepts."""

from cdop.deaths.terms import LONGEST
from cdop.web.forms import Form, ask


class SearchForm(Form):
    """One box. What was typed is posted, and stands in no address."""

    term: str = ask("what to search for", max_length=LONGEST)
