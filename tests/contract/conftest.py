"""Every contract test runs over both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ground import Ground, empty_postgresql, make_ground
from tests.support.postgres import running_postgresql


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with running_postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/hotline.db"
    url: str = request.getfixturevalue("postgresql_url")
    empty_postgresql(url)
    return url


@pytest.fixture
def ground(database_url: str) -> Iterator[Ground]:
    made = make_ground(database_url)
    yield made
    made.database.close()
