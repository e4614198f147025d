"""The build of the desk: only when its sources changed, whole or not at all, with whichever node there is."""

from pathlib import Path

import pytest

from config import desk_build
from config.desk_build import STAMP_NAME, DeskBuild, DeskBuildError, Node, find_node

FAKE_NPM = """#!/bin/sh
mkdir -p node_modules/vite/bin
echo "$@" >> ../npm-calls
command -v node > node_modules/node-found
exit ${NPM_FAILS:-0}
"""
FAKE_NODE = """#!/bin/sh
[ "$1" = --version ] && { echo v${NODE_VERSION:-22.1.0}; exit 0; }
shift; [ "$1" = build ] || exit 9
[ -n "$VITE_FAILS" ] && { echo "cannot resolve main.ts"; exit 1; }
mkdir -p "$3"; echo built > "$3/index.html"
"""


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """A node and an npm that do what the real ones do, in miniature."""
    folder = tmp_path / "node"
    folder.mkdir()
    for name, text in (("npm", FAKE_NPM), ("node", FAKE_NODE)):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    made = Node(folder, "22.1.0")
    monkeypatch.setattr(desk_build, "find_node", lambda: made)
    return made


@pytest.fixture
def desk(tmp_path: Path) -> DeskBuild:
    web = tmp_path / "checkout" / "agent_desk" / "web"
    (web / "src").mkdir(parents=True)
    (web / "src" / "main.ts").write_text("one", encoding="utf-8")
    (web / "package.json").write_text("{}", encoding="utf-8")
    (web / "package-lock.json").write_text("{}", encoding="utf-8")
    return DeskBuild(tmp_path / "checkout")


def quiet(done: int, total: int, label: str) -> None:
    """No progress wanted."""


@pytest.mark.usefixtures("node")
def test_given_sources_when_built_then_the_result_is_current_until_they_change(desk: DeskBuild) -> None:
    assert not desk.is_current()
    desk.build(quiet)
    assert (desk.static / "index.html").read_text(encoding="utf-8") == "built\n"
    assert desk.is_current()
    (desk.web / "src" / "main.ts").write_text("two", encoding="utf-8")
    assert not desk.is_current()


@pytest.mark.usefixtures("node")
def test_given_the_same_lock_when_built_twice_then_npm_ci_runs_once(desk: DeskBuild) -> None:
    desk.build(quiet)
    desk.build(quiet)
    assert len((desk.web.parent / "npm-calls").read_text(encoding="utf-8").splitlines()) == 1
    (desk.web / "package-lock.json").write_text('{"a": 1}', encoding="utf-8")
    desk.build(quiet)
    assert len((desk.web.parent / "npm-calls").read_text(encoding="utf-8").splitlines()) == 2


def test_given_npm_when_it_starts_env_node_then_ours_is_found_first(desk: DeskBuild, node: Node) -> None:
    desk.build(quiet)
    assert (desk.web / "node_modules" / "node-found").read_text(encoding="utf-8").strip() == str(node.folder / "node")


@pytest.mark.usefixtures("node")
def test_given_a_failing_vite_when_built_then_the_old_result_stays_and_its_words_are_told(
    desk: DeskBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.build(quiet)
    (desk.web / "src" / "main.ts").write_text("broken", encoding="utf-8")
    monkeypatch.setenv("VITE_FAILS", "1")
    with pytest.raises(DeskBuildError, match=r"cannot resolve main\.ts"):
        desk.build(quiet)
    assert (desk.static / "index.html").exists()
    assert (desk.static / STAMP_NAME).exists()
    assert not desk.is_current()


@pytest.mark.usefixtures("node")
def test_given_a_failing_npm_when_built_then_it_is_tried_again_next_time(
    desk: DeskBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPM_FAILS", "3")
    with pytest.raises(DeskBuildError, match="failed with 3"):
        desk.build(quiet)
    assert not desk.static.exists()
    monkeypatch.delenv("NPM_FAILS")
    desk.build(quiet)
    assert desk.is_current()


def test_given_folders_that_are_no_sources_when_fingerprinted_then_they_do_not_count(desk: DeskBuild) -> None:
    before = desk.fingerprint()
    for name in ("node_modules", "dist", "coverage"):
        (desk.web / name).mkdir(exist_ok=True)
        (desk.web / name / "x.js").touch()
    assert desk.fingerprint() == before
    (desk.web / "src" / "new.ts").touch()
    assert desk.fingerprint() != before


def test_given_an_old_node_on_the_machine_when_looked_for_then_it_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("npm", "#!/bin/sh\n"), ("node", "#!/bin/sh\necho v18.19.0\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(desk_build.shutil, "which", lambda name: str(tmp_path / name))
    monkeypatch.setattr(desk_build.sys, "executable", str(tmp_path / "nowhere" / "python"))
    assert find_node() is None
    (tmp_path / "node").write_text("#!/bin/sh\necho v20.1.0\n", encoding="utf-8")
    assert find_node() == Node(tmp_path, "20.1.0")
