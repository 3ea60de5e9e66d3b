"""A small memory of finished work: each entry is made once, and the one unused for longest is forgotten first."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Recent:
    """A thread-safe dictionary of at most `size` entries that forgets the one unused for longest.

    Each entry is made once: who asks for a key while another thread makes it waits for that result.
    """

    def __init__(self, size: int):
        self.size, self.entries, self.lock = size, OrderedDict(), threading.Lock()

    def get(self, key) -> object | None:
        """The entry, or None. One that is being made is waited for; an error of its making is raised here too."""
        with self.lock:
            entry = self.entries.get(key)
            if entry is not None:
                self.entries.move_to_end(key)
        return entry.result() if entry is not None else None

    def keep(self, key, make: Callable[[], T]) -> T:
        """The entry of `key`, made by `make()` when it is not there. An error of `make` is raised and not kept."""
        with self.lock:
            entry = self.entries.get(key)
            mine = entry is None
            if mine:
                entry = self.entries[key] = Future()
                while len(self.entries) > self.size:
                    self.entries.popitem(last=False)
            self.entries.move_to_end(key)
        if mine:
            try:
                entry.set_result(make())
            except BaseException as error:
                with self.lock:
                    if self.entries.get(key) is entry:
                        del self.entries[key]
                entry.set_exception(error)
                raise
        return entry.result()
