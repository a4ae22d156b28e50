"""``panel keys``: the SSH key of an environment's instances, where it has one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from panel.cli import options, output, state

app = typer.Typer(no_args_is_help=True, help="SSH keys of instances. Session Manager needs none: prefer it.")


@app.command()
def show(name: options.Environment, json: options.Json = False) -> None:
    """Show where the key of an environment is kept, its public half, and how to do without it."""
    panel = state.get_panel()
    facts = panel.keys.show(panel.identity, name)
    if json:
        output.json_result({**asdict(facts), "session_command": facts.session_command})
        return
    output.result(f"SSH key of {name}: {facts.fingerprint}")
    output.result(f"  private half: s3://{facts.bucket}/{facts.private_object}")
    output.result(f"  public half:  s3://{facts.bucket}/{facts.public_object}")
    output.result(f"                {facts.public_key}")
    if facts.emulated:
        output.result("  The instances of the embedded AWS are not machines: there is nothing to sign in to.")
        return
    output.result("  Without any key, and with a record of who signed in, by Session Manager:")
    output.result(f"    {facts.session_command}")
    if facts.instances:
        output.result(f"  Instances in service: {', '.join(facts.instances)}")


@app.command()
def save(
    name: options.Environment,
    file: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="A file that does not exist yet.")
    ],
    json: options.Json = False,
) -> None:
    """Save the private half into a new file that only you may read. The audit record keeps who did.

    An existing file is never overwritten (exit code 3).
    """
    panel = state.get_panel()
    mark = panel.keys.save(panel.identity, name, file)
    if json:
        output.json_result({"environment": name, "file": str(file), "fingerprint": mark})
        return
    output.result(f"Saved the private SSH key of {name} ({mark}) in {file}.")
    output.say("Whoever has this file can sign in to the instances: remove it when you are done.")
