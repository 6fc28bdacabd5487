"""Ctrl-C and SIGTERM: once to stop in good order, twice to stop at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_TRIES_AGAIN = getattr(signal, "SIGALRM", None)
_SECONDS_BETWEEN_TRIES = 0.002
_BAD_MOMENTS = ("threading", "concurrent.futures.thread", "weakref", "_weakrefset")
"""Modules whose functions are over in a moment, and take locks or swallow exceptions."""
_WAITS = ("join", "_wait_for_tstate_lock")
"""Functions among them that wait for a thread, without a lock and maybe for long."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Raises KeyboardInterrupt at the first signal inside, and ends the process at the second.

    Signals that the process was told to ignore, as ``nohup`` and ``&`` do, stay ignored. Handlers
    belong to the main thread; in another one nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = _Handler()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    handlers = {number: handler.stop for number, old in before.items() if old is not signal.SIG_IGN}
    if _TRIES_AGAIN is not None:
        before[_TRIES_AGAIN] = signal.getsignal(_TRIES_AGAIN)
        handlers[_TRIES_AGAIN] = handler.interrupt
    for number, new in handlers.items():
        signal.signal(number, new)
    try:
        yield
    finally:
        handler.give_up()
        for number, old in before.items():
            signal.signal(number, old)


class _Handler:
    def __init__(self) -> None:
        self._stopping = False

    def stop(self, _number: int, frame: FrameType | None) -> None:
        if self._stopping:
            # Not by an exception: the threads of the batch at hand would be waited for.
            os._exit(INTERRUPTED)
        self._stopping = True
        self.interrupt(_number, frame)

    def interrupt(self, _number: int, frame: FrameType | None) -> None:
        # An exception between the taking of a lock and its `with` leaves the lock taken, and
        # another thread, or whoever closes the pool, would wait for ever; one in the callback of
        # a weak reference is lost. Try again a moment later.
        if _TRIES_AGAIN is not None and _is_bad_moment(frame):
            signal.setitimer(signal.ITIMER_REAL, _SECONDS_BETWEEN_TRIES)
            return
        raise KeyboardInterrupt

    @staticmethod
    def give_up() -> None:
        if _TRIES_AGAIN is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _is_bad_moment(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_globals.get("__name__") in _BAD_MOMENTS and frame.f_code.co_name not in _WAITS:
            return True
        frame = frame.f_back
    return False
