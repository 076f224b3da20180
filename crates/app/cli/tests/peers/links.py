"""Follows every link that each role is shown: links.py URL ROLE=KEY... From the start page and the desk's, three of each kind of page; whatever a page links to must be
answered, and never with a refusal: a link that is shown is one that may be followed. Files count too. Prints the number of links by role."""
import collections
import html.parser
import json
import re
import sys
import urllib.error
import urllib.request
from urllib.parse import urldefrag, urljoin

from kinds import kind

url, roles = sys.argv[1], [r.split("=", 1) for r in sys.argv[2:]]
OF_A_KIND, MOST = 3, 600


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        if tag == "a" and (href := dict(attributes).get("href")):
            self.found.append(href)


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no way off the server."""

    def redirect_request(self, request, file, code, message, headers, target):
        return super().redirect_request(request, file, code, message, headers, target) if target.startswith(url) else None


def follow(role, key, faults):
    opener = urllib.request.build_opener(Stay)
    queue = collections.deque([("/", "the start"), ("/desk", "the start")])
    seen, kinds, walked = {"/", "/desk"}, collections.Counter(), 0
    while queue and walked < MOST:
        link, of = queue.popleft()
        request = urllib.request.Request(url + link, headers={"Authorization": f"Bearer {key}", "Accept": "text/html,*/*"})
        try:
            with opener.open(request, timeout=30) as answer:
                # A stream of events never ends.
                media, at = answer.headers.get_content_type(), answer.geturl()
                text = answer.read().decode() if media == "text/html" else ""
        except urllib.error.HTTPError as e:
            # Not everybody works at the desk: only who is shown a link to it must be let in.
            if (link, e.code) == ("/desk", 403):
                continue
            faults.append(f"{role}: {link} (linked from {of}) was answered with {e.code}")
            continue
        if "/sign-in" in at and "/sign-in" not in link:
            faults.append(f"{role}: {link} (linked from {of}) asks to sign in")
            continue
        walked += 1
        links = Links()
        links.feed(text)
        for href in links.found:
            next = urldefrag(urljoin(at, href)).url
            if not next.startswith(url + "/"):
                continue
            next = next.removeprefix(url)
            if "/sign-out" not in next and next not in seen and kinds[kind(next)] < OF_A_KIND:
                seen.add(next)
                kinds[kind(next)] += 1
                queue.append((next, link))
    if queue:
        faults.append(f"{role}: more than {MOST} pages; the first that was not followed is {queue[0][0]}")
    return walked


faults = []
print(json.dumps({role: follow(role, key, faults) for role, key in roles}))
if faults:
    print("\n".join(faults), file=sys.stderr)
    sys.exit(1)
