"""What the pages of one's own account accept."""

from cdop.web.forms import Form, ask


class ChangePassword(Form):
    """The present password, and the one to come."""

    current: str = ask("your present password", max_length=1000)
    password: str = ask("a new password", max_length=1000)


class Nothing(Form):
    """A button that says all there is to say."""
