"""Static files, read once into memory: their addresses carry a hash of their content.

They are served without a thread of the pool, which belongs to the pages.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from starlette.types import Receive, Scope, Send

from cdop.config import ROOT

_FOREVER = b"public, max-age=31536000, immutable"
_COMPRESSED = {"text/css", "text/javascript", "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    kind: str
    version: str
    body: bytes = field(repr=False)
    packed: bytes | None = field(repr=False)


def load(folder: Path) -> "Assets":
    """Return every file under `folder`, by its path below it."""
    files = {
        path.relative_to(folder).as_posix(): _asset(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return Assets(files)


@cache
def own_assets() -> "Assets":
    """Return the files of this program's own static folder."""
    return load(ROOT / "static")


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "text/plain"
    packed = gzip.compress(body, mtime=0) if kind in _COMPRESSED else None
    return Asset(kind, hashlib.sha256(body).hexdigest()[:12], body, packed)


@dataclass(frozen=True, eq=False)
class Assets:
    """The ASGI application under /static, and the addresses of its files."""

    files: dict[str, Asset]

    def url(self, path: str) -> str:
        """Return the address of a file. Raises KeyError when there is no such file."""
        return f"/static/{path}?v={self.files[path].version}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file; one asked for by its version, or vendored under it, is kept for ever."""
        path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
        path = path.removeprefix("static/")
        asset = self.files.get(path)
        if asset is None or scope["method"] not in ("GET", "HEAD"):
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        headers = dict(scope["headers"])
        packed = asset.packed if b"gzip" in headers.get(b"accept-encoding", b"") else None
        body = packed or asset.body
        versioned = scope["query_string"] == f"v={asset.version}".encode()
        sent = [
            (b"content-type", f"{asset.kind}; charset=utf-8".encode()),
            (b"content-length", str(len(body)).encode()),
            (b"vary", b"Accept-Encoding"),
            (
                b"cache-control",
                _FOREVER if versioned or path.startswith("vendor/") else b"no-cache",
            ),
        ]
        if packed:
            sent.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": 200, "headers": sent})
        await send(
            {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body}
        )
