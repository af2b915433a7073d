"""A small client: a few kept-alive connections, each asking again as soon as it is answered."""

import selectors
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

PATIENCE = 30.0
"""Seconds within which a server answers for the first time: it starts while it is asked."""


@dataclass
class Sample:
    """What was answered: each answer's time, in how long, by how much of the server's work.

    All in seconds.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    times: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return answers a second."""
        return len(self.times) / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Return the server's processor time for an answer, in milliseconds."""
        return 1000 * self.cpu / len(self.times)

    def percentile(self, share: float) -> float:
        """Return the time in milliseconds within which a share of the answers came."""
        ordered = sorted(self.times)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def add(self, other: "Sample") -> None:
        """Take in another round."""
        self.seconds += other.seconds
        self.cpu += other.cpu
        self.times += other.times


class Connection:
    """One kept-alive connection, which asks for the start page over and over."""

    def __init__(self, port: int, cookie: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = (
            f"GET / HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: {cookie}\r\n\r\n".encode()
        )
        self.ask()

    def ask(self) -> None:
        """Send the request."""
        self._answer, self._length = bytearray(), 0
        self._asked = time.perf_counter()
        self.socket.sendall(self._request)

    def take(self) -> float | None:
        """Take in what has arrived; returns the answer's time once it is whole.

        Raises RuntimeError at any answer but 200.
        """
        chunk = self.socket.recv(262_144)
        if not chunk:
            raise RuntimeError("the server closed a connection")
        self._answer += chunk
        if not self._length and (end := self._answer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._answer[:end]).lower()
            if not head.startswith(b"http/1.1 200"):
                raise RuntimeError(f"the server answered {head.splitlines()[0].decode()}")
            self._length = end + 4 + int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        if not self._length or len(self._answer) < self._length:
            return None
        return time.perf_counter() - self._asked


def ask(port: int, cookie: str, seconds: float, connections: int) -> Sample:
    """Ask for the start page during `seconds`, and until the first answer.

    Raises RuntimeError at any answer but 200, or at none.
    """
    sample = Sample()
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for _ in range(connections):
            connection = Connection(port, cookie)
            stack.enter_context(connection.socket)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        began = time.perf_counter()
        while (now := time.perf_counter()) < began + seconds or not sample.times:
            if now > began + PATIENCE:
                raise RuntimeError("the server did not answer")
            for key, _ in selector.select(1):
                taken = key.data.take()
                if taken is not None:
                    sample.times.append(taken)
                    key.data.ask()
        sample.seconds = time.perf_counter() - began
    return sample
