"""Receives webhooks: SECRET. Prints its port, then one line of JSON for every request: whether the signature holds, id and body.

The first requests are answered with the statuses in the environment variable STATUSES (comma-separated), all others with 204.
"""
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

statuses = [int(s) for s in os.environ.get("STATUSES", "").split(",") if s]


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            Webhook(self.server.secret).verify(body, dict(self.headers))
            signed = True
        except WebhookVerificationError:
            signed = False
        status = statuses.pop(0) if statuses else 204
        line = {"signed": signed, "status": status, "id": self.headers["webhook-id"], "body": json.loads(body)}
        print(json.dumps(line), flush=True)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
server.secret = sys.stdin.readline().strip()
server.serve_forever()
