"""``panel worker``: be a worker in the foreground, or see which there are."""

from __future__ import annotations

import typer

from panel.cli import options, output, state, stopping

app = typer.Typer(invoke_without_command=True, help="Be a worker, or see which there are.")


@app.callback()
def worker(context: typer.Context) -> None:
    """Run a worker in the foreground until SIGTERM or Ctrl-C.

    The first signal drains it: it takes nothing new, and what it is at comes to a point from which another worker
    goes on. A second signal ends it at once. Terraform goes on by itself in either case.

    Raises:
        BusyError: a worker is alive already, and the database is SQLite.
    """
    if context.invoked_subcommand is None:
        stopping.log_to_stderr()
        stop, hurry = stopping.stop_events(2)
        state.get_panel().run_worker(stop, hurry)


@app.command("list")
def list_workers(json: options.Json = False) -> None:
    """Workers, what each is at, and what waits for one."""
    from panel.lifecycle.overview_workers import workforce

    force = workforce(state.get_panel().stores)
    if json:
        output.json_result(
            {
                "workers": [
                    {
                        "id": one.id, "host": one.host, "pid": one.pid, "version": one.version, "state": one.state,
                        "runs": [run.id for run in one.runs], "busy": one.busy, "capacity": one.capacity,
                        "memory_mb": one.memory_mb, "started_at": output.iso(one.started_at),
                        "heartbeat_at": output.iso(one.heartbeat_at),
                    }
                    for one in force.workers
                ],
                "queue": [
                    {
                        "run": entry.run.id, "environment": entry.run.environment, "kind": entry.run.kind,
                        "priority": entry.run.priority, "age_s": round(entry.age_s, 1),
                    }
                    for entry in force.queue
                ],
                "oldest_wait_s": round(force.oldest_wait_s, 1),
            }
        )  # fmt: skip
        return
    output.table(
        ["WORKER", "STATE", "PLACES", "MEMORY", "RUNS"],
        [
            [
                f"{one.host}:{one.pid}", one.state, f"{one.busy}/{one.capacity}", f"{one.memory_mb:.0f} MB",
                ", ".join(str(run.id) for run in one.runs),
            ]
            for one in force.workers
        ],
    )  # fmt: skip
    if force.queue:
        output.say(f"{len(force.queue)} runs wait for a worker, the oldest for {force.oldest_wait_s:.0f} s.")
