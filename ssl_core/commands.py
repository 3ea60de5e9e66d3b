"""What each command of the command line does. Every function takes the parsed options of `__main__.parser`."""

import runpy
import sys
from pathlib import Path

from ssl_core import cards as model_cards
from ssl_core import zoo
from ssl_core.bench_command import bench
from ssl_core.command_settings import (
    CommandError,
    check_renewal,
    check_writable,
    chosen_models,
    use_checkpoints,
    use_threads,
)
from ssl_core.train_command import train

__all__ = ["COMMANDS", "CommandError", "bench", "cards", "data", "failures", "layouts", "serve", "train"]

ROOT = Path(__file__).parent.parent
FEATURES_OF = 512  # photographs whose features say what is usual


def cards(options) -> None:
    """Write the card of every model anew."""
    use_checkpoints(options.checkpoints)
    for name in chosen_models(None):
        print(model_cards.write_card(zoo.folder() / name))


def data(options) -> None:
    """What a source holds: the starter photographs with credit and terms, or the number of photographs in each split."""
    from ssl_core.sources import SourceError, open_source, starter

    if options.source == "starter":
        for photo in starter():
            print(f"{photo.name:16} {photo.credit}. {photo.terms}.".replace("..", "."))
        return
    print(open_source(options.source, "all").described)
    for split in ("train", "val"):
        try:
            print(open_source(options.source, split).described)
        except SourceError as lacking:
            print(lacking)


def layouts(options) -> None:
    """Say which maps of the starter bank are missing or made from other weights; with --write, make these."""
    from ssl_core import shipped_layouts

    if options.again and not options.write:
        raise CommandError("Without --write no map is made. Say --write --again to make all of them anew.")
    use_checkpoints(options.checkpoints)
    use_threads(options.threads)
    names = chosen_models(options.models)
    if options.write:
        check_renewal(shipped_layouts.FOLDER, shipped_layouts.FOLDER)
        for doing in shipped_layouts.write_all(names, zoo.load, options.again):
            print(doing, flush=True)
    for name in names:
        print(f"{name:40} {_state_of_shipped(bool(shipped_layouts.stages_shipped(name)), 'layouts')}")


def failures(options) -> None:
    """Say for which models the scores of the starter bank are missing or out of date; with --write, make these."""
    from ssl_core import shipped_failures
    from ssl_core.bank import starter_bank
    from ssl_core.failures import tasks_of

    use_checkpoints(options.checkpoints)
    use_threads(options.threads)
    names = chosen_models(None)
    if options.write:
        check_renewal(shipped_failures.FOLDER, shipped_failures.FOLDER)
        for done in shipped_failures.write_all(names, zoo.load):
            print(done, flush=True)
        return
    bank = starter_bank()
    for model in map(zoo.load, names):
        if tasks_of(model):
            there = shipped_failures.shipped(model, bank) is not None
            print(f"{model.name:40} {_state_of_shipped(there, 'failures')}")


def _state_of_shipped(there: bool, command: str) -> str:
    if there:
        return "up to date"
    return (
        f"missing: {command} --write makes it" if zoo.ships() else "none: they ship for the models in checkpoints alone"
    )


def words(options) -> None:
    """Train word2vec on the sentences beside photographs, for the vocabulary of a noisy-words model, and keep it there."""
    import numpy as np

    from ssl_core.bench_words import METHOD
    from ssl_core.selection import held_out
    from ssl_core.sources import open_source, pack
    from ssl_core.word2vec import features_of, write_words

    use_checkpoints(options.checkpoints)
    (name,) = chosen_models([options.model], METHOD)
    check_writable(
        zoo.folder() / name, "Allow writing there, or copy the model elsewhere and say where by --checkpoints."
    )
    model, source = zoo.load(name), open_source(options.source, "train")
    images = pack(source)
    drawn = np.flatnonzero(~held_out(images))  # the photographs that training draws, and no others
    written = source.kept_sentences()
    some = images[drawn[np.linspace(0, len(drawn) - 1, min(len(drawn), FEATURES_OF)).astype(int)]]
    sentences = [written[row] for row in drawn]
    for path in write_words(zoo.folder() / name, sentences, features_of(model, some), source.described):
        print(path)


def serve(options) -> None:
    """Start the page, as `python app.py` does; in this process, so that what ends this command ends the page."""
    sys.argv = [str(ROOT / "app.py"), *options.rest]
    sys.path.insert(0, str(ROOT))
    runpy.run_path(sys.argv[0], run_name="__main__")


COMMANDS = {
    "train": train,
    "bench": bench,
    "cards": cards,
    "data": data,
    "layouts": layouts,
    "failures": failures,
    "words": words,
    "serve": serve,
}
