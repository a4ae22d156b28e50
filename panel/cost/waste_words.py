"""Kinds of waste: what each is called, and how it is removed. Pages read these without what looks for waste."""

from __future__ import annotations

from collections.abc import Mapping

IDLE, HOURS, NAT, ADDRESS, VOLUME, IMAGES, LOGS = (
    "idle",
    "hours",
    "nat",
    "address",
    "volume",
    "images",
    "logs",
)

#: What each kind of finding is called.
TITLES: Mapping[str, str] = {
    IDLE: "Environment that nobody uses",
    HOURS: "Environment that runs at night and on weekends",
    NAT: "NAT gateway without traffic",
    ADDRESS: "Address that nothing uses",
    VOLUME: "Disk that nothing uses",
    IMAGES: "Images that nothing needs",
    LOGS: "Log that is kept for ever",
}

#: How each kind of waste is removed. ``{resource}`` and ``{environment}`` stand for the finding's own.
REMEDIES: Mapping[str, str] = {
    IDLE: "Ask its owner; if nobody needs it: panel env destroy {environment}. It can be created again at any time.",
    HOURS: "Give it working_hours in environments.yaml: outside of them it is scaled down to nothing by itself.",
    NAT: "If nothing in the private subnets needs the internet, set nat_gateway: false under network in "
    "environments.yaml, then: panel env apply shared.",
    ADDRESS: "Release it in the EC2 console, or: aws ec2 release-address --allocation-id {resource}.",
    VOLUME: "Look at what is on it, then delete it in the EC2 console, or: aws ec2 delete-volume --volume-id {resource}.",
    IMAGES: "Lower kept_images of the shared stack, whose rule deletes the oldest, or delete them in the ECR console.",
    LOGS: "Give it an end: aws logs put-retention-policy --log-group-name {resource} --retention-in-days 30.",
}
