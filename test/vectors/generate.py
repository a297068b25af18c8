"""Writes the vectors beside this file: what peers in Python write and sign. Needs securesystemslib and cryptography.

Run once, by hand: ECDSA and PSS signatures differ at every run. `python3 test/vectors/generate.py`
"""

import json
import pathlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from securesystemslib.formats import encode_canonical

HERE = pathlib.Path(__file__).parent

VALUES = {
    "an empty object": {},
    "an empty list": [],
    "empty containers inside": {"b": [], "a": {}, "c": [[], {}]},
    "scalars": {"null": None, "true": True, "false": False, "zero": 0, "negative": -7, "largest": 2**53 - 1},
    "names out of order": {"b": 1, "a": 2, "B": 3, "A": 4, "_": 5, "": 6},
    "names that are integers": {"10": 1, "9": 2, "1": 3, "02": 4, "a": 5},
    "a name beyond U+FFFF beside U+FB01 and U+FFFD": {"\U0001f600": 1, "\ufb01": 2, "\ufffd": 3, "z": 4, "\ud7ff": 5},
    "the names of JavaScript's own members": {"__proto__": {"a": 1}, "constructor": 2, "toString": 3, "toJSON": "x"},
    "quotes and backslashes": {'a"b\\c': 'd"e\\f', "\\u0041": "\\n"},
    "control characters": {"text": "".join(chr(i) for i in range(0x20)) + "\x7f\x80\x9f"},
    "line and paragraph separators": {"text": "\u2028\u2029"},
    "a slash and other characters that some writers escape": {"text": "</script>&'"},
    "text in many scripts": {"text": "été, ж, 漢字, \U0001f600"},
    "a PEM": {"public": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"},
    "nested lists": [1, [2, [3, [{"b": [4], "a": None}]]]],
    "text alone": "text",
    "a number alone": 42,
}

(HERE / "json-writers.json").write_text(
    json.dumps(
        [
            {
                "name": name,
                "input": json.dumps(value, ensure_ascii=False),
                "canonical": encode_canonical(value).encode("utf-8").hex(),
                "indent1": json.dumps(value, indent=1, sort_keys=True, separators=(",", ": ")),
                "indent2": json.dumps(value, indent=2, sort_keys=True, separators=(",", ": ")),
            }
            for name, value in VALUES.items()
        ],
        indent=1,
    )
    + "\n"
)

PAYLOAD = b'{"_type":"root","version":1}'
PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
PSS_MAX = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.MAX_LENGTH)


def pem(key):
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


p256 = ec.generate_private_key(ec.SECP256R1())
p384 = ec.generate_private_key(ec.SECP384R1())
ed = ed25519.Ed25519PrivateKey.generate()
r2048 = rsa.generate_private_key(65537, 2048)
ed_hex = ed.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()

signatures = [
    ("ECDSA over P-256 with SHA-256", "ecdsa", "ecdsa-sha2-nistp256", pem(p256), p256.sign(PAYLOAD, ec.ECDSA(hashes.SHA256()))),
    ("ECDSA over P-384 with SHA-384", "ecdsa", "ecdsa-sha2-nistp384", pem(p384), p384.sign(PAYLOAD, ec.ECDSA(hashes.SHA384()))),
    ("Ed25519", "ed25519", "ed25519", ed_hex, ed.sign(PAYLOAD)),
    ("RSA-PSS with a salt of the digest's length", "rsa", "rsassa-pss-sha256", pem(r2048), r2048.sign(PAYLOAD, PSS, hashes.SHA256())),
    ("RSA-PSS with the longest salt", "rsa", "rsassa-pss-sha256", pem(r2048), r2048.sign(PAYLOAD, PSS_MAX, hashes.SHA256())),
]

(HERE / "signatures.json").write_text(
    json.dumps(
        {
            "payload": PAYLOAD.decode(),
            "cases": [
                {"name": n, "keytype": t, "scheme": s, "public": p, "sig": sig.hex()} for n, t, s, p, sig in signatures
            ],
        },
        indent=1,
    )
    + "\n"
)

weak = rsa.generate_private_key(65537, 1024)
(HERE / "keys.json").write_text(
    json.dumps(
        {
            "p256": pem(p256),
            "p256CompressedHex": p256.public_key()
            .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
            .hex(),
            "p256UncompressedHex": p256.public_key()
            .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
            .hex(),
            "p384": pem(p384),
            "p384UncompressedHex": p384.public_key()
            .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
            .hex(),
            "secp256k1": pem(ec.generate_private_key(ec.SECP256K1())),
            "rsa1024": pem(weak),
            "rsa2048": pem(r2048),
            # openssl ecparam -name prime256v1 -param_enc explicit -genkey | openssl ec -pubout -param_enc explicit
            "p256ExplicitParameters": (HERE / "explicit.pem").read_text(),
        },
        indent=1,
    )
    + "\n"
)
