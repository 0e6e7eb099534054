"""What a face looks like: a value that the drawing turns into one material."""

from dataclasses import dataclass, replace

RGB = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Paint:
    """Linear colour and surface of a face; equal paints become one material."""

    colour: RGB
    roughness: float = 0.7
    metallic: float = 0.0
    emission: float = 0.0
    """Strength of its own light; 0 gives none."""
    grain: str = ""
    """Pattern laid over the colour: "", "speckle" (asphalt, plaster), "tiles", "leaves", "net"
    (stripes both ways) or "water" (ripples)."""
    size_m: float = 1.0
    """Length of the pattern's repeat in metres."""
    night: float = 0.0
    """Strength of its own light when the street's lamps are on."""
    wets: bool = False
    """Rain lies on it: it turns darker and mirrors."""

    def lit(self, strength: float) -> "Paint":
        """Return the same paint with a light of its own."""
        return replace(self, emission=strength)

    def glowing(self, night: float) -> "Paint":
        """Return the same paint that shines at night only."""
        return replace(self, night=night)


GLASS = Paint((0.02, 0.03, 0.035), 0.08)
RUBBER = Paint((0.012, 0.012, 0.013), 0.8)
DARK = Paint((0.03, 0.03, 0.032), 0.6)
CHROME = Paint((0.55, 0.56, 0.58), 0.3, 0.9)
STEEL = Paint((0.35, 0.36, 0.37), 0.5, 0.4)
HEADLIGHT = Paint((0.85, 0.87, 0.85), 0.2, night=14.0)
TAIL_LIGHT = Paint((0.45, 0.02, 0.02), 0.3, night=2.5)
PLATE_BLUE = Paint((0.02, 0.09, 0.5), 0.5)
PLATE_GREEN = Paint((0.2, 0.6, 0.35), 0.5)
WHITE = Paint((0.75, 0.75, 0.73), 0.6)
WOOD = Paint((0.28, 0.16, 0.08), 0.8)
SOIL = Paint((0.16, 0.1, 0.06), 0.95, grain="speckle", size_m=0.4)
