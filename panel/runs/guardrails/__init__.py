"""Rules over a plan, in plain Python, by topic. Each answers with findings; none means the rule passed.

Here is what others use. One module for each topic: ``destruction``, ``exposure`` (with ``buckets`` and ``policies``),
``ingress``, ``tags``, ``budget``. ``judgement`` lists the rules and asks them all; ``reading`` and ``configuration``
read a plan whose values may not be known yet. What a team may say about the rules is in :mod:`panel.catalogue.guardrails`.
"""

from __future__ import annotations

from panel.runs.guardrails.configuration import Written, written_attributes
from panel.runs.guardrails.destruction import STATEFUL
from panel.runs.guardrails.finding import Finding, Situation, blocked, overridable
from panel.runs.guardrails.judgement import DELETION_PROTECTION, RULES, judge

__all__ = [
    "DELETION_PROTECTION",
    "RULES",
    "STATEFUL",
    "Finding",
    "Situation",
    "Written",
    "blocked",
    "judge",
    "overridable",
    "written_attributes",
]
