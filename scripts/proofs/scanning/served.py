"""A demonstration served over TLS on loopback, with its answers counted by session."""

import ssl
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cdop import demo, registers
from cdop.config import Settings
from cdop.organisations import people
from cdop.security.actor import system
from cdop.security.permissions import Role
from cdop.security.work import Register
from cdop.statistics import tokens
from cdop.web.app import create_app
from cdop.web.deps import COOKIE
from tests.client import session_of

HOST = "127.0.0.1"
# Left alone: a session must outlive its scan, and signing in costs a password's hash.
ENDS_SESSION = (
    *("/sign-out", "/sign-in", "/account/sign-out-everywhere", "/account/sessions"),
    "/account/elsewhere",
)


@dataclass
class Session:
    """Somebody who is signed in, as the header that says so; or a stranger without one."""

    role: str
    username: str = ""
    name: str = ""
    token: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """Return what a browser of this person, or a program with a token, sends each time."""
        if self.bearer:
            return {"Authorization": f"Bearer {self.bearer}"}
        signed_in = {"Cookie": f"{COOKIE}={self.token}"} if self.token else {}
        return {"Sec-Fetch-Site": "same-origin", **signed_in}


STRANGER = Session("stranger")


@dataclass
class Counted:
    """Counts the answers by the session's token and status, and keeps faults with their address."""

    app: ASGIApp
    answers: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    faults: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note the answer's status."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = Headers(scope=scope).get("cookie", "").partition(f"{COOKIE}=")[2].split(";")[0]

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answers[token][message["status"]] += 1
                if message["status"] >= 500:
                    self.faults.append(f"{scope['method']} {scope['path']}")
            await send(message)

        await self.app(scope, receive, noted)


@dataclass
class Served:
    """The running register: where it is, which roles somebody holds, and what it answered."""

    address: str
    register: Register
    counted: Counted
    roles: list[Role]
    errors: list[str]


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Fill a demonstration in `folder` and serve it until the block ends."""
    data = folder / "register"
    settings = Settings(data, f"sqlite:///{data / 'register.db'}", data / "keys.json")
    register = registers.create(settings, demonstration=True)
    demo.build(register)
    errors: list[str] = []

    def report(error: Exception) -> str:
        errors.append(f"{type(error).__name__} at {_place(error)}")
        return str(len(errors))

    app = create_app(register, report=report)
    counted = Counted(app)
    # The administrator last: that scan disables the others' accounts.
    held = [role for role in Role if _holder(register, role)]
    roles = sorted(held, key=lambda role: role == Role.ADMINISTRATOR)
    certificate = _certificate(folder)
    config = uvicorn.Config(
        counted,
        host=HOST,
        port=0,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ssl_certfile=certificate,
        ssl_keyfile=certificate,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(f"https://{HOST}:{port}", register, counted, roles, errors)
    finally:
        server.should_exit = True
        thread.join(10)
        register.engine.dispose()


def untrusting() -> ssl.SSLContext:
    """Return a context that takes our own certificate, which nobody vouches for."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _holder(register: Register, role: Role) -> str | None:
    """Return the user name of somebody who holds a role today, or None."""
    with register.reading(system("proof")) as work:
        for account, memberships in people.everyone(work):
            if any(each.role == role for each in memberships):
                return account.username
    return None


def program(register: Register) -> Session:
    """Return a program that reads releases with a token, made by an analyst."""
    username = _holder(register, Role.ANALYST)
    assert username
    with register.reading(system("proof")) as work:
        analyst = people.actor_by_username(work.session, username, work.now)
    _, text = register.do(analyst, tokens.make, "herefordshire-cdop", "proof", 1)
    return Session("program", bearer=text)


def sign_in(register: Register, role: Role) -> Session:
    """Start a session of somebody who holds a role, second factor and all, without the pages."""
    username = _holder(register, role)
    assert username
    with register.reading(system("proof")) as work:
        actor = people.actor_by_username(work.session, username, work.now)
    assert actor.account_id
    token = session_of(register, actor.account_id)
    return Session(role.value, username, actor.display_name, token)


def _certificate(folder: Path) -> Path:
    """Write a certificate for loopback, good for a day, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cdop proof")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "loopback.pem"
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    file.chmod(0o600)
    return file


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
