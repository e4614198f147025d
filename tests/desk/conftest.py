"""A desk server over the real services and SQLite; only Asterisk, the sound files and the telephones are stand-ins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.desk_world import DeskWorld


@pytest.fixture(scope="session")
def desk_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the whole cast, made once."""
    world = DeskWorld(tmp_path_factory.mktemp("template"))
    with world.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    world.close()
    return world.database_file


@pytest.fixture
def make_world(tmp_path: Path, desk_template: Path) -> Iterator[Callable[..., DeskWorld]]:
    """Worlds with settings of their own."""
    made: list[DeskWorld] = []

    def make(**settings: Any) -> DeskWorld:
        folder = tmp_path / f"world{len(made)}"
        folder.mkdir()
        made.append(DeskWorld(folder, desk_template, **settings))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., DeskWorld]) -> DeskWorld:
    return make_world()
