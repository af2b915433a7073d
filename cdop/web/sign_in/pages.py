"""What the pages of signing in show."""

from dataclasses import dataclass
from io import BytesIO

import segno
from markupsafe import Markup

from cdop.security import one_time_codes
from cdop.web.forms import Bound
from cdop.web.sign_in.forms import Code, Join, SignIn

NOTICES = {
    "signed-out": "You have signed out.",
    "everywhere": "You have signed out everywhere.",
}
ISSUER = "cdop"


@dataclass(frozen=True)
class ProviderLink:
    """An identity provider that people may sign in with."""

    id: str
    label: str


@dataclass(frozen=True)
class Leave:
    """A provider at which somebody who signed out here is still signed in."""

    label: str
    address: str


@dataclass(frozen=True)
class SignInPage:
    """`notice` says why somebody is here; `next` where they were going, already safe."""

    form: Bound[SignIn]
    next: str | None
    providers: tuple[ProviderLink, ...] = ()
    notice: str | None = None
    leave: Leave | None = None


@dataclass(frozen=True)
class CodePage:
    """The second step of somebody who has a second factor: an app, a passkey or both."""

    form: Bound[Code]
    next: str | None
    by_app: bool
    by_passkey: bool


@dataclass(frozen=True)
class EnrolPage:
    """An authenticator app to be added: its seed as a picture and as text. `to` takes the form.

    `or_passkey` offers a passkey in its place, to who has no second factor yet.
    """

    form: Bound[Code]
    to: str
    next: str | None
    picture: Markup
    secret: str
    or_passkey: bool = False


@dataclass(frozen=True)
class CodesPage:
    """New recovery codes, shown this once; then on to `next`."""

    codes: tuple[str, ...]
    username: str
    next: str


@dataclass(frozen=True)
class JoinPage:
    """An invitation to be taken up, by a password or with a provider."""

    form: Bound[Join]
    providers: tuple[ProviderLink, ...] = ()


@dataclass(frozen=True)
class ConfirmPage:
    """What is asked before something grave. `typed` is sent again with the code, to `to`.

    Who has no second factor is asked for the password. What was typed as one is never in `typed`.
    """

    to: str
    typed: tuple[tuple[str, str], ...]
    by_password: bool
    by_passkey: bool
    providers: tuple[ProviderLink, ...] = ()
    fault: str | None = None

    @property
    def holds_typing(self) -> bool:
        """Say whether somebody's form waits for this, and not only a page."""
        return self.to != "/confirm"


def enrol_page(
    form: Bound[Code], secret: str, username: str, to: str, next: str | None
) -> EnrolPage:
    """Return the page that shows a seed to be taken up by an authenticator app."""
    address = one_time_codes.address_of(secret, username, ISSUER)
    grouped = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return EnrolPage(form, to, next, square_code(address), grouped)


def square_code(text: str) -> Markup:
    """Return a QR code as SVG markup: lines only, no style that the page's policy would refuse."""
    out = BytesIO()
    segno.make(text, error="m").save(
        out,
        kind="svg",
        scale=5,
        xmldecl=False,
        svgns=False,
        nl=False,
        omitsize=False,
        light="#fff",
        title="Square code for your authenticator app",
        svgclass=None,
        lineclass=None,
    )
    return Markup(out.getvalue().decode())  # noqa: S704  markup of our own


def safe_path(path: str | None) -> str | None:
    """Return a path within this register, or None for anything that could lead elsewhere."""
    if not path or not path.startswith("/") or path.startswith("//"):
        return None
    # Browsers read a backslash as a slash, and drop tabs and line breaks.
    if "\\" in path or any(ord(c) < 33 or ord(c) == 127 for c in path):
        return None
    return None if path.startswith("/sign-") else path
