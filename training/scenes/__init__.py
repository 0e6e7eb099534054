"""A procedural Chinese street for Blender's Cycles: JSON in, pictures and their truth out.

Runs in its own environment (`training/scenes/requirements.txt`) and imports only bpy, numpy, the
standard library and itself; only `drawing`, `rendering` and `__main__` touch bpy.
Metres, x along the street, y across it, z up; a thing's own x is forward and its origin lies on
the ground under its middle.
"""
