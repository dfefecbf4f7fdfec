"""Sheets of paper small enough to test with: a code, some lines, and scan files made of them."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from pipeline.procedures.codes import case_code, form_code, separator_code

A4_100DPI = (827, 1169)


def sheet(code: str = "", number: int = 0) -> Image.Image:
    """An A4 page at 100 dpi, black and white: a QR code in its corner and lines whose places depend on `number`."""
    page = np.full(A4_100DPI[::-1], 255, np.uint8)
    for line in range(20):
        y = 300 + 35 * line
        page[y : y + 10, 100 : 300 + (number * 37 + line * 61) % 400] = 0
    if code:
        modules = cv2.QRCodeEncoder.create().encode(code)
        big = cv2.resize(modules, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
        page[40 : 40 + big.shape[0], 640 : 640 + big.shape[1]] = big
    return Image.fromarray(page).convert("1")


def blank() -> Image.Image:
    """A page with nothing on it."""
    return Image.new("1", A4_100DPI, 1)


def application(number: int = 0, page: int = 1) -> Image.Image:
    """A page of the sample procedure's application, as far as its code says; nothing on it can be read."""
    return sheet(form_code("child_benefit", "application", 1, page), number)


def separator(kind: str | None = None) -> Image.Image:
    """A separator sheet."""
    return sheet(separator_code(kind))


def letter_back(submission_id: str) -> Image.Image:
    """A letter of ours that came back."""
    return sheet(case_code(submission_id), 3)


def tiff(*pages: Image.Image, dpi: int = 100) -> bytes:
    """The pages as one TIFF, CCITT group 4, as office scanners write them."""
    target = io.BytesIO()
    pages[0].save(target, "TIFF", save_all=True, append_images=pages[1:], compression="group4", dpi=(dpi, dpi))
    return target.getvalue()


def pdf(*pages: Image.Image) -> bytes:
    """The pages as one PDF."""
    target = io.BytesIO()
    pages[0].save(target, "PDF", save_all=True, append_images=pages[1:], resolution=100)
    return target.getvalue()


def png(page: Image.Image) -> bytes:
    """One page as a PNG."""
    target = io.BytesIO()
    page.save(target, "PNG", dpi=(100, 100))
    return target.getvalue()
