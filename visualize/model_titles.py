"""The names of models as a person says them."""

from __future__ import annotations

# two that are no game, and the only one of its method each: what tells it from others need not be said
TITLES = {
    "untrained": "Untrained",
    "supervised-labels": "Supervised by labels",
    "split-brain-lab": "Split brain",
    "hypercolumn-colorization-histograms": "Hypercolumn colorization",
    "denoising-autoencoder-mixed": "Denoising autoencoder",
    "noisy-words-1k": "Noisy words",
}


def spoken(name: str) -> dict[str, str]:
    """A model's name as a person says it: method and variant.

    >>> spoken("context-encoder-l2")
    {'method': 'Context encoder', 'title': 'L2'}
    """
    method, _, variant = name.rpartition("-")
    title = variant.upper() if len(variant) < 3 else variant.capitalize()
    return {"method": method.replace("-", " ").capitalize(), "title": title}


def title_of(name: str) -> str:
    """A model's name in one line, the same in every tab.

    >>> title_of("colorization-rebalanced"), title_of("split-brain-lab"), title_of("untrained")
    ('Colorization, rebalanced', 'Split brain', 'Untrained')
    """
    if name in TITLES:
        return TITLES[name]
    parts = spoken(name)
    variant = parts["title"] if parts["title"].isupper() else parts["title"].lower()
    return f"{parts['method']}, {variant}" if parts["method"] else parts["title"]
