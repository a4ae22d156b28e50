"""A small site with two releases, where it is published to, and what was written there."""

from panel.deploys.site_manifest import SitePlace

CONFIG = {"apiBase": "/api", "stateName": "default", "environment": "staging"}

PLACE = SitePlace("site", "D1")

OLD, NEW, STYLE = "assets/site-L2624VMO.js", "assets/site-ZZJ3VWWQ.js", "assets/site-PQJ3VWWQ.css"


def written(aws):
    """What was written since the last look."""
    done, aws.s3.written = aws.s3.written, []
    return done
