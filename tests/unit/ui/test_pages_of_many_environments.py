"""Home where environments are many: a table, trouble first, narrowed by words and state."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from panel.ui import session
from panel.ui.components.environment_list import FEW

Open = Callable[..., AppTest]


@pytest.fixture
def many(sample: Any) -> Any:
    """The sample's environments and more, that were never created."""
    more = "".join(
        f"""\
  quiet-{number}:
    owner: {{team: Quiet team, contact: quiet@example.com}}
    subnet_slot: 1
    instance: {{type: t3.micro, count: 2}}
    desired_tasks: 2
    monthly_budget_usd: 80
"""
        for number in range(FEW)
    )
    path = sample.settings.catalogue_path
    path.write_text(path.read_text() + more)
    return sample


def body(app: AppTest) -> str:
    assert not app.exception, app.exception
    return "".join(str(element.proto.body) for element in app.get("html"))


def named(app: AppTest) -> list[str]:
    """The environments of the table, as they stand."""
    return re.findall(r'<td[^>]*><div><a href="environment\?environment=([^"]+)"', body(app))


@pytest.mark.usefixtures("many")
def test_what_needs_a_look_comes_first(open_page: Open) -> None:
    app = open_page()
    found = named(app)
    assert found[:3] == ["lost", "down", "failed"]
    assert found.index("degraded") < found.index("applying") < found.index("ready") < found.index("staging")
    assert len(found) == 11 + FEW
    text = body(app)
    assert "1 of 2 tasks of backend runs." in text
    assert f"{11 + FEW} environments" in text
    assert 'href="http://ready.cloudfront.localhost:4566"' in text


@pytest.mark.usefixtures("many")
def test_they_are_narrowed_by_words_and_by_state(open_page: Open) -> None:
    app = open_page()
    app.text_input(key=session.HOME_WORDS).set_value("quiet team").run()
    assert sorted(named(app)) == sorted(f"quiet-{number}" for number in range(FEW))
    app.text_input(key=session.HOME_WORDS).set_value("").run()
    app.selectbox(key=session.HOME_GROUP).set_value("trouble").run()
    assert set(named(app)) == {"lost", "down", "failed", "review", "degraded"}
    app.text_input(key=session.HOME_WORDS).set_value("nobody has this").run()
    assert "No environment fits" in body(app)


def test_few_environments_are_cards(open_page: Open) -> None:
    app = open_page()
    assert not app.text_input
    assert "Create staging environment" in [button.label for button in app.button]
