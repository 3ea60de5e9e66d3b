"""What the page asks by name: a query is a dict of what was chosen, an answer a dict of what is drawn or {"error": sentence}."""

from __future__ import annotations

import logging
from collections.abc import Callable


class AskedError(ValueError):
    """A query that cannot be answered. Its text is a sentence for the person."""


def known(name: str, names: tuple[str, ...], what: str) -> str:
    """`name` if it is among `names`. Errors: AskedError that tells them."""
    if name not in names:
        raise AskedError(f"There is no {what} {name!r} here. Choose one of: {', '.join(names) or 'none is installed'}.")
    return name


def named(name: str, handler: Callable[[dict], dict]) -> Callable[[dict], dict]:
    """A handler under its name that never raises: what is wrong becomes a sentence in the tab."""

    def answer(query: dict) -> dict:
        from ssl_core.checkpoint import CheckpointError
        from ssl_core.photo import PhotoError
        from ssl_core.sources import SourceError

        try:
            return handler(query if isinstance(query, dict) else {})
        except (AskedError, CheckpointError, PhotoError, SourceError) as error:
            return {"error": str(error)}
        except Exception as error:
            logging.getLogger(__name__).exception("%s failed on %s", name, query)
            return {"error": f"This failed ({error}). The terminal says where; the other tabs go on."}

    answer.__name__ = answer.__qualname__ = name
    return answer
