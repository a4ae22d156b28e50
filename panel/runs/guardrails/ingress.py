"""The rule over who may connect: nobody lets the whole internet in but at the web's ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv6Network, ip_network
from itertools import zip_longest
from typing import Any

from panel.engine.attributes import any_mark
from panel.engine.plan import PlanSummary, ResourceChange
from panel.masking import SENSITIVE
from panel.runs.guardrails.configuration import Written, is_written
from panel.runs.guardrails.finding import Found, Situation
from panel.runs.guardrails.reading import CANNOT_TELL, MAKING, after, blocks, fields, left, texts

_RULE, _OLD_RULE = "aws_vpc_security_group_ingress_rule", "aws_security_group_rule"
_GROUPS = frozenset({"aws_security_group", "aws_default_security_group"})
_RANGES = ("cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks")
#: A network with a shorter prefix is as good as the whole internet: 0.0.0.0/1 and 128.0.0.0/1 together are.
_WIDE_IPV4, _WIDE_IPV6 = 8, 16
_PRIVATE_IPV6 = IPv6Network("fc00::/7")
_PORTS = ("from_port", "to_port", "ip_protocol", "protocol")
_WITH_PORTS = frozenset({"tcp", "udp", "6", "17", ""})

#: Why, and whether that is certain.
_Reason = tuple[str, bool]


def ingress(plan: PlanSummary, situation: Situation) -> Iterator[Found]:
    """Rules of security groups that let everyone in at another port than those allowed."""
    rule = situation.guardrails.open_ingress
    allowed = frozenset(rule.ports)
    for change in left(plan.changes, rule.ignore):
        if change.action in MAKING:
            # The same is said once of a resource, however many of its rules it is true of.
            for reason, certain in dict.fromkeys(_reasons(change, allowed, situation.written)):
                yield Found(reason, change.address, certain)


def _reasons(change: ResourceChange, allowed: frozenset[int], written: Written | None) -> Iterator[_Reason]:
    marks = fields(change.after_unknown)
    if change.type == _RULE or (change.type == _OLD_RULE and after(change).get("type") != "egress"):
        yield from _judged(after(change), marks, allowed)
    elif change.type in _GROUPS:
        hidden = marks.get("ingress")
        if hidden is True and change.action == "create" and not is_written(written, change, "ingress"):
            hidden = None  # its rules are left to AWS, which gives a new group none
        yield from _inline(change, hidden, allowed)


def _inline(change: ResourceChange, marks: object, allowed: frozenset[int]) -> Iterator[_Reason]:
    """Reasons among the rules that a group carries itself; ``marks`` says what of them is unknown."""
    rules = after(change).get("ingress")
    if rules == SENSITIVE or marks is True:
        yield f"whom it lets in {CANNOT_TELL}", False
    known = rules if isinstance(rules, list) else blocks(rules)
    each = marks if isinstance(marks, list) else []
    for rule, mark in zip_longest(known, each):
        yield from _judged(fields(rule), mark, allowed)


def _judged(rule: Mapping[str, Any], marks: object, allowed: frozenset[int]) -> Iterator[_Reason]:
    """What is wrong with one rule; ``marks`` says what of it is unknown."""
    if not (ports_unknown := _unknown(rule, marks, _PORTS)) and _within(rule, allowed):
        return
    wide = [text for name in _RANGES for text in texts(rule.get(name)) if _is_wide(text)]
    if wide and ports_unknown:
        yield f"lets the whole internet in ({wide[0]}); at which ports {CANNOT_TELL}", False
    elif wide:
        yield f"lets the whole internet in ({wide[0]}) at {_ports(rule)}; {_allowance(allowed)}", True
    elif _unknown(rule, marks, _RANGES):
        yield f"whether it lets the whole internet in {CANNOT_TELL}", False


def _unknown(rule: Mapping[str, Any], marks: object, names: tuple[str, ...]) -> bool:
    if marks is True:
        return True
    hidden = fields(marks)
    return any(
        any_mark(hidden.get(name)) or SENSITIVE in texts(rule.get(name)) or rule.get(name) == SENSITIVE
        for name in names
    )


def _within(rule: Mapping[str, Any], allowed: frozenset[int]) -> bool:
    """Whether the rule opens allowed ports alone. Other protocols have no ports, and none is allowed."""
    first, last = rule.get("from_port"), rule.get("to_port")
    protocol = rule.get("ip_protocol") or rule.get("protocol") or ""
    if not isinstance(first, int) or str(protocol).lower() not in _WITH_PORTS:
        return False
    last = first if last is None else last
    if not isinstance(last, int) or last - first >= len(allowed):
        return False
    return all(port in allowed for port in range(first, last + 1))


def _ports(rule: Mapping[str, Any]) -> str:
    first, last = rule.get("from_port"), rule.get("to_port")
    protocol = str(rule.get("ip_protocol") or rule.get("protocol") or "")
    if protocol.lower() not in _WITH_PORTS:
        return "every port" if protocol in {"-1", "all"} else f"every {protocol} message"
    if not isinstance(first, int) or not isinstance(last, int | None):
        return "every port"
    return f"port {first}" if last in {first, None} else f"ports {first} to {last}"


def _allowance(allowed: frozenset[int]) -> str:
    return f"allowed: {', '.join(map(str, sorted(allowed)))}" if allowed else "no port is allowed"


@lru_cache(maxsize=4096)
def _is_wide(text: str) -> bool:
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        return False  # no range at all: AWS refuses it
    if isinstance(network, IPv6Network):
        return network.prefixlen < _WIDE_IPV6 and not network.subnet_of(_PRIVATE_IPV6)
    return network.prefixlen < _WIDE_IPV4
