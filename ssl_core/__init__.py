"""Pretext Lab, the part that learns: pretext tasks, their training, their measurement.

    >>> import ssl_core
    >>> model = ssl_core.load("context-encoder-l2")          # doctest: +SKIP
    >>> filled = model.inpaint(photo, mask)                  # doctest: +SKIP

Importing this package is cheap: torch loads with the first model.
"""

from ssl_core.zoo import load, names

__all__ = ["load", "names"]
