"""Build, push, roll out, verify and roll back services; build and publish the site.

Plain functions over explicit values. Each is safe to run again from its start: the durable workflows that
string them together repeat a step that was cut.
"""

from __future__ import annotations

from collections.abc import Callable

#: Where a line of progress goes.
Report = Callable[[str], None]
