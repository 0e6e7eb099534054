"""A trainable model back out of its ONNX file, so that no pickle needs to be kept.

An export folds every batch normalisation into its convolution. The rebuilt model gets the folded
weights and normalisations that change nothing, and computes the same. An export holds only one of
the two heads (many boxes a thing for NMS, or one box a thing end-to-end): both heads of the rebuilt
model start from it. Needs the training environment.
"""

import math
from pathlib import Path
from typing import Any

from training.architecture import make_model
from training.example import CLASSES, DatasetError

HEADS = (("one2one_cv2.", "cv2."), ("one2one_cv3.", "cv3."))


def rebuild(path: Path) -> Any:
    """Return a DetectionModel with the weights of an exported ONNX file; raises DatasetError."""
    import onnx  # noqa: PLC0415 - training environment only, as the next two
    import torch  # type: ignore[import-not-found]  # noqa: PLC0415
    from google.protobuf.message import (  # type: ignore[import-untyped]  # noqa: PLC0415
        DecodeError,
    )

    try:
        whole = onnx.load(str(path))
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    except DecodeError as error:
        raise DatasetError(f"{path}: no ONNX file") from error
    stored = {
        item.name: torch.from_numpy(onnx.numpy_helper.to_array(item).copy())
        for item in whole.graph.initializer
    }
    model = make_model()
    state = model.state_dict()
    for name in state:
        state[name] = _value(name, state[name], stored, path)
    model.load_state_dict(state)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            # weight / sqrt(1 + eps) is exactly 1 then.
            module.weight.data.fill_(math.sqrt(1.0 + module.eps))
    return model


def recalibrate(model: Any, pictures: Any) -> None:
    """Give a rebuilt model's normalisations the statistics of pictures, (N, 3, H, W) of 0 to 1.

    It computes what it computed, but in training too: there a normalisation takes its mean and
    deviation from the batch, and with weights that expect none the old skill would be lost.
    """
    import torch  # noqa: PLC0415

    def measure(module: Any, inputs: tuple[Any, ...]) -> None:
        values = inputs[0]
        mean = values.mean((0, 2, 3))
        variance = values.var((0, 2, 3), unbiased=False)
        fit = (variance + module.eps).sqrt()
        old = (module.running_var + module.eps).sqrt()
        shift = (mean - module.running_mean) / old * module.weight
        module.bias.data += shift
        module.weight.data *= fit / old
        module.running_mean.copy_(mean)
        module.running_var.copy_(variance)

    hooks = [
        module.register_forward_pre_hook(measure)
        for module in model.modules()
        if isinstance(module, torch.nn.BatchNorm2d)
    ]
    was_training = model.training
    with torch.no_grad():
        model.eval()(pictures)
    model.train(was_training)
    for hook in hooks:
        hook.remove()


def _value(name: str, current: Any, stored: dict[str, Any], path: Path) -> Any:
    """Return what the rebuilt model holds under a name of its state."""
    if name.endswith("num_batches_tracked"):
        return current
    if name.endswith((".bn.running_mean", ".bn.running_var", ".bn.weight")):
        return current.new_full(current.shape, 0.0 if name.endswith("mean") else 1.0)
    if name.endswith(".bn.bias"):
        name = name.removesuffix(".bn.bias") + ".conv.bias"
    for alias in (name, *_other_head(name)):
        if alias in stored:
            if stored[alias].shape != current.shape:
                raise DatasetError(
                    f"{path}: {alias} is {tuple(stored[alias].shape)}, a street model of "
                    f"{len(CLASSES)} classes has {tuple(current.shape)}"
                )
            return stored[alias]
    raise DatasetError(f"{path}: no {name}: not an export of this architecture")


def _other_head(name: str) -> list[str]:
    """Return the same weight's name in the other head."""
    for single, many in HEADS:
        if f".{single}" in name:
            return [name.replace(f".{single}", f".{many}")]
        if f".{many}" in name:
            return [name.replace(f".{many}", f".{single}")]
    return []
