"""Runs the steps through Alembic, all in one transaction: an upgrade happens whole or not at all."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection, migrations: Path, to: str = "head") -> None:
    logging.getLogger("alembic").setLevel(
        logging.WARNING
    )  # it tells about itself, not about the data
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    with connection.begin():
        command.upgrade(config, to)
