"""A reliability diagram: what was said of being wrong, beside how often it was wrong. A picture (SVG) as text."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from pipeline.score.sums import Figures

_SIDE, _EDGE, _DECADES = 420, 70, 4
_FONT = 'font-family="sans-serif" font-size="12"'


def reliability_svg(bins: Sequence[Figures], title: str) -> str:
    """Each bin of `sums.reliability` as a dot with the exact 95 % bounds of its share wrong, both scales logarithmic
    from 1 down to 1 in 10,000. On the line the confidence is true; above it, it says too much."""
    parts = [_frame(title)]
    for one in bins:
        said, wrong = 1 - one["mean_confidence"], 1 - one["share"]
        low, high = (1 - bound for bound in reversed(one["bounds_95"]))
        x = _x(said)
        parts.append(f'<line x1="{x}" x2="{x}" y1="{_y(low)}" y2="{_y(high)}" stroke="#2a6f97" stroke-width="1.5"/>')
        parts.append(f'<circle cx="{x}" cy="{_y(wrong)}" r="{_radius(one["of"])}" fill="#2a6f97"/>')
        parts.append(f'<text x="{x + 6}" y="{_y(high) - 3}" {_FONT} fill="#666">{one["of"]}</text>')
    size = _SIDE + 2 * _EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}" height="{size}">'
        f'<rect width="{size}" height="{size}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _frame(title: str) -> str:
    """Scales with their words, and the line on which the confidence is true."""
    marks = []
    for decade in range(_DECADES + 1):
        share = 10.0**-decade
        name = "1" if decade == 0 else f"1/{10**decade:,}"
        x, y = _x(share), _y(share)
        marks.append(f'<path d="M{x} {_EDGE}V{_EDGE + _SIDE}M{_EDGE} {y}H{_EDGE + _SIDE}" stroke="#ddd" fill="none"/>')
        marks.append(f'<text x="{x}" y="{_EDGE + _SIDE + 18}" {_FONT} text-anchor="middle">{name}</text>')
        marks.append(f'<text x="{_EDGE - 8}" y="{y + 4}" {_FONT} text-anchor="end">{name}</text>')
    middle, end = _EDGE + _SIDE / 2, _EDGE + _SIDE
    return (
        "".join(marks)
        + f'<path d="M{_x(1)} {_y(1)}L{_x(0)} {_y(0)}" stroke="#999" stroke-dasharray="5 4" fill="none"/>'
        + f'<text x="{_EDGE}" y="30" {_FONT} font-weight="bold">{_escaped(title)}</text>'
        + f'<text x="{middle}" y="{end + 42}" {_FONT} text-anchor="middle">'
        + "誤りの見込み (1 − 確信度) / said to be wrong</text>"
        + f'<text transform="translate(18 {middle}) rotate(-90)" {_FONT} text-anchor="middle">'
        + "実際の誤り / wrong</text>"
        + f'<text x="{_EDGE}" y="48" {_FONT} fill="#666">'
        + "点の上の数は読取の件数、縦線は95%区間 / readings in a bin, 95 % bounds</text>"
    )


def _x(share: float) -> float:
    """Surer readings stand further to the right."""
    return round(_EDGE + _SIDE * _place(share), 1)


def _y(share: float) -> float:
    return round(_EDGE + _SIDE * _place(share), 1)


def _place(share: float) -> float:
    return min(1.0, -log10(max(share, 10.0**-_DECADES)) / _DECADES)


def _radius(count: int) -> float:
    return round(2.5 + log10(max(1, count)), 1)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
