"""The page Releases, an environment's releases, and the dialogs that deploy, roll back and promote."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from panel.access.identity import Identity, Role
from panel.catalogue.edit import set_value
from panel.lifecycle.deploy_orders import Pick
from panel.store.tables import RegistryImage, Release, now
from panel.ui import releases_text as words
from panel.ui.components.image_choice import size
from panel.ui.components.releases import listed, refusal

Open = Callable[..., AppTest]

CRITICAL = {"status": "COMPLETE", "counts": {"CRITICAL": 2, "HIGH": 5}}


def body(app: AppTest) -> str:
    """All markup of a page that was drawn without an error."""
    assert not app.exception, app.exception
    return "".join(str(element.proto.body) for element in app.get("html"))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def button(app: AppTest, label: str) -> Any:
    return next(found for found in app.button if found.label == label)


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def release(
    panel: Any,
    environment: str,
    status: str = "live",
    *,
    service: str = "backend",
    number: int = 7,
    **fields: Any,
) -> Release:
    """A release by a deployment of its own."""
    ends = {"live": "applied"}.get(status, "errored")
    run = panel.run(environment, "deploy", "preparing", "deploying", ends)
    kind = "container" if service == "backend" else "static"
    facts = {
        "digest": digest(number),
        "author": "ben",
        "source": "build",
        "revision": f"{number:07x}",
        "world": "w1",
    }
    found = panel.stores.releases.start(
        environment, service, kind, f"{number:07x}", run_id=run.id, **facts | fields
    )
    return panel.stores.releases.finish(found.id, status)


def image(number: int, *tags: str, scan: dict[str, Any] | None = None) -> RegistryImage:
    return RegistryImage(
        service="backend", digest=digest(number), repository="todo-backend", tags=list(tags), size=42_000_000,
        pushed_at=now() - timedelta(hours=number), scan=scan or {},
    )  # fmt: skip


def test_the_grid_tells_what_runs_where_and_leads_to_promoting_what_is_behind(
    sample: Any, orders: Any, open_page: Open
) -> None:
    for name, number in (("ready", 9), ("degraded", 6)):
        committed = now() - timedelta(days=10 - number)
        release(sample, name, number=number, position=number, committed_at=committed)
    release(sample, "ready", number=10, status="rolled_back")
    sample.run("ready", "deploy")
    app = open_page("releases")
    text = body(app)
    for there in ("0000009", "000000000009", "3 commits behind ready", "</span> Live", "</span> Not created"):
        assert there in text
    assert 'href="environment?environment=ready&amp;tab=Deployments"' in text
    assert 'href="releases?promote=ready&amp;to=degraded&amp;service=backend"' in text

    app = open_page("releases", promote="ready", to="degraded", service="backend")
    assert not app.query_params
    assert "put into degraded" in body(app)
    button(app, "Promote backend from ready to degraded").click().run()
    assert orders.asked == [("promote", "ready", "degraded", ("backend",))]


def test_an_empty_grid_says_what_to_do(sample: Any, open_page: Open) -> None:
    for name in sample.catalogue().environments:
        sample.stores.releases.retire(name)
    assert "Create an environment: its first run deploys every service" in body(open_page("releases"))


def test_the_way_of_each_release_is_told_and_the_way_back_offered(
    sample: Any, orders: Any, open_page: Open
) -> None:
    old = release(sample, "ready", number=2)
    promoted = release(sample, "degraded", number=8)
    release(sample, "ready", number=8, source="promote", origin_id=promoted.id)
    failed = release(sample, "ready", "rolled_back", number=3)
    sample.stores.releases.note(
        failed.id, detail="2 tasks ended with <b>exit code 1</b>." + 300 * "." + "END"
    )
    release(sample, "ready", number=2, source="rollback", origin_id=old.id)
    app = open_page("environment", environment="ready", tab="Deployments")
    text = body(app)
    for there in ("rolled back to r2", "promoted from degraded r2", "built from revision 0000003", "by ben",
                  "&lt;b&gt;exit code 1&lt;/b&gt;", "END</pre>", f'href="run?run={failed.run_id}"'):  # fmt: skip
        assert there in text
    assert text.count('class="p-release p-serves"') == 2
    assert button(app, "Roll back to r4").disabled
    assert "it did not succeed" in button(app, "Roll back to r4").help

    button(app, "Roll back to r3").click().run()
    assert "Nothing is built, and no review follows" in body(app)
    button(app, "Roll back backend to r3").click().run()
    assert orders.asked == [("rollback", "ready", "backend", 3)]


def test_a_release_whose_image_went_meanwhile_is_not_gone_back_to(
    sample: Any, orders: Any, open_page: Open
) -> None:
    release(sample, "ready", number=2)
    release(sample, "ready", number=3)
    app = open_page("environment", environment="ready", tab="Deployments")
    sample.stores.images.replace("backend", [image(3, "new")])
    button(app, "Roll back to r2").click().run()
    assert "its image is not in the registry any more" in body(app)
    assert "Roll back backend to r2" not in labels(app)
    assert orders.asked == []


def test_a_long_history_is_turned_over(sample: Any, open_page: Open) -> None:
    for number in range(2, 12):
        release(sample, "ready", number=number)
    app = open_page("environment", environment="ready", tab="Deployments")
    assert "<strong>r3</strong>" not in body(app)
    button(app, "Older releases of backend").click().run()
    assert "<strong>r3</strong>" in body(app)
    assert "<strong>r11</strong>" not in body(app)
    button(app, "Newest releases of backend").click().run()
    assert "<strong>r11</strong>" in body(app)


def test_what_is_deployed_is_chosen_and_the_button_says_it(sample: Any, orders: Any, open_page: Open) -> None:
    sample.stores.images.replace("backend", [image(5, "v1.5", "latest", scan=CRITICAL), image(6)])
    release(sample, "down", number=6)
    app = open_page("environment", environment="ready")
    button(app, "Deploy to ready…").click().run()
    assert "Deploy backend and frontend to ready" in labels(app)
    assert "Last built: revision" in body(app)
    app.checkbox(key="deploy-keep-ready").check().run()
    app.checkbox(key="deploy-service-ready-frontend").uncheck().run()
    app.radio(key="deploy-how-ready-backend").set_value(words.PICK).run()
    assert button(app, "Choose an image of backend").disabled
    choice = app.radio(key="deploy-image-ready-backend")
    assert choice.options[0] == "**v1.5, latest** · 000000000000"
    assert "42 MB · 5 h ago · :red[■ 2 critical, 5 high]" in choice.proto.captions
    assert "42 MB · 6 h ago · :gray[? not scanned] · runs in down" in choice.proto.captions
    choice.set_value(digest(5)).run()
    button(app, "Deploy backend to ready").click().run()
    assert orders.asked == [("deploy", "ready", ("backend",), {"backend": Pick(digest=digest(5))}, False)]


def test_a_second_click_deploys_once(sample: Any, open_page: Open) -> None:
    pages = [open_page("environment", environment="ready") for _ in range(2)]
    for app in pages:
        button(app, "Deploy to ready…").click().run()
    for app in pages:
        button(app, "Deploy backend and frontend to ready").click().run()
        assert "Somebody was faster" not in body(app)
    deployments = [run for run in sample.stores.runs.recent("ready") if run.kind == "deploy"]
    assert len(deployments) == 1


def test_a_registry_without_images_says_why_and_what_to_do(sample: Any, open_page: Open) -> None:
    set_value(sample.settings.catalogue_path, ("environments", "ready", "approvals"), {"count": 2})
    app = open_page("environment", environment="ready")
    button(app, "Deploy to ready…").click().run()
    app.radio(key="deploy-how-ready-backend").set_value(words.PICK).run()
    text = body(app)
    assert "No image of backend is known in the registry." in text
    assert "Build from the source: that pushes the first one." in text
    assert "ready asks for other people&#x27;s approval" in text


def test_promoting_names_the_target_and_leaves_out_what_must_not_go_further(
    sample: Any, orders: Any, open_page: Open
) -> None:
    release(sample, "ready", number=9)
    app = open_page("environment", environment="ready")
    button(app, "Promote from ready…").click().run()
    assert button(app, "Choose an environment").disabled
    target = app.radio(key="promote-target-ready")
    assert target.options == ["degraded", "down", "a-very-long-name-20"]
    target.set_value("down").run()
    assert app.checkbox(key="promote-service-ready-down-frontend").disabled
    button(app, "Promote backend from ready to down").click().run()
    assert orders.asked == [("promote", "ready", "down", ("backend",))]

    app = open_page("environment", environment="degraded")
    button(app, "Promote from degraded…").click().run()
    app.radio(key="promote-target-degraded").set_value("ready").run()
    assert (
        "does not look healthy in degraded"
        in app.checkbox(key="promote-service-degraded-ready-backend").label
    )


@pytest.mark.parametrize("name", ["ready", "releases"])
def test_who_may_not_deploy_is_told_who_may(sample: Any, open_page: Open, name: str) -> None:
    sample.identity = Identity("eve", Role.VIEWER)
    release(sample, "ready", number=9, committed_at=now(), position=9)
    if name == "releases":
        app = open_page("releases", promote="ready", to="down", service="backend")
        assert words.PROMOTE_LINK not in body(app)
    else:
        app = open_page("environment", environment=name, tab="Deployments")
        assert all(
            found.disabled for found in app.button if "oll back" in found.label or "eploy" in found.label
        )
        assert button(app, "Deploy to ready…").help == "Deploying takes the role operator or admin."
    assert "Deploying takes the role operator or admin." in body(app)
    assert not [label for label in labels(app) if label.startswith(("Promote backend", "Choose"))]


@pytest.mark.parametrize(
    ("name", "record", "retired", "why"),
    [("ready", {}, False, "None"), ("staging", {}, False, "Create it first"), ("lost", {}, False, "Create it first"),
     ("applying", {"exists": True}, False, "is under way"), ("ready", {"asleep": True}, False, "Wake it first"),
     ("ready", {}, True, "is retired in environments.yaml")],
)  # fmt: skip
def test_why_nothing_can_be_deployed_is_known_before_anybody_asks(
    sample: Any, name: str, record: dict[str, Any], retired: bool, why: str
) -> None:
    if record:
        sample.stores.environments.save(name, **record)
    if retired:
        set_value(sample.settings.catalogue_path, ("environments", name, "retired"), True)
    view = sample.overview.environment(name)
    assert why in str(refusal(sample, view))
    assert not retired or refusal(sample, view, going_back=True) is None


def test_an_environment_that_is_to_be_gone_says_so_and_is_not_created(sample: Any, open_page: Open) -> None:
    set_value(sample.settings.catalogue_path, ("environments", "staging", "retired"), True)
    app = open_page("home")
    assert "tasks · retired" in body(app)
    assert button(app, "Create staging environment").disabled


def test_names_and_sizes_read_well() -> None:
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert [size(count) for count in (4_000, 41_600_000, 1_240_000_000)] == ["0.1 MB", "42 MB", "1.2 GB"]
