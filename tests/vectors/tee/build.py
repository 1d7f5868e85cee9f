#!/usr/bin/python3
"""Attestation documents with one fault each, signed by a chain of our own: what no real document can show.

    build.py            prints one case a line: NAME REASON ROOT_SHA256 AT OPTIONS BASE64

NAME says what was done, REASON is the verdict's code (validator/tee/reason.c), AT seconds since 1970, OPTIONS what the asker wants of it
(`-`: nothing; `pcrs=HASH`, `key=HEX`, `tls=HEX`, `nonce=HEX`, `age=S`, `debug`, separated by commas). Keys are new in each run, so the bytes are others and the verdicts the
same; cases.txt holds one run. CBOR is python3-cbor2's, certificates and signatures are python3-cryptography's: no code of the verifier.
"""
import base64
import datetime
import hashlib
import sys
import warnings

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.x509.oid import NameOID
from Cryptodome.Hash import keccak

warnings.simplefilter("ignore")  # SHA-1 is what one case is about

START = datetime.datetime(2026, 2, 12, 12, 0, 0)
HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR
AT = int(START.replace(tzinfo=datetime.timezone.utc).timestamp()) + 3600
MADE_MS = (AT - 60) * 1000 + 724
ES384 = bytes.fromhex("a1013822")
PCRS = {i: hashlib.sha384(b"pcr%d" % i).digest() if i in (0, 1, 2, 4) else bytes(48) for i in range(16)}
SPKI = b"a signing key's SPKI would stand here"
TLS = b"a TLS certificate's DER would stand here"
BINDING = b"\x12\x20" + hashlib.sha256(TLS).digest() + b"\x12\x20" + hashlib.sha256(SPKI).digest()
NONCE = bytes(range(20))


def keccak256(data):
    return keccak.new(digest_bits=256, data=data).hexdigest()


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(**on):
    bits = ("digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
            "encipher_only decipher_only").split()
    return x509.KeyUsage(**{bit: on.get(bit, False) for bit in bits})


def key_of(curve=ec.SECP384R1):
    return ec.generate_private_key(curve())


class Link:
    """A certificate to be, with its key. What it says of itself can be changed before it is issued."""

    def __init__(self, subject, ca=True, path=None, life=(START - DAY, START + 10 * DAY), key=None, constraints=True,
                 critical=True, key_usage=None, extra=None, hash_with=None):
        self.subject, self.ca, self.path, self.life = subject, ca, path, life
        self.key = key or key_of()
        self.constraints, self.critical, self.extra = constraints, critical, extra
        self.hash_with = hash_with or hashes.SHA384()
        self.key_usage = key_usage if key_usage is not None else (
            usage(key_cert_sign=True) if ca else usage(digital_signature=True))

    def issued_by(self, issuer, signer=None):
        b = x509.CertificateBuilder().subject_name(name(self.subject)).issuer_name(name(issuer.subject))
        b = b.public_key(self.key.public_key()).serial_number(x509.random_serial_number())
        b = b.not_valid_before(self.life[0]).not_valid_after(self.life[1])
        if self.constraints:
            b = b.add_extension(x509.BasicConstraints(ca=self.ca, path_length=self.path), critical=self.critical)
        if self.key_usage:
            b = b.add_extension(self.key_usage, critical=True)
        if self.extra:
            b = b.add_extension(self.extra, critical=True)
        signed = b.sign(signer or issuer.key, self.hash_with)
        return signed.public_bytes(serialization.Encoding.DER)


def links(**changes):
    """The chain as AWS makes it: root, region (2), zone (1), instance (0), leaf; changes by name."""
    chain = {
        "root": dict(subject="test.nitro-enclaves", life=(START - 1000 * DAY, START + 1000 * DAY)),
        "region": dict(subject="region.test.nitro-enclaves", path=2),
        "zone": dict(subject="zone.test.nitro-enclaves", path=1),
        "instance": dict(subject="i-0.test.nitro-enclaves", path=0, life=(START - HOUR, START + 24 * HOUR)),
        "leaf": dict(subject="i-0-enc0.test.nitro-enclaves", ca=False, life=(START, START + 3 * HOUR)),
    }
    for which, change in changes.items():
        chain[which].update(change)
    return [Link(**arguments) for arguments in chain.values()]


def ders(chain, signers=None):
    out = [chain[0].issued_by(chain[0])]
    for i in range(1, len(chain)):
        out.append(chain[i].issued_by(chain[i - 1], (signers or {}).get(i)))
    return out


GOOD = links()
GOOD_DERS = ders(GOOD)
ROOT = hashlib.sha256(GOOD_DERS[0]).hexdigest()


def fields(der_list=None, **changes):
    out = {"module_id": "i-0-enc0", "digest": "SHA384", "timestamp": MADE_MS, "pcrs": dict(PCRS),
           "certificate": (der_list or GOOD_DERS)[-1], "cabundle": (der_list or GOOD_DERS)[:-1],
           "public_key": b"dummy", "user_data": BINDING, "nonce": NONCE}
    out.update(changes)
    return out


def sign(key, protected, payload, context="Signature1"):
    to_sign = cbor2.dumps([context, protected, b"", payload])
    r, s = utils.decode_dss_signature(key.sign(to_sign, ec.ECDSA(hashes.SHA384())))
    return r.to_bytes(48, "big") + s.to_bytes(48, "big")


def document(payload=None, key=None, protected=ES384, unprotected=None, signature=None, **changes):
    payload = cbor2.dumps(fields(**changes)) if payload is None else payload
    signature = sign(key or GOOD[-1].key, protected, payload) if signature is None else signature
    return cbor2.dumps([protected, unprotected or {}, payload, signature])


def over(chain, signers=None):
    """A document of another chain, and its root."""
    made = ders(chain, signers)
    return document(payload=cbor2.dumps(fields(made)), key=chain[-1].key), hashlib.sha256(made[0]).hexdigest()


def without(field):
    some = fields()
    del some[field]
    return document(payload=cbor2.dumps(some))


def pairs(items, head=None):
    """A map written pair by pair, so that it can say what a dictionary cannot."""
    return (head or bytes([0xa0 + len(items)])) + b"".join(cbor2.dumps(k) + (v if raw else cbor2.dumps(v)) for k, v, raw in items)


def items(**raw):
    return [(k, raw.get(k, v), k in raw) for k, v in fields().items()]


CASES = []


def case(label, reason, data, root=None, at=AT, options="-"):
    CASES.append((label, reason, root or ROOT, at, options, data))


def envelope_cases():
    good = document()
    payload = cbor2.dumps(fields())
    signature = sign(GOOD[-1].key, ES384, payload)
    outer = lambda *parts: b"\x84" + b"".join(parts)
    head = cbor2.dumps(ES384)
    case("cut-off", "cbor", good[:-1])
    case("cut-in-the-payload", "cbor", good[:2000])
    case("a-byte-behind", "trailing", good + b"\x00")
    case("tagged", "envelope", b"\xd2" + good)
    case("array-of-three", "envelope", cbor2.dumps([ES384, {}, payload]))
    case("array-of-five", "envelope", cbor2.dumps([ES384, {}, payload, signature, b""]))
    case("array-without-length", "envelope", b"\x9f" + good[1:] + b"\xff")
    case("array-with-a-long-head", "envelope", b"\x98\x04" + good[1:])
    case("payload-with-a-long-head", "envelope",
         outer(head, b"\xa0", b"\x5a" + len(payload).to_bytes(4, "big") + payload, cbor2.dumps(signature)))
    case("payload-in-pieces", "cbor", outer(head, b"\xa0", b"\x5f" + cbor2.dumps(payload) + b"\xff", cbor2.dumps(signature)))
    case("payload-of-4-gib", "cbor", outer(head, b"\xa0", b"\x5a\xff\xff\xff\xff" + payload))
    case("payload-of-2^64", "cbor", outer(head, b"\xa0", b"\x5b" + b"\xff" * 8 + payload))
    case("deep-nesting", "envelope", b"\x81" * 10000)
    case("deep-nesting-in-the-payload", "payload", document(payload=b"\x81" * 4000))
    case("deep-nesting-in-a-field", "field-type", document(payload=pairs(items(pcrs=b"\xa1\x00" * 2000 + b"\x00"))))
    case("unprotected-algorithm", "unprotected", document(unprotected={1: -35}))
    case("unprotected-text", "envelope", outer(head, b"\x60", cbor2.dumps(payload), cbor2.dumps(signature)))
    es256 = cbor2.dumps({1: -7})
    case("es256", "algorithm", document(protected=es256))
    case("no-algorithm", "algorithm", document(protected=b"\xa0"))
    case("more-than-the-algorithm", "algorithm", document(protected=cbor2.dumps({1: -35, 4: b"key"})))
    case("empty-payload", "payload-size", document(payload=b""))
    case("long-payload", "payload-size", document(payload=bytes(16385)))
    case("larger-than-any", "size", document(payload=bytes(20000)))
    case("signature-of-95", "signature-size", document(signature=signature[:-1]))
    case("signature-of-97", "signature-size", document(signature=signature + b"\x00"))
    case("signature-of-64", "signature-size", document(signature=bytes(64)))
    case("signature-in-der", "signature-size", document(signature=GOOD[-1].key.sign(b"", ec.ECDSA(hashes.SHA384()))))
    case("signature-zero", "signature", document(signature=bytes(96)))
    case("signature-all-ones", "signature", document(signature=b"\xff" * 96))
    case("signature-swapped", "signature", document(payload=payload, signature=signature[48:] + signature[:48]))
    case("signature-of-another-key", "signature", document(key=key_of()))
    case("signature-of-the-issuer", "signature", document(key=GOOD[-2].key))
    case("another-context", "signature", document(payload=payload, signature=sign(GOOD[-1].key, ES384, payload, "Signature")))
    case("another-user-data", "signature",
         document(payload=cbor2.dumps(fields(user_data=BINDING[:-1] + b"\x00")), signature=signature))


def payload_cases():
    case("good", "holds", document())
    case("good-without-options", "holds", document(payload=cbor2.dumps(
        {k: v for k, v in fields().items() if k not in ("public_key", "user_data", "nonce")})))
    case("good-with-null-options", "holds", document(public_key=None, user_data=None, nonce=None))
    case("good-map-without-length", "holds", document(payload=pairs(items(), b"\xbf") + b"\xff"))
    case("good-empty-user-data", "holds", document(user_data=b"", nonce=b""))
    case("not-a-map", "payload", document(payload=cbor2.dumps([1, 2])))
    case("keys-that-are-numbers", "payload", document(payload=cbor2.dumps({1: 2})))
    case("map-that-never-ends", "cbor", document(payload=pairs(items(), b"\xbf")))
    case("fewer-pairs-than-said", "cbor", document(payload=pairs(items(), b"\xaa")))
    case("2^63-pairs", "cbor", document(payload=pairs(items(), b"\xbb\x80" + bytes(7))))
    case("behind-the-map", "trailing", document(payload=cbor2.dumps(fields()) + b"\x00"))
    case("unknown-field", "field-unknown", document(extra=1))
    for field in ("module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"):
        case("without-" + field, "field-missing", without(field))
        case("null-" + field, "field-type", document(**{field: None}))
    for field in fields():
        case("twice-" + field, "field-twice", document(payload=pairs(items() + [(field, fields()[field], False)])))
        case("fraction-as-" + field, "field-type", document(**{field: 1.5}))
    case("empty-module-id", "module-id", document(module_id=""))
    case("module-id-with-a-newline", "module-id", document(module_id="i-0\nverdict: holds"))
    case("sha256", "digest", document(digest="SHA256"))
    case("timestamp-0", "timestamp", document(timestamp=0))
    case("timestamp-negative", "field-type", document(timestamp=-1))
    case("timestamp-2^64-1", "timestamp", document(timestamp=2**64 - 1))
    case("no-pcrs", "pcr-count", document(pcrs={}))
    case("no-pcrs-without-length", "pcr-count", document(payload=pairs(items(pcrs=b"\xbf\xff"))))
    case("33-pcrs", "pcr-count", document(pcrs={i: bytes(48) for i in range(33)}))
    case("pcr-32", "pcr-index", document(pcrs={**PCRS, 32: bytes(48)}))
    case("pcr-negative", "field-type", document(pcrs={**PCRS, -1: bytes(48)}))
    case("pcr-text", "field-type", document(pcrs={**PCRS, "0": bytes(48)}))
    case("pcr-twice", "pcr-twice", document(payload=pairs(items(
        pcrs=b"\xa2" + 2 * (b"\x00" + cbor2.dumps(PCRS[0]))))))
    for size in (0, 31, 47, 49, 65):
        case("pcr-of-%d" % size, "pcr-length", document(pcrs={**PCRS, 3: bytes(size)}))
    case("pcr-of-32-and-64", "holds", document(pcrs={**PCRS, 3: bytes(32), 5: bytes(64)}))
    case("empty-certificate", "certificate-length", document(certificate=b""))
    case("certificate-of-1025", "certificate-length", document(certificate=bytes(1025)))
    case("empty-in-cabundle", "certificate-length", document(cabundle=[GOOD_DERS[0], b""]))
    case("empty-cabundle", "cabundle", document(cabundle=[]))
    case("cabundle-of-17", "cabundle", document(cabundle=[b"\x30"] * 17))
    case("cabundle-of-17-without-length", "cabundle", document(payload=pairs(items(
        cabundle=b"\x9f" + b"\x41\x30" * 17 + b"\xff"))))
    case("cabundle-of-2^32", "cabundle", document(payload=pairs(items(cabundle=b"\x9b\x00\x00\x00\x01\x00\x00\x00\x00"))))
    case("empty-public-key", "public-key", document(public_key=b""))
    case("public-key-of-1025", "public-key", document(public_key=bytes(1025)))
    case("user-data-of-513", "user-data", document(user_data=bytes(513)))
    case("nonce-of-513", "nonce", document(nonce=bytes(513)))


def chain_cases():
    case("another-root", "root", *over(links())[:1])
    case("root-pinned-by-nobody", "root", document(), root="00" * 32)
    case("swapped-cabundle", "chain-order",
         document(cabundle=[GOOD_DERS[0], GOOD_DERS[2], GOOD_DERS[1], GOOD_DERS[3]]))
    case("reversed-cabundle", "root", document(cabundle=GOOD_DERS[3::-1]))
    case("cabundle-without-a-link", "chain-order", document(cabundle=[GOOD_DERS[0], GOOD_DERS[1], GOOD_DERS[3]]))
    case("cabundle-of-the-root-alone", "chain-order", document(cabundle=GOOD_DERS[:1]))
    case("no-certificate-at-all", "certificate", document(certificate=b"0" * 100))
    case("certificate-and-more", "certificate", document(certificate=GOOD_DERS[-1] + b"\x00"))
    case("issuer-and-more", "certificate", document(cabundle=GOOD_DERS[:3] + [GOOD_DERS[3] + b"\x00"]))
    for which, reason, change in (
            ("zone", "not-ca", dict(ca=False, path=None)),
            ("zone", "not-ca", dict(constraints=False)),
            ("zone", "not-ca", dict(critical=False)),
            ("zone", "key-usage", dict(key_usage=usage(digital_signature=True))),
            ("zone", "key-usage", dict(key_usage=False)),
            ("root", "key-usage", dict(key_usage=usage(crl_sign=True))),
            ("leaf", "leaf-is-ca", dict(ca=True, key_usage=usage(digital_signature=True, key_cert_sign=True))),
            ("leaf", "key-usage", dict(key_usage=usage(key_agreement=True))),
            ("leaf", "key-usage", dict(key_usage=False)),
            ("region", "path-length", dict(path=1)),
            ("zone", "path-length", dict(path=0)),
            ("root", "path-length", dict(path=2)),
            ("root", "holds", dict(path=3)),
            ("region", "holds", dict(path=None)),
            ("leaf", "curve", dict(key=key_of(ec.SECP256R1))),
            ("zone", "curve", dict(key=key_of(ec.SECP521R1))),
            ("instance", "curve", dict(key=rsa.generate_private_key(65537, 2048))),
            ("zone", "chain", dict(extra=x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"))),
            ("zone", "chain", dict(hash_with=hashes.SHA1())),
            ("zone", "expired", dict(life=(START - 10 * DAY, START - DAY))),
            ("region", "not-yet-valid", dict(life=(START + 5 * DAY, START + 10 * DAY))),
            ("root", "expired", dict(life=(START - 10 * DAY, START - DAY)))):
        what = "-".join("%s-%s" % (k.replace("_", "-"), v) if v is None or isinstance(v, (bool, int)) else k.replace("_", "-")
                        for k, v in change.items())
        case("%s-with-%s" % (which, what.lower()), reason, *over(links(**{which: change})))
    for i, label in enumerate(("region", "zone", "instance", "leaf"), 1):
        case("%s-signed-by-another" % label, "chain-signature", *over(links(), {i: key_of()}))
    case("root-alone-signs-the-leaf", "holds", *over([links()[0], links()[-1]]))
    chain = [Link("root", life=(START - DAY, START + DAY))] + [Link("ca%d" % i) for i in range(15)] + links()[-1:]
    case("chain-of-16-issuers", "holds", *over(chain))


def asked_cases():
    good = document()
    pcr_hash = keccak256(PCRS[0] + PCRS[1] + PCRS[2])
    debug = document(pcrs={i: bytes(48) for i in range(16)})
    case("approved", "holds", good, options="pcrs=" + pcr_hash)
    case("not-approved", "pcr-refused", good, options="pcrs=" + "11" * 32)
    case("approved-without-pcr-2", "pcr-missing", document(pcrs={0: PCRS[0], 1: PCRS[1]}), options="pcrs=" + pcr_hash)
    case("approved-with-a-short-pcr-1", "pcr-missing", document(pcrs={**PCRS, 1: bytes(32)}), options="pcrs=" + pcr_hash)
    case("debug", "debug", debug)
    case("debug-allowed", "holds", debug, options="debug")
    case("bound", "holds", good, options="key=%s,tls=%s" % (SPKI.hex(), TLS.hex()))
    case("another-key", "key-other", good, options="key=%s,tls=%s" % (TLS.hex(), TLS.hex()))
    case("another-tls", "tls-other", good, options="key=%s,tls=%s" % (SPKI.hex(), SPKI.hex()))
    case("hashes-swapped", "key-other", document(user_data=BINDING[34:] + BINDING[:34]), options="key=" + SPKI.hex())
    case("not-bound", "binding", document(user_data=None), options="key=" + SPKI.hex())
    case("bound-by-67", "binding", document(user_data=BINDING[:-1]), options="key=" + SPKI.hex())
    case("bound-by-another-hash", "binding", document(user_data=b"\x13" + BINDING[1:]), options="tls=" + TLS.hex())
    case("bound-by-another-second-hash", "binding", document(user_data=BINDING[:35] + b"\x21" + BINDING[36:]), options="key=" + SPKI.hex())
    case("nonce", "holds", good, options="nonce=" + NONCE.hex())
    case("another-nonce", "nonce-other", good, options="nonce=" + NONCE[1:].hex())
    case("no-nonce", "nonce-other", document(nonce=None), options="nonce=" + NONCE.hex())
    start, end = AT - 3600, AT - 3600 + 3 * 3600
    case("first-second", "holds", document(timestamp=start * 1000), at=start)
    case("second-before", "not-yet-valid", document(timestamp=start * 1000), at=start - 1)
    case("last-second", "holds", good, at=end)
    case("second-behind", "expired", good, at=end + 1)
    case("made-before-its-certificate", "timestamp-leaf", document(timestamp=start * 1000 - 1))
    case("made-with-its-last-second", "holds", document(timestamp=end * 1000 + 999), at=end)
    case("made-after-its-certificate", "timestamp-leaf", document(timestamp=(end + 1) * 1000))
    case("made-300-s-later", "holds", document(timestamp=(AT + 300) * 1000))
    case("made-301-s-later", "future", document(timestamp=(AT + 301) * 1000))
    case("60-s-old", "holds", good, options="age=60")
    case("61-s-old", "stale", good, at=AT + 1, options="age=60")
    case("expired-and-forged", "signature", document(key=key_of()), at=end + 1)
    case("expired-and-not-approved", "pcr-refused", good, at=end + 1, options="pcrs=" + "11" * 32)


def main():
    for some in (payload_cases, envelope_cases, chain_cases, asked_cases):
        some()
    names = [c[0] for c in CASES]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        sys.exit("the same name twice: " + ", ".join(sorted(twice)))
    for label, reason, root, at, options, data in CASES:
        print(label, reason, root, at, options, base64.b64encode(data).decode())


if __name__ == "__main__":
    main()
