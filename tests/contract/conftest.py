"""Every contract test runs over both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ground import Ground, empty_postgresql, fresh_postgresql, fresh_sqlite, make_ground
from tests.support.postgres import running_postgresql

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with running_postgresql() as url:
        yield url


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind with all tables and no row."""
    if request.param == "sqlite":
        return fresh_sqlite(tmp_path / "hotline.db")
    url: str = request.getfixturevalue("postgresql_url")
    fresh_postgresql(url)
    return url


@pytest.fixture(params=BOTH)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind without tables, for migrations."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    url: str = request.getfixturevalue("postgresql_url")
    empty_postgresql(url)
    return url


@pytest.fixture
def ground(database_url: str) -> Iterator[Ground]:
    made = make_ground(database_url)
    yield made
    made.database.close()
