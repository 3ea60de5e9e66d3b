"""Every pretext task, in the order of the story. A new one: its file here, and its line below, above that of Supervised."""

from ssl_core.pretexts.colorization import Colorization
from ssl_core.pretexts.context_encoder import ContextEncoder
from ssl_core.pretexts.denoising_autoencoder import DenoisingAutoencoder
from ssl_core.pretexts.hypercolumn_colorization import HypercolumnColorization
from ssl_core.pretexts.noisy_words import NoisyWords
from ssl_core.pretexts.patch_context import PatchContext
from ssl_core.pretexts.relative_position import RelativePosition
from ssl_core.pretexts.split_brain import SplitBrain
from ssl_core.pretexts.supervised import Supervised

PRETEXTS = {
    ContextEncoder.method: ContextEncoder,
    Colorization.method: Colorization,
    HypercolumnColorization.method: HypercolumnColorization,
    SplitBrain.method: SplitBrain,
    RelativePosition.method: RelativePosition,
    PatchContext.method: PatchContext,
    DenoisingAutoencoder.method: DenoisingAutoencoder,
    NoisyWords.method: NoisyWords,
    Supervised.method: Supervised,
}


class UnknownModelError(KeyError):
    """A name or a size that no task has. Its text is a sentence."""


def build(name: str, size: str = "small"):
    """A freshly initialised model by its full name ("context-encoder-l2"), at a size ("tiny", "small", "paper").

    Errors: UnknownModelError; TypeError for a task that lacks what every task provides.
    """
    for method, pretext in PRETEXTS.items():
        variant = name.removeprefix(f"{method}-")
        if variant != name and variant in pretext.variants:
            pretext.check_whole()
            if size not in pretext.sizes:
                raise UnknownModelError(f"{name} has no size {size}. It has: {', '.join(pretext.sizes)}.")
            return pretext.build(variant, size)
    raise UnknownModelError(f"There is no model called {name}. The models are: {', '.join(model_names())}.")


def model_names() -> tuple[str, ...]:
    """All that are trained, by full name, in the order of the story, variants in the order of their training."""
    return tuple(
        f"{method}-{variant}"
        for method, pretext in PRETEXTS.items()
        for variant, about in pretext.variants.items()
        if about.recipes
    )
