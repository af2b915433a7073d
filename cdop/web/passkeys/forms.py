"""What the pages of passkeys accept."""

from cdop.web.forms import Form, ask


class NewPasskey(Form):
    """A passkey that was just made (as our script sends it), and its owner's word for it."""

    name: str = ask("a name for the passkey", max_length=60)
    answer: str = ask(
        "the passkey",
        max_length=20_000,
        missing="The passkey was not made. This needs JavaScript and a browser that knows passkeys",
    )
