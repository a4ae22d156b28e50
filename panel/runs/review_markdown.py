"""A stored plan as Markdown for a pull request's comment: no longer than a comment may be, and nothing breaks out of it.

What comes from plans is text of others: it may hold backticks, HTML, mentions or line ends. It is written in three
places only: inside a ``diff`` fence longer than any run of backticks in it, inside ``<code>`` of an HTML line, and as
escaped words.

GitHub takes comments of 262,144 bytes and pull request descriptions of 65,536 characters (Unicode code points). A text
of at most 65,000 code points keeps both, since none takes more than four bytes.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from panel.runs.review import Resource, Review
from panel.runs.review_text import Line, output_lines, reason_text, resource_lines
from panel.runs.review_values import Limits, one_line, shortened
from panel.store.tables import Run

#: The longest comment, in characters (Unicode code points).
LIMIT = 65_000
# The order of importance when not all of it fits; drift and outputs come after the resources.
_TITLES: Mapping[str, str] = {
    "delete": "Destroy", "replace": "Replace", "update": "Update", "create": "Create", "forget": "Forget",
    "import": "Import", "move": "Move", "read": "Read",
}  # fmt: skip
_SIGNS: Mapping[str, str] = {"delete": "−", "replace": "±", "update": "~", "create": "+"}
_SEVERITIES: Mapping[str, str] = {"block": "⛔ blocked", "warn": "⚠️ warning"}
_VALUES = Limits(characters=400, lines=60, attributes=200)
_RESERVED = 600
_MOST_FINDINGS = 40
_LONGEST_WORDS = 400
# After so many that did not fit, the rest will not either: do not render thousands to learn that.
_MOST_MISSES = 25
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_TICKS = re.compile(r"`+")
_LINKING = re.compile(r"(@|#|:(?=//)|www(?=\.))", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


def markdown(run: Run, review: Review, *, limit: int = LIMIT) -> str:
    """The plan as a comment: counts, cost, guardrails, then resources by action, each folded with its differences.

    Whole resources are left out when there are too many, the least important actions first; the comment says
    how many and how to see them.

    Args:
        run: the run it belongs to.
        review: the plan.
        limit: the most characters, at least 20,000.

    Raises:
        ValueError: the limit is too low to hold what always has to be said.
    """
    if limit < 20_000:
        raise ValueError("a comment needs room for 20,000 characters")
    writer = _Writer(limit - _RESERVED)
    writer.always(_opening(run, review))
    writer.findings(review.guardrails, limit // 2)
    if not (review.resources or review.outputs):
        writer.always("Nothing changes.\n\n")
    for action, found in _by_action(review.resources):
        writer.section(f"#### {_TITLES.get(action, words(action))} {len(found)}\n\n", found, drift=False)
    if review.outputs:
        writer.outputs(review)
    if review.drift:
        writer.section("#### Changed outside Terraform since the last apply\n\n", review.drift, drift=True)
    return writer.finished(run)


class _Writer:
    """The comment as it grows, and what had to be left out."""

    def __init__(self, room: int) -> None:
        self._parts: list[str] = []
        self._room = room
        self._left_out: Counter[str] = Counter()

    def always(self, part: str) -> None:
        self._parts.append(part)
        self._room -= len(part)

    def _fits(self, part: str) -> bool:
        if len(part) > self._room:
            return False
        self.always(part)
        return True

    def findings(self, outcomes: Iterable[Mapping[str, Any]], most: int) -> None:
        """What the guardrails found, what blocks first, in at most so many characters."""
        found = sorted(
            (outcome for outcome in outcomes if outcome.get("severity") != "pass"),
            key=lambda outcome: outcome.get("severity") != "block",
        )
        told = list(_until_full(map(_finding, found[:_MOST_FINDINGS]), most))
        if len(told) < len(found):
            told.append(f"- and {len(found) - len(told)} more findings\n")
        self.always("".join([*told, "\n"]) if told else "")

    def section(self, title: str, resources: Sequence[Resource], *, drift: bool) -> None:
        """As many resources as there is room for, under a title that is there when one of them is."""
        misses = 0
        for resource in resources:
            name = "drifted" if drift else resource.action
            if misses < _MOST_MISSES and self._fits(title + _folded_resource(resource, drift=drift)):
                title = ""
            else:
                misses += 1
                self._left_out[name] += 1

    def outputs(self, review: Review) -> None:
        """All outputs that change, or none."""
        lines = [line for output in review.outputs for line in output_lines(output, _VALUES)]
        if not self._fits(_folded(f"Outputs {len(review.outputs)}", lines)):
            self._left_out["outputs"] += len(review.outputs)

    def finished(self, run: Run) -> str:
        if self._left_out:
            names = {"drifted": "changed outside", "outputs": "outputs"}
            told = ", ".join(
                f"{count} {names.get(action) or 'to ' + words(_TITLES.get(action, action).lower())}"
                for action, count in self._left_out.items()
            )
            number = run.id or 0
            self._parts.append(
                f"**{sum(self._left_out.values())} left out, since a comment may not be longer:** {told}. "
                f"See them on the page of run {number}, or by `panel runs show {number} --format text`.\n"
            )
        return "".join(self._parts)


def _opening(run: Run, review: Review) -> str:
    parts = [f"Run {run.id} ({words(run.kind)})"]
    cost = _cost(review.estimate)
    if cost:
        parts.append(cost)
    outcomes = [str(outcome.get("severity")) for outcome in review.guardrails]
    if outcomes:
        tally = Counter(outcomes)
        named = (("block", "blocked"), ("warn", "to look at"), ("pass", "passed"))
        parts.append(f"guardrails: {', '.join(f'{tally[key]} {word}' for key, word in named if tally[key])}")
    if review.drift:
        parts.append(f"{len(review.drift)} changed outside Terraform")
    return f"### Plan of {words(run.environment)}: {review.counts}\n\n{' · '.join(parts)}\n\n"


def _until_full(parts: Iterable[str], most: int) -> Iterator[str]:
    for part in parts:
        most -= len(part)
        if most < 0:
            return
        yield part


def _cost(estimate: Mapping[str, Any]) -> str:
    amount, change = estimate.get("monthly_usd"), estimate.get("delta_usd")
    if amount is None:
        return ""
    told = f"$ {float(amount):,.2f} / month"
    if change is None or round(float(change), 2) == 0:
        return told
    return f"{told} ({'+' if float(change) > 0 else '−'}$ {abs(float(change)):,.2f})"


def _finding(outcome: Mapping[str, Any]) -> str:
    severity = str(outcome.get("severity", ""))
    address = outcome.get("address")
    where = f"<code>{words(address)}</code>: " if address else ""  # this line is Markdown, not HTML
    told = f"{words(outcome.get('rule') or '')}: {where}{words(outcome.get('reason') or '')}"
    return f"- {_SEVERITIES.get(severity, words(severity))}: {told}\n"


def _by_action(resources: Iterable[Resource]) -> Iterator[tuple[str, list[Resource]]]:
    groups: dict[str, list[Resource]] = {}
    for resource in resources:
        groups.setdefault(resource.action, []).append(resource)
    yield from groups.items()


def _folded_resource(resource: Resource, *, drift: bool) -> str:
    sign = _SIGNS.get(resource.action, "·")
    forced = ", ".join(f"<code>{_code(path)}</code>" for path in resource.replace_paths[:5])
    notes = [f"forced by {forced}"] if forced else []
    if not forced and resource.action in {"delete", "replace"} and resource.reason:
        notes.append(html.escape(_LINKING.sub("\\1\u200b", reason_text(resource))))
    if resource.previous_address:
        notes.append(f"moved from <code>{_code(resource.previous_address)}</code>")
    if resource.import_id:
        notes.append("imported")
    summary = " · ".join([f"{sign} <code>{_code(resource.address)}</code>", *notes])
    return _folded(summary, list(resource_lines(resource, _VALUES, drift=drift)))


def _folded(summary: str, lines: Sequence[Line]) -> str:
    """A folded block of differences. ``summary`` is HTML made here: the blank line ends it as far as Markdown goes."""
    body = "\n".join(line.diff() for line in lines)
    longest = max((len(run) for run in _TICKS.findall(body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"<details><summary>{summary}</summary>\n\n{fence}diff\n{body}\n{fence}\n\n</details>\n\n"


def _code(text: str) -> str:
    """Text of others inside ``<code>`` of an HTML line; nobody is mentioned from there."""
    return html.escape(_SPACE.sub(" ", one_line(shortened(text, _LONGEST_WORDS))), quote=True)


def words(value: object) -> str:
    """Text of others as plain words: no markup, no HTML, nobody mentioned, no issue linked, on one line."""
    text = _SPACE.sub(" ", one_line(shortened(str(value), _LONGEST_WORDS))).strip()
    # A zero-width space after what begins a mention, a reference or a link: none is found across it.
    return _PUNCTUATION.sub(r"\\\1", _LINKING.sub("\\1\u200b", text))
