"""Long work as a generator: it yields how far it is, and returns what it came to."""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")


def drained(steps: Generator[object, None, T]) -> T:
    """What a generator returns after its last step; the steps are let go. Raises what the generator raises.

    >>> def counted():
    ...     yield from (1, 2)
    ...     return "done"
    >>> drained(counted())
    'done'
    """
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            return finished.value
