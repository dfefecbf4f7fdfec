"""What an installation decides about its pages."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class WebSettings:
    """https: cookies are sent over TLS only; leave it off only on loopback.

    max_upload_mb: the largest body of an upload; every other body may have max_form_kb.
    max_api_request_mb, max_attachment_mb: the same for one application from a sending system, and for one file of it,
    of which it may have max_api_files.
    api_per_minute: how many requests of one sending system are answered in a minute.
    prefect_url: where staff reach the dashboard of flows, None when there is none to link to.
    city: whose window this is, shown in the header.
    metrics_token: who asks for /metrics must have it; empty: only this machine itself may ask.
    disk_floor_mb: with less room than this on a disk, /readyz says no.
    """

    https: bool = False
    max_upload_mb: int = 200
    max_form_kb: int = 256
    max_api_request_mb: int = 500
    max_attachment_mb: int = 200
    max_api_files: int = 20
    api_per_minute: int = 600
    prefect_url: str | None = None
    city: str = ""
    metrics_token: str = field(default="", repr=False)
    disk_floor_mb: int = 500
