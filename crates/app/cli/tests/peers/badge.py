"""An independent look at a certificate: badge.py FILE.jwt. PyJWT checks the signature by the key in the header (RFC 8037); the credential is
checked against what Open Badges 3.0 requires (1EdTech, sections 8.2 and B.1), the key against the issuer's did:key."""
import json
import sys

import base58
import jwt

token = open(sys.argv[1]).read()
header = jwt.get_unverified_header(token)
assert set(header) == {"alg", "typ", "jwk"} and header["typ"] == "JWT" and header["alg"] == "EdDSA", header
assert "d" not in header["jwk"], "the private key is in it"
key = jwt.PyJWK(header["jwk"], algorithm="EdDSA").key
credential = jwt.decode(token, key, algorithms=["EdDSA"], options={"verify_aud": False, "require": ["iss", "sub", "nbf", "jti"]})
raw = key.public_bytes_raw()
assert credential["issuer"]["id"] == "did:key:z" + base58.b58encode(b"\xed\x01" + raw).decode(), credential["issuer"]
assert credential["@context"][:2] == ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]
assert {"VerifiableCredential", "OpenBadgeCredential"} <= set(credential["type"])
assert credential["jti"] == credential["id"] and credential["sub"] == credential["credentialSubject"]["id"] and credential["iss"] == credential["issuer"]["id"]
for name in ("id", "type", "name", "credentialSubject", "issuer", "validFrom"):
    assert credential[name], name
subject = credential["credentialSubject"]
assert subject["type"] == ["AchievementSubject"]
for name in ("id", "type", "criteria", "description", "name"):
    assert subject["achievement"][name], name
described = {d["id"] for d in subject["achievement"]["resultDescription"]}
assert described == {r["resultDescription"] for r in subject["result"]}
for identity in subject["identifier"]:
    assert identity["type"] == "IdentityObject" and isinstance(identity["hashed"], bool)
    assert identity["identityType"] == "emailAddress" or identity["identityType"].startswith("ext:")
print(json.dumps({"name": credential["name"], "issuer": credential["issuer"]["id"]}))
