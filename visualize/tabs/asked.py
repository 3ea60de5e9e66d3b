"""What the page asks by name: a query is a dict of what was chosen, an answer a dict of what is drawn or {"error": sentence}."""

from __future__ import annotations

from collections.abc import Callable

from visualize.problems import sentence


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
        try:
            return handler(query if isinstance(query, dict) else {})
        except Exception as error:  # noqa: BLE001, it is told in the tab
            return {"error": sentence(error, f"{name} on {query}")}

    answer.__name__ = answer.__qualname__ = name
    return answer
