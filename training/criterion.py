"""The Ultralytics loss of the many-boxes head, blind to what a picture's labels leave open."""

from typing import Any

import torch  # type: ignore[import-not-found]  # lives in the training environment only


class KnownClasses(torch.nn.Module):  # type: ignore[misc]
    """Cross entropy by class, zero for the classes of which a picture's labels say nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._loss = torch.nn.BCEWithLogitsLoss(reduction="none")
        self.known: torch.Tensor | None = None
        """(pictures, 1, classes): 0 or 1."""

    def forward(self, scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return (pictures, anchors, classes)."""
        loss = self._loss(scores, targets)
        return loss if self.known is None else loss * self.known


class Criterion:
    """Trains the many-boxes head alone: it is the one that ships."""

    def __init__(self, model: Any) -> None:
        from ultralytics.utils.loss import (  # type: ignore[import-not-found]  # noqa: PLC0415
            v8DetectionLoss,
        )

        self._loss = v8DetectionLoss(model, tal_topk=10)
        self._classes = KnownClasses()
        self._loss.bce = self._classes

    def __call__(
        self, preds: Any, batch: dict[str, torch.Tensor]
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the loss (box, class, distance parts, times pictures) and its parts."""
        preds = preds[1] if isinstance(preds, tuple) else preds
        self._classes.known = batch["known"]
        loss: tuple[torch.Tensor, dict[str, torch.Tensor]] = self._loss.loss(
            preds["one2many"], batch
        )
        return loss
