"""Migrations make exactly the tables of the models, both ways, on both databases."""

import pytest
from sqlalchemy import inspect

from crm_core import schema
from crm_core.database import Database
from tests.support.ground import make_ground


@pytest.fixture
def database(empty_database_url: str) -> Database:
    return Database(empty_database_url)


def test_given_an_empty_database_when_upgraded_then_it_equals_the_models(database: Database) -> None:
    schema.upgrade(database)
    assert schema.differences(database) == []
    database.close()


def test_given_an_upgraded_database_when_upgraded_again_then_nothing_changes_and_data_stay(
    empty_database_url: str,
) -> None:
    ground = make_ground(empty_database_url, migrate=True)
    agent = ground.agent()
    schema.upgrade(ground.database)
    assert ground.accounts.account(agent).login == "bela"
    ground.database.close()


def test_given_an_upgraded_database_when_downgraded_then_only_the_version_table_is_left(database: Database) -> None:
    schema.upgrade(database)
    schema.downgrade(database, "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    schema.upgrade(database)
    assert schema.differences(database) == []
    database.close()


@pytest.mark.fault("F48")
def test_given_a_crash_inside_a_migration_when_started_again_then_it_goes_through(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    real, calls = op.create_table, []

    def crash_on_the_third(*args: object, **options: object) -> object:
        calls.append(args)
        if len(calls) == 3:
            raise RuntimeError("power cut")
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(op, "create_table", crash_on_the_third)
    with pytest.raises(RuntimeError, match="power cut"):
        schema.upgrade(database)
    monkeypatch.undo()
    schema.upgrade(database)
    assert schema.differences(database) == []
    database.close()
