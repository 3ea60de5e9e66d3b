"""The command line: `python -m ssl_core`, also installed as `pretext-lab`.

Parsing is here and in `commands` is what each command does, so that `--help` answers at once.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
# benches on photographs that need no further option, and what they measure
MEASURED = {
    "split-brain": "cross entropy of each half of the channels, said by the other",
    "position": "where a patch belongs: right answers, with and without the defence against chromatic aberration",
    "patches": "whether the patches of a cluster show the same thing, before and after pruning (needs labels)",
    "denoise": "PSNR gained over noisy pictures, beside non-local means and the median",
    "failures": "ways to fail: how often each network that colours or fills shows each",
    "words": "word vectors: analogies, similarity, words found on photographs, cost of a step (needs sentences)",
}
SOURCES = "starter, a folder, a zip file, or a torchvision data set: imagenette, stl10"


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(
        prog="pretext-lab", description="Train, measure and show self-supervised pretext tasks."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_train(commands.add_parser("train", help="train a model, or go on with an interrupted run"))
    _add_bench(commands.add_parser("bench", help="measure the shipped models"))
    cards = commands.add_parser("cards", help="write the model cards anew")
    _add_checkpoints(cards)
    data = commands.add_parser("data", help="what a source holds, and its terms")
    data.add_argument("source", nargs="?", default="starter", metavar="SRC", help=SOURCES)
    maps = commands.add_parser("layouts", help="the maps of the starter bank that ship with the models")
    maps.add_argument("--write", action="store_true", help="make those that are missing or made from other weights")
    maps.add_argument("--again", action="store_true", help="with --write: make all of them")
    maps.add_argument("--models", nargs="+", action="extend", metavar="NAME", help="only these")
    maps.add_argument("--threads", type=_positive(int), help="CPU threads; default: PyTorch's choice")
    _add_checkpoints(maps)
    scores = commands.add_parser("failures", help="the scores of the starter bank that ship with the models")
    scores.add_argument("--write", action="store_true", help="make those that are missing or out of date")
    scores.add_argument("--threads", type=_positive(int), help="CPU threads; default: PyTorch's choice")
    _add_checkpoints(scores)
    words = commands.add_parser("words", help="train word2vec beside noisy-words, on the same sentences")
    words.add_argument("--source", required=True, metavar="SRC", help="photographs with sentences: captions.zip")
    words.add_argument("--model", default="noisy-words-1k", metavar="NAME", help="default: noisy-words-1k")
    _add_checkpoints(words)
    # its options are left over by the parser and handed to app.py
    commands.add_parser("serve", help="start the page; takes the options of app.py", add_help=False)
    return top


def _add_train(train: argparse.ArgumentParser) -> None:
    train.add_argument("name", nargs="?", metavar="NAME", help="context-encoder-l2, colorization-rebalanced, ...")
    train.add_argument(
        "--all", action="store_true", help="every model in turn; each replaces the old one only if it measures better"
    )
    train.add_argument("--source", nargs="+", action="extend", required=True, metavar="SRC", help=SOURCES)
    train.add_argument(
        "--minutes",
        type=_positive(float),
        help="stop after this much wall time (with --all: all together); default: the recipes'",
    )
    train.add_argument("--steps", type=_positive(int), help="stop after this many steps")
    train.add_argument("--size", default="small", choices=("tiny", "small", "paper"), help="default: small")
    train.add_argument(
        "--folder", type=Path, default=ROOT / "checkpoints", help="where NAME/ is written; default: checkpoints"
    )
    train.add_argument("--fresh", action="store_true", help="forget an interrupted run instead of going on with it")
    train.add_argument(
        "--scratch", action="store_true", help="random weights, also where the recipe starts from another model"
    )
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--threads", type=_positive(int), help="CPU threads; default: PyTorch's choice")


def _add_bench(bench: argparse.ArgumentParser) -> None:
    kinds = bench.add_subparsers(dest="bench", required=True, metavar="BENCH")
    inpaint = kinds.add_parser("inpaint", help="PSNR, L1, L2 and sharpness of filled holes")
    colorize = kinds.add_parser("colorize", help="AuC and chroma of colours put back")
    speed = kinds.add_parser("speed", help="seconds until a person sees something")
    training = kinds.add_parser("training", help="how much of the machine a training step uses")
    inpaint.add_argument("--mask", default="center", choices=("center", "block", "region"), help="default: center")
    for one in (inpaint, colorize):
        one.add_argument("--sheet", type=Path, metavar="OUT.png", help="also draw 24 photographs with every answer")
    measured = {name: kinds.add_parser(name, help=what) for name, what in MEASURED.items()}
    for one in (inpaint, colorize, *measured.values()):
        one.add_argument("--photos", default="starter", metavar="SRC", help=f"{SOURCES}; default: starter")
        one.add_argument(
            "--split",
            choices=("val", "train", "all", "selection"),
            help="default: val, or all where there is none; selection: what training on 128 px leaves out of train",
        )
        if one is measured["words"]:  # its tests are judged on all sentences or none
            one.set_defaults(limit=None)
        else:
            one.add_argument("--limit", type=_positive(int), metavar="N", help="only N photographs, evenly spread")
    transfer = kinds.add_parser("transfer", help="what the features are worth: four protocols, every teacher")
    _add_transfer(transfer)
    for one in (inpaint, colorize, *measured.values(), speed, training, transfer):
        one.add_argument(
            "--models", nargs="+", action="extend", metavar="NAME", help="only these; default: all of the task"
        )
        one.add_argument("--json", action="store_true", help="print JSON instead of a table")
        one.add_argument("--write", action="store_true", help="put the figures into the README and the model cards")
        one.add_argument("--threads", type=_positive(int), help="CPU threads; default: PyTorch's choice")
        _add_checkpoints(one)


def _add_transfer(transfer: argparse.ArgumentParser) -> None:
    transfer.add_argument(
        "--packs", type=Path, metavar="DIR", help="folder with photos.zip, voc.zip, tiny.zip; default: a toy"
    )
    transfer.add_argument(
        "--tasks",
        nargs="+",
        action="extend",
        metavar="TASK",
        help="only these; also a folder with a sub-folder for each class",
    )
    transfer.add_argument(
        "--parts",
        nargs="+",
        action="extend",
        choices=("probes", "training", "dense", "ensembles"),
        help="only these; linear probes always; default: all",
    )
    cores = range(1, (os.cpu_count() or 1) + 1)
    told = "processes, at most one for each core, which is the default"
    transfer.add_argument("--workers", type=int, choices=cores, metavar="N", help=told)


def _add_checkpoints(command: argparse.ArgumentParser) -> None:
    command.add_argument("--checkpoints", type=Path, metavar="DIR", help="where the models lie; default: checkpoints")


def _positive(kind: type):
    def parse(text: str):
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    parse.__name__ = kind.__name__
    return parse


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status. What a person can mend is told in a sentence, without a stack trace."""
    options, rest = parser().parse_known_args(arguments)
    if rest and options.command != "serve":
        parser().error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    from ssl_core import commands
    from ssl_core.annotation_file import AnnotationError
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError
    from ssl_core.sources import SourceError
    from ssl_core.transfer_budget import TransferError
    from ssl_core.transfer_tasks import TaskError

    told = (AnnotationError, CheckpointError, PhotoError, SourceError, TaskError, TransferError, commands.CommandError)
    try:
        commands.COMMANDS[options.command](options)
        sys.stdout.flush()  # a reader that has gone is noticed here, and not while Python ends
    except (*told, FloatingPointError) as problem:
        print(f"pretext-lab: {problem}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # whoever reads has seen enough, as `head` has; what is still to be written goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as the shell says of a program that its reader ended
    except KeyboardInterrupt:
        goes_on = " It goes on with the same command, without --fresh; a minute of it is lost at most."
        print(f"\npretext-lab: stopped.{goes_on if options.command == 'train' else ''}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
