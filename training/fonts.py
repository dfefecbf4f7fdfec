"""Fonts for training: those of the samples and more hands from npm, without the writers that are held out."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from fixtures.fonts import UNPACKED as SAMPLES
from fixtures.fonts import find_fonts
from fixtures.reading.sources import unpack_debs
from fixtures.reading.split import WRITERS, Part
from fixtures.reading.writers import known_writers

UNPACKED = Path(__file__).parent.parent / "build" / "training-fonts"
EXTRA = (
    "annie-use-your-telescope", "bad-script", "caveat", "cedarville-cursive", "cherry-bomb-one",
    "covered-by-your-grace", "darumadrop-one", "delicious-handrawn", "gloria-hallelujah", "hachi-maru-pop",
    "homemade-apple", "mansalva", "neucha", "patrick-hand", "shadows-into-light", "short-stack", "slackside-one",
    "stick", "sue-ellen-francisco", "swanky-and-moo-moo", "yuji-syuku",
)  # fmt: skip
"""Hands on npm (OFL 1.1) besides those of the reading lab."""
DEBS = {
    "fonts-aoyagi-soseki": ("aoyagi-soseki.ttf", "soseki"),
    "fonts-kouzan-mouhitsu": ("kouzan-mouhitsu-gyosho.ttf", "kouzan-running"),
    "fonts-lxgw-wenkai": ("LXGWWenKai-Light.ttf", "wenkai"),
    "fonts-dejima-mincho": ("dejima-mincho-r227.ttf", "print-dejima"),
    "fonts-morisawa-bizud-mincho": ("BIZUDMincho-Regular.ttf", "print-bizud-mincho"),
    "fonts-motoya-l-maruberi": ("MTLmr3m.ttf", "print-motoya"),
    "fonts-mplus": ("Mplus1-Regular.otf", "print-mplus"),
    "fonts-sawarabi-mincho": ("sawarabi-mincho-medium.ttf", "print-sawarabi"),
}
"""Hands and printed faces in Debian: package -> (file, the name it gets here)."""


def training_fonts() -> dict[str, Path]:
    """Font id -> file, held-out hands left out under all their names."""
    more = {path.stem: path for folder in (UNPACKED, SAMPLES) for path in sorted(folder.glob("*.ttf"))}
    known = {name: font.path for name, font in find_fonts().items()}
    return {name: path for name, path in sorted({**more, **known}.items()) if not is_held_out(name)}


@cache
def _held_out_files() -> frozenset[str]:
    """The names of the font files that held-out writers write with."""
    writers = [writer for writer in known_writers() if writer.part is Part.HELD_OUT]
    files = [path for writer in writers for path in (writer.font, writer.digits, writer.kanji)]
    return frozenset(file.stem for file in files if isinstance(file, Path))


def is_held_out(name: str) -> bool:
    """Whether a font is the hand of a held-out writer, or of its digits, in any weight."""
    return name in WRITERS or any(name.startswith(held) or held.startswith(name) for held in _held_out_files())


def unpack(modules: Path) -> None:
    """Writes the fonts of npm's @fontsource packages below `modules` as TrueType files into build/training-fonts."""
    UNPACKED.mkdir(parents=True, exist_ok=True)
    for package in sorted(modules.glob("@fontsource/*")):
        found = sorted(package.glob("files/*japanese-400-normal.woff2")) or sorted(
            package.glob("files/*-latin-400-normal.woff2")
        )
        if found:
            font = TTFont(found[0])
            font.flavor = None
            font.save(UNPACKED / f"{package.name}.ttf")


if __name__ == "__main__":
    if sys.argv[1] == "--packages":
        print(*(f"@fontsource/{name}@5" for name in EXTRA))
    elif sys.argv[1] == "--debian":
        with TemporaryDirectory() as folder:
            unpack_debs(DEBS, UNPACKED, Path(folder))
    else:
        unpack(Path(sys.argv[1]))
