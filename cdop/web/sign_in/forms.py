"""What the sign-in page accepts."""

from cdop.web.forms import Form, ask


class SignIn(Form):
    """A name, a password, and the page to go to afterwards."""

    username: str = ask("your user name", max_length=200)
    password: str = ask("your password", max_length=1000)
    next: str | None = ask("the next page", None, max_length=2000)
