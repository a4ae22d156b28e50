"""Publication of a site of 2,000 files against ``aws s3 sync``: the first one, and one with 1 % changed.

Both sides get a bucket that keeps versions on the same embedded AWS, and take turns. The panel's side is all of
``publish_site``, as a worker calls it: hashing, packing, uploading in order, the invalidation, and until the front door
shows the release. The peer's side is one command; what it takes to start is told apart. Aims: at most 0.7 and 0.5 times.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from panel.aws.front_door import FrontDoor, front_door, site_seen
from panel.aws.session import Account, Aws
from panel.deploys.site import Publication, publish_site
from panel.deploys.site_build import read_site
from panel.deploys.site_manifest import Manifest, SitePlace
from panel.localaws import LocalAws
from tests.benchmarks.measures import Findings, Measure, median
from tests.benchmarks.options import Options
from tests.benchmarks.running_panel import free_port, scratch_folder

AIM_FIRST, AIM_AGAIN = 0.7, 0.5
FILES, CHANGED = 2000, 20
_ROUNDS = 3
_REGION = "us-east-2"
_PACKABLE = ("js", "css", "svg", "json", "map")
_KINDS = (*["js"] * 6, *_PACKABLE, "png", "woff2")
_WORDS = 3000


@dataclass(frozen=True)
class Round:
    """One turn of both sides: seconds."""

    first: float
    again: float
    peer_first: float
    peer_again: float
    publication: Publication


def run(options: Options) -> Findings:
    """Measure, in turns."""
    peer = shutil.which("aws")
    if peer is None:
        return Findings([], ["not measured: there is no AWS command line (aws) on PATH to compare with"])
    with scratch_folder() as folder:
        local = LocalAws(folder / "aws", free_port(), _REGION, "process")
        local.start()
        try:
            bench = Bench(folder, local, peer)
            rounds = [bench.round(number) for number in range(options.times(_ROUNDS))]
            start = bench.start_of_peer()
        finally:
            local.stop()
    return _findings(rounds, start)


class Bench:
    """The embedded AWS, a site's folder, and both ways to publish it."""

    def __init__(self, folder: Path, local: LocalAws, peer: str) -> None:
        self._folder, self._peer = folder, peer
        self._environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "AWS_CONFIG_FILE": str(folder / "none"), **local.environment(),
        }  # fmt: skip
        self._endpoint = self._environment["AWS_ENDPOINT_URL"]
        self._aws = Aws(Account(_REGION, self._endpoint, "test", "test"))

    def round(self, number: int) -> Round:
        """Publish a new site and, after a change, again: the panel first in even rounds, the peer in odd ones."""
        site = Site(self._folder / f"site-{number}", number)
        place, door = self._place(f"bench-panel-{number}")
        bucket = self._bucket(f"bench-peer-{number}")
        published: list[Publication] = []

        def panel() -> None:
            live = published[-1].manifest if published else None
            published.append(self._publish(site, place, door, live, len(published) + 1))

        def peer() -> None:
            command = [self._peer, "s3", "sync", str(site.folder), f"s3://{bucket}", "--only-show-errors"]
            subprocess.run(command, env=self._environment, check=True, timeout=600)

        first, peer_first = _in_turns(panel, peer, number)
        site.change()
        again, peer_again = _in_turns(panel, peer, number)
        assert published[-1].changed == CHANGED + 1  # and config.js
        return Round(first, again, peer_first, peer_again, published[0])

    def start_of_peer(self) -> float:
        """Seconds that the peer takes to say its version."""
        return _seconds(
            lambda: subprocess.run(
                [self._peer, "--version"], env=self._environment, check=True, stdout=subprocess.DEVNULL
            )
        )

    def _publish(
        self, site: Site, place: SitePlace, door: FrontDoor, live: Manifest | None, number: int
    ) -> Publication:
        return publish_site(
            self._aws, read_site(site.folder), place, config={"environment": "bench"}, release=f"r{number}",
            report=lambda line: None, verify=lambda: site_seen(door), live=live,
        )  # fmt: skip

    def _bucket(self, name: str) -> str:
        s3 = self._aws.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": _REGION})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def _place(self, name: str) -> tuple[SitePlace, FrontDoor]:
        bucket = self._bucket(name)
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self._aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        origin = {
            "Id": "site", "DomainName": f"{bucket}.s3.{_REGION}.amazonaws.com",
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }  # fmt: skip
        behavior = {
            "TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all", "MinTTL": 0,
            "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
        }  # fmt: skip
        made = self._aws.client("cloudfront").create_distribution(
            DistributionConfig={
                "CallerReference": bucket, "Comment": "", "Enabled": True, "DefaultRootObject": "index.html",
                "Origins": {"Quantity": 1, "Items": [origin]}, "DefaultCacheBehavior": behavior,
            }
        )["Distribution"]  # fmt: skip
        door = front_door({"cloudfront_domain_name": made["DomainName"]}, emulated_endpoint=self._endpoint)
        return SitePlace(bucket, made["Id"]), door


class Site:
    """A folder like a build tool's: an index and assets with a hash in their names, about 17 kB each."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self._random = folder, random.Random(seed)
        self._words = [self._random.randbytes(3).hex() for _ in range(_WORDS)]
        (folder / "assets").mkdir(parents=True)
        for number in range(FILES - 1):
            self._write(number, self._random.choice(_KINDS))
        self._index()

    def change(self) -> None:
        """Another build: some assets under new names, and the index that names them."""
        for path in sorted((self.folder / "assets").iterdir())[: CHANGED - 1]:
            path.unlink()
            self._write(int(path.name.split("-")[1]), path.suffix.removeprefix("."))
        self._index()

    def _write(self, number: int, kind: str) -> None:
        size = int(self._random.lognormvariate(9.2, 1.0))
        words = " ".join(self._random.choices(self._words, k=size // 7)).encode()
        content = words if kind in _PACKABLE else self._random.randbytes(size)
        tag = "".join(self._random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=8))
        (self.folder / "assets" / f"chunk-{number}-{tag}.{kind}").write_bytes(content)

    def _index(self) -> None:
        names = sorted(path.name for path in (self.folder / "assets").glob("*.js"))
        scripts = "".join(f'<script src="/assets/{name}"></script>' for name in names[:20])
        (self.folder / "index.html").write_text(f"<!doctype html>{scripts}<p>{self._random.random()}</p>")


def _in_turns(panel: Callable[[], None], peer: Callable[[], None], number: int) -> tuple[float, float]:
    if number % 2:
        theirs = _seconds(peer)
        return _seconds(panel), theirs
    return _seconds(panel), _seconds(peer)


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _findings(rounds: list[Round], start: float) -> Findings:
    first, again = median([each.first for each in rounds]), median([each.again for each in rounds])
    peer_first = median([each.peer_first for each in rounds])
    peer_again = median([each.peer_again for each in rounds])
    stored = median([float(each.publication.durations["publish"]) for each in rounds])
    size = rounds[0].publication.bytes_stored / 1e6
    return Findings(
        [
            Measure("first publication", first, "s", "aws s3 sync", peer_first, AIM_FIRST, aim_is_ratio=True),
            Measure("1 % changed", again, "s", "aws s3 sync", peer_again, AIM_AGAIN, aim_is_ratio=True),
        ],
        [
            f"{FILES} files, {size:.0f} MB as the panel stores them; {CHANGED} changed; median of {len(rounds)} rounds in turns:",
            *(
                f"  first {each.first:5.2f} s against {each.peer_first:5.2f} s, again {each.again:5.2f} s against {each.peer_again:5.2f} s"
                for each in rounds
            ),
            f"  all stored after {stored:.1f} s of the first publication, the rest until the front door showed it",
            f"  the peer's start is {start:.2f} s of each turn; without it, 1 % changed is {again / (peer_again - start):.2f} times",
        ],
        {
            "rounds": [[each.first, each.again, each.peer_first, each.peer_again] for each in rounds],
            "peer_start": start,
        },
    )
