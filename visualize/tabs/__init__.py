"""The tabs of the page, left to right. A new tab: write its module, add it here."""

from visualize.tabs import (
    colorize,
    denoising_autoencoder,
    failures,
    feature_map,
    inpaint,
    neurons,
    patch_context,
    relative_position,
    split_brain,
    teachers,
    transfer,
    words,
)

TABS = (
    teachers,
    inpaint,
    colorize,
    split_brain,
    relative_position,
    patch_context,
    denoising_autoencoder,
    words,
    neurons,
    feature_map,
    failures,
    transfer,
)
