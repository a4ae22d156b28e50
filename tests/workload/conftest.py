"""What all tests of the workload share: the way to the backend's package."""

from __future__ import annotations

import sys
from pathlib import Path

# The backend is a workload, not an installed package: its image puts its parent on the path, as here.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
