"""Receipts: the published key pair, and every change that must show."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from regulars.core.errors import UsageError
from regulars.core.rights import Receipt, Removal
from regulars.privacy.receipts import canonical, key_id, public_key, sign, verify

# RFC 8032, 7.1, test 1.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

RECEIPT = Receipt(
    id="req_1",
    kind="erase",
    subject_hash="0" * 32,
    requested=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
    finished=datetime(2025, 1, 2, 3, 4, 6, 500_000, tzinfo=UTC),
    removals=[Removal(where="events", what="rows", count=12), Removal(where="keys", what="keys", count=1)],
)


def test_the_public_key_is_that_of_the_standard():
    assert public_key(SEED) == PUBLIC
    assert key_id(PUBLIC) == hashlib.sha256(PUBLIC).hexdigest()[:16]


def test_the_canonical_form_is_sorted_json_without_signature():
    assert canonical(RECEIPT) == (
        b'{"finished":"2025-01-02T03:04:06.500000Z","id":"req_1","kind":"erase","removals":'
        b'[{"count":12,"what":"rows","where":"events"},{"count":1,"what":"keys","where":"keys"}],'
        b'"requested":"2025-01-02T03:04:05Z","subject_hash":"00000000000000000000000000000000"}'
    )


def test_a_signed_receipt_verifies_after_a_trip_through_json_and_another_time_zone():
    signed = sign(RECEIPT, SEED)
    assert signed.key_id == key_id(PUBLIC)
    back = msgspec.json.decode(msgspec.json.encode(signed), type=Receipt)
    beijing = msgspec.structs.replace(back, finished=back.finished.astimezone(timezone(timedelta(hours=8))))
    assert verify(back, PUBLIC)
    assert verify(beijing, PUBLIC)
    # Ed25519 is deterministic: anyone can make the same signature from the form that is documented.
    by_hand = Ed25519PrivateKey.from_private_bytes(SEED).sign(canonical(signed))
    assert by_hand == base64.b64decode(signed.signature)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "req_2"},
        {"kind": "export"},
        {"subject_hash": "1" * 32},
        {"requested": datetime(2025, 1, 2, 3, 4, 4, tzinfo=UTC)},
        {"finished": datetime(2025, 1, 2, 3, 4, 6, 500_001, tzinfo=UTC)},
        {"removals": [Removal(where="events", what="rows", count=13), Removal(where="keys", what="keys", count=1)]},
        {"removals": []},
        {"key_id": "0" * 16},
        {"signature": ""},
        {"signature": "not base 64!"},
        {"signature": "A" * 86 + "=="},
    ],
    ids="-".join,
)
def test_a_changed_receipt_does_not_verify(change: dict[str, object]):
    assert not verify(msgspec.structs.replace(sign(RECEIPT, SEED), **change), PUBLIC)


def test_another_key_does_not_verify_and_rubbish_is_no_key():
    signed = sign(RECEIPT, SEED)
    assert not verify(signed, public_key(bytes(32)))
    assert not verify(signed, b"short")
    assert not verify(RECEIPT, PUBLIC)


def test_a_receipt_without_time_zone_is_refused():
    with pytest.raises(UsageError, match="time zone"):
        canonical(msgspec.structs.replace(RECEIPT, finished=datetime(2025, 1, 1)))
