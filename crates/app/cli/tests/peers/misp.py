"""pymisp reads a feed's folder: misp.py FOLDER. Prints what it saw as JSON."""
import hashlib
import json
import sys
from pathlib import Path

from pymisp import MISPEvent, MISPObject

folder = Path(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_text())
hashes = set((folder / "hashes.csv").read_text().split())
addresses, names = [], []
for uuid, entry in manifest.items():
    event = MISPEvent(strict_validation=False)
    event.load_file(folder / f"{uuid}.json")
    raw = json.loads((folder / f"{uuid}.json").read_text())["Event"]
    written = {a["uuid"]: a["value"] for o in raw["Object"] for a in o["Attribute"]}
    assert event.uuid == uuid and event.info == entry["info"], event.info
    assert event.Orgc.name == entry["Orgc"]["name"]
    # What pymisp itself would put into a manifest is what stands there.
    theirs = event.manifest[uuid]
    for field in ["info", "date"]:
        assert theirs[field] == entry[field], (field, theirs, entry)
    assert int(theirs["timestamp"]) == int(entry["timestamp"])
    assert {t["name"] for t in theirs["Tag"]} == {t["name"] for t in entry["Tag"]}
    for found in event.objects:
        names.append(found.name)
        template = MISPObject(found.name, strict=True)
        assert template.template_uuid.lower() == found.template_uuid.lower() and str(template.template_version) == str(found.template_version)
        for attribute in found.attributes:
            # Relations and types are the template's own.
            kept = template.add_attribute(attribute.object_relation, value=attribute.value)
            assert kept.type == attribute.type, (attribute.object_relation, kept.type, attribute.type)
            assert f"{hashlib.md5(str(written[attribute.uuid]).encode()).hexdigest()},{uuid}" in hashes, attribute.value
            if attribute.object_relation.startswith("address"):
                addresses.append(str(attribute.value))
print(json.dumps({"events": len(manifest), "objects": sorted(set(names)), "addresses": addresses}))
