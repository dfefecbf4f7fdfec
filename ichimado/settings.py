"""One settings object, from the environment (prefix ICHIMADO_) and an optional `ichimado.env` file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Everything an installation may set.

    data_dir: local files: the embedded database, blobs, the key, Prefect's own store.
    database_url: case store; empty means SQLite in data_dir.
    blobs_url: any URL that fsspec knows; empty means a folder in data_dir.
    host, port: where the screens are served. secure_cookies: set when TLS stands in front.
    prefect_port: where a Prefect server of our own is served, on loopback; used unless PREFECT_API_URL is set.
    dashboard_url: where staff reach the flows' dashboard, for the operator's page. ocr_threads: for one recognition.
    web_url: where staff reach the screens, for links on the dashboard; empty means host and port.
    hot_folder: a folder that is watched for scan files; empty watches none.
    hot_folder_settle_s: seconds without change before a file there is taken.
    lease_s: seconds without a word from a worker after which others take over what it holds.
    readers: threads of one worker that read pages.
    api_per_minute: requests of one sending system that are answered in a minute, by each process of the window.
    api_max_request_mb, api_max_file_mb, api_max_files: the largest application from a sending system, its largest file,
    and how many files it may have.
    private_characters: the city's 外字, a CSV of code and character. shrink_map, glyph_list: the official MJ縮退マップ
    (JSON) and the MJ文字情報一覧表 as CSV, both or neither; see docs/normalisation.md.
    metrics_token: who asks for /metrics must have it; empty: only this machine itself may ask.
    disk_floor_mb: with less room than this on a disk, /readyz says no and doctor warns.
    backup_within_h: doctor warns when the last backup is older. log_level: the least that the logs hold.
    """

    model_config = SettingsConfigDict(env_prefix="ICHIMADO_", env_file="ichimado.env", extra="ignore")

    data_dir: Path = Path("var")
    database_url: str = ""
    blobs_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8470, ge=1, le=65535)
    secure_cookies: bool = False
    prefect_port: int = Field(default=4270, ge=1, le=65535)
    dashboard_url: str = ""
    web_url: str = ""
    ocr_threads: int = Field(default=1, ge=1, le=64)
    hot_folder: str = ""
    hot_folder_settle_s: float = Field(default=5.0, ge=0.0)
    lease_s: float = Field(default=60.0, ge=1.0, le=90.0)
    readers: int = Field(default=2, ge=1, le=64)
    max_upload_mb: int = Field(default=500, ge=1)
    api_per_minute: int = Field(default=600, ge=1)
    api_max_request_mb: int = Field(default=500, ge=1)
    api_max_file_mb: int = Field(default=200, ge=1)
    api_max_files: int = Field(default=20, ge=1, le=500)
    private_characters: str = ""
    shrink_map: str = ""
    glyph_list: str = ""
    metrics_token: str = Field(default="", repr=False)
    disk_floor_mb: int = Field(default=500, ge=1)
    backup_within_h: float = Field(default=26.0, gt=0)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def database(self) -> str:
        """The URL of the case store."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'ichimado.db'}"

    def blobs(self) -> str:
        """The root of the blobs."""
        return self.blobs_url or str(self.data_dir.resolve() / "blobs")
