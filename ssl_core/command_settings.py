"""What the commands share: how they refuse, and the settings that hold for a whole run."""

import os
from pathlib import Path


class CommandError(ValueError):
    """A command that cannot be carried out as asked. Its text says what to do instead."""


def use_threads(count: int | None) -> None:
    """Let torch use `count` threads; None leaves its choice."""
    if count:
        import torch

        torch.set_num_threads(count)


def use_checkpoints(folder: Path | None) -> None:
    """Take the models from `folder`; None leaves the zoo's choice."""
    if folder:
        os.environ["PRETEXT_LAB_CHECKPOINTS"] = str(folder)
