"""What `make setup` does about system packages: installs what is missing where it may, else names it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.unit.test_house_imports import ROOT

DEBS = {
    "libatomic1",
    "fonts-ipaexfont-gothic",
    "fonts-ipaexfont-mincho",
    "fonts-noto-cjk",
    "fonts-klee",
    "fonts-kiloji",
    "fonts-aoyagi-kouzan-t",
}
TOOLS = ("bash", "env", "dirname", "basename", "readlink", "mktemp", "rm", "cat", "grep", "timeout")


@dataclass
class Machine:
    """A machine made of stubs: what is installed, who we are, what apt was asked for."""

    folder: Path
    root: bool = True
    ubuntu: bool = False
    debs: set[str] = field(default_factory=lambda: set(DEBS))
    commands: set[str] = field(default_factory=lambda: {"pdftoppm", "chromium"})
    apt_fails: bool = False
    apt_log: list[str] = field(default_factory=list)

    def run(self, wanted: str) -> subprocess.CompletedProcess[str]:
        binaries = self.folder / "bin"
        binaries.mkdir()
        for tool in TOOLS:
            binaries.joinpath(tool).symlink_to(str(shutil.which(tool)))
        log = self.folder / "apt.log"
        installed = " ".join(sorted(self.debs))
        self._stub("id", f"echo {0 if self.root else 1000}")
        self._stub("sudo", "exit 1")
        self._stub("python3", "exit 0")
        self._stub("dpkg", f'case " {installed} " in *" $2 "*) echo "Status: install ok installed";; esac')
        # Installing poppler or Chromium gives their commands, as apt would.
        gives = f'cp {binaries}/true {binaries}/"$command"'
        self._stub("true", "exit 0")
        self._stub(
            "apt-get",
            f'echo "$*" >> {log}\n{"echo no such package; exit 100" if self.apt_fails else ""}\n'
            f'case "$*" in *poppler-utils*) command=pdftoppm; {gives};; esac\n'
            f'case "$*" in *chromium*) command=chromium; {gives};; esac',
        )
        binaries.joinpath("cp").symlink_to(str(shutil.which("cp")))
        for command in self.commands:
            self._stub(command, "exit 0")
        release = self.folder / "os-release"
        release.write_text("ID=ubuntu\n" if self.ubuntu else "ID=debian\n")
        result = subprocess.run(
            [str(ROOT / "packaging/system-packages"), wanted],
            env={
                "PATH": str(binaries),
                "OS_RELEASE": str(release),
                "TMPDIR": os.environ.get("TMPDIR", str(self.folder)),
            },
            capture_output=True,
            text=True,
        )
        self.apt_log = log.read_text().splitlines() if log.exists() else []
        return result

    def _stub(self, name: str, script: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!{shutil.which('bash')}\n{script}\n")
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_nothing_missing_nothing_done(machine: Machine) -> None:
    result = machine.run("dev")
    assert (result.returncode, result.stdout, result.stderr, machine.apt_log) == (0, "", "", [])


def test_root_installs_only_what_is_missing(machine: Machine) -> None:
    machine.debs.discard("fonts-klee")
    machine.commands.discard("pdftoppm")
    result = machine.run("dev")
    assert result.returncode == 0, result.stderr
    assert machine.apt_log[0].startswith("update")
    assert machine.apt_log[1].split()[-2:] == ["poppler-utils", "fonts-klee"]
    assert result.stdout == ""


def test_running_needs_neither_browser_nor_handwriting(machine: Machine) -> None:
    machine.debs = {"fonts-ipaexfont-gothic", "fonts-ipaexfont-mincho"}
    machine.commands.discard("chromium")
    result = machine.run("run")
    assert (result.returncode, machine.apt_log) == (0, [])


def test_without_rights_one_line_to_paste(machine: Machine) -> None:
    machine.root = False
    machine.debs.discard("fonts-klee")
    result = machine.run("dev")
    assert result.returncode == 0
    assert result.stderr == "system packages missing; please run:  sudo apt-get install -y fonts-klee\n"
    assert machine.apt_log == []


def test_without_rights_what_nothing_works_without_stops(machine: Machine) -> None:
    machine.root = False
    machine.commands.discard("pdftoppm")
    result = machine.run("run")
    assert result.returncode == 1
    assert "sudo apt-get install -y poppler-utils" in result.stderr


def test_ubuntu_snap_is_not_installed_but_explained(machine: Machine) -> None:
    machine.ubuntu = True
    machine.commands.discard("chromium")
    result = machine.run("dev")
    assert result.returncode == 0
    assert machine.apt_log == []
    assert "snap" in result.stderr


def test_any_working_chromium_is_accepted(machine: Machine) -> None:
    machine.ubuntu = True
    machine.commands = {"pdftoppm", "google-chrome"}
    result = machine.run("dev")
    assert (result.returncode, result.stderr) == (0, "")


def test_apt_that_fails_says_why_and_leaves_the_line_to_paste(machine: Machine) -> None:
    machine.apt_fails = True
    machine.debs.discard("fonts-klee")
    result = machine.run("dev")
    assert result.returncode == 0
    assert "no such package" in result.stderr
    assert "sudo apt-get install -y fonts-klee" in result.stderr
