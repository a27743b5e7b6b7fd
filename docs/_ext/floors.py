"""The directive `floors`: the library's floors as a picture, drawn from the imports at each build."""

from collections.abc import Mapping
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.floors import FLOORS, SOURCE, Imports, read_imports

WIDTH, ROW, BOX, LEFT, GAP, LETTER = 860, 84, 30, 70, 10, 7.1

STYLE = """
.floors { width: 100%; height: auto; font: 12px var(--font-stack--monospace, monospace); color: inherit }
.floors .band { fill: currentColor; opacity: .05 }
.floors text { fill: currentColor }
.floors .room rect { fill: var(--color-background-primary, #fff); stroke: currentColor }
.floors .room:hover rect { stroke-width: 2.5 }
.floors path { fill: none; stroke: var(--color-brand-primary, #36c); opacity: .5 }
"""

Rooms = Mapping[str, frozenset[str]]
"""For each room (a top-level module or package), the other rooms that it imports from."""

Box = tuple[float, float, float]
"""Left edge, top edge and width, in units of the drawing."""


class Floors(SphinxDirective):
    """Draws the floors; the page is read again when a module of the library changes."""

    def run(self) -> list[nodes.Node]:
        for path in SOURCE.rglob("*.py"):
            self.env.note_dependency(str(path))
        rooms = rooms_of(read_imports())
        return [nodes.raw("", f"<style>{STYLE}</style>{draw(rooms)}", format="html")]


def rooms_of(imports: Imports) -> Rooms:
    """The imports between rooms: the parts of a package count as the package, the top is left out.

    So is a module that has no floor yet, which tests/test_floors.py reports.
    """
    found: dict[str, set[str]] = {}
    for module, targets in imports.items():
        room = module.partition(".")[0]
        if room:
            found.setdefault(room, set()).update(target.partition(".")[0] for target in targets if target)
    placed = {room for floor in FLOORS for room in floor if room in found}
    return {room: frozenset(found[room] & placed - {room}) for room in placed}


def shortest(rooms: Rooms) -> Rooms:
    """*rooms* without the imports that a longer way already shows, so that the picture stays readable."""

    def below(room: str) -> set[str]:
        return set(rooms[room]).union(*(below(target) for target in rooms[room]))

    return {room: targets.difference(*(below(target) for target in targets)) for room, targets in rooms.items()}


def place(rooms: Rooms) -> dict[str, Box]:
    """Where each room's box goes: the top floor first, the rooms of a floor spread over its width."""
    boxes: dict[str, Box] = {}
    for number, floor in enumerate(FLOORS):
        here = [room for room in floor if room in rooms]
        widths = [len(room) * LETTER + 2 * GAP for room in here]
        free = (WIDTH - LEFT - sum(widths)) / (len(here) + 1)
        x, y = LEFT + free, (len(FLOORS) - 1 - number) * ROW + (ROW - BOX) / 2
        for room, width in zip(here, widths, strict=True):
            boxes[room] = (x, y, width)
            x += width + free
    return boxes


def draw(rooms: Rooms) -> str:
    """The picture as SVG; a room's tooltip names everything that it imports."""
    boxes = place(rooms)
    height = len(FLOORS) * ROW
    parts = [f'<svg class="floors" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Floors and imports">']
    for number in range(len(FLOORS)):
        top = (len(FLOORS) - 1 - number) * ROW
        parts.append(f'<rect class="band" x="0" y="{top + 4}" width="{WIDTH}" height="{ROW - 8}" rx="6"/>')
        parts.append(f'<text x="12" y="{top + ROW / 2 + 4}">floor {number}</text>')
    for room, targets in sorted(shortest(rooms).items()):
        parts += [_edge(boxes[room], boxes[target]) for target in sorted(targets)]
    for room, (x, y, width) in boxes.items():
        tip = f"{room} imports {', '.join(sorted(rooms[room])) or 'nothing of the library'}"
        parts.append(
            f'<g class="room"><title>{escape(tip)}</title>'
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{BOX}" rx="4"/>'
            f'<text x="{x + width / 2:.1f}" y="{y + BOX / 2 + 4:.1f}" text-anchor="middle">'
            f"{escape(room)}</text></g>"
        )
    return "".join([*parts, "</svg>"])


def _edge(upper: Box, lower: Box) -> str:
    """A curve down from one box to another; on one floor it dips below both."""
    x1, x2 = upper[0] + upper[2] / 2, lower[0] + lower[2] / 2
    y1 = upper[1] + BOX
    y2 = max(lower[1], y1)
    bend = max(20.0, (y2 - y1) / 2)
    end = y2 - bend if y2 > y1 else y2 + bend
    return f'<path d="M{x1:.1f} {y1:.1f} C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {end:.1f} {x2:.1f} {y2:.1f}"/>'


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("floors", Floors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
