"""The names of models as a person says them."""

from __future__ import annotations

TITLES = {"supervised-labels": "Supervised by labels"}  # the method alone would not say what it learned from


def spoken(name: str) -> dict[str, str]:
    """A model's name as a person says it: method and variant.

    >>> spoken("context-encoder-l2")
    {'method': 'Context encoder', 'title': 'L2'}
    """
    method, _, variant = name.rpartition("-")
    title = variant.upper() if len(variant) < 3 else variant.capitalize()
    return {"method": method.replace("-", " ").capitalize(), "title": title}


def title_of(name: str) -> str:
    """A model's name in one line, the same in every tab: the variant is said where its method has several.

    >>> title_of("colorization-rebalanced"), title_of("split-brain-lab"), title_of("untrained")
    ('Colorization, rebalanced', 'Split brain', 'Untrained')
    """
    from ssl_core.pretexts import PRETEXTS

    if name in TITLES:
        return TITLES[name]
    parts, pretext = spoken(name), PRETEXTS.get(name.rpartition("-")[0])
    if pretext and len(pretext.variants) == 1:
        return parts["method"]
    variant = parts["title"] if parts["title"].isupper() else parts["title"].lower()
    return f"{parts['method']}, {variant}" if parts["method"] else parts["title"]
