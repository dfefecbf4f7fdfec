"""What an installation decides about its pages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WebSettings:
    """https: cookies are sent over TLS only; leave it off only on loopback.

    max_upload_mb: the largest body of an upload; every other body may have max_form_kb.
    prefect_url: where staff reach the dashboard of flows, None when there is none to link to.
    city: whose window this is, shown in the header.
    """

    https: bool = False
    max_upload_mb: int = 200
    max_form_kb: int = 256
    prefect_url: str | None = None
    city: str = ""
