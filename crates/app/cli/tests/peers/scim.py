"""Holds SCIM to scim2-tester: SERVICE_URL KEY. Every check must succeed or be skipped because the service says that it does not support it."""

import sys

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

url, key = sys.argv[1:3]
http = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30)
client = SyncSCIMClient(http)
client.discover()
results = check_server(client)
failed = [r for r in results if r.status not in (Status.SUCCESS, Status.SKIPPED)]
for result in failed:
    print(f"{result.status.name} {result.title} {result.resource_type}: {result.reason}")
succeeded = sum(r.status == Status.SUCCESS for r in results)
print(f"{succeeded} checks succeeded, {len(failed)} failed")
assert not failed and succeeded > 40, [r.title for r in results]
