"""Stands in for a `terraform` binary: same command line, same output, no provider and no network.

The variable `mode` of the stack says how it behaves; `calls.log` in the stack's folder tells what was run.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.15.5",
    "applyable": True,
    "variables": {"mode": {"value": "x"}, "key": {"value": "canary-5up3r"}},
    "configuration": {"root_module": {"variables": {"mode": {}, "key": {"sensitive": True}}}},
    "resource_changes": [
        {
            "address": "aws_ssm_parameter.a",
            "mode": "managed",
            "type": "aws_ssm_parameter",
            "name": "a",
            "change": {
                "actions": ["create"],
                "before": None,
                "after": {"name": "/a", "value": "canary-5up3r"},
                "after_unknown": {"id": True},
                "before_sensitive": False,
                "after_sensitive": {"value": True},
            },
        }
    ],
    "output_changes": {},
}


def say(kind, message, **fields):
    event = {"@level": "info", "@message": message, "@module": "terraform.ui", "type": kind, **fields}
    event["@timestamp"] = "2026-01-02T03:04:05.000000Z"
    print(json.dumps(event), flush=True)


def note(name, word):
    with Path(name).open("a") as file:
        file.write(f"{word}\n")


def resource(action):
    return {
        "resource": {"addr": "aws_ssm_parameter.a", "resource_type": "aws_ssm_parameter"},
        "action": action,
    }


def fail(summary):
    place = {"filename": "main.tf", "start": {"line": 7, "column": 3}}
    diagnostic = {"severity": "error", "summary": summary, "detail": "It is so.", "range": place}
    say("diagnostic", f"Error: {summary}", **{"@level": "error"}, diagnostic=diagnostic)
    return 1


def apply(mode):
    note("applied.log", "applied")
    if mode == "slow":
        # As Terraform starts its providers: in the same session, and they do not notice when it dies.
        provider = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        note("providers.log", str(provider.pid))
    say("apply_start", "aws_ssm_parameter.a: Creating...", hook=resource("create"))
    if mode == "deaf":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        say("log", "not listening")
        time.sleep(300)
    if mode == "half-line":
        print('{"@level": "info", "@message": "and th', end="", flush=True)
        os._exit(1)
    if mode == "unsaved":
        state = {"version": 4, "lineage": "l", "serial": 7, "resources": [], "outputs": {}}
        Path("errored.tfstate").write_text(json.dumps(state))
        return fail("Failed to save state")
    if mode == "chatty":
        for number in range(4000):
            say("log", f"{number} " + "x" * 300)
    while mode == "slow" and not Path("release").exists():
        time.sleep(0.02)
    if mode == "slow":
        provider.kill()
    say(
        "apply_complete",
        "aws_ssm_parameter.a: Creation complete after 0s",
        hook={**resource("create"), "elapsed_seconds": 0},
    )
    changes = {"add": 1, "change": 0, "import": 0, "remove": 0, "operation": "apply"}
    say("change_summary", "Apply complete!", changes=changes)
    outputs = {
        "url": {"sensitive": False, "type": "string", "value": "http://app"},
        "key": {"sensitive": True, "type": "string"},
    }
    say("outputs", "Outputs: 2", outputs=outputs)
    return 0


def plan(mode, arguments):
    if mode == "broken":
        return fail("Unsupported argument")
    out = next(item for item in arguments if item.startswith("-out=")).removeprefix("-out=")
    Path(out).write_text("a saved plan")
    say("planned_change", "aws_ssm_parameter.a: Plan to create", change=resource("create"))
    changes = {"add": 1, "change": 0, "import": 0, "remove": 0, "operation": "plan"}
    say("change_summary", "Plan: 1 to add, 0 to change, 0 to destroy.", changes=changes)
    return 2


def main(arguments):
    command = arguments[0]
    if command == "version":
        print(json.dumps({"terraform_version": "1.11.4", "platform": "any"}))
        return 0
    mode = json.loads(Path("panel.auto.tfvars.json").read_text())["mode"]
    note("calls.log", command)
    if "-json" in arguments and command != "show":
        say("version", "Terraform 1.15.5", terraform="1.15.5", ui="1.3")
    if command == "init":
        if mode == "no-provider":
            return fail("Failed to query available provider packages")
        if mode == "slow-init":
            note("../../../init.log", "begin")
            time.sleep(0.3)
            note("../../../init.log", "end")
        Path(".terraform/providers").mkdir(parents=True, exist_ok=True)
        Path(".terraform.lock.hcl").write_text("")
        say("init_output", "Terraform has been successfully initialized!")
        return 0
    if command == "plan":
        return plan(mode, arguments)
    if command == "show":
        print(json.dumps(PLAN))
        return 0
    if command == "apply":
        return apply(mode)
    if command == "state":
        print("aws_ssm_parameter.a")
        return 0
    if command == "force-unlock":
        print("\x1b[31m╷\n│ Error: Failed to unlock state\n│ \n│ no lock with this id\n╵", file=sys.stderr)
        return 1
    return fail(f"no such command {command}")


def interrupted(number, frame):
    for line in Path("providers.log").read_text().split() if Path("providers.log").exists() else ():
        os.kill(int(line), signal.SIGKILL)
    say("log", "Interrupt received.")
    fail("execution halted")
    sys.stdout.flush()
    raise SystemExit(1)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, interrupted)
    raise SystemExit(main(sys.argv[1:]))
