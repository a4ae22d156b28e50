"""The rules of waste: what costs and seems to serve nobody, and what its removal would save. Pure."""

from __future__ import annotations

from collections.abc import Mapping

#: What each kind of finding is called.
TITLES: Mapping[str, str] = {
    "idle": "Environment that nobody uses",
    "hours": "Environment that runs at night and on weekends",
    "nat": "NAT gateway without traffic",
    "address": "Address that nothing uses",
    "volume": "Disk that nothing uses",
    "images": "Images that nothing needs",
    "logs": "Log that is kept for ever",
}

#: How each kind of waste is removed. ``{resource}`` and ``{environment}`` stand for the finding's own.
REMEDIES: Mapping[str, str] = {
    "idle": "Ask its owner; if nobody needs it: panel env destroy {environment}. It can be created again at any time.",
    "hours": "Give it working_hours in environments.yaml: outside of them it is scaled down to nothing by itself.",
    "nat": "If nothing in the private subnets needs the internet, set nat_gateway: false under network in environments.yaml, "
    "then: panel env apply shared.",
    "address": "Release it in the EC2 console, or with: aws ec2 release-address --allocation-id {resource}.",
    "volume": "Look at what is on it, then delete it in the EC2 console, or with: aws ec2 delete-volume --volume-id {resource}.",
    "images": "Lower kept_images of the shared stack, whose rule deletes the oldest, or delete them in the ECR console.",
    "logs": "Give it a retention: aws logs put-retention-policy --log-group-name {resource} --retention-in-days 30.",
}
