"""Answers that leave at even moments, so that how long one took tells nothing of what was found.

Recording a notification is more or less work as the child is known here, elsewhere or nowhere. The
answer waits for the next full step of time since the request; no thread and no transaction waits.
"""

import time
from collections.abc import AsyncIterator
from typing import Any

import anyio
from fastapi import Depends, Request

STEP = 1.0  # seconds: many times what recording takes


def evened() -> Any:
    """Return the dependency of a route whose answers leave at even moments."""
    return Depends(_even, scope="function")


def pause(took: float, step: float) -> float:
    """Return the seconds to wait so that `took` becomes a whole number of steps."""
    return -took % step if step else 0.0


async def _even(request: Request) -> AsyncIterator[None]:
    began = time.monotonic()
    yield
    await anyio.sleep(pause(time.monotonic() - began, request.app.state.even_step))
