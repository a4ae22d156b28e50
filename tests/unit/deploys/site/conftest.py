"""Publications of a small site into a bucket in memory."""

import json

import pytest

from panel.deploys.site import publish_site, republish_site
from panel.deploys.site_build import read_site
from panel.deploys.site_manifest import Manifest
from tests.unit.deploys.site.project import CONFIG, NEW, OLD, PLACE, STYLE
from tests.unit.deploys.site_world import FakeAws, open_site


@pytest.fixture
def aws():
    return FakeAws()


@pytest.fixture
def site(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(f"<script src=/{OLD}></script>")
    (tmp_path / OLD).write_text("one")
    (tmp_path / STYLE).write_text("two")
    (tmp_path / "logo.svg").write_text("<svg>one</svg>")
    return tmp_path


@pytest.fixture
def change(site):
    """Makes the second release of it."""

    def change():
        (site / OLD).unlink()
        (site / NEW).write_text("three")
        (site / "index.html").write_text(f"<script src=/{NEW}></script>")
        (site / "logo.svg").write_text("<svg>two</svg>")

    return change


@pytest.fixture
def options(aws, clock, lines):
    def options(place=PLACE, **changes):
        verify = lambda: open_site(aws.s3, place.bucket)  # noqa: E731 - a name for the default only
        return {"config": CONFIG, "verify": verify, "clock": clock, "report": lines.append, **changes}

    return options


@pytest.fixture
def publish(aws, site, options):
    def publish(release, **changes):
        return publish_site(aws, read_site(site), PLACE, release=release, **options(**changes))

    return publish


@pytest.fixture
def republish(aws, options):
    def republish(manifest, release, place=PLACE, **changes):
        # As the store gives it back.
        kept = Manifest.from_dict(json.loads(json.dumps(manifest.to_dict())))
        return republish_site(aws, kept, place, release=release, **options(place, **changes))

    return republish
