"""Writes inputs to start from into fuzz/seeds: parts of what data/ bundles, and small ones of each format. Runs in fuzz/, needs zstd."""
import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import subprocess
import tarfile
import zipfile

WALLET = "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"
NOW = "2026-01-01T00:00:00.000Z"
ID = "7c1dbb10-8b1b-4f15-9d4d-3f1b2c1e6a11"


def put(target, name, data):
    folder = os.path.join("seeds", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def unpacked(path):
    return subprocess.run(["zstd", "-dc", "../data/" + path], capture_output=True, check=True).stdout


def chain():
    blocks, at = unpacked("bitcoin/blk-1-256.dat.zst"), 0
    for n in range(40):
        length = int.from_bytes(blocks[at + 4 : at + 8], "little")
        put("block", f"block-{n}", blocks[at + 8 : at + 8 + length])
        at += 8 + length
    put("undo", "300025", unpacked("bitcoin/300025.spent-outputs.bin.zst")[:60_000])


def tags():
    archive = tarfile.open(fileobj=io.BytesIO(unpacked("attribution/graphsense-tagpacks-29ff93c8.tar.zst")))
    packs = [m for m in archive if m.isfile() and m.name.endswith(".yaml") and m.size < 20_000][:60]
    for n, member in enumerate(packs):
        put("tagpack", f"pack-{n}", archive.extractfile(member).read())
    put("tags_csv", "comma", f"address,label,source,currency,category\n{WALLET},x,https://example.org,BTC,exchange\n")


def tables():
    customer = {"kind": "customer", "id": "c1", "time": 1, "customer": "c1"}
    event = {"id": "x1", "kind": "withdrawal", "time": 1780000000, "customer": "c", "asset": "BTC", "amount": "100000", "counterparty": WALLET}
    put("records", "csv", "kind,id,customer,time,name,country\ncustomer,c1,c1,2026-01-02T03:04:05Z,Ana,ES\n")
    put("records", "semicolons", "id;time;kind;customer;asset;amount\ne1;02.01.2026 10:00;deposit;c1;BTC;1\n")
    for name, value in (("record", customer), ("event", event)):
        put("records", name, json.dumps(value) + "\n")


def rules():
    with open("../crates/desk/decision/src/default_rules.yaml", "rb") as file:
        put("rules", "default", file.read())
    for n, text in enumerate(["event.value > 5", "[1, 2].all(x, x > 0)", 'event.counterparty.matches("^b.*")', "size(chain.tags) > 0"]):
        put("rules", f"expression-{n}", text)


def sharing():
    common = {"spec_version": "2.1", "created": NOW, "modified": NOW}
    indicator = {"type": "indicator", "id": f"indicator--{ID}", "valid_from": NOW, "pattern": f"[cryptocurrency-wallet:value = '{WALLET}']",
                 "pattern_type": "stix", "indicator_types": ["malicious-activity"], "confidence": 70, **common}
    put("stix", "indicator", json.dumps(indicator))
    put("stix", "sighting", json.dumps({"type": "sighting", "id": f"sighting--{ID}", "sighting_of_ref": f"indicator--{ID}", **common}))
    attribute = {"uuid": ID, "type": "btc", "category": "Financial fraud", "value": WALLET, "timestamp": "1780000000", "to_ids": True}
    coin = {"name": "coin-address", "uuid": ID, "Attribute": [{"type": "btc", "object_relation": "address", "value": WALLET}]}
    put("misp", "event", json.dumps({"Event": {"uuid": ID, "info": "x", "date": "2026-01-01", "timestamp": "1780000000", "threat_level_id": "2",
                                               "analysis": "2", "Tag": [{"name": "tlp:green"}], "Attribute": [attribute], "Object": [coin]}}))


def vendors():
    subject = {"asset": "holistic", "blockchain": "holistic", "type": "address", "hash": WALLET}
    requests = [{"address": WALLET, "asset": "BTC"}, [{"subject": subject, "type": "wallet_exposure"}], [{"address": WALLET, "chain": "bitcoin"}],
                {"network": "bitcoin", "asset": "BTC", "transferReference": "aa:bb", "direction": "received"}]
    answers = [{"risk": "High", "cluster": {"name": "x", "category": "mixing"}, "exposures": [{"category": "mixing", "value": 1.5}]},
               {"risk_score": 9.5, "evaluation_detail": {"source": [], "destination": []}, "contributions": {"source": []}},
               [{"addressRiskIndicators": [{"category": "Mixer", "categoryRiskScoreLevel": 10}], "entities": [], "address": WALLET}]]
    for target, bodies in (("vendor_requests", requests), ("vendor_answers", answers)):
        for n, body in enumerate(bodies):
            put(target, str(n), json.dumps(body))


def documents():
    credential = {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential", "OpenBadgeCredential"],
                  "issuer": {"id": "did:key:z6Mk"}, "validFrom": NOW, "credentialSubject": {"achievement": {"name": "x"}}}
    put("certificate", "credential", json.dumps(credential))
    put("production", "manifest", json.dumps({"files": [{"name": "production.json", "sha256": "00", "bytes": 1}]}))
    put("bundle", "head", json.dumps({"version": 1, "network": "bitcoin"}))


def seized():
    phrase = "abandon " * 11 + "about"
    keystore = {"type": "bip32", "seed": phrase}
    vault = json.dumps({"data": "AAAA", "iv": "AAAA", "salt": "AAAA"})
    texts = {
        "line": phrase,
        "list": "".join(f"{n}. {word}\n" for n, word in enumerate(phrase.split(), 1)),
        "html": "".join(f"<li>{word}</li>" for word in phrase.split()),
        "electrum": json.dumps({"seed_version": 17, "wallet_type": "standard", "keystore": keystore}),
        "metamask": json.dumps({"KeyringController": {"vault": vault}}),
        "address": WALLET,
    }
    for name, text in texts.items():
        for encoding in ("utf-8", "utf-16-le"):
            data = text.encode(encoding)
            put("evidence_text", f"{name}-{encoding}", data)
            put("evidence_wallet", f"{name}-{encoding}", b"\0" + data)
            for kind, packed in (("gz", gzip.compress(data, mtime=0)), ("bz2", bz2.compress(data)), ("xz", lzma.compress(data))):
                put("evidence_archive", f"{name}-{encoding}.{kind}", b"\0" + packed)
        box = io.BytesIO()
        with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/document.xml", f"<w:document><w:p><w:t>{name}</w:t></w:p></w:document>")
            archive.writestr(name, text)
        put("evidence_archive", f"{name}.zip", b"\0" + box.getvalue())


def tron():
    def field(number, content):
        return bytes([number << 3 | 2, len(content)]) + content

    owner, to = b"\x41" + b"\x01" * 20, b"\x41" + b"\x02" * 20
    value = field(1, owner) + field(2, to) + b"\x18\x05"
    any_ = field(1, b"x") + field(2, value)
    for kind in list(range(20)) + list(range(30, 60)):
        put("tron", f"transaction-{kind}", b"\x01" + field(11, bytes([8, kind]) + field(2, any_)))
    raw = field(11, b"\x08\x01" + field(2, any_))
    parent = bytes(7) + b"\x06" + bytes(24)
    put("tron", "header", b"\x00" + b"\x08\x01" + field(2, bytes(32)) + field(3, parent) + b"\x38\x07" + field(9, owner))
    header = {"number": 7, "txTrieRoot": "00" * 32, "witness_address": owner.hex(), "parentHash": parent.hex(), "version": 30, "timestamp": 1}
    transaction = {"ret": [{"contractRet": "SUCCESS"}], "signature": ["00"], "txID": hashlib.sha256(raw).hexdigest(), "raw_data_hex": raw.hex()}
    block = {"blockID": "00" * 32, "block_header": {"raw_data": header}, "transactions": [transaction]}
    put("tron", "block", b"\x02" + json.dumps(block).encode())
    call = {"caller_address": owner.hex(), "transferTo_address": to.hex(), "callValueInfo": [{"callValue": 5}], "note": "63616c6c"}
    log = {"address": to.hex(), "topics": ["00" * 32], "data": "00"}
    info = {"id": "00" * 32, "fee": 5, "receipt": {"net_fee": 5, "result": "SUCCESS"}, "log": [log], "internal_transactions": [call]}
    put("tron", "infos", b"\x03" + json.dumps([info]).encode())


for make in (chain, tags, tables, rules, sharing, vendors, documents, seized, tron):
    make()
