"""A picture of how requests reach an environment: CloudFront, then the site's bucket or the load balancer and its tasks.

It is drawn with boxes and rules of HTML, since Streamlit lets no inline SVG through; on a narrow screen it becomes an
indented list. Every box says its state in words beside the shape and the colour. Which zone a task runs in is not known
here, so the picture shows the tasks one by one and says nothing of zones.
"""

from __future__ import annotations

from panel.lifecycle.overview import EnvironmentView, ServiceView
from panel.ui import text
from panel.ui.components.markup import badge, esc, quiet
from panel.ui.components.states import verdict_badge

_MOST_TASKS = 6


def topology(view: EnvironmentView) -> str:
    """The picture as markup."""
    front = _node("CloudFront", _front_verdict(view))
    branches = [_branch(view, service) for service in sorted(view.services.values(), key=_sites_first)]
    title = esc(text.TOPOLOGY.format(name=view.name))
    return f'<div class="p-tree" role="group" aria-label="{title}">{front}<ul>{"".join(branches)}</ul></div>'


def _sites_first(service: ServiceView) -> bool:
    return service.kind != "static"


def _branch(view: EnvironmentView, service: ServiceView) -> str:
    if service.kind == "static":
        return f"<li>{_node(text.SITE_BUCKET, verdict_badge(service.verdict), service.version or text.FILES)}</li>"
    balancer = _node(text.LOAD_BALANCER, verdict_badge(service.verdict), service.name)
    return f"<li>{balancer}<ul>{_tasks(service) if view.exists else _no_task(service)}</ul></li>"


def _tasks(service: ServiceView) -> str:
    if service.desired == 0:
        return _no_task(service)
    shown = min(service.desired, _MOST_TASKS)
    nodes = [f"<li>{_task(service, number)}</li>" for number in range(1, shown + 1)]
    if service.desired > shown:
        words = text.TASKS_OF.format(running=service.running, desired=service.desired)
        nodes.append(f"<li>{_node('…', quiet(esc(words)))}</li>")
    return "".join(nodes)


def _task(service: ServiceView, number: int) -> str:
    state = badge("ok", text.TASK_RUNNING) if number <= service.running else badge("bad", text.TASK_MISSING)
    return _node(text.TASK.format(number=number), state, service.name)


def _no_task(service: ServiceView) -> str:
    return f"<li>{_node(service.name, badge('none', text.NO_TASKS))}</li>"


def _front_verdict(view: EnvironmentView) -> str:
    for probe in view.probes:
        if "cloudfront" in probe.name.lower():
            return verdict_badge(probe.verdict)
    return verdict_badge("unknown" if view.exists else "not_created")


def _node(name: str, state: str, note: str = "") -> str:
    noted = f" {quiet(esc(note))}" if note else ""
    return f'<div class="p-node"><div>{esc(name)}{noted}</div><div>{state}</div></div>'
