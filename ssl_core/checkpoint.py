"""A trained model as a folder: model.safetensors, config.json and README.md (the model card). Loading is strict."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safetensors import safe_open
    from torch import Tensor

    from ssl_core.pretext import Pretext

WEIGHTS, CONFIG = "model.safetensors", "config.json"
STATE = "resume.safetensors"  # of a training that goes on
# what config.json holds at least, and as what
KINDS = {"model": str, "method": str, "variant": str, "config": dict, "training": dict, "scores": dict}
SHIPPED = Path(__file__).parents[1] / "checkpoints"


class CheckpointError(RuntimeError):
    """A checkpoint that is missing, damaged, not ours or cannot be written; its text says which and what to do."""


def save(task: Pretext, folder: Path, training: dict[str, Any]) -> None:
    """Write weights and configuration; `training` is what the card tells of the run. Files are replaced whole.

    Weights are stored in half precision, statistics (batch normalisation, priors) and biases in single.
    """
    import torch

    state = {}
    for name, tensor in task.state_dict().items():
        halve = tensor.is_floating_point() and tensor.dim() > 1
        state[name] = tensor.detach().to("cpu", torch.float16 if halve else tensor.dtype).contiguous()
    write_tensors(folder / WEIGHTS, state)
    about = {
        "model": task.name,
        "method": task.method,
        "variant": task.variant,
        "config": asdict(task.config),
        "training": training,
        "scores": {},
    }
    _write_json(folder / CONFIG, about)


def load(folder: Path) -> Pretext:
    """The model in a folder, in evaluation mode on the CPU. CheckpointError if anything is not as it was saved."""
    import torch

    about = read_config(folder)
    task = _rebuild(about, folder)
    stored, _ = read_tensors(folder / WEIGHTS)
    wanted = task.state_dict()
    if stored.keys() != wanted.keys() or any(stored[key].shape != wanted[key].shape for key in wanted):
        raise CheckpointError(
            f"The weights in {_short(folder)} are not those of {about['model']}: names or shapes differ. {remedy(folder)}"
        )
    if not all(torch.isfinite(tensor).all() for tensor in stored.values()):
        raise CheckpointError(f"The weights in {_short(folder)} hold values that are not numbers. {remedy(folder)}")
    task.load_state_dict({key: tensor.to(wanted[key].dtype) for key, tensor in stored.items()})
    return task.eval()


def read_config(folder: Path) -> dict[str, Any]:
    """config.json as a dict, without loading torch. CheckpointError if it is missing or unreadable."""
    path = Path(folder) / CONFIG
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise CheckpointError(f"There is no {path.name} in {_short(folder)}. {remedy(folder)}") from None
    except PermissionError:
        raise forbidden(path) from None
    except (OSError, ValueError):
        raise CheckpointError(f"{_short(path)} cannot be read as JSON. {remedy(folder)}") from None
    about = {"scores": {}, **about} if isinstance(about, dict) else {}
    odd = [key for key, kind in KINDS.items() if not isinstance(about.get(key), kind)]
    if odd:
        raise CheckpointError(
            f"{_short(path)} is not from this project: {', '.join(odd)} missing or of another kind. {remedy(folder)}"
        )
    return about


def write_scores(folder: Path, scores: dict[str, Any]) -> None:
    """Merge measured scores into config.json."""
    about = read_config(folder)
    about["scores"] |= scores
    _write_json(Path(folder) / CONFIG, about)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to, which takes its place at the end: a reader finds the old file or the new one, whole.

    The folder is made if need be. CheckpointError if the disk refuses; the old file stays.
    """
    from safetensors import SafetensorError

    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        partial.touch()
        mode = partial.stat().st_mode  # as the umask has it; safetensors would leave the file to its owner alone
        yield partial
        partial.chmod(mode)
        os.replace(partial, path)
    except (OSError, SafetensorError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise CheckpointError(
            f"{path} cannot be written: {reason}. Make room or allow writing there, or use another folder."
        ) from None
    finally:
        with suppress(OSError):
            partial.unlink()


def write_tensors(path: Path, tensors: dict[str, Tensor], note: dict[str, str] | None = None) -> None:
    """Write tensors as `replacing` does, with a note."""
    from safetensors.torch import save_file

    with replacing(path) as partial:
        save_file(tensors, partial, metadata=note)


def read_tensors(path: Path, otherwise: str = "") -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors by name, and the note stored with them. CheckpointError as `opened`."""
    with opened(path, "pt", otherwise) as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}  # noqa: SIM118


@contextmanager
def opened(path: Path, framework: str, otherwise: str = "") -> Iterator[safe_open]:
    """A file of tensors to read from, which gives them as "pt" or "numpy" has them.

    CheckpointError if it is missing or damaged, with what to do `otherwise`: if that is not said, as `remedy` of its folder.
    """
    from safetensors import SafetensorError, safe_open

    otherwise = otherwise or remedy(path.parent)
    try:
        path.open("rb").close()  # safetensors says of a file that may not be read that it is not there
        with safe_open(path, framework=framework) as file:
            yield file
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise CheckpointError(f"There is no {path.name} in {_short(path.parent)}. {otherwise}") from None
    except PermissionError:
        raise forbidden(path) from None
    except (SafetensorError, OSError, ValueError):
        raise CheckpointError(f"{_short(path)} is damaged. {otherwise}") from None


def pretext_of(about: dict[str, Any], folder: Path) -> type[Pretext]:
    """The task that the configuration `about` of `folder` names. CheckpointError if there is none such."""
    from ssl_core.pretexts import PRETEXTS

    pretext = PRETEXTS.get(about["method"])
    if pretext is None or about["variant"] not in pretext.variants:
        raise CheckpointError(
            f"{_short(folder)} holds {about['method']}-{about['variant']}, which this version does not know. {remedy(folder)}"
        )
    return pretext


def _rebuild(about: dict[str, Any], folder: Path) -> Pretext:
    pretext = pretext_of(about, folder)
    kind = type(pretext.sizes["small"])
    stored = {key: tuple(value) if isinstance(value, list) else value for key, value in about["config"].items()}
    if stored.keys() != {field.name for field in fields(kind)}:
        raise CheckpointError(
            f"The configuration in {_short(folder)} is from another version of this project. {remedy(folder, ' --fresh')}"
        )
    try:
        return pretext(kind(**stored), about["variant"])
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        # values of a kind or size that no network can have fail wherever they are first used
        raise CheckpointError(f"No network can be built as {_short(folder / CONFIG)} says. {remedy(folder)}") from None


def _short(path: Path) -> str:
    """The last parts of a path: enough to find a checkpoint by, and short enough for a card on the page."""
    return "/".join(Path(path).parts[-2:])


def remedy(folder: Path, more: str = "") -> str:
    """What to do about a model that is of no use, as `restore_or`: train it again, with `more` options."""
    return restore_or("train", folder, f"train {Path(folder).absolute().name} --source SRC{more}", "--folder")


def restore_or(make: str, folder: Path, command: str, option: str) -> str:
    """What to do about files in a model's folder: restore them if they ship, or `make` them again, a verb, by a command.

    `option` of the command says where models lie.
    """
    folder, again = Path(folder).absolute(), f"python -m ssl_core {command}"
    if folder.parent.resolve() == SHIPPED.resolve():
        return f"Restore it with `git checkout -- checkpoints/{folder.name}`, or {make} it again: `{again}`."
    return f"{make.capitalize()} it again: `{again} {option} {shlex.quote(str(folder.parent))}`."


def forbidden(path: Path) -> CheckpointError:
    """The error that says of a file or folder that it may not be read."""
    return CheckpointError(
        f"{_short(path)} may not be read by this user. Allow reading of it and of its folder, as with `chmod a+rX`."
    )


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with replacing(path) as partial:
        partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
