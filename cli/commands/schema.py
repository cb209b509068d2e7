"""``nova-lifecycle schema``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cli.common import PLACE, one_of
from model.files import folder_at, write_text

TABLES = ("operation", "states", "status", "record", "policies", "scenarios")


@click.command(
    epilog="""\b
Examples:
  nova-lifecycle schema operation
  nova-lifecycle schema --all schemas/     then point the YAML plugin of your editor there"""
)
@click.argument("table", required=False)
@click.option("--all", "folder", type=PLACE, help="Write one file a table into this folder.")
def command(table: str | None, folder: Path | None) -> None:
    """The JSON Schema of a table file, with which editors complete and check while one types."""
    if folder is not None:
        folder_at(folder)
        for name in TABLES:
            write_text(folder / f"{name}.schema.json", _schema(name))
        return
    click.echo(_schema(one_of("operation" if table is None else table, TABLES, "table")), nl=False)


def _schema(name: str) -> str:
    from model import schema

    made = getattr(schema, name.capitalize()).model_json_schema(by_alias=True)
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"
