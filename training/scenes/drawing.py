"""A scene as Blender objects: meshes, materials, sun and sky."""

from dataclasses import replace

import bpy  # type: ignore[import-not-found]  # lives in the scenes environment only
import numpy as np

from training.scenes.cameras import Camera
from training.scenes.lamps import Lamp
from training.scenes.light import Light
from training.scenes.paint import Paint
from training.scenes.thing import Thing


class Drawing:
    """Puts things into Blender's current scene and keeps one material a paint."""

    def __init__(self, light: Light) -> None:
        self._light = light
        self._materials: dict[Paint, bpy.types.Material] = {}
        self.objects: list[bpy.types.Object] = []

    def add(self, thing: Thing) -> bpy.types.Object:
        """Add a thing; its pass index is its place among all things plus one."""
        shape = thing.shape
        mesh = bpy.data.meshes.new(thing.name)
        mesh.from_pydata(shape.vertices.tolist(), [], [list(face) for face in shape.faces])
        slots = list(dict.fromkeys(shape.paints))
        for paint in slots:
            mesh.materials.append(self._material(paint))
        places = {paint: i for i, paint in enumerate(slots)}
        mesh.polygons.foreach_set(
            "material_index", np.array([places[paint] for paint in shape.paints], np.int32)
        )
        item = bpy.data.objects.new(thing.name, mesh)
        bpy.context.scene.collection.objects.link(item)
        self.objects.append(item)
        item.pass_index = len(self.objects)
        if thing.label is not None or thing.name == "tree":
            mesh.shade_smooth()
            mesh.set_sharp_from_angle(angle=float(np.radians(38)))
        self.move(item, thing)
        return item

    @staticmethod
    def move(item: bpy.types.Object, thing: Thing) -> None:
        """Stand the object where its thing stands."""
        item.location = (thing.x, thing.y, thing.z)
        item.rotation_euler = (0.0, 0.0, thing.heading)

    def _material(self, paint: Paint) -> bpy.types.Material:
        if paint not in self._materials:
            self._materials[paint] = _make_material(paint, self._light)
        return self._materials[paint]


def add_shadow_catcher(reach_m: float) -> None:
    """Lay ground that shows nothing but the shadows on it, and throws light back as asphalt does.

    It belongs to no thing: its pass index is 0.
    """
    corners = [(x * reach_m, y * reach_m, 0.0) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    mesh = bpy.data.meshes.new("shadow catcher")
    mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
    material = bpy.data.materials.new("shadow catcher")
    material.use_nodes = True
    surface = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    surface.inputs["Base Color"].default_value = (0.2, 0.2, 0.2, 1.0)
    surface.inputs["Roughness"].default_value = 0.9
    mesh.materials.append(material)
    item = bpy.data.objects.new("shadow catcher", mesh)
    item.is_shadow_catcher = True
    bpy.context.scene.collection.objects.link(item)


def _make_material(paint: Paint, light: Light) -> bpy.types.Material:
    wet = light.wet and paint.wets
    if wet:
        red, green, blue = paint.colour
        paint = replace(paint, colour=(red / 2, green / 2, blue / 2))
    emission = max(paint.emission, paint.night) if light.lamps else paint.emission
    material = bpy.data.materials.new("paint")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    surface = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    colour = (*paint.colour, 1.0)
    surface.inputs["Base Color"].default_value = colour
    surface.inputs["Roughness"].default_value = paint.roughness
    surface.inputs["Metallic"].default_value = paint.metallic
    if emission > 0:
        surface.inputs["Emission Color"].default_value = colour
        surface.inputs["Emission Strength"].default_value = emission
        material.cycles.emission_sampling = "NONE"
    if wet:
        links.new(_puddles(nodes, links), surface.inputs["Roughness"])
    if paint.grain == "water":
        links.new(_ripples(paint, nodes, links), surface.inputs["Normal"])
    elif paint.grain:
        texture = _texture(paint, nodes, links)
        links.new(texture, surface.inputs["Base Color"])
    return material


def _texture(
    paint: Paint, nodes: bpy.types.Nodes, links: bpy.types.NodeLinks
) -> bpy.types.NodeSocket:
    """Lay the paint's pattern over its colour, in world metres."""
    place = nodes.new("ShaderNodeTexCoord")
    dark = (*(0.72 * c for c in paint.colour), 1.0)
    light = (*(min(1.0, 1.25 * c) for c in paint.colour), 1.0)
    if paint.grain == "tiles":
        brick = nodes.new("ShaderNodeTexBrick")
        brick.inputs["Color1"].default_value = light
        brick.inputs["Color2"].default_value = (*paint.colour, 1.0)
        brick.inputs["Mortar"].default_value = dark
        brick.inputs["Scale"].default_value = 1.0
        brick.inputs["Brick Width"].default_value = paint.size_m
        brick.inputs["Row Height"].default_value = paint.size_m / 2
        brick.inputs["Mortar Size"].default_value = paint.size_m * 0.03
        links.new(place.outputs["Object"], brick.inputs["Vector"])
        return brick.outputs["Color"]
    noise = nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = 1.0 / paint.size_m
    noise.inputs["Detail"].default_value = 6.0
    noise.inputs["Roughness"].default_value = 0.75
    links.new(place.outputs["Object"], noise.inputs["Vector"])
    ramp = nodes.new("ShaderNodeValToRGB")
    spread = 0.06 if paint.grain == "leaves" else 0.18
    ramp.color_ramp.elements[0].position = 0.5 - spread
    ramp.color_ramp.elements[1].position = 0.5 + spread
    ramp.color_ramp.elements[0].color = (
        (*(0.35 * c for c in paint.colour), 1.0) if paint.grain == "leaves" else dark
    )
    ramp.color_ramp.elements[1].color = light
    links.new(noise.outputs["Fac"], ramp.inputs["Fac"])
    return ramp.outputs["Color"]


def _puddles(nodes: bpy.types.Nodes, links: bpy.types.NodeLinks) -> bpy.types.NodeSocket:
    """Make a roughness that is a mirror where water stands and dull where it ran off."""
    place, noise = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = 0.35
    noise.inputs["Detail"].default_value = 4.0
    links.new(place.outputs["Object"], noise.inputs["Vector"])
    ramp = nodes.new("ShaderNodeMapRange")
    ramp.inputs["From Min"].default_value, ramp.inputs["From Max"].default_value = 0.4, 0.6
    ramp.inputs["To Min"].default_value, ramp.inputs["To Max"].default_value = 0.08, 0.45
    links.new(noise.outputs["Fac"], ramp.inputs["Value"])
    return ramp.outputs["Result"]


def _ripples(
    paint: Paint, nodes: bpy.types.Nodes, links: bpy.types.NodeLinks
) -> bpy.types.NodeSocket:
    """Make the normal of a water surface with small waves."""
    place, noise = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = 1.0 / paint.size_m
    noise.inputs["Detail"].default_value = 3.0
    bump = nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = 0.25
    bump.inputs["Distance"].default_value = 0.1
    links.new(place.outputs["Object"], noise.inputs["Vector"])
    links.new(noise.outputs["Fac"], bump.inputs["Height"])
    return bump.outputs["Normal"]


def set_lamps(lamps: tuple[Lamp, ...]) -> None:
    """Switch on what shines at night."""
    for lamp in lamps:
        kind = "POINT" if lamp.heading is None else "SPOT"
        data = bpy.data.lights.new("lamp", kind)
        data.energy, data.color = lamp.power_w, lamp.colour
        data.shadow_soft_size = 0.25
        item = bpy.data.objects.new("lamp", data)
        item.location = (lamp.x, lamp.y, lamp.z)
        if lamp.heading is not None:
            data.spot_size, data.spot_blend = float(np.radians(70)), 0.8
            # A spot shines along its own -z: tip it level, a little down, then turn it.
            item.rotation_euler = (float(np.radians(82)), 0.0, lamp.heading - np.pi / 2)
        bpy.context.scene.collection.objects.link(item)


def set_light(light: Light) -> None:
    """Give the scene its sun, its sky and its exposure."""
    scene = bpy.context.scene
    lamp = bpy.data.lights.new("sun", "SUN")
    lamp.energy, lamp.color, lamp.angle = light.sun_strength, light.sun_colour, light.sun_spread
    sun = bpy.data.objects.new("sun", lamp)
    sun.rotation_euler = (np.pi / 2 - light.sun_height, 0.0, light.sun_bearing)
    scene.collection.objects.link(sun)
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    back = next(node for node in nodes if node.type == "BACKGROUND")
    back.inputs["Strength"].default_value = light.sky_strength
    place, split = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeSeparateXYZ")
    ramp = nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].color = (*light.horizon, 1.0)
    ramp.color_ramp.elements[1].color = (*light.zenith, 1.0)
    ramp.color_ramp.elements[1].position = 0.6
    links.new(place.outputs["Generated"], split.inputs["Vector"])
    links.new(split.outputs["Z"], ramp.inputs["Fac"])
    links.new(ramp.outputs["Color"], back.inputs["Color"])
    scene.world = world
    scene.view_settings.exposure = light.exposure


def set_camera(camera: Camera) -> None:
    """Look through a camera."""
    scene = bpy.context.scene
    if scene.camera is None:
        item = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        scene.collection.objects.link(item)
        scene.camera = item
    scene.camera.data.sensor_fit = "HORIZONTAL"
    scene.camera.data.angle = camera.view
    scene.camera.data.clip_end = 500.0
    scene.camera.location = (camera.x, camera.y, camera.z)
    # Blender's camera looks along its own -z with y up: turn about x, then about z.
    scene.camera.rotation_euler = (np.pi / 2 - camera.pitch, 0.0, camera.yaw - np.pi / 2)
