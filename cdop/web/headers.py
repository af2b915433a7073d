"""What every answer carries, and which requests go no further. Pure ASGI, no page's business."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The design system's own: marks a browser as able before the first paint.
SUPPORT_SCRIPT = (
    "document.body.className += ' js-enabled' + "
    "('noModule' in HTMLScriptElement.prototype ? ' nhsuk-frontend-supported' : '');"
)
_SCRIPT_HASH = base64.b64encode(hashlib.sha256(SUPPORT_SCRIPT.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        f"script-src 'self' 'sha256-{_SCRIPT_HASH}'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
_DENIED_FEATURES = [
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid"),
    *("magnetometer", "microphone", "midi", "payment", "serial", "usb"),
]
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _DENIED_FEATURES),
}
_ENCODED = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_NAMES = {name for name, _ in _ENCODED}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
LARGEST_BODY = 1024 * 1024
# Asked for by identity providers themselves, which are no browser: such a request proves itself by
# a signed token, and no cookie counts for it.
PROVIDERS = "/single-sign-on/"

Page = Callable[[int], str]


@dataclass
class SecurityHeaders:
    """Adds the headers to every answer; forbids keeping it unless it says otherwise.

    `https`: people reach the register by TLS, even if a proxy speaks plain HTTP to this program.
    """

    app: ASGIApp
    https: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the answer's headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0] not in _NAMES]
                message["headers"] = [*kept, *_ENCODED]
                headers = MutableHeaders(scope=message)
                headers.setdefault("Cache-Control", "no-store")
                if self.https or scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
            await send(message)

        await self.app(scope, receive, complete)


@dataclass
class PlainAddress:
    """Stops an address with a character that nobody types.

    A line break at its end would open the page of the address without it; a NUL among what is
    asked is refused by databases in any text.
    """

    app: ASGIApp
    page: Page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 400."""
        plain = scope["type"] != "http" or (
            scope["path"].isprintable() and b"%00" not in scope["query_string"]
        )
        if not plain:
            await send_page(send, 400, self.page(400))
            return
        await self.app(scope, receive, send)


class _TooLarge(Exception):
    pass


@dataclass
class OriginCheck:
    """Stops a change that another site asked for. `page` gives the page of a status.

    `origin` is the address that people type, which a proxy may hide from the request.
    """

    app: ASGIApp
    page: Page
    origin: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        changes = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
        changes = changes and not scope["path"].startswith(PROVIDERS)
        if changes and not is_same_origin(Headers(scope=scope), scope["scheme"], self.origin):
            await send_page(send, 403, self.page(403))
            return
        await self.app(scope, receive, send)


@dataclass
class BodyLimit:
    """Stops a body of more than `largest` bytes, whether it announces its length or not."""

    app: ASGIApp
    page: Page
    largest: int = LARGEST_BODY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > self.largest:
            await send_page(send, 413, self.page(413))
            return
        taken = 0

        async def measured() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.largest:
                raise _TooLarge
            return message

        try:
            await self.app(scope, measured, send)
        except _TooLarge:
            # A body is read before anything is answered: the endpoint needs its form first.
            await send_page(send, 413, self.page(413))


def is_same_origin(headers: Headers, scheme: str, known: str) -> bool:
    """Say whether a change was asked for by a page of this register.

    Browsers say so themselves (Sec-Fetch-Site); one that does not must send a matching Origin.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin, host = headers.get("origin"), headers.get("host")
    return origin == known or (host is not None and origin == f"{scheme}://{host}")


async def send_page(
    send: Send, status: int, page: str, media: str = "text/html; charset=utf-8"
) -> None:
    """Answer with a page that needs no request."""
    body = page.encode()
    headers = [
        (b"content-type", media.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
