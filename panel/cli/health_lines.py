"""A report of health as lines for people: what is wrong first, then services, notices and probes; or only what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from panel.cli import output

_MARKS = {"healthy": "●", "degraded": "◐", "down": "■", "unknown": "?", "not_created": "○"}
_STOPPED = "STOPPED"

Document = Mapping[str, Any]


def report(document: Document, *, detailed: bool) -> None:
    """Print one report.

    Args:
        detailed: with evidence, rules, tasks and events.
    """
    output.result(_head(document))
    _section("Causes", _causes(document, detailed=detailed))
    _section("Services", _services(document, detailed=detailed))
    _section("Notices", (f"{one['text']} {_call(one)}" for one in document["notices"]))
    _section("Probes", _probes(document, detailed=detailed))


def overview(documents: Sequence[Document]) -> None:
    """Print one line for each environment, with its worst cause and whom to call."""
    rows = []
    for document in documents:
        cause = document["causes"][0] if document["causes"] else None
        asleep = document["asleep"]
        rows.append(
            [
                document["environment"],
                "○ asleep" if asleep else f"{_mark(document['verdict'])} {_words(document['verdict'])}",
                "" if asleep else _age(document["since"]),
                f"{cause['text']} {_call(cause)}" if cause and not asleep else "",
            ]
        )
    output.table(["NAME", "HEALTH", "FOR", "CAUSE"], rows)


def changes(before: Sequence[Document], after: Sequence[Document]) -> None:
    """Print what changed between two looks at the same environments, with the time; nothing where nothing did."""
    earlier = {document["environment"]: document for document in before}
    for document in after:
        for line in _changed(earlier[document["environment"]], document):
            output.result(f"{_clock(document['checked_at'])} {document['environment']}: {line}")


def _changed(before: Document, after: Document) -> Iterator[str]:
    if before["verdict"] != after["verdict"]:
        yield f"{_mark(after['verdict'])} {_words(after['verdict'])}, was {_words(before['verdict'])}"
    for name, service in after.get("services", {}).items():
        was = before["services"].get(name)
        if was is None or _service(was) != _service(service):
            yield f"{_mark(service['verdict'])} {name}: {_service(service)}"
    for part in ("causes", "notices"):
        old, new = ({one["text"]: one for one in document[part]} for document in (before, after))
        yield from (f"+ {text} {_call(one)}" for text, one in new.items() if text not in old)
        yield from (f"- {text}" for text in old if text not in new)


def _head(document: Document) -> str:
    head = f"{_mark(document['verdict'])} {document['environment']}: {_words(document['verdict'])}"
    if document["since"]:
        head += f" for {_age(document['since'])}, since {_moment(document['since'])}"
    if document.get("asleep"):
        head += "; asleep now"
    return f"{head} (looked at {_clock(document['checked_at'])})" if document["checked_at"] else head


def _section(title: str, lines: Iterator[str]) -> None:
    shown = list(lines)
    if shown:
        output.result(f"  {title}")
    for line in shown:
        output.result(f"    {line}")


def _causes(document: Document, *, detailed: bool) -> Iterator[str]:
    for cause in document["causes"]:
        yield f"{cause['text']} {_call(cause)}"
        if detailed and cause["evidence"]:
            yield f"  rule {cause.get('rule', '')}: {cause['evidence']}"


def _services(document: Document, *, detailed: bool) -> Iterator[str]:
    for name, service in document["services"].items():
        yield f"{_mark(service['verdict'])} {name}: {_service(service)}{_figures(service.get('measures') or {})}"
        if detailed:
            yield from (f"  {_task(task)}" for task in service.get("tasks") or ())
            yield from (f"  {_clock(event['at'])} {event['text']}" for event in service.get("events") or ())


def _service(service: Document) -> str:
    version = f", version {service['version']}" if service.get("version") else ""
    tasks = f", {service['running'] or 0} of {service['desired']} tasks" if service.get("desired") else ""
    return f"{_words(service['verdict'])}{version}{tasks}"


def _figures(measures: Mapping[str, float]) -> str:
    shown = (
        ("latency_ms", "{:.0f} ms"),
        ("error_percent", "{:.1f} % errors"),
        ("cpu_percent", "CPU {:.0f} %"),
        ("memory_percent", "memory {:.0f} %"),
    )
    return "".join(f", {words.format(measures[name])}" for name, words in shown if name in measures)


def _task(task: Document) -> str:
    line = f"task {task['id'][:12]}: {task['state'].lower()}"
    line += f" in {task['zone']}" if task["zone"] else ""
    line += f", target {task['health']}" if task["health"] else ""
    if task["state"] != _STOPPED:
        return line
    line += f" {_clock(task['stopped_at'])}" if task["stopped_at"] else ""
    line += f": {task['reason']}" if task["reason"] else ""
    return line + (f" (exit code {task['exit_code']})" if task["exit_code"] is not None else "")


def _probes(document: Document, *, detailed: bool) -> Iterator[str]:
    for probe in document["probes"]:
        of = f" ({probe['service']})" if probe["service"] else ""
        yield f"{_mark(probe['verdict'])} {probe['name']}{of}: {probe['detail']}"
        if detailed and probe["evidence"]:
            yield f"  {probe['evidence']} ({probe['elapsed_ms']} ms)"


def _call(part: Document) -> str:
    return f"Call: {part['owner']['team']} <{part['owner']['contact']}>"


def _mark(verdict: str) -> str:
    return _MARKS.get(verdict, "?")


def _words(verdict: str) -> str:
    return verdict.replace("_", " ")


def _age(moment: str | None) -> str:
    return output.age(datetime.fromisoformat(moment), datetime.now(UTC)) if moment else ""


def _moment(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC"


def _clock(moment: str | None) -> str:
    return f"{datetime.fromisoformat(moment):%H:%M:%S} UTC" if moment else "--:--:--"
