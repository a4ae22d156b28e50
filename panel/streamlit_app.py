"""Entry point of the pages: ``streamlit run panel``. Page settings, navigation and what is served beside them; nothing drawn.

This file is two things. Streamlit's server imports it once, finds ``app`` in it and serves that; then it executes the
same file, as ``__main__``, whenever a page is drawn.
"""

from __future__ import annotations

import streamlit as st

if __name__ == "__main__":
    from panel.ui import navigation, text
    from panel.ui.components import style
    from panel.ui.live import guarded

    st.set_page_config(page_icon=text.ICON, layout="wide")
    style.apply()
    guarded(st.navigation(navigation.pages(), position="top").run)()
else:
    from panel.ui.endings import keep_endings
    from panel.ui.status_json import routes

    keep_endings()
    app = st.App(__file__, routes=routes())
