"""What each command of the command line does. Every function takes the parsed options of `__main__.parser`."""

import subprocess
import sys
from pathlib import Path

from ssl_core import cards as model_cards
from ssl_core import zoo
from ssl_core.bench_command import bench
from ssl_core.command_settings import CommandError, use_checkpoints
from ssl_core.train_command import train

__all__ = ["COMMANDS", "CommandError", "bench", "cards", "data", "serve", "train"]

ROOT = Path(__file__).parent.parent


def cards(options) -> None:
    """Write the card of every model anew."""
    use_checkpoints(options.checkpoints)
    if not zoo.names():
        raise CommandError(f"There are no models in {zoo.folder()}. `pretext-lab train` makes them.")
    for name in zoo.names():
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


def serve(options) -> None:
    """Start the page, as `python app.py` does."""
    raise SystemExit(subprocess.call([sys.executable, str(ROOT / "app.py"), *options.rest]))


COMMANDS = {"train": train, "bench": bench, "cards": cards, "data": data, "serve": serve}
