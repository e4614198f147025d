"""Finding a Debian mirror in apt's own files, and the safety of fetching."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from config.asterisk import fetch
from config.asterisk.fetch import AsteriskMissing, Mirror, fetch_tree, find_mirror, is_complete, machine_distribution

DEB822 = """\
Types: deb
# a remark
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""


def _apt(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_given_deb822_sources_when_looking_for_the_mirror_then_the_main_archive_is_named(tmp_path: Path) -> None:
    apt = _apt(tmp_path, {"sources.list.d/debian.sources": DEB822})
    assert find_mirror(apt).uri == "http://mirror.example/debian"


def test_given_one_line_sources_with_options_when_looking_then_the_mirror_is_found(tmp_path: Path) -> None:
    line = "deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian trixie main contrib # remark\n"
    assert find_mirror(_apt(tmp_path, {"sources.list": f"# deb http://old.example/debian sid main\n{line}"})).uri == (
        "https://mirror.example/debian"
    )


@pytest.mark.parametrize(
    "text",
    [
        "deb https://packages.example/node nodistro main\n",
        "deb https://packages.example/apt cloud-bookworm main\n",
        "deb-src http://mirror.example/debian bookworm main\n",
        "deb http://mirror.example/debian bookworm contrib\n",
        "",
    ],
)
def test_given_only_foreign_sources_when_looking_then_the_administrator_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(AsteriskMissing, match="HOTLINE_ASTERISK"):
        find_mirror(_apt(tmp_path, {"sources.list": text}))


def test_given_a_disabled_stanza_when_looking_then_it_does_not_count(tmp_path: Path) -> None:
    disabled = DEB822.replace("Types: deb\n", "Types: deb\nEnabled: no\n", 1)
    with pytest.raises(AsteriskMissing):
        find_mirror(_apt(tmp_path, {"sources.list.d/debian.sources": disabled}))


def test_given_os_release_when_asked_then_the_distribution_is_named(tmp_path: Path) -> None:
    (tmp_path / "os-release").write_text('NAME="Ubuntu"\nID="ubuntu"\nVERSION_ID=24.04\n', encoding="utf-8")
    assert machine_distribution(tmp_path / "os-release") == "ubuntu"
    assert machine_distribution(tmp_path / "none") == ""


class _FakeArchive:
    """Stands for apt and dpkg: one package, counted downloads, and a failure on demand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.downloads = 0
        self.fails = False
        monkeypatch.setattr(fetch, "_download", self._download)
        monkeypatch.setattr(fetch, "_unpack", self._unpack)

    def _download(self, apt_home: Path, *, mirror: Mirror, on_progress: fetch.Progress) -> list[Path]:
        self.downloads += 1
        apt_home.mkdir(parents=True, exist_ok=True)
        package = apt_home / "asterisk_22.deb"
        package.write_bytes(b"x")
        return [package]

    def _unpack(self, packages: list[Path], *, into: Path, on_progress: fetch.Progress) -> None:
        (into / "half").touch()
        if self.fails:
            raise KeyboardInterrupt
        (into / "usr").mkdir()


def _fetch(tree: Path) -> None:
    fetch_tree(tree, mirror=Mirror("http://mirror.example/debian", None), on_progress=lambda *_: None)


def test_given_an_interrupted_unpacking_when_fetching_again_then_no_half_tree_was_ever_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = _FakeArchive(monkeypatch)
    archive.fails = True
    tree = tmp_path / "tree"
    with pytest.raises(KeyboardInterrupt):
        _fetch(tree)
    assert not tree.exists()
    archive.fails = False
    _fetch(tree)
    assert is_complete(tree)
    assert (tree / "usr").is_dir()
    assert not tree.with_name("tree.partial").exists()


def test_given_several_fetches_at_once_when_all_end_then_only_one_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = _FakeArchive(monkeypatch)
    threads = [threading.Thread(target=_fetch, args=[tmp_path / "tree"]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert archive.downloads == 1


def test_given_a_mirror_when_apt_is_isolated_then_its_state_lies_in_our_folder_only(tmp_path: Path) -> None:
    mirror = Mirror("http://mirror.example/debian", Path("/k.gpg"))
    environment = fetch._isolated_apt(tmp_path, mirror=mirror, suite="testing")
    text = Path(environment["APT_CONFIG"]).read_text(encoding="utf-8")
    for key in ("Dir::State", "Dir::State::status", "Dir::Cache", "Dir::Etc::sourcelist", "Dir::Etc::sourceparts"):
        assert f'{key} "{tmp_path}' in text
    assert (tmp_path / "etc/sources.list").read_text(encoding="utf-8") == (
        "deb [signed-by=/k.gpg] http://mirror.example/debian testing main\n"
    )
    assert os.environ.get("APT_CONFIG") != environment["APT_CONFIG"]
