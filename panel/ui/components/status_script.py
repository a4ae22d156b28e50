"""What moves by itself on the status page: the copy buttons, lasting times, and the warning of a page that stands still."""

from __future__ import annotations

import html
import json

import streamlit as st

from panel.lifecycle.status_markup import asset
from panel.ui import status_text as text

#: A page that was not refreshed for this long has lost the panel.
_LIMIT_MS = 65_000
_MARKUP = f'<p role="alert" hidden><strong>{html.escape(text.LOST_TITLE)}</strong> <span></span></p>'
_STYLE = """
p { font: 700 1.4rem/1.4 var(--st-font, sans-serif); color: var(--st-text-color); margin: 0; padding: 0.7rem 1rem;
  border: 4px solid var(--st-red-color, #b42318); border-radius: 4px; }
p[hidden] { display: none; }
"""
_SCRIPT = f"""{asset("status_page.js")}
export default function (component) {{
  const loud = component.parentElement.querySelector("p");
  const notify = (age, span) => {{
    loud.hidden = !age;
    if (age) loud.querySelector("span").textContent = {json.dumps(text.LOST)}.replace("{{span}}", span(age / 1000));
  }};
  return watchStatus(document, notify, {{ limit: {_LIMIT_MS}, local: false, exported: false }});
}}
"""
_mount = st.components.v2.component("panel-status", html=_MARKUP, css=_STYLE, js=_SCRIPT)


def status_script() -> None:
    """Let the page's buttons copy, its times go on, and say loudly when it is not refreshed any more."""
    _mount(key="status-script")
