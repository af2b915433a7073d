"""What the pages of signing in accept."""

from cdop.web.forms import Form, ask


class SignIn(Form):
    """A name, a password, and the page to go to afterwards."""

    username: str = ask("your user name", max_length=200)
    password: str = ask("your password", max_length=1000)
    next: str | None = ask("the next page", None, max_length=2000)


class Code(Form):
    """A code of the second factor, and the page to go to afterwards."""

    code: str = ask("the code", max_length=100)
    next: str | None = ask("the next page", None, max_length=2000)


class Join(Form):
    """An invitation, and the password that its owner chooses."""

    invitation: str = ask("the invitation", max_length=200)
    password: str = ask("a password", max_length=1000)


class Confirm(Form):
    """The page to go on to, once confirmed; the code itself is read before any form."""

    next: str | None = ask("the next page", None, max_length=2000)
