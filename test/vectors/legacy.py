"""Writes legacy-repository.json beside this file: a repository of before consistent snapshots, as python-tuf writes and signs it.

Root by two of three keys (ECDSA under its old keytype and a keyid that is no digest, Ed25519, RSA-PSS), targets by the third, the delegated
role `tools` by the second, snapshot and timestamp by two keys; hashes and lengths in snapshot and timestamp; no owners, no
periods; a root that was renewed once. `later` is what the old automation signs while people make up their minds. Needs tuf.
Run once, by hand: the keys are new at every run, and worth nothing anywhere else. `python3 test/vectors/legacy.py`
"""

import json
import pathlib
from datetime import datetime, timezone
from hashlib import sha256

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Key,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

HERE = pathlib.Path(__file__).parent
EXPIRES = datetime(2099, 1, 1, tzinfo=timezone.utc)
ARTIFACTS = {"readme.txt": b"read me\n", "tools/greet.sh": b"#!/bin/sh\necho hello\n"}


def pem(private):
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


PRIVATE = {
    "alice": ec.generate_private_key(ec.SECP256R1()),
    "bob": ed25519.Ed25519PrivateKey.generate(),
    "carol": rsa.generate_private_key(65537, 2048),
    "snapshot": ed25519.Ed25519PrivateKey.generate(),
    "timestamp": ed25519.Ed25519PrivateKey.generate(),
}


def old_key(private):
    """As python-tuf of 2019 wrote it: keytype and scheme are one, and the keyid was a digest of something else."""
    key = SSlibKey.from_crypto(private.public_key())
    keyid = sha256(key.keyval["public"].encode()).hexdigest()
    return SSlibKey(keyid, "ecdsa-sha2-nistp256", key.scheme, key.keyval)


KEYS: dict[str, Key] = {
    name: old_key(private) if name == "alice" else SSlibKey.from_crypto(private.public_key())
    for name, private in PRIVATE.items()
}
SIGNERS = {name: CryptoSigner(private, KEYS[name]) for name, private in PRIVATE.items()}


def signed(content, *names):
    content.spec_version = "1.0.0"
    metadata = Metadata(content)
    for name in names:
        metadata.sign(SIGNERS[name], append=True)
    return metadata.to_bytes(JSONSerializer(compact=False))


def listed(version, data):
    return MetaFile(version, len(data), {"sha256": sha256(data).hexdigest()})


root = Root(expires=EXPIRES, consistent_snapshot=False)
for role, names in {"root": ["alice", "bob", "carol"], "targets": ["carol"], "snapshot": ["snapshot"], "timestamp": ["timestamp"]}.items():
    for name in names:
        root.add_key(KEYS[name], role)
root.roles["root"].threshold = 2
files = {"metadata/1.root.json": signed(root, "alice", "bob")}
root.version = 2
files["metadata/2.root.json"] = files["metadata/root.json"] = signed(root, "bob", "carol")

tools = Targets(expires=EXPIRES)
tools.targets["tools/greet.sh"] = TargetFile.from_data("tools/greet.sh", ARTIFACTS["tools/greet.sh"], ["sha256", "sha512"])
role = DelegatedRole("tools", [], 1, False, paths=["tools/*"])
targets = Targets(expires=EXPIRES, delegations=Delegations({}, {"tools": role}))
targets.add_key(KEYS["bob"], "tools")
targets.targets["readme.txt"] = TargetFile.from_data("readme.txt", ARTIFACTS["readme.txt"], ["sha256", "sha512"])
files["metadata/tools.json"] = signed(tools, "bob")
files["metadata/targets.json"] = signed(targets, "carol")


def online(version):
    meta = {
        "targets.json": listed(1, files["metadata/targets.json"]),
        "tools.json": listed(1, files["metadata/tools.json"]),
        # A role that was removed long ago: a listed name stays for ever.
        "gone.json": MetaFile(4),
    }
    snapshot = signed(Snapshot(version=version, expires=EXPIRES, meta=meta), "snapshot")
    timestamp = Timestamp(version=version, expires=EXPIRES, snapshot_meta=listed(version, snapshot))
    return {"metadata/snapshot.json": snapshot, "metadata/timestamp.json": signed(timestamp, "timestamp")}


files |= online(7)
files |= {f"targets/{path}": data for path, data in ARTIFACTS.items()}


def text(some):
    return {path: data.decode() for path, data in some.items()}


legacy_rsa = rsa.generate_private_key(65537, 2048)
PAYLOAD = b'{"_type":"root","version":1}'
vectors = {
    # Of an older way to sign yet, which python-tuf alone still verifies.
    "pkcs1v15": {
        "payload": PAYLOAD.decode(),
        "public": SSlibKey.from_crypto(legacy_rsa.public_key()).keyval["public"],
        "sig": legacy_rsa.sign(PAYLOAD, padding.PKCS1v15(), hashes.SHA256()).hex(),
    },
    "keyids": {name: key.keyid for name, key in KEYS.items()},
    "privateKeys": {name: pem(private) for name, private in PRIVATE.items()},
    "files": text(files),
    "later": text(online(40)),
}
(HERE / "legacy-repository.json").write_text(json.dumps(vectors, indent=1) + "\n")
