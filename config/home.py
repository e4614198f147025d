"""Names the files and folders of one home: everything a running hotline keeps."""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
DEFAULT_HOME = CHECKOUT / "var"


@dataclass(frozen=True)
class Home:
    """The layout below one root; nothing is created here except by `create`."""

    root: Path

    @property
    def settings_file(self) -> Path:
        return self.root / "settings.toml"

    @property
    def secrets(self) -> Path:
        """One file per secret, named like `ami__actions_secret`; optional."""
        return self.root / "secrets"

    @property
    def database(self) -> Path:
        return self.root / "hotline.db"

    @property
    def asterisk(self) -> Path:
        return self.root / "asterisk"

    @property
    def carrier(self) -> Path:
        return self.root / "carrier"

    @property
    def recordings_incoming(self) -> Path:
        """Where Asterisk writes while a call lasts."""
        return self.root / "recordings" / "incoming"

    @property
    def recordings_store(self) -> Path:
        return self.root / "recordings" / "store"

    @property
    def sounds(self) -> Path:
        return self.root / "sounds"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def program_file(self) -> Path:
        """Written by the running program: pid, started_at and addresses as JSON."""
        return self.run / "hotline.json"

    @property
    def log_file(self) -> Path:
        return self.logs / "hotline.log"

    @property
    def tree(self) -> Path:
        """The unpacked private Asterisk; shared by every home inside the checkout, or named by HOTLINE_TREE."""
        named = os.environ.get("HOTLINE_TREE")
        if named:
            return Path(named).expanduser().resolve()
        inside = self.root.is_relative_to(CHECKOUT)
        return (DEFAULT_HOME if inside else self.root) / "tree"

    def create(self) -> None:
        """Make every folder; the root is readable by its owner only, because it holds secrets and recordings."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.logs, self.cache, self.run, self.sounds, self.recordings_incoming, self.recordings_store):
            folder.mkdir(parents=True, exist_ok=True)
