"""A second device for machines that have none: tensors that compute on the CPU, say that they are elsewhere, and refuse to be
mixed with tensors that are not, as a GPU's do.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

import torch
import torch.utils.backend_registration
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

NAME = "pretended"
aten = torch.ops.aten
BETWEEN_DEVICES = {aten._to_copy.default, aten.copy_.default}
TAKES_INDICES = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default}


# counted once for a whole process, when the first gradient is computed: import this before that
torch.utils.backend_registration._setup_privateuseone_for_python_backend(NAME)


class Pretended(torch.Tensor):
    """A tensor on the pretended device; `held` is the one on the CPU that holds its numbers."""

    held: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> Pretended:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=f"{NAME}:0",
        )
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        return _run(operation, args, kwargs or {})


@contextmanager
def pretended_device():
    """Inside it "pretended" is a device like others, and an operation on tensors of both raises a RuntimeError."""
    with _Operations(), _Constructor():
        yield


class _Operations(TorchDispatchMode):
    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        return _run(operation, args, kwargs or {})


class _Constructor(TorchFunctionMode):
    """`torch.tensor(..., device=...)` fills its memory without an operation."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is torch.tensor and "device" in kwargs:
            return function(*args, **{**kwargs, "device": "cpu"}).to(kwargs["device"])
        return function(*args, **kwargs)


def move(module: nn.Module) -> nn.Module:
    """Put all parameters and buffers on the pretended device."""
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None:
                part._parameters[name] = nn.Parameter(Pretended(parameter.detach().clone()))
        for name, buffer in part._buffers.items():
            if buffer is not None:
                part._buffers[name] = Pretended(buffer.clone())
    return module


def _run(operation, args: tuple, kwargs: dict) -> Any:
    flat, form = tree_flatten((args, kwargs))
    tensors = [one for one in flat if isinstance(one, torch.Tensor)]
    there = [one for one in tensors if isinstance(one, Pretended)]
    here = [one for one in tensors if not isinstance(one, Pretended) and one.dim()]  # single numbers may come along
    if operation in TAKES_INDICES and isinstance(args[0], Pretended):  # these may come from the CPU, as on CUDA
        here = [one for one in here if all(one is not index for index in args[1])]
    if there and here and operation not in BETWEEN_DEVICES:
        shapes = [[tuple(one.shape) for one in side] for side in (there, here)]
        raise RuntimeError(f"{operation} mixes tensors of a device, {shapes[0]}, and of the CPU, {shapes[1]}")
    if operation is aten.copy_.default:
        goes_there = isinstance(args[0], Pretended)
    elif kwargs.get("device") is not None:
        goes_there = torch.device(kwargs["device"]).type == NAME
    else:
        goes_there = bool(there)
    known = {id(one.held): one for one in there}  # an operation in place answers with the tensor that it was given

    def take(one: Any) -> Any:
        if isinstance(one, torch.device):
            return torch.device("cpu")
        return one.held if isinstance(one, Pretended) else one

    def give(one: Any) -> Any:
        if not isinstance(one, torch.Tensor):
            return one
        if id(one) in known:
            return known[id(one)]
        return Pretended(one) if goes_there else one

    args, kwargs = tree_unflatten([take(one) for one in flat], form)
    return tree_map(give, operation(*args, **kwargs))
