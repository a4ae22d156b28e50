"""``python -m tests.benchmarks.page_server FOLDER PORT LOCAL_PORT``: the panel's pages over a prepared store.

The real panel on Streamlit's real server; only the start of helpers is left out, because a real worker would end the
prepared runs that no workflow stands behind.
"""

from __future__ import annotations

import sys
from pathlib import Path

from streamlit.web import cli

import panel
from panel.settings import Settings
from panel.ui import state
from panel.wiring import Panel


class PreparedPanel(Panel):
    """A panel that starts nothing."""

    def ensure_running(self) -> None:
        """Everything that is wanted has been started."""


def main(folder: str, port: str, local_port: str) -> None:
    """Serve until told to end."""
    own = Path(folder) / "environments.yaml"
    settings = Settings(data_dir=Path(folder), port=int(port), local_port=int(local_port))
    if own.exists():
        settings = settings.model_copy(update={"catalogue": own})
    opened = PreparedPanel(settings)
    state.use(lambda: opened)
    serve(Path(panel.__file__).with_name("streamlit_app.py"), port)


def serve(script: Path, port: str) -> None:
    """Streamlit's server, as ``panel up`` starts it, but telling its visitor how long scripts ran."""
    arguments = [
        "run", str(script), "--server.address", "127.0.0.1", "--server.port", port, "--server.headless", "true",
        "--server.fileWatcherType", "none", "--browser.gatherUsageStats", "true",
    ]  # fmt: skip
    cli.main(arguments, prog_name="streamlit")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        serve(Path(sys.argv[1]), sys.argv[2])
    else:
        main(*sys.argv[1:])
