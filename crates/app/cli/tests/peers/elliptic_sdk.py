"""Asks a server through Elliptic's Python SDK: URL KEY SECRET METHOD PATH [JSON]. Prints status and body as JSON."""
import json
import sys

from elliptic import AML

url, key, secret, method, path = sys.argv[1:6]
body = json.loads(sys.argv[6]) if len(sys.argv) > 6 else None
answer = AML(key=key, secret=secret, base_url=url).client.request(method, path, json=body)
print(json.dumps({"status": answer.status_code, "body": answer.json()}))
