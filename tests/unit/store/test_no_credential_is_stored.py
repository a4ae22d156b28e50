"""Nothing that looks like a credential gets into the database, by whatever way it is written."""

import json
from pathlib import Path

from panel.audit.trail import Trail
from panel.store.runs import Line
from panel.store.stores import Stores

_SECRET = "canary-hunter22"


def test_no_way_in_for_a_credential(stores: Stores, place: Path) -> None:
    text = f'password = "{_SECRET}"'
    number = stores.runs.create("staging", "update", "ana", ["plan"], options={"said": text}).id
    assert number is not None
    stores.runs.append(number, "plan", [Line(text)])
    stores.runs.set_stage(number, "plan", "active", detail=text)
    stores.runs.transition(number, "preparing", "worker", comment=text)
    stores.environments.save("staging", outputs={"address": f"postgres://app:{_SECRET}@db/x"})
    stores.health.record("staging", "down", {"probes": [{"evidence": text, "token": 1234567890}]})
    stores.runs.finish(number, "errored", "worker", error=text, error_detail=json.dumps({"secret": _SECRET}))
    trail = Trail(stores.audit)
    trail.record("ana", "admin", "approve", "staging", comment=text)

    assert trail.first_broken() is None
    assert stores.runs.lines(number)[0].text == 'password = "(sensitive)"'
    assert stores.environments.get("staging").outputs == {"address": "postgres://app:(sensitive)@db/x"}
    assert stores.health.latest()["staging"].report["probes"][0]["token"] == 1234567890
    assert stores.runs.get(number).error_detail == '{"secret": "(sensitive)"}'
    stores.database.close()
    for path in place.parent.glob("panel.db*"):
        assert _SECRET.encode() not in path.read_bytes(), path
