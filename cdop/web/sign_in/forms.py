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


class Answer(Form):
    """What a passkey has signed, as our script sends it, and the page to go to afterwards."""

    answer: str = ask("the passkey", max_length=20_000)
    next: str | None = ask("the next page", None, max_length=2000)


class NewPasskey(Answer):
    """A passkey that was just made, and its owner's word for it."""

    name: str = ask("a name for the passkey", max_length=60)
