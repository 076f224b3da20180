"""taxii2-client and stix2-validator against our TAXII server: taxii.py URL NAME KEY OTHER_NAME OTHER_KEY. Prints what it saw as JSON."""
import json
import sys

import requests
from stix2validator import ValidationOptions, validate_instance
from taxii2client.v21 import Server, as_pages

url, name, key, other, other_key = sys.argv[1:6]
server = Server(f"{url}/taxii2/", user=name, password=key)
assert server.title == "Holdfast" and len(server.api_roots) == 1, server.title
root = server.api_roots[0]
assert root.versions == ["application/taxii+json;version=2.1"], root.versions
collections = {c.title: c for c in root.collections}
assert set(collections) == {"intelligence", "flags"}, collections
assert all(c.can_read and c.can_write for c in collections.values())
found = collections["intelligence"]

# Every object that was written is valid STIX 2.1, custom observables and extensions as declared.
objects = []
for page in as_pages(found.get_objects, per_request=3):
    assert len(page.get("objects", [])) <= 3
    objects += page.get("objects", [])
flags = collections["flags"].get_objects(**{"version": "all"})["objects"]
for one in objects + flags:
    results = validate_instance(one, ValidationOptions(version="2.1", strict_types=False))
    assert results.is_valid, (one, [str(e) for e in results.errors])
kinds = sorted({o["type"] for o in objects})
manifest = found.get_manifest()["objects"]
assert [m["id"] for m in manifest] == [o["id"] for o in objects]
assert len({m["date_added"] for m in manifest}) == len(manifest)
# Filters.
wallet = next(o for o in objects if o["type"] == "cryptocurrency-wallet")
assert found.get_objects(type="cryptocurrency-wallet")["objects"][0]["value"] == wallet["value"]
assert found.get_object(wallet["id"])["objects"] == [wallet]
after = found.get_objects(added_after=manifest[2]["date_added"])["objects"]
assert [o["id"] for o in after] == [o["id"] for o in objects[3:]], after
assert found.get_objects(added_after=manifest[-1]["date_added"]) == {}
flag = next(o["id"] for o in flags if o["type"] == "indicator")
versions = collections["flags"].object_versions(flag)["versions"]

# The member shares: a new object, a later version, and what is refused.
amber = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
me = sys.argv[6]
at = "2026-11-25T08:00:00.000Z"
theirs = {"type": "indicator", "spec_version": "2.1", "id": "indicator--44444444-1111-4111-8111-111111111111", "created": at, "modified": at,
          "created_by_ref": me, "name": "A scam", "pattern": "[cryptocurrency-wallet:value = '1BoatSLRHtKNngkdXEeobR76b53LETtpyT']",
          "pattern_type": "stix", "valid_from": at, "labels": ["scam"], "object_marking_refs": [amber]}
status = found.add_objects({"objects": [theirs]}, wait_for_completion=True)
assert status.status == "complete" and status.success_count == 1 and status.failure_count == 0, status
later = dict(theirs, name="A worse scam", modified="2030-01-01T00:00:00.000Z")
assert found.add_objects({"objects": [later]}).success_count == 1
assert found.object_versions(theirs["id"])["versions"] == [theirs["modified"], later["modified"]]
assert [o["name"] for o in found.get_object(theirs["id"])["objects"]] == ["A worse scam"]
assert [o["name"] for o in found.get_object(theirs["id"], version="first")["objects"]] == ["A scam"]
assert len(found.get_object(theirs["id"], version="all")["objects"]) == 2
red = dict(theirs, id="indicator--" + "1" * 8 + "-1111-4111-8111-111111111111", object_marking_refs=["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"])
impostor = dict(theirs, id="indicator--" + "2" * 8 + "-1111-4111-8111-111111111111", created_by_ref=objects[0]["id"] if objects[0]["type"] == "identity" else sys.argv[7])
impostor["created_by_ref"] = sys.argv[7]
broken = dict(theirs, id="indicator--x")
status = found.add_objects({"objects": [red, impostor, broken]})
assert status.failure_count == 3, status.failures
reasons = [f["message"] for f in status.failures]

# Another member sees it; somebody else's object cannot be changed or deleted; strangers see nothing.
seen = Server(f"{url}/taxii2/", user=other, password=other_key).api_roots[0].collections
seen = {c.title: c for c in seen}["intelligence"]
assert [o["name"] for o in seen.get_object(theirs["id"])["objects"]] == ["A worse scam"]
base = found.url
taxii = "application/taxii+json;version=2.1"
accept = {"Accept": taxii}
assert requests.delete(f"{base}objects/{theirs['id']}/", headers=accept, auth=(other, other_key)).status_code == 404
answer = requests.get(base, headers=accept)
assert answer.status_code == 401 and "Basic" in answer.headers["WWW-Authenticate"], answer.headers
assert requests.get(base, headers=accept, auth=(name, "wrong")).status_code == 401
assert requests.get(base, headers={"Accept": "application/json"}, auth=(name, key)).status_code == 406
answer = requests.post(f"{base}objects/", headers=dict(accept, **{"Content-Type": "application/json"}), data="{}", auth=(name, key))
assert answer.status_code == 415 and answer.headers["Content-Type"] == taxii and answer.json()["title"], answer.text
assert requests.get(f"{base}objects/indicator--{'3' * 8}-1111-4111-8111-111111111111/", headers=accept, auth=(name, key)).status_code == 404
assert requests.get(f"{base}objects/?added_after=yesterday", headers=accept, auth=(name, key)).status_code == 400
assert requests.get(f"{base}objects/?limit=0", headers=accept, auth=(name, key)).status_code == 400
found.delete_object(theirs["id"])
assert requests.get(f"{base}objects/{theirs['id']}/", headers=accept, auth=(name, key)).status_code == 404
print(json.dumps({"kinds": kinds, "objects": len(objects), "flag_versions": versions, "reasons": reasons}))
