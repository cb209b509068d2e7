"""``nova-lifecycle record``."""

from __future__ import annotations

from pathlib import Path

import click

from cli.common import PLACE

ENDED_BY_SIGNAL = 128


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="""\b
Examples:
  nova-lifecycle record -o recording.jsonl.gz -- python -m unittest nova.tests.functional.test_servers
  nova-lifecycle record -o compute.jsonl -- /opt/stack/data/venv/bin/nova-compute
Then: nova-lifecycle conform runs recording.jsonl.gz""",
)
@click.option("-o", "--output", required=True, type=PLACE, help="The recording; compressed for .gz.")
@click.argument("arguments", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
def command(output: Path, arguments: tuple[str, ...]) -> int:
    """Run a program that uses Nova and record every write of the state; the exit status is that of the program."""
    from checks.conformance.recorder import record

    done = record(arguments, output)
    for fault in done.faults:
        click.echo(fault.rstrip(), err=True)
    click.echo(f"{output}: {done.instances} instances, {done.steps} steps", err=True)
    return ENDED_BY_SIGNAL - done.status if done.status < 0 else done.status
