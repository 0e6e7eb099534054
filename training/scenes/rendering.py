"""Cycles: one view into an RGB picture, with the object mask and the depth of the same rays."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import bpy  # type: ignore[import-not-found]  # lives in the scenes environment only
import numpy as np
from numpy.typing import NDArray

Region = tuple[int, int, int, int]
"""x0 y0 x1 y1 of a part of the picture, half-open pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """One view, all arrays with the picture's height and width."""

    picture: NDArray[np.float64]
    """(H, W, 3) as shown, 0 to 1, RGB."""
    mask: NDArray[np.int32]
    """(H, W) pass indices, 0 is nothing."""
    depth: NDArray[np.float32]
    """(H, W) metres; the sky is very far."""
    alpha: NDArray[np.float64]
    """(H, W) share of the pixel that is drawn: 1 everywhere but on a clear film."""


class Renderer:
    """Sets Cycles up once; render() then draws Blender's current scene.

    On a clear film the sky is left out: only things, and the shadows that a shadow catcher caught.
    """

    def __init__(
        self, width: int, height: int, samples: int, threads: int, *, clear: bool = False
    ) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self._folder = tempfile.TemporaryDirectory(prefix="scenes-")
        self._masks = Path(self._folder.name)
        scene = bpy.context.scene
        scene.render.engine = "CYCLES"
        scene.render.resolution_x, scene.render.resolution_y = width, height
        scene.render.resolution_percentage = 100
        scene.render.threads_mode, scene.render.threads = "FIXED", threads
        scene.render.use_persistent_data = True
        scene.cycles.samples = samples
        scene.cycles.use_adaptive_sampling = False
        scene.cycles.use_denoising = True
        scene.cycles.denoiser = "OPENIMAGEDENOISE"
        scene.cycles.denoising_quality = "FAST"
        # Cleaning the helper passes as well (the default) doubled the time of a picture.
        scene.cycles.denoising_input_passes = "RGB_ALBEDO"
        scene.cycles.denoising_prefilter = "NONE"
        scene.cycles.max_bounces = 2
        # Measured: choosing among glowing signs took a third of the time and shows in no picture.
        scene.cycles.use_light_tree = False
        scene.view_settings.view_transform = "AgX"
        scene.view_settings.look = "AgX - Medium High Contrast"
        scene.view_layers[0].use_pass_object_index = True
        scene.view_layers[0].use_pass_z = True
        scene.render.image_settings.file_format = "PNG"
        scene.render.film_transparent = clear
        scene.render.image_settings.color_mode = "RGBA" if clear else "RGB"
        scene.render.image_settings.compression = 0
        self._add_mask_output()

    def _add_mask_output(self) -> None:
        scene = bpy.context.scene
        tree = bpy.data.node_groups.new("mask", "CompositorNodeTree")
        scene.compositing_node_group = tree
        layers = tree.nodes.new("CompositorNodeRLayers")
        output = tree.nodes.new("CompositorNodeOutputFile")
        output.directory = str(self._masks)
        output.file_name = "mask"
        output.format.media_type = "IMAGE"
        output.format.file_format = "OPEN_EXR"
        output.format.color_depth = "32"
        output.file_output_items.new("FLOAT", "index")
        output.file_output_items.new("FLOAT", "depth")
        tree.links.new(layers.outputs["Object Index"], output.inputs[0])
        tree.links.new(layers.outputs["Depth"], output.inputs[1])
        # A tree must also have an output, else the picture itself comes out empty.
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        final = tree.nodes.new("NodeGroupOutput")
        tree.links.new(layers.outputs["Image"], final.inputs[0])

    def render(self, seed: int, region: Region | None = None) -> Rendered:
        """Render Blender's current scene; the seed chooses the sampling noise.

        With a region only its pixels are rendered; the others come back as zeros.
        """
        scene = bpy.context.scene
        width, height = scene.render.resolution_x, scene.render.resolution_y
        scene.render.use_border = region is not None
        if region is not None:
            x0, y0, x1, y1 = region
            scene.render.border_min_x, scene.render.border_max_x = x0 / width, x1 / width
            scene.render.border_min_y = 1 - y1 / height
            scene.render.border_max_y = 1 - y0 / height
        scene.cycles.seed = seed % 2**31
        for old in self._masks.iterdir():
            old.unlink()
        scene.render.filepath = str(self._masks / "picture.png")
        bpy.ops.render.render(write_still=True)
        picture = self._read("picture").astype(np.float64)
        return Rendered(
            picture=picture[:, :, :3],
            mask=np.rint(self._read("maskindex")[:, :, 0]).astype(np.int32),
            depth=self._read("maskdepth")[:, :, 0],
            alpha=picture[:, :, 3] if scene.render.film_transparent else np.ones(picture.shape[:2]),
        )

    def _read(self, name: str) -> NDArray[np.float32]:
        """Read one of the files that a render left, (H, W, C), its first row on top."""
        files = [path for path in self._masks.iterdir() if path.stem.startswith(name)]
        if len(files) != 1:
            raise RuntimeError(f"expected one file {name} from the renderer, got {len(files)}")
        image = bpy.data.images.load(str(files[0]))
        image.colorspace_settings.name = "Non-Color"
        width, height = image.size
        pixels = np.empty(width * height * image.channels, np.float32)
        image.pixels.foreach_get(pixels)
        bpy.data.images.remove(image)
        return pixels.reshape(height, width, -1)[::-1]


def read_picture(path: Path) -> NDArray[np.float64]:
    """Read a picture file, (H, W, 3) RGB as shown, 0 to 1."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, -1)[::-1, :, :3].astype(np.float64)


def save_jpeg(picture: NDArray[np.uint8], path: Path, quality: int) -> None:
    """Write a picture (H, W, 3) RGB as a JPEG file."""
    height, width = picture.shape[:2]
    image = bpy.data.images.new("picture", width, height)
    pixels = np.ones((height, width, 4), np.float32)
    pixels[:, :, :3] = picture[::-1] / 255.0
    image.pixels.foreach_set(pixels.ravel())
    image.file_format = "JPEG"
    image.filepath_raw = str(path)
    image.save(quality=quality)
    bpy.data.images.remove(image)
