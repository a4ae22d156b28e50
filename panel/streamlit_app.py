"""Entry point of the pages: ``streamlit run panel``. Page settings and navigation, nothing drawn."""

from __future__ import annotations

import streamlit as st

from panel.ui import navigation, text
from panel.ui.components import style
from panel.ui.live import guarded

st.set_page_config(page_icon=text.ICON, layout="wide")
style.apply()
guarded(st.navigation(navigation.pages(), position="top").run)()
