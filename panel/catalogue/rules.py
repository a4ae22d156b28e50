"""Rules of environments.yaml that look at several keys at once.

They read plain values and skip what is missing or of the wrong type, so that the loader can report them
together with everything else that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

#: The key of the shared stack's runs and workspaces; no environment may take its name.
SHARED = "shared"

#: The environment that has the domain itself and a subnet slot of its own.
PRODUCTION = "production"

#: What stands for the environment's name in the ARN of a secret.
ENVIRONMENT_MARK = "{environment}"

# Names that the Terraform stacks use for other things.
_TAKEN = {
    SHARED: "the network that all environments share",
    "origin": "what CloudFront calls production's load balancer",
}

Inconsistency = tuple[tuple[str, ...], str]


def inconsistencies(raw: object) -> list[Inconsistency]:
    """What contradicts what in a catalogue of plain values, as key paths with words; empty when nothing does."""
    catalogue = _mapping(raw)
    services = _mapping(catalogue.get("services"))
    return [
        *_sites(services),
        *_patterns(services),
        *_variables_of_services(services),
        *_processor_shares(services),
        *_task_counts(services, _mapping(catalogue.get("environments"))),
        *_environments(catalogue),
    ]


def environment_domain(project_domain: str, environment: str, own: str | None) -> str:
    """The host name people use: the domain itself for production, a name below it for the others."""
    if own is not None:
        return own
    return project_domain if environment == PRODUCTION else f"{environment}.{project_domain}"


def _sites(services: Mapping[str, object]) -> Iterator[Inconsistency]:
    sites = [name for name, service in services.items() if _mapping(service).get("kind") == "static"]
    for name in sites[1:]:
        text = f"an environment serves one static site at the most, and {sites[0]!r} is one already"
        yield ("services", name, "kind"), text


def _patterns(services: Mapping[str, object]) -> Iterator[Inconsistency]:
    taken: dict[str, str] = {}
    for name, service in services.items():
        entry = _mapping(service)
        if entry.get("kind") != "container":
            continue
        one, several = entry.get("path_pattern"), entry.get("path_patterns")
        if one is None and not several:
            yield ("services", name), "has no path: give path_pattern, such as /api/*, or path_patterns"
        if one is not None and several:
            text = "says again what path_pattern says: keep one of the two"
            yield ("services", name, "path_patterns"), text
        key = "path_pattern" if one is not None else "path_patterns"
        for pattern in [one] if one is not None else several if isinstance(several, list) else []:
            if isinstance(pattern, str) and pattern in taken:
                text = f"the path pattern {pattern!r} belongs to {taken[pattern]!r} already"
                yield ("services", name, key), text
            if isinstance(pattern, str):
                taken.setdefault(pattern, name)


def _variables_of_services(services: Mapping[str, object]) -> Iterator[Inconsistency]:
    for name, service in services.items():
        plain = _mapping(_mapping(service).get("environment"))
        for variable in _mapping(_mapping(service).get("secrets")):
            if variable in plain:
                text = "is among the environment's variables as well: keep one of the two"
                yield ("services", name, "secrets", variable), text


def _processor_shares(services: Mapping[str, object]) -> Iterator[Inconsistency]:
    """ECS measures how much of its set-aside processor a task uses: without one there is nothing to measure."""
    for name, service in services.items():
        scaled = _mapping(_mapping(service).get("autoscaling")).get("cpu_percent") is not None
        if scaled and _mapping(service).get("cpu_units") is None:
            text = "needs cpu_units in the service: the use of what is set aside is what ECS measures"
            yield ("services", name, "autoscaling", "cpu_percent"), text


def _task_counts(
    services: Mapping[str, object], environments: Mapping[str, object]
) -> Iterator[Inconsistency]:
    """Autoscaling moves the number of tasks between two bounds: what an environment begins with lies between them."""
    for service, definition in services.items():
        bounds = _mapping(_mapping(definition).get("autoscaling"))
        low, high = bounds.get("min_tasks"), bounds.get("max_tasks")
        if not isinstance(low, int) or not isinstance(high, int):
            continue
        for name, environment in environments.items():
            wanted = _mapping(environment).get("desired_tasks")
            if isinstance(wanted, int) and not low <= wanted <= high:
                text = f"{service} scales between {low} and {high} tasks: begin with a number between them"
                yield ("environments", name, "desired_tasks"), text


def _environments(catalogue: Mapping[str, object]) -> Iterator[Inconsistency]:
    environments = _mapping(catalogue.get("environments"))
    for name, meaning in _TAKEN.items():
        if name in environments:
            yield ("environments", name), f"is the name of {meaning}: take another"
    yield from _lives(environments)
    yield from _slots(environments)
    yield from _domains(catalogue.get("domain"), environments)


def _lives(environments: Mapping[str, object]) -> Iterator[Inconsistency]:
    for name, environment in environments.items():
        entry = _mapping(environment)
        if entry.get("protected") is True and entry.get("ttl_hours") is not None:
            text = "would destroy a protected environment: leave it out, or set protected to false"
            yield ("environments", name, "ttl_hours"), text
        if entry.get("protected") is True and entry.get("retired") is True:
            text = "would destroy a protected environment: set protected to false and update it first"
            yield ("environments", name, "retired"), text


def _slots(environments: Mapping[str, object]) -> Iterator[Inconsistency]:
    reserved = _mapping(environments.get(PRODUCTION)).get("subnet_slot")
    if not isinstance(reserved, int):
        return
    for name, environment in environments.items():
        if name != PRODUCTION and _mapping(environment).get("subnet_slot") == reserved:
            text = (
                f"slot {reserved} belongs to production, which shares its subnets with nobody: take another"
            )
            yield ("environments", name, "subnet_slot"), text


def _domains(domain: object, environments: Mapping[str, object]) -> Iterator[Inconsistency]:
    if not isinstance(domain, str):
        return
    taken: dict[str, str] = {}
    for name, environment in environments.items():
        own = _mapping(environment).get("domain")
        host = environment_domain(domain, name, own if isinstance(own, str) else None)
        if host != domain and not host.endswith(f".{domain}"):
            yield ("environments", name, "domain"), f"expected a name below {domain}, whose zone it goes into"
        if host in taken:
            path = ("environments", name, "domain") if own else ("environments", name)
            yield path, f"its host name {host} belongs to {taken[host]!r} already"
        taken.setdefault(host, name)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
