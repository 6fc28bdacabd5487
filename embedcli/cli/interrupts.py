"""Ctrl-C and SIGTERM: once to stop in good order, twice to stop at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raises KeyboardInterrupt at the first signal inside, and ends the process at the second.

    Signals that the process was told to ignore, as ``nohup`` and ``&`` do, stay ignored. Handlers
    belong to the main thread; in another one nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    handler = _Handler()
    for number, old in before.items():
        if old is not signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


class _Handler:
    def __init__(self) -> None:
        self._stopping = False

    def __call__(self, *_: object) -> NoReturn:
        if self._stopping:
            # Not by an exception: the threads of the batch at hand would be waited for.
            os._exit(INTERRUPTED)
        self._stopping = True
        raise KeyboardInterrupt
