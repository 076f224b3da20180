"""Validates XML files against a schema: validate.py SCHEMA FILE..."""
import sys
from lxml import etree

schema = etree.XMLSchema(etree.parse(sys.argv[1]))
for name in sys.argv[2:]:
    document = etree.parse(name)
    if not schema.validate(document):
        sys.exit(f"{name}: {schema.error_log}")
print("valid")
