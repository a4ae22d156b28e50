"""S3 with versions and CloudFront in memory, and a person who opens the site."""

import hashlib
import threading
from types import SimpleNamespace

from botocore.exceptions import ClientError

from panel.aws.front_door import Answer, SiteSeen, release_in


def refusal(code, operation):
    return ClientError({"Error": {"Code": code, "Message": f"no: {code}"}}, operation)


class FakeS3:
    """Buckets that keep versions.

    Attributes:
        written: what was put or copied, as (operation, key), in order.
        refuse: keys that may not be written.
        before_write: called with the key before each write.
    """

    def __init__(self):
        self.buckets = {"site": {}, "other": {}}
        self.written, self.refuse = [], set()
        self.before_write = lambda key: None
        self._count, self._lock = 0, threading.Lock()

    def current(self, key, bucket="site"):
        versions = self.buckets[bucket].get(key)
        return versions[-1] if versions and not versions[-1].get("Marker") else None

    def body(self, key, bucket="site"):
        current = self.current(key, bucket)
        return current["Body"] if current else None

    def delete(self, key, bucket="site"):
        self._add(bucket, key, {"Marker": True})

    def names(self, bucket="site"):
        return {key for key in self.buckets[bucket] if self.current(key, bucket)}

    def put_object(self, Bucket, Key, Body, **headers):
        body = Body if isinstance(Body, bytes) else Body.read()
        return self._write("put", Bucket, Key, {**headers, "Body": body})

    def copy_object(self, Bucket, Key, CopySource):
        source = self._version(CopySource["Bucket"], CopySource["Key"], CopySource["VersionId"], "CopyObject")
        answer = self._write("copy", Bucket, Key, dict(source))
        return {"VersionId": answer["VersionId"], "CopyObjectResult": {"ETag": answer["ETag"]}}

    def get_object(self, Bucket, Key, VersionId):
        body = self._version(Bucket, Key, VersionId, "GetObject")["Body"]
        return {"Body": SimpleNamespace(read=lambda: body)}

    def head_object(self, Bucket, Key, VersionId):
        return {"Metadata": self._version(Bucket, Key, VersionId, "HeadObject").get("Metadata", {})}

    def delete_objects(self, Bucket, Delete):
        for each in Delete["Objects"]:
            versions = self.buckets[Bucket].get(each["Key"], [])
            versions[:] = [v for v in versions if v["VersionId"] != each["VersionId"]]
            if not versions:
                self.buckets[Bucket].pop(each["Key"], None)
        return {}

    def get_paginator(self, operation):
        assert operation == "list_object_versions"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, Bucket):
        if Bucket not in self.buckets:
            raise refusal("NoSuchBucket", "ListObjectVersions")
        versions, markers = [], []
        for key, kept in sorted(self.buckets[Bucket].items()):
            for each in reversed(kept):
                latest = each is kept[-1]
                row = {"Key": key, "VersionId": each["VersionId"], "IsLatest": latest}
                if each.get("Marker"):
                    markers.append(row)
                else:
                    versions.append({**row, "Size": len(each["Body"]), "ETag": _etag(each["Body"])})
        return [{"Versions": versions, "DeleteMarkers": markers}, {}]

    def _version(self, bucket, key, version, operation):
        for each in self.buckets[bucket].get(key, []):
            if each["VersionId"] == version and not each.get("Marker"):
                return each
        raise refusal("NoSuchVersion", operation)

    def _write(self, operation, bucket, key, stored):
        self.before_write(key)
        if key in self.refuse:
            raise refusal("AccessDenied", "PutObject")
        with self._lock:
            self.written.append((operation, key))
        return self._add(bucket, key, stored)

    def _add(self, bucket, key, stored):
        with self._lock:
            self._count += 1
            version = f"v{self._count}"
            self.buckets[bucket].setdefault(key, []).append({**stored, "VersionId": version})
        return {"ETag": _etag(stored.get("Body", b"")), "VersionId": version}


class FakeCloudFront:
    """Edges that forget when asked, after two looks."""

    def __init__(self):
        self.asked, self.looks_until_done = [], 2

    def create_invalidation(self, DistributionId, InvalidationBatch):
        self.asked.append(InvalidationBatch)
        return {"Invalidation": {"Id": "I1", "Status": "InProgress"}}

    def get_invalidation(self, DistributionId, Id):
        self.looks_until_done -= 1
        status = "InProgress" if self.looks_until_done > 0 else "Completed"
        return {"Invalidation": {"Id": Id, "Status": status}}

    @property
    def paths(self):
        """What was last asked to be forgotten."""
        return self.asked[-1]["Paths"]["Items"]


class FakeAws:
    def __init__(self):
        self.s3, self.cloudfront = FakeS3(), FakeCloudFront()

    def client(self, service):
        return getattr(self, service)


def open_site(s3, bucket="site"):
    """What a person gets who opens the site."""
    return open_answer(s3.body("index.html", bucket) or b"", s3.body("config.js", bucket) or b"")


def open_answer(page, script):
    """The same, of a page and a config.js."""
    answer = Answer(200, {"content-type": "text/html; charset=utf-8"}, page, 1, "http://x/")
    return SiteSeen(answer, release_in(Answer(200, {}, script, 1, "http://x/config.js")))


def _etag(body):
    return f'"{hashlib.md5(body).hexdigest()}"'
