"""Precision and recall by kind as bars: for a terminal, and as an SVG file."""

from collections.abc import Mapping, Sequence
from html import escape

WIDE = 20
"""Characters of a full bar."""
ROW_PX, LEFT_PX, BAR_PX = 44, 170, 420
COLOURS = ("#4472a8", "#9db8d9")
"""Precision, recall."""

Figures = Mapping[str, tuple[float, float]]
"""Kind: precision, recall."""


def bars(title: str, figures: Figures) -> list[str]:
    """Draw a line a kind."""
    lines = [f"{title:22} {'precision':{WIDE + 6}} {'recall':{WIDE + 6}}"]
    for kind, values in figures.items():
        drawn_bars = " ".join(f"{'#' * round(v * WIDE):{WIDE}} {v:4.2f} " for v in values)
        lines.append(f"{kind:22} {drawn_bars}")
    return lines


def drawn(charts: Sequence[tuple[str, Figures]]) -> str:
    """Draw charts below one another as SVG."""
    parts: list[str] = []
    y = 0
    for title, figures in charts:
        y += 30
        parts.append(_text(10, y, f"{title} (dark: precision, light: recall)"))
        for kind, values in figures.items():
            y += ROW_PX
            parts.append(_text(10, y - 12, kind))
            for row, value in enumerate(values):
                top = y - 28 + row * 13
                parts.append(
                    f'<rect x="{LEFT_PX}" y="{top}" width="{BAR_PX * value:.1f}" height="12" '
                    f'fill="{COLOURS[row]}"/>'
                )
                parts.append(_text(LEFT_PX + BAR_PX + 8, top + 10, f"{value:.2f}"))
        y += 16
    size = f'width="{LEFT_PX + BAR_PX + 60}" height="{y + 10}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>\n"])


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x}" y="{y}">{escape(text)}</text>'
