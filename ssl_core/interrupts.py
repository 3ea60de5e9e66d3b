"""Ctrl-C, held back while something is under way that must not be cut in two."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_back() -> Iterator[threading.Event]:
    """Hold an interrupt back for as long as the block runs; the event is set if one came. A second one is let through at once.

    Where Ctrl-C means something else than KeyboardInterrupt, or belongs to another thread, it is left alone.
    """
    asked = threading.Event()
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield asked
        return

    def hold(number, frame) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    signal.signal(signal.SIGINT, hold)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
