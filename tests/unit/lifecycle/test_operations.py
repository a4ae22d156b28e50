"""What people may ask for: every refusal, and the audit entry before every act."""

from collections.abc import Callable
from typing import Any

import pytest

from panel.access.identity import Identity, Role
from panel.audit.trail import Trail
from panel.catalogue.schema import SHARED, Catalogue
from panel.errors import (
    AccessDeniedError,
    BusyError,
    NotFoundError,
    ProtectedError,
    RefusedError,
    StorageError,
)
from panel.lifecycle.operations import Operations
from panel.lifecycle.stages import SHARED_STAGES, STAGES
from panel.store.stores import Stores

Act = Callable[[Any, Any, str], object]

_ACTS: dict[str, Act] = {
    "create": lambda desk, who, name: desk.operations.create(who, name),
    "update": lambda desk, who, name: desk.operations.update(who, name),
    "plan": lambda desk, who, name: desk.operations.plan(who, name),
    "deploy": lambda desk, who, name: desk.operations.deploy(who, name),
    "destroy": lambda desk, who, name: desk.operations.destroy(who, name, confirm=name),
    "drift": lambda desk, who, name: desk.operations.drift(who, name),
    "refresh": lambda desk, who, name: desk.operations.refresh(who, name),
    "sleep": lambda desk, who, name: desk.operations.sleep(who, name),
    "wake": lambda desk, who, name: desk.operations.wake(who, name),
    "unlock": lambda desk, who, name: desk.operations.unlock(who, name),
}

#: Acts that an operator may order; the rest takes an admin.
_OPERATORS = sorted(set(_ACTS) - {"unlock"})


@pytest.mark.parametrize("kind", sorted(_ACTS))
def test_an_act_is_a_run_in_the_store_with_its_stages_and_an_audit_entry(kind: str, desk: Any) -> None:
    desk.exists()

    run = _ACTS[kind](desk, desk.admin, "staging")

    assert (run.kind, run.environment, run.state, run.author) == (kind, "staging", "queued", "ana")
    assert tuple(stage.name for stage in desk.stores.runs.stages(run.id)) == STAGES[kind]
    assert desk.acts() == [("ana", kind, "staging")]
    assert run.priority == {"plan": 20, "unlock": 20, "drift": 10}.get(kind, 30)


@pytest.mark.parametrize("kind", sorted(_ACTS))
def test_an_operator_may_order_everything_but_an_unlock(kind: str, desk: Any) -> None:
    desk.exists()

    if kind in _OPERATORS:
        assert _ACTS[kind](desk, desk.operator, "staging").author == "bob"
    else:
        with pytest.raises(AccessDeniedError, match="bob"):
            _ACTS[kind](desk, desk.operator, "staging")


@pytest.mark.parametrize("kind", sorted(_ACTS))
def test_an_unknown_environment_is_named_with_those_that_exist(kind: str, desk: Any) -> None:
    with pytest.raises(NotFoundError, match="'stagin'") as caught:
        _ACTS[kind](desk, desk.admin, "stagin")
    assert "production, staging" in caught.value.hint
    assert (desk.acts(), desk.stores.runs.recent()) == ([], [])


@pytest.mark.parametrize("kind", sorted(_ACTS))
def test_who_may_not_act_is_told_and_nothing_begins(kind: str, desk: Any) -> None:
    desk.exists()

    with pytest.raises(AccessDeniedError, match="vic"):
        _ACTS[kind](desk, desk.viewer, "staging")
    assert (desk.acts(), desk.stores.runs.recent()) == ([], [])


@pytest.mark.parametrize("kind", sorted(_ACTS))
def test_a_busy_environment_names_the_run_that_is_under_way(kind: str, desk: Any) -> None:
    desk.exists()
    first = desk.operations.update(desk.admin, "staging").id

    with pytest.raises(BusyError, match=f"Run {first} of staging .*update, by ana"):
        _ACTS[kind](desk, desk.admin, "staging")
    assert [run.id for run in desk.stores.runs.recent()] == [first]


def test_people_who_click_at_once_make_one_run(
    desk: Any,
    at_once: Callable[..., list[Any]],
    open_store: Callable[..., Stores],
    desk_of: Callable[[Stores], Any],
) -> None:
    desks = [desk_of(open_store()) for _ in range(4)]

    results = at_once([lambda own=own: own.operations.create(own.admin, "staging") for own in desks])

    assert sorted(type(result).__name__ for result in results) == ["BusyError"] * 3 + ["Run"]
    assert len(desk.stores.runs.recent()) == 1
    assert Trail(desk.stores.audit).first_broken() is None


def test_a_protected_environment_is_not_destroyed_and_the_attempt_is_kept(desk: Any) -> None:
    desk.exists("production")

    with pytest.raises(ProtectedError, match="production is protected") as caught:
        desk.operations.destroy(desk.admin, "production", confirm="production")
    assert "protected: false" in caught.value.hint
    assert desk.acts() == [("ana", "destroy refused: protected", "production")]
    assert desk.stores.runs.recent() == []


@pytest.mark.parametrize("confirm", ["", "Staging", "staging ", "production"])
def test_a_destruction_needs_the_very_name(confirm: str, desk: Any) -> None:
    desk.exists()

    with pytest.raises(RefusedError, match="does not match"):
        desk.operations.destroy(desk.admin, "staging", confirm=confirm)
    assert (desk.acts(), desk.stores.runs.recent()) == ([], [])


@pytest.mark.parametrize("kind", ["deploy", "destroy", "drift", "refresh", "sleep", "wake"])
def test_what_does_not_exist_is_not_deployed_to_destroyed_compared_or_scaled(kind: str, desk: Any) -> None:
    with pytest.raises(NotFoundError, match="staging does not exist") as caught:
        _ACTS[kind](desk, desk.admin, "staging")
    assert "panel env create staging" in caught.value.hint
    assert (desk.acts(), desk.stores.runs.recent()) == ([], [])


@pytest.mark.parametrize("state", ["errored", "interrupted", "canceled"])
def test_what_a_failed_creation_left_behind_can_be_destroyed(state: str, desk: Any) -> None:
    desk.ended("create", state)

    assert desk.operations.destroy(desk.admin, "staging", confirm="staging").kind == "destroy"


@pytest.mark.parametrize(
    ("kind", "state"), [("plan", "errored"), ("create", "discarded"), ("create", "blocked")]
)
def test_a_run_that_changed_nothing_leaves_nothing_to_destroy(kind: str, state: str, desk: Any) -> None:
    desk.ended(kind, state)

    with pytest.raises(NotFoundError):
        desk.operations.destroy(desk.admin, "staging", confirm="staging")


def retire(catalogue: Catalogue, name: str) -> None:
    """The catalogue says from now on that an environment is to be gone."""
    catalogue.environments[name] = catalogue.environments[name].model_copy(update={"retired": True})


@pytest.mark.parametrize("kind", sorted(_ACTS))
def test_what_is_retired_gets_nothing_new(kind: str, desk: Any, catalogue: Catalogue) -> None:
    desk.exists()
    retire(catalogue, "staging")

    if kind in {"create", "update", "deploy"}:
        with pytest.raises(RefusedError, match="staging is retired") as caught:
            _ACTS[kind](desk, desk.admin, "staging")
        assert "panel env sync staging --confirm staging" in caught.value.hint
        assert (desk.acts(), desk.stores.runs.recent()) == ([], [])
    else:
        assert _ACTS[kind](desk, desk.admin, "staging").kind == kind


@pytest.mark.parametrize(
    ("retired", "exists", "kind"),
    [(False, False, "create"), (False, True, "update"), (True, True, "destroy")],
)
def test_a_sync_is_what_the_catalogue_asks_for(
    retired: bool, exists: bool, kind: str, desk: Any, catalogue: Catalogue
) -> None:
    desk.stores.environments.save("staging", exists=exists)
    if retired:
        retire(catalogue, "staging")

    run = desk.operations.sync(desk.admin, "staging", confirm="staging", auto_approve=True, here="ci/1")

    assert (run.kind, run.auto_approve, run.pinned_instance) == (kind, True, "ci/1")
    assert desk.acts() == [("ana", kind, "staging")]


def test_a_plan_may_be_for_one_worker_alone(desk: Any) -> None:
    assert desk.operations.plan(desk.admin, "staging", here="ci/1").pinned_instance == "ci/1"


def test_a_sync_of_what_is_retired_and_gone_does_nothing(desk: Any, catalogue: Catalogue) -> None:
    retire(catalogue, "staging")

    assert desk.operations.sync(desk.admin, "staging", confirm="staging") is None
    assert (desk.acts(), desk.stores.runs.recent()) == ([], [])


def test_a_sync_destroys_what_a_failed_creation_left_behind(desk: Any, catalogue: Catalogue) -> None:
    desk.ended("create", "errored")
    retire(catalogue, "staging")

    assert desk.operations.sync(desk.admin, "staging", confirm="staging").kind == "destroy"


def test_a_sync_destroys_only_what_was_named(desk: Any, catalogue: Catalogue) -> None:
    desk.exists()
    retire(catalogue, "staging")

    with pytest.raises(RefusedError, match="confirmation does not match"):
        desk.operations.sync(desk.admin, "staging")
    assert (desk.acts(), desk.stores.runs.recent()) == ([], [])


def test_a_sync_of_the_shared_network_updates_it(desk: Any) -> None:
    assert desk.operations.sync(desk.admin, SHARED).kind == "update"


def test_a_deployment_may_name_services_and_unknown_ones_are_refused(desk: Any) -> None:
    desk.exists()

    with pytest.raises(NotFoundError, match="'bakend'") as caught:
        desk.operations.deploy(desk.admin, "staging", services=("backend", "bakend"))
    assert "backend, frontend" in caught.value.hint
    run = desk.operations.deploy(desk.admin, "staging", services=("backend",))
    assert run.options == {"services": ["backend"]}


@pytest.mark.parametrize("kind", ["create", "update", "destroy"])
def test_approving_in_advance_is_kept_with_the_run_and_in_the_audit(kind: str, desk: Any) -> None:
    desk.exists()
    more = {"confirm": "staging"} if kind == "destroy" else {}

    run = getattr(desk.operations, kind)(desk.admin, "staging", auto_approve=True, **more)

    assert run.auto_approve
    assert desk.stores.audit.chain()[-1].detail["auto_approve"] is True


@pytest.mark.parametrize("kind", sorted(SHARED_STAGES))
def test_the_shared_network_has_its_own_stages(kind: str, desk: Any) -> None:
    desk.exists(SHARED)

    run = _ACTS[kind](desk, desk.admin, SHARED)

    assert tuple(stage.name for stage in desk.stores.runs.stages(run.id)) == SHARED_STAGES[kind]


@pytest.mark.parametrize("kind", ["create", "deploy", "sleep", "wake"])
def test_what_the_shared_network_cannot_do_is_refused(kind: str, desk: Any) -> None:
    desk.exists(SHARED)

    with pytest.raises(RefusedError, match=f"'{kind}' for the shared network"):
        _ACTS[kind](desk, desk.admin, SHARED)
    assert desk.stores.runs.recent() == []


def test_the_shared_network_stays_while_an_environment_lives_in_it(desk: Any) -> None:
    desk.exists(SHARED)
    desk.exists()

    with pytest.raises(RefusedError, match="in use by staging"):
        desk.operations.destroy(desk.admin, SHARED, confirm=SHARED)
    desk.stores.environments.save("staging", exists=False)
    assert desk.operations.destroy(desk.admin, SHARED, confirm=SHARED).environment == SHARED


@pytest.mark.parametrize("kind", sorted(_ACTS))
def test_what_cannot_be_recorded_is_not_begun(
    kind: str, desk: Any, catalogue: Catalogue, full_trail: Trail
) -> None:
    desk.exists()
    desk.operations = Operations(lambda: catalogue, desk.stores, full_trail)

    with pytest.raises(StorageError):
        _ACTS[kind](desk, desk.admin, "staging")
    assert desk.stores.runs.recent() == []


def test_an_edited_catalogue_counts_at_once(stores: Stores, catalogue: Catalogue) -> None:
    current = [catalogue]
    operations = Operations(lambda: current[0], stores, Trail(stores.audit))
    ana = Identity("ana", Role.ADMIN)
    smaller = {name: entry for name, entry in catalogue.environments.items() if name != "staging"}

    current[0] = catalogue.model_copy(update={"environments": smaller})

    with pytest.raises(NotFoundError):
        operations.create(ana, "staging")
