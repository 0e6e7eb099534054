"""Cycles: one view into an RGB picture and the object mask of the same rays."""

import tempfile
from pathlib import Path

import bpy  # type: ignore[import-not-found]  # lives in the scenes environment only
import numpy as np
from numpy.typing import NDArray

JPEG_QUALITY = 92


class Renderer:
    """Sets Cycles up once; render() then draws Blender's current scene."""

    def __init__(self, width: int, height: int, samples: int, threads: int) -> None:
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
        scene.render.image_settings.file_format = "JPEG"
        scene.render.image_settings.quality = JPEG_QUALITY
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
        tree.links.new(layers.outputs["Object Index"], output.inputs[0])
        # A tree must also have an output, else the picture itself comes out empty.
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        final = tree.nodes.new("NodeGroupOutput")
        tree.links.new(layers.outputs["Image"], final.inputs[0])

    def render(self, path: Path, seed: int) -> NDArray[np.int32]:
        """Render to a picture file; return the object mask (H, W) of pass indices."""
        scene = bpy.context.scene
        scene.cycles.seed = seed % 2**31
        scene.render.filepath = str(path)
        for old in self._masks.iterdir():
            old.unlink()
        bpy.ops.render.render(write_still=True)
        return self._read_mask()

    def _read_mask(self) -> NDArray[np.int32]:
        files = list(self._masks.iterdir())
        if len(files) != 1:
            raise RuntimeError(f"expected one mask file from the renderer, got {len(files)}")
        image = bpy.data.images.load(str(files[0]))
        image.colorspace_settings.name = "Non-Color"
        width, height = image.size
        pixels = np.empty(width * height * image.channels, np.float32)
        image.pixels.foreach_get(pixels)
        bpy.data.images.remove(image)
        mask = pixels.reshape(height, width, -1)[::-1, :, 0]
        return np.rint(mask).astype(np.int32)
