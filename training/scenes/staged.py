"""A stage in Blender: what stands still, the light, the camera, and the actors to be moved."""

from training.scenes.drawing import Drawing, set_camera, set_lamps, set_light
from training.scenes.stage import Stage
from training.scenes.thing import Thing


class Staged:
    """Draws a stage once; the actors then take their places moment by moment."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._drawing = Drawing(stage.light)
        for thing in stage.still:
            self._drawing.add(thing)
        self._items = [self._drawing.add(thing) for thing in stage.actors]
        set_light(stage.light)
        set_lamps(stage.lamps)
        set_camera(stage.camera)

    def show(self, now: tuple[Thing | None, ...]) -> tuple[Thing, ...]:
        """Put the actors where `Stage.at` says; return all of them, hidden ones anywhere."""
        for item, actor in zip(self._items, now, strict=True):
            item.hide_render = actor is None
            if actor is not None:
                self._drawing.move(item, actor)
        return tuple(new or old for new, old in zip(now, self._stage.actors, strict=True))
