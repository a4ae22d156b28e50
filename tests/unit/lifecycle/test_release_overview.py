"""Releases as people see them: the timeline, what runs where, what one may go back to, and the registry's images."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from panel.catalogue.schema import Catalogue
from panel.errors import NotFoundError
from panel.lifecycle.release_overview import Grid, ReleaseOverview
from panel.store.stores import Stores
from panel.store.tables import RegistryImage, Release, now

MOMENT = now()
COMMITTED = MOMENT - timedelta(days=3)
Released = Callable[..., Release]


@pytest.fixture
def overview(stores: Stores, catalogue: Catalogue) -> ReleaseOverview:
    return ReleaseOverview(lambda: catalogue, stores)


@pytest.fixture
def released(stores: Stores) -> Released:
    """A release that ended in a state; what it is made of follows from its commit."""

    def make(
        environment: str,
        service: str,
        commit: str,
        status: str = "live",
        *,
        end_run: bool = True,
        **more: Any,
    ) -> Release:
        run = stores.runs.active(environment) or stores.runs.create(environment, "deploy", "ana", ["image"])
        kind = "container" if service == "backend" else "static"
        fields = {"digest": f"sha256:{commit}", "revision": commit, "source": "build", "author": "ana"} | more
        made = stores.releases.start(environment, service, kind, commit, run_id=run.id or 0, **fields)
        if status not in {"started", "reverting"}:
            made = stores.releases.finish(made.id or 0, status)
        if end_run:
            for state in ("preparing", "deploying"):
                stores.runs.transition(run.id or 0, state, "worker")
            stores.runs.finish(run.id or 0, "applied", "worker")
        stores.environments.save(environment, exists=True, ready=True)
        return made

    return make


@pytest.fixture
def pushed(stores: Stores) -> Callable[..., None]:
    """What the registry has of a service, by commit."""

    def keep(*commits: str, service: str = "backend", **more: Any) -> None:
        stores.images.replace(
            service,
            [
                RegistryImage(
                    service=service, digest=f"sha256:{commit}", repository=f"todo/{service}", tags=[commit],
                    pushed_at=MOMENT + timedelta(minutes=place), **{"seen_at": now()} | more,
                )
                for place, commit in enumerate(commits)
            ],
        )  # fmt: skip

    return keep


def _cells(grid: Grid, service: str = "backend") -> dict[str, tuple[str, str | None, str]]:
    """State, label and what is behind, by environment."""
    row = next(row for row in grid.rows if row.service == service)
    return {
        name: (cell.state, cell.release.label if cell.release else None, cell.behind)
        for name, cell in row.cells.items()
    }


class TestTimeline:
    def test_newest_first_with_what_was_before(self, overview, released):
        released("staging", "backend", "aaa")
        released("staging", "frontend", "fff")
        released("staging", "backend", "bbb", durations={"build": 12.5})
        newest, site, oldest = overview.timeline("staging")
        assert [newest.label, site.label, oldest.label] == ["r2", "r1", "r1"]
        assert (newest.status, newest.previous, newest.durations) == ("live", "r1", {"build": 12.5})
        assert (oldest.status, oldest.previous, oldest.origin) == ("superseded", None, None)
        assert newest.duration_s is not None

    def test_what_it_repeats(self, overview, released):
        first = released("staging", "backend", "aaa")
        released("staging", "backend", "bbb")
        back = released("staging", "backend", "aaa", source="rollback", origin_id=first.id)
        released("production", "backend", "aaa", source="promote", origin_id=back.id)
        assert overview.timeline("staging")[0].origin == "r1"
        assert overview.timeline("production")[0].origin == "staging r3"

    def test_of_one_service_and_in_pages(self, overview, released):
        released("staging", "frontend", "fff")
        for commit in ("aaa", "bbb", "ccc"):
            released("staging", "backend", commit)
        first = overview.timeline("staging", service="backend", limit=2)
        rest = overview.timeline("staging", service="backend", before=first[-1].id, limit=2)
        assert [one.version for one in (*first, *rest)] == ["ccc", "bbb", "aaa"]

    def test_under_way_it_has_no_duration_yet(self, overview, released):
        released("staging", "backend", "aaa", "started", end_run=False)
        (view,) = overview.timeline("staging")
        assert (view.ended_at, view.duration_s, view.why_not) == (None, None, "it is under way")

    def test_of_no_environment(self, overview):
        with pytest.raises(NotFoundError, match="nowhere"):
            overview.timeline("nowhere")


class TestGoingBack:
    def test_what_served_before_newest_first_without_the_live_one(self, overview, released):
        for commit in ("aaa", "bbb", "ccc"):
            released("staging", "backend", commit)
        released("staging", "backend", "bad", "rolled_back")
        assert [one.label for one in overview.choices("staging", "backend")] == ["r2", "r1"]

    @pytest.mark.parametrize(
        ("status", "why"),
        [
            ("live", "serves now"), ("failed", "did not succeed"), ("rolled_back", "did not succeed"),
            ("stopped", "stopped midway"), ("gone", "with its environment"),
        ],
    )  # fmt: skip
    def test_to_what_never_served_nobody_can(self, overview, released, status, why):
        released("staging", "backend", "aaa", status)
        (view,) = overview.timeline("staging")
        assert not view.can_roll_back_to
        assert why in view.why_not

    def test_an_image_that_the_registry_lost_is_no_choice(self, overview, released, pushed):
        for commit in ("aaa", "bbb", "ccc"):
            released("staging", "backend", commit)
        pushed("bbb", "ccc")
        assert [one.label for one in overview.choices("staging", "backend")] == ["r2"]
        assert "not in the registry" in overview.timeline("staging")[-1].why_not

    def test_a_registry_that_nobody_looked_at_loses_nothing(self, overview, released, pushed):
        released("staging", "backend", "aaa")
        released("staging", "backend", "bbb")
        pushed("else", service="worker")
        assert [one.label for one in overview.choices("staging", "backend")] == ["r1"]

    def test_a_look_from_before_a_release_says_nothing_of_it(self, overview, released, pushed):
        released("staging", "backend", "aaa")
        released("staging", "backend", "bbb")
        pushed("else", seen_at=MOMENT - timedelta(hours=1))
        assert [one.label for one in overview.choices("staging", "backend")] == ["r1"]

    def test_a_site_needs_its_files(self, overview, released, stores):
        kept = released("staging", "frontend", "aaa")
        released("staging", "frontend", "bbb")
        released("staging", "frontend", "ccc")
        stores.releases.keep_files(kept.id or 0, {"files": {}})
        assert [one.label for one in overview.choices("staging", "frontend")] == ["r1"]
        assert "files are not kept" in overview.timeline("staging")[1].why_not


class TestGrid:
    def test_services_by_environments_in_the_catalogues_order(self, overview):
        grid = overview.grid()
        assert grid.environments == ("production", "staging")
        assert [(row.service, row.kind, row.title) for row in grid.rows] == [
            ("backend", "container", "TODO list"), ("frontend", "static", "TODO list")
        ]  # fmt: skip
        assert _cells(grid) == {"production": ("not_created", None, ""), "staging": ("not_created", None, "")}

    def test_what_is_behind_and_by_how_much(self, overview, released):
        released("production", "backend", "aaa", committed_at=COMMITTED, position=40)
        released("staging", "backend", "bbb", committed_at=MOMENT, position=43)
        grid = overview.grid()
        assert _cells(grid) == {
            "production": ("live", "r1", "3 commits behind staging"), "staging": ("live", "r1", "")
        }  # fmt: skip
        assert grid.rows[0].cells["production"].behind_of == "staging"

    def test_a_site_is_compared_by_its_build(self, overview, released):
        released("staging", "frontend", "bbb", committed_at=MOMENT)
        released("production", "frontend", "aaa", committed_at=COMMITTED)
        assert _cells(overview.grid(), "frontend")["production"] == ("live", "r1", "older than staging")

    def test_an_environment_without_any_release_of_a_service(self, overview, released):
        released("staging", "frontend", "fff")
        assert _cells(overview.grid())["staging"] == ("never_deployed", None, "")

    def test_while_something_is_rolled_out_what_serves_is_still_told(self, overview, released):
        released("staging", "backend", "aaa")
        released("staging", "backend", "bbb", "started", end_run=False)
        cell = overview.grid().rows[0].cells["staging"]
        assert (cell.state, cell.release.version, cell.coming.version) == ("deploying", "aaa", "bbb")

    def test_a_release_that_its_run_left_behind_is_not_under_way(self, overview, released):
        released("staging", "backend", "aaa", "started")
        assert _cells(overview.grid())["staging"] == ("never_deployed", None, "")

    def test_asleep_it_still_says_what_will_serve(self, overview, released, stores):
        released("staging", "backend", "aaa")
        stores.environments.save("staging", asleep=True)
        assert _cells(overview.grid())["staging"] == ("asleep", "r1", "")

    def test_what_is_destroyed_holds_nobody_back(self, overview, released, stores):
        released("production", "backend", "aaa", committed_at=COMMITTED)
        released("staging", "backend", "bbb", committed_at=MOMENT)
        stores.environments.save("staging", exists=False)
        assert _cells(overview.grid()) == {
            "production": ("live", "r1", ""), "staging": ("not_created", None, "")
        }  # fmt: skip

    def test_the_number_of_queries_does_not_grow_with_the_cells(self, overview, released, stores):
        def queries() -> int:
            seen: list[str] = []

            def count(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
                seen.append(statement)

            event.listen(stores.database.engine, "before_cursor_execute", count)
            overview.grid()
            event.remove(stores.database.engine, "before_cursor_execute", count)
            return len([one for one in seen if one.startswith("SELECT")])

        released("staging", "backend", "aaa")
        released("staging", "backend", "bbb")
        few = queries()
        for environment in ("production", "staging"):
            for service in ("backend", "frontend"):
                released(environment, service, "ccc")
                released(environment, service, "ddd")
        assert queries() == few <= 4


class TestImages:
    def test_where_each_runs(self, overview, released, pushed):
        pushed("aaa", "bbb")
        released("staging", "backend", "bbb")
        released("production", "backend", "bbb")
        newest, oldest = overview.images("backend")
        assert (newest.tags, newest.running_in) == (("bbb",), ("staging", "production"))
        assert oldest.running_in == ()

    @pytest.mark.parametrize(
        ("scan", "words"),
        [
            ({}, ("not scanned", "")),
            ({"status": "IN_PROGRESS"}, ("being scanned", "")),
            ({"status": "COMPLETE", "counts": {}}, ("nothing found", "")),
            (
                {"status": "COMPLETE", "counts": {"HIGH": 5, "CRITICAL": 2}},
                ("2 critical, 5 high", "critical"),
            ),
            ({"status": "ACTIVE", "counts": {"LOW": 1, "HIGH": 0}}, ("1 low", "low")),
            ({"status": "UNSUPPORTED_IMAGE"}, ("cannot be scanned", "")),
            ({"status": "FAILED"}, ("the scan failed", "")),
        ],
    )
    def test_what_a_scan_found(self, overview, pushed, scan, words):
        pushed("aaa", scan=scan)
        (image,) = overview.images("backend")
        assert (image.scan_text, image.scan_severity) == words

    @pytest.mark.parametrize("service", ["frontend", "nothing"])
    def test_only_of_container_services(self, overview, service):
        with pytest.raises(NotFoundError, match="container service"):
            overview.images(service)
