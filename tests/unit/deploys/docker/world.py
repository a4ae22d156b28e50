"""A container engine and a registry in memory, and the answers of their pushes."""

import json

from docker.errors import ImageNotFound

from panel.aws.session import Account
from panel.deploys.revision import Revision

LAYER, SHARED = "5f70bf18a086", "a3ed95caeb02"

PUSHED = (
    {"status": "The push refers to repository [x]"},
    {"status": "Preparing", "progressDetail": {}, "id": LAYER},
    {"status": "Preparing", "progressDetail": {}, "id": SHARED},
    {"status": "Layer already exists", "progressDetail": {}, "id": SHARED},
    {"status": "Pushing", "progressDetail": {"current": 512, "total": 2048}, "id": LAYER},
    {"status": "Pushed", "progressDetail": {}, "id": LAYER},
    {"progressDetail": {}, "aux": {"Tag": "4f2a91c", "Digest": "sha256:built", "Size": 740}},
)

EXPIRED = (
    {
        "errorDetail": {
            "message": "denied: Your authorization token has expired. Reauthenticate and try again."
        },
        "error": "denied",
    },
)

REVISION = Revision("4f2a91c" + "0" * 33, False, "sha256:" + "a" * 64, "4f2a91c")

BASE = "example.com/python:3.11"


class FakeApi:
    """The SDK's client of one engine, which holds the base image and whatever is built."""

    def __init__(self):
        self.asked, self.logins, self.images = [], [], {BASE}
        self.hooks = {"response": []}
        self.pushes = []  # what each push tells, the last for all that follow
        self.on_push = lambda: None
        self.removal = None
        self.closed = False

    def inspect_image(self, name):
        if name not in self.images:
            raise ImageNotFound("no such image")
        return {"Id": "sha256:1"}

    def pull(self, name, *, tag, stream, decode):
        self.asked.append(("pull", name, tag))
        yield {"status": "Pulling from x"}
        yield {"error": "manifest unknown", "errorDetail": {"message": "manifest for x not found"}}

    def push(self, reference, *, stream, decode, auth_config):
        self.asked.append(("push", reference))
        self.logins.append(auth_config)
        self.on_push()
        events = self.pushes.pop(0) if len(self.pushes) > 1 else (self.pushes or [PUSHED])[0]
        for event in events:
            if isinstance(event, BaseException):
                raise event
            yield event

    def remove_image(self, reference):
        self.asked.append(("remove", reference))
        if self.removal:
            raise self.removal

    def close(self):
        self.closed = True


class FakeEcr:
    """A repository; images that were pushed to the end appear in it."""

    def __init__(self, api):
        self.api, self.shows, self.theirs, self.mutability, self.tokens = api, True, False, "IMMUTABLE", 0

    def describe_repositories(self, repositoryNames):
        uri = f"123456789012.dkr.ecr.us-east-2.amazonaws.com/{repositoryNames[0]}"
        return {
            "repositories": [
                {
                    "repositoryName": repositoryNames[0],
                    "repositoryArn": "arn",
                    "repositoryUri": uri,
                    "registryId": "123456789012",
                    "imageTagMutability": self.mutability,
                }
            ]
        }

    def describe_images(self, repositoryName, imageIds):
        detail = {"imageDigest": "sha256:built", "imageTags": ["4f2a91c"], "imageSizeInBytes": 5}
        there = self.theirs or any(asked[0] == "push" for asked in self.api.asked)
        return {"imageDetails": [detail] if there and self.shows else []}

    def batch_get_image(self, repositoryName, imageIds, acceptedMediaTypes):
        manifest = {"layers": [{"size": 900}, {"size": 90}], "config": {"size": 9}}
        return {"images": [{"imageId": imageIds[0], "imageManifest": json.dumps(manifest)}]}

    def get_authorization_token(self):
        self.tokens += 1
        token = "QVdTOnNlY3JldA=="  # AWS:secret
        return {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": "https://x"}]}


HERE = Account("us-east-2", "http://127.0.0.1:4566", "test", "test")
