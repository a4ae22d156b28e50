"""What the system tests share: installations that leave nothing behind, a browser, a folder for pictures.

Each file works on installations of its own, so that files may run side by side. Files that use the fixture ``story``
tell one: their tests are its steps, and once one has failed those after it are skipped.
"""
# ruff: noqa: E402  the modules beside this file can be imported only after their parent is on the path

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from tests.system.account import Account
from tests.system.evidence import evidence
from tests.system.installation import Installation
from tests.system.pictures import Pictures

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

_failed = pytest.StashKey[str]()

Install = Callable[..., Installation]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember the first step of a story that failed, and tell what was to be seen then."""
    report = yield
    parent = item.parent
    if report.failed and parent:
        parent.stash.setdefault(_failed, item.name)
        report.sections.extend(evidence(getattr(item, "funcargs", {})))
    return report


@pytest.fixture
def story(request: pytest.FixtureRequest) -> None:
    """Skips what comes after a step that failed: it would only fail for the same reason."""
    failed = request.node.parent.stash.get(_failed, "")
    if failed:
        pytest.skip(f"an earlier step of this story failed: {failed}")


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What earlier steps of a story leave for later ones."""
    return {}


#: Files whose panels plan once or twice: a warm Terraform would cost them more than it saves.
_FEW_PLANS = frozenset({"test_bad_days", "test_containers"})


@pytest.fixture(scope="module")
def install(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    """Makes installations; at the end of the module each is ended, and nothing of it may be left."""
    made: list[Installation] = []

    def make(**settings: str) -> Installation:
        if request.path.stem in _FEW_PLANS:
            settings.setdefault("PANEL_WARM_IDLE_S", "0")
        made.append(Installation(tmp_path_factory.mktemp("installation"), **settings))
        return made[-1]

    yield make
    left = [process for installation in made for process in installation.close()]
    for installation in made:
        shutil.rmtree(installation.data_dir, ignore_errors=True)
    assert left == []


@pytest.fixture(scope="module")
def terraform_ready(install: Install) -> None:
    """Skips where no Terraform provider can be had, with the words of `panel doctor`."""
    findings = {one["name"]: one for one in install().run("doctor", "--json").json()}
    if findings["providers"]["status"] == "fail":
        pytest.skip(f"{findings['providers']['found']} {findings['providers']['mend']}")


@pytest.fixture(scope="module")
def panel(install: Install, terraform_ready: None) -> Installation:
    """The installation that a module's story is about."""
    return install()


@pytest.fixture(scope="module")
def account(panel: Installation) -> Account:
    """The account that the panel works in."""
    return Account(panel.endpoint)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser; skips where none is installed."""
    path = os.environ.get("PANEL_TEST_CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        pytest.skip(f"none of {', '.join(_BROWSERS)} is installed (PANEL_TEST_CHROMIUM names another)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    """Where screenshots go: the folder that CI keeps."""
    folder = Path(os.environ.get("PANEL_TEST_ARTIFACTS") or REPOSITORY / "test-artifacts") / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return Pictures(folder)
