"""Draws a table of transitions as SVG: a column for each state, a row for each way from one to another."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

LETTER, GAP, BOX, ROW, TOP, LOOP, SCALE = 7.1, 12, 30, 26, 8, 30, 1.1

STYLE = """
.life-cycle { width: 100%; height: auto; font: 12px var(--font-stack--monospace, monospace); color: inherit }
.life-cycle text { fill: currentColor }
.life-cycle .label { paint-order: stroke; stroke: var(--color-background-primary, #fff); stroke-width: 4 }
.life-cycle .state rect { fill: var(--color-background-primary, #fff); stroke: currentColor }
.life-cycle .state .marked { fill: var(--color-brand-primary, #36c); fill-opacity: .18 }
.life-cycle .life { stroke: currentColor; opacity: .25 }
.life-cycle .way path { fill: none; stroke: var(--color-brand-primary, #36c); stroke-width: 1.5 }
.life-cycle .way .from { fill: var(--color-background-primary, #fff); stroke: var(--color-brand-primary, #36c) }
.life-cycle .way .head { fill: var(--color-brand-primary, #36c); stroke: none }
.life-cycle .way:hover path { stroke-width: 3 }
"""


class Way(NamedTuple):
    """One way from a state to another, in words; nothing is said of what leads there where the table says nothing."""

    state: str
    happening: str
    following: str


def words(name: Any) -> str:
    """The value of a state or happening as it is read."""
    return str(getattr(name, "value", name)).replace("_", " ")


def ways_of(table: Mapping[Any, Any]) -> tuple[Way, ...]:
    """The ways of *table*, in its order: each state maps what happens to the next state, or names the next states."""
    places = {state: place for place, state in enumerate(table)}
    found: list[tuple[Any, Any, Any]] = []
    for state, ways in table.items():
        if isinstance(ways, Mapping):
            found += [(state, happening, following) for happening, following in ways.items()]
        else:
            found += [(state, "", following) for following in sorted(ways, key=places.__getitem__)]
    return tuple(Way(*map(words, way)) for way in found)


def columns_of(states: Sequence[str], ways: Iterable[Way]) -> dict[str, tuple[float, float]]:
    """The middle of each state's column, and the width of its box: so wide that no label meets another column."""
    widths = {state: len(state) * LETTER + 2 * GAP for state in states}
    label = max((len(way.happening) for way in ways), default=0) * LETTER + 3 * GAP
    places, right, last = {}, 0.0, None
    for state, width in widths.items():
        middle = right + GAP / 2 + width / 2
        if last is not None:
            middle = max(middle, last + label)
        places[state] = (middle, width)
        right, last = middle + width / 2 + GAP / 2, middle
    return places


def rows_of(ways: Iterable[Way]) -> list[float]:
    """How far down each way is drawn: a row below the one before, and a little more where another state begins."""
    rows: list[float] = []
    before, y = None, TOP + BOX
    for way in ways:
        y += ROW if before in (way.state, None) else ROW + GAP
        rows.append(y)
        before = way.state
    return rows


def draw(table: Mapping[Any, Any], *, name: str, marked: Iterable[Any] = ()) -> str:
    """The picture of *table* as SVG; a state that nothing leads out of has a double border, the *marked* are filled."""
    ways, states = ways_of(table), [words(state) for state in table]
    places, filled, rows = columns_of(states, ways), {words(state) for state in marked}, rows_of(ways)
    loops = [places[way.state][0] + LOOP + len(way.happening) * LETTER for way in ways if way.state == way.following]
    width = max([middle + box / 2 for middle, box in places.values()] + loops) + GAP / 2
    height = max(rows, default=TOP + BOX) + ROW / 2
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" style="max-width: {width * SCALE:.0f}px"'
    parts = [f'<svg class="life-cycle" {size} role="img" aria-label="{escape(name)}">']
    parts += [f'<path class="life" d="M{middle:.1f} {TOP + BOX} V{height:.1f}"/>' for middle, _ in places.values()]
    parts += [_drawn(way, places, y) for way, y in zip(ways, rows, strict=True)]
    for state in states:
        final = all(way.state != state for way in ways)
        parts.append(_box(state, *places[state], final=final, filled=state in filled))
    return "".join([*parts, "</svg>"])


def _box(state: str, middle: float, width: float, *, final: bool, filled: bool) -> str:
    left = middle - width / 2
    inner = f'<rect x="{left + 3:.1f}" y="{TOP + 3}" width="{width - 6:.1f}" height="{BOX - 6}" rx="3"/>'
    shape = f'x="{left:.1f}" y="{TOP}" width="{width:.1f}" height="{BOX}" rx="5"'
    mark = f'<rect class="marked" {shape}/>'
    return (
        f'<g class="state"><rect {shape}/>{inner if final else ""}{mark if filled else ""}'
        f'<text x="{middle:.1f}" y="{TOP + BOX / 2 + 4}" text-anchor="middle">{escape(state)}</text></g>'
    )


def _drawn(way: Way, places: Mapping[str, tuple[float, float]], y: float) -> str:
    """An arrow from one column to another, with what happens above it; to the same column it is a loop."""
    start, end = places[way.state][0], places[way.following][0]
    side = 1 if end >= start else -1
    if start == end:
        dot, x, text = y - 12, start + LOOP, y - 2
        line, head = f"M{start:.1f} {dot} h24 V{y} H{start + 8:.1f}", f"M{start + 1:.1f} {y} l8 -4 v8 z"
    else:
        dot, x, text = y, start + side * 10, y - 5
        line, head = f"M{start:.1f} {y} H{end - 8 * side:.1f}", f"M{end - side:.1f} {y} l{-8 * side} -4 v8 z"
    anchor = "start" if side > 0 else "end"
    label = f'<text class="label" x="{x:.1f}" y="{text}" text-anchor="{anchor}">{escape(way.happening)}</text>'
    tip = ", ".join(filter(None, (way.state, way.happening)))
    return (
        f'<g class="way"><title>{escape(tip)}: {escape(way.following)}</title>{label if way.happening else ""}'
        f'<path d="{line}"/><path class="head" d="{head}"/><circle class="from" cx="{start:.1f}" cy="{dot}" r="3"/></g>'
    )
