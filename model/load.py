"""The lifecycle of a folder of tables, read once and then taken from the cache."""

from __future__ import annotations

from pathlib import Path

from model.cache import cached
from model.content import content_digest
from model.errors import Fault, InputError
from model.lifecycle import Lifecycle

TABLES = Path(__file__).parent / "tables"


def load(folder: Path | None = None, release: str | None = None) -> Lifecycle:
    """The lifecycle that the tables in *folder* (Nova's own by default) define for *release* (the newest by default).

    Raises InputError with every fault of the tables; faulty tables are never kept.
    """
    tables = folder or TABLES
    if not tables.is_dir():
        raise InputError(
            Fault(str(tables), "no such folder of tables", "give a folder with states.yaml and record.yaml")
        )

    if not any((tables / name).exists() for name in ("states.yaml", "record.yaml")):
        raise InputError(Fault(str(tables), "no tables in it", "give a folder with states.yaml and record.yaml"))

    def build() -> Lifecycle:
        from model.tables_reader import read_tables

        return read_tables(tables, release)

    try:
        key = content_digest(tables)
    except OSError as error:
        raise InputError(Fault(str(tables), error.strerror or str(error), "give a folder that can be read")) from None
    return cached("lifecycle", f"{key}\0{release}", build)
