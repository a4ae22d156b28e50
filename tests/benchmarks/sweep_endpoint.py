"""``python -m tests.benchmarks.sweep_endpoint ENVIRONMENTS``: an AWS that knows just enough to be swept, in a process of its own.

Each call takes 50 ms. Load balancers take 40 calls at once and then 10 a second, as AWS tells of them; each operation of any
other service 100 and then 20. What is beyond is refused as AWS refuses it. The front door of every environment answers here too, in 50 ms and without a limit. Prints its port and
ends with its standard input; ``GET /-/counts`` says what was asked, ``POST /-/reset`` begins anew.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping
from urllib.parse import parse_qs

CALL_S = 0.05
#: Calls at once, then calls a second: of load balancers together, of each operation of all others.
BALANCERS, OTHERS = (40.0, 10.0), (100.0, 20.0)

_ARN = "arn:aws:%s:us-east-2:1:%s"
_BALANCER = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
_SCALING = "http://autoscaling.amazonaws.com/doc/2011-01-01/"
_EDGE = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")

Answer = tuple[int, str, bytes]


class _Bucket:
    """What one service of AWS lets pass."""

    def __init__(self, burst: float, calls_per_s: float) -> None:
        self.burst, self.calls_per_s = burst, calls_per_s
        self.tokens, self.at = burst, time.monotonic()

    def take(self) -> bool:
        present = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (present - self.at) * self.calls_per_s)
        self.at = present
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Endpoint:
    """The answers, and how often each service was asked and refused."""

    def __init__(self, environments: int) -> None:
        self._names = [f"e{number}" for number in range(environments)]
        self.reset()

    def reset(self) -> None:
        """Nothing was asked yet."""
        self.asked: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._buckets: dict[str, _Bucket] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().split("\r\n")
                method, path, _ = first.split(" ", 2)
                headers = {key.lower(): value.strip() for key, _, value in (x.partition(":") for x in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                status, kind, content = await self._answer(method, path, headers, body)
                length = len(content)
                writer.write(
                    f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode()
                )
                writer.write(b"" if method == "HEAD" else content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if path == "/-/counts":
            return _json({"asked": self.asked, "refused": self.refused})
        if path == "/-/reset":
            self.reset()
            return _json({})
        await asyncio.sleep(CALL_S)
        if ".cloudfront." in headers.get("host", ""):
            return _front_door(path)
        found = _SCOPE.search(headers.get("authorization", ""))
        service = found.group(1) if found else ""
        self.asked[service] += 1
        if not self._bucket(service, headers).take():
            self.refused[service] += 1
            return _refusal(service)
        if service == "s3":
            return _xml("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
        if service == "cloudfront":
            return _xml(
                self._distributions()
                if path.endswith("/distribution")
                else _distribution(path.rpartition("/")[2])
            )
        if "x-amz-target" in headers:
            return _json(_described(headers["x-amz-target"].rpartition(".")[2], json.loads(body)))
        return _xml(_queried(parse_qs(body.decode())))

    def _bucket(self, service: str, headers: Mapping[str, str]) -> _Bucket:
        balancers = service == "elasticloadbalancing"
        key = service if balancers else service + headers.get("x-amz-target", "")
        return self._buckets.setdefault(key, _Bucket(*(BALANCERS if balancers else OTHERS)))

    def _distributions(self) -> str:
        items = "".join(
            f"<DistributionSummary><Id>D{name}</Id><DomainName>{name}.cloudfront.net</DomainName>"
            "<Status>Deployed</Status><Enabled>true</Enabled></DistributionSummary>"
            for name in self._names
        )
        return f'<DistributionList xmlns="{_EDGE}"><IsTruncated>false</IsTruncated><Items>{items}</Items></DistributionList>'


def outputs_of(name: str) -> dict[str, object]:
    """What Terraform would say of one of its environments."""
    return {
        "domain_name": f"{name}.todo.example.com", "cloudfront_domain_name": f"{name}.cloudfront.net",
        "cloudfront_distribution_id": f"D{name}", "cluster_name": f"todo-{name}",
        "load_balancer_arn": _ARN % ("elasticloadbalancing", f"loadbalancer/app/{name}/1"),
        "autoscaling_group_name": f"todo-{name}", "state_bucket": f"todo-{name}-state",
        "certificate_arns": {"edge": _ARN % ("acm", f"certificate/{name}-e"), "regional": _ARN % ("acm", f"certificate/{name}")},
        "services": {"backend": {
            "service_name": f"todo-{name}-backend", "container_name": "backend", "log_group": f"/todo/{name}/backend",
            "target_group_arn": _ARN % ("elasticloadbalancing", f"targetgroup/{name}/1"),
        }},
    }  # fmt: skip


def _described(operation: str, asked: Mapping[str, str]) -> dict[str, object]:
    cluster = asked.get("cluster", "")
    definition = _ARN % ("ecs", f"task-definition/{cluster}-backend:7")
    task = {"taskArn": _ARN % ("ecs", f"task/{cluster}/%d"), "group": f"service:{cluster}-backend",
            "taskDefinitionArn": definition, "lastStatus": "RUNNING", "availabilityZone": "us-east-2a"}  # fmt: skip
    container = {
        "name": "backend",
        "image": "backend",
        "environment": [{"name": "APP_VERSION", "value": "v7"}],
    }
    events = [
        {"id": str(n), "createdAt": 1.7e9, "message": "(service) has reached a steady state."}
        for n in range(50)
    ]
    answers: dict[str, dict[str, object]] = {
        "DescribeServices": {"services": [{
            "serviceName": f"{cluster}-backend", "status": "ACTIVE", "desiredCount": 2, "runningCount": 2,
            "taskDefinition": definition, "events": events,
            "deployments": [{"id": "d", "status": "PRIMARY", "runningCount": 2, "taskDefinition": definition}],
        }]},
        "DescribeTaskDefinition": {"taskDefinition": {
            "taskDefinitionArn": asked.get("taskDefinition"), "containerDefinitions": [container]}},
        "ListTasks": {"taskArns": [] if asked.get("desiredStatus") == "STOPPED" else [task["taskArn"] % n for n in (1, 2)]},
        "DescribeTasks": {"tasks": [task | {"taskArn": task["taskArn"] % n} for n in (1, 2)]},
        "DescribeCertificate": {"Certificate": {"Status": "ISSUED", "DomainName": "todo.example.com"}},
        "FilterLogEvents": {"events": []},
        "DescribeAlarms": {"MetricAlarms": []},
    }  # fmt: skip
    return answers[operation]


def _queried(asked: Mapping[str, list[str]]) -> str:
    (operation,) = asked["Action"]
    if operation == "DescribeTargetHealth":
        members = "".join(
            f"<member><Target><Id>10.0.0.{n}</Id><Port>5000</Port></Target>"
            "<TargetHealth><State>healthy</State></TargetHealth></member>"
            for n in (4, 5)
        )
        return _result(
            operation, _BALANCER, f"<TargetHealthDescriptions>{members}</TargetHealthDescriptions>"
        )
    if operation == "DescribeListeners":
        listener = "<member><Port>443</Port><Protocol>HTTPS</Protocol></member>"
        return _result(operation, _BALANCER, f"<Listeners>{listener}</Listeners>")
    if operation == "DescribeLoadBalancers":
        arns = [values[0] for key, values in asked.items() if key.startswith("LoadBalancerArns.")]
        members = "".join(
            f"<member><LoadBalancerArn>{arn}</LoadBalancerArn><State><Code>active</Code></State></member>"
            for arn in arns
        )
        return _result(operation, _BALANCER, f"<LoadBalancers>{members}</LoadBalancers>")
    return _result(operation, _SCALING, "<AutoScalingGroups/>")


def _result(operation: str, namespace: str, content: str) -> str:
    inner = f"<{operation}Result>{content}</{operation}Result>"
    return f'<{operation}Response xmlns="{namespace}">{inner}</{operation}Response>'


def _distribution(name: str) -> str:
    return (
        f'<Distribution xmlns="{_EDGE}"><Id>{name}</Id><Status>Deployed</Status>'
        "<InProgressInvalidationBatches>0</InProgressInvalidationBatches>"
        "<DistributionConfig><Enabled>true</Enabled></DistributionConfig></Distribution>"
    )


def _front_door(path: str) -> Answer:
    if path == "/config.js":
        return 200, "text/javascript", b'window.APP_CONFIG = {"release": "r12"};'
    if path == "/":
        return 200, "text/html", b"<!doctype html><title>TODO</title>"
    return _json({"status": "ok", "version": "v7", "image": None})


def _refusal(service: str) -> Answer:
    if service in ("elasticloadbalancing", "autoscaling", "cloudfront", "s3"):
        error = "<Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
        return 400, "text/xml", f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>".encode()
    _, kind, content = _json({"__type": "ThrottlingException", "message": "Rate exceeded"})
    return 400, kind, content


def _json(content: object) -> Answer:
    return 200, "application/x-amz-json-1.1", json.dumps(content).encode()


def _xml(content: str) -> Answer:
    return 200, "text/xml", content.encode()


async def _main(environments: int) -> None:
    endpoint = Endpoint(environments)
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
