"""The shape of the database: all tables, and how an older database is brought to it."""

from __future__ import annotations

import importlib
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import MetaData

from crm_core.database import Base, Database


def all_metadata() -> MetaData:
    """Every table of the house: each folder of the ground may have a ``models.py``."""
    for models in sorted(Path(__file__).parent.glob("*/models*.py")):
        importlib.import_module(f"crm_core.{models.parent.name}.{models.stem}")
    return Base.metadata


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the database to ``revision``; one transaction, so a crash in between leaves the old shape (F48)."""
    _run(database, lambda config: command.upgrade(config, revision))


def downgrade(database: Database, revision: str) -> None:
    _run(database, lambda config: command.downgrade(config, revision))


def new_revision(database: Database, message: str) -> None:
    """Write a migration from the difference between models and database (a developer's command)."""
    _run(database, lambda config: command.revision(config, message, autogenerate=True))


def differences(database: Database) -> list[object]:
    """What the models have and the migrated database has not, or the other way round. Empty when they agree."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, all_metadata()))


def _run(database: Database, action: object) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    engine = database.engine.execution_options(hotline_write=True)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        assert callable(action)
        action(config)
