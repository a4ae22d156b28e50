"""SSH keys in their bucket, against moto: made once, kept encrypted, completed, removed for ever."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from panel.aws.s3 import delete_objects, put_object
from panel.aws.session import Aws
from panel.errors import (
    OperationError,
)
from panel.lifecycle.instance_keys import (
    KeyPair,
    Place,
    ensure_key,
    find_key,
    fingerprint,
    new_pair,
    read_private_half,
    remove_key,
)

BUCKET = "todo-keys-123456789012"
PLACE = Place(BUCKET, "staging")


def public_of(private: bytes) -> str:
    """The public half that belongs to a private one."""
    key = load_ssh_private_key(private, password=None)
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def test_a_key_is_made_once_and_kept_encrypted_with_its_public_half_beside_it(aws: Aws) -> None:
    public = ensure_key(aws, PLACE)

    s3 = aws.client("s3")
    private = s3.get_object(Bucket=BUCKET, Key="ssh/staging/id_ed25519")
    assert private["ServerSideEncryption"] == "AES256"
    assert public_of(private["Body"].read()) == public
    assert (
        s3.get_object(Bucket=BUCKET, Key="ssh/staging/id_ed25519.pub")["Body"].read()
        == f"{public}\n".encode()
    )
    assert [ensure_key(aws, PLACE), find_key(aws, PLACE)] == [public, public]
    versions = s3.list_object_versions(Bucket=BUCKET)["Versions"]
    assert len(versions) == 2  # asking again wrote nothing
    assert fingerprint(public).startswith("SHA256:")
    assert len(fingerprint(public)) == 50


def test_of_two_at_once_the_first_to_write_wins_and_both_go_on_with_its_key(aws: Aws) -> None:
    others: list[str] = []

    def late() -> KeyPair:
        others.append(ensure_key(aws, PLACE))  # another worker, between our look and our write
        return new_pair()

    assert ensure_key(aws, PLACE, make=late) == others[0] == public_of(read_private_half(aws, PLACE))
    assert len(others) == 1


def test_who_died_half_way_is_completed(aws: Aws) -> None:
    public = ensure_key(aws, PLACE)
    delete_objects(aws, BUCKET, [PLACE.public])

    assert ensure_key(aws, PLACE) == public
    assert (
        aws.client("s3").get_object(Bucket=BUCKET, Key=PLACE.public)["Body"].read() == f"{public}\n".encode()
    )


def test_a_lost_private_half_is_replaced_with_both_halves(aws: Aws) -> None:
    before = ensure_key(aws, PLACE)
    delete_objects(aws, BUCKET, [PLACE.private])

    after = ensure_key(aws, PLACE)

    assert after != before
    assert (
        aws.client("s3").get_object(Bucket=BUCKET, Key=PLACE.public)["Body"].read() == f"{after}\n".encode()
    )


def test_what_somebody_else_put_there_is_neither_used_nor_overwritten(aws: Aws) -> None:
    put_object(aws, BUCKET, PLACE.private, b"mine")

    with pytest.raises(OperationError, match="no key that the panel made for staging") as caught:
        ensure_key(aws, PLACE)
    assert "Move the object" in caught.value.hint
    assert read_private_half(aws, PLACE) == b"mine"


def test_removing_leaves_no_version_and_touches_no_other_environment(aws: Aws) -> None:
    ensure_key(aws, PLACE)
    delete_objects(aws, BUCKET, [PLACE.private])
    ensure_key(aws, PLACE)
    other = ensure_key(aws, Place(BUCKET, "staging-2"))

    assert remove_key(aws, PLACE) == 5  # two keys, two public halves, one marker
    assert remove_key(aws, PLACE) == 0
    left = aws.client("s3").list_object_versions(Bucket=BUCKET)
    assert {item["Key"] for item in left["Versions"]} == {
        "ssh/staging-2/id_ed25519",
        "ssh/staging-2/id_ed25519.pub",
    }
    assert "DeleteMarkers" not in left
    assert find_key(aws, Place(BUCKET, "staging-2")) == other
