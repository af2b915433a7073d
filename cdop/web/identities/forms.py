"""What the pages of identities accept."""

from cdop.web.forms import Form, ask


class To(Form):
    """The page to go to after signing in with a provider."""

    next: str | None = ask("the next page", None, max_length=2000)


class JoinWith(Form):
    """An invitation that is taken up with a provider; a password beside it is not looked at."""

    invitation: str = ask("the invitation", max_length=200)
    password: str | None = ask("a password", None, max_length=1000)


class Nothing(Form):
    """A button that says all there is to say."""


class LogoutToken(Form):
    """What a provider sends when it has ended a session."""

    logout_token: str = ask("the token", max_length=20_000)
