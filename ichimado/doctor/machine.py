"""Checks of the machine: the interpreter, the data folder, the key, models, fonts, the way it is set up."""

from __future__ import annotations

import ipaddress
import os
import shutil
import stat
import sys
from importlib.metadata import version
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from sqlmodel import col, select

from ichimado.doctor.findings import Finding, Installation, bad, fine, warning
from ocr.engine import find_bundled_model
from pipeline.procedures.fonts import FontError, find_japanese_font
from pipeline.store.engine import read
from pipeline.store.tables import Arrival

OLDEST_PYTHON = (3, 11)
WEIGHTS = ("PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx")
ROOMY = 5
"""A disk with less than so many times the floor is worth a word."""


def python(place: Installation) -> Finding:
    """The interpreter and the release."""
    here, ours = ".".join(map(str, sys.version_info[:3])), version("ichimado")
    if sys.version_info < OLDEST_PYTHON:
        return bad(
            f"Python {here} は古すぎます。3.11 以上を入れてください。", f"Python {here} is too old: install 3.11."
        )
    return fine(f"一窓 {ours}、Python {here}", f"Ichimado {ours}, Python {here}")


def data_folder(place: Installation) -> Finding:
    """Where local files live."""
    folder = place.settings.data_dir
    if not folder.is_dir():
        return bad(
            "データフォルダーがありません。ichimado migrate で作ります。",
            "There is no data folder: `ichimado migrate` makes one.",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        return bad(
            "データフォルダーに書き込めません。所有者と権限を直してください。",
            "The data folder is not writable: mend its owner and mode.",
        )
    return fine("データフォルダーに書き込めます。", "The data folder is writable.")


def disk(place: Installation) -> Finding | None:
    """Room on the disk of the data folder."""
    if not place.settings.data_dir.is_dir():
        return None
    free, floor = shutil.disk_usage(place.settings.data_dir).free >> 20, place.settings.disk_floor_mb
    if free < floor:
        return bad(
            f"ディスクの空きが{free} MBしかありません。{floor} MB以上に増やしてください。",
            f"Only {free} MB are free: make room for at least {floor} MB.",
        )
    if free < ROOMY * floor:
        return warning(
            f"ディスクの空きは{free} MBです。早めに増やしてください。", f"{free} MB are free: make more room soon."
        )
    return fine(f"ディスクの空きは{free} MBです。", f"{free} MB are free.")


def key_file(place: Installation) -> Finding:
    """The key: there, whole, and for its owner alone."""
    path = place.key_path
    if not path.is_file():
        return bad(
            "鍵 ichimado.key がありません。控えから戻してください。新しい環境なら ichimado migrate で作ります。",
            "The key ichimado.key is missing: put your copy back; for a new installation `ichimado migrate` makes one.",
        )
    try:
        Fernet(path.read_bytes())
    except ValueError:
        return bad("鍵 ichimado.key が壊れています。控えから戻してください。", "The key is broken: put your copy back.")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return bad(
            "鍵 ichimado.key をほかの利用者も読めます。chmod 600 で自分だけにしてください。",
            "Others can read the key ichimado.key: chmod 600 it.",
        )
    return fine("鍵は本人だけが読めます。", "The key is there, for its owner alone.")


def key_fits(place: Installation) -> Finding | None:
    """Whether what the store sealed opens with this key."""
    if not place.key_path.is_file():
        return None
    with read(place.engine) as session:
        sealed = select(Arrival.name_token).where(Arrival.name_token != "").order_by(col(Arrival.arrived_at).desc())
        token = session.exec(sealed.limit(1)).first()
    if token is None:
        return None
    try:
        place.runtime.secrets.unseal(token)
    except (InvalidToken, ValueError):
        return bad(
            "鍵がこの保存先のものではありません。正しい ichimado.key を戻してください。",
            "The key is not this store's: put the right ichimado.key back.",
        )
    return fine("鍵は保存先に合っています。", "The key fits the store.")


def models(place: Installation) -> Finding:
    """The weights of the readers."""
    try:
        for name in WEIGHTS:
            find_bundled_model(name)
    except FileNotFoundError:
        return bad(
            "読み取りのモデルがありません。make setup-run をやり直してください。",
            "The reading models are missing: run `make setup-run` again.",
        )
    return fine("読み取りのモデルがあります。", "The reading models are there.")


def fonts(place: Installation) -> Finding:
    """A font to print letters and forms with."""
    try:
        find_japanese_font()
    except FontError:
        return bad(
            "手紙に使う日本語フォントがありません。fonts-ipaexfont-gothic を入れてください。",
            "No Japanese font for letters: install fonts-ipaexfont-gothic.",
        )
    return fine("手紙に使う日本語フォントがあります。", "There is a Japanese font for letters.")


def listening(place: Installation) -> Finding:
    """Who can reach the window, and over what."""
    if not _is_loopback(place.settings.host) and not place.settings.secure_cookies:
        return bad(
            "TLS なしで外から届く設定です。ICHIMADO_HOST を 127.0.0.1 にするか、TLS を前に置いて "
            "ICHIMADO_SECURE_COOKIES=true にしてください。",
            "The window is reachable from outside without TLS: set ICHIMADO_HOST to 127.0.0.1, or put TLS in front and "
            "set ICHIMADO_SECURE_COOKIES=true.",
        )
    return fine("受け口の設定は安全です。", "The window listens safely.")


def settings_file(place: Installation) -> Finding | None:
    """`ichimado.env`, which may hold passwords."""
    path = Path("ichimado.env")
    if not path.is_file():
        return None
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return warning(
            "ichimado.env をほかの利用者も読めます。chmod 600 にしてください。",
            "Others can read ichimado.env: chmod 600 it.",
        )
    return fine("ichimado.env は本人だけが読めます。", "ichimado.env is for its owner alone.")


def hot_folder(place: Installation) -> Finding | None:
    """The watched folder: done batches are moved within it."""
    if not place.settings.hot_folder:
        return None
    folder = Path(place.settings.hot_folder)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return bad(
            "監視フォルダが無いか、書き込めません。場所と権限を直してください。",
            "The watched folder is missing or not writable: mend its place or mode.",
        )
    return fine("監視フォルダに届きます。", "The watched folder can be reached.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
