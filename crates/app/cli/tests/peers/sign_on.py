"""Signs on at a desk through npm's oidc-provider as a browser does, by forms: DESK_URL PROVIDER_URL. Fails when a step does not end as it must."""

import html
import http.cookiejar
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

desk, provider = sys.argv[1:3]


class Browser:
    def __init__(self):
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.place, self.status, self.text, self.headers = "", 0, "", {}

    def go(self, url, fields=None):
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        request = urllib.request.Request(url, data, {"Accept": "text/html"})
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as refused:
            answer = refused
        self.place, self.status, self.headers = answer.geturl(), answer.status, answer.headers
        self.text = answer.read().decode()
        return self

    def submit(self, **fields):
        """Submits the page's form, with these fields beside the hidden ones."""
        form = re.search(r"<form[^>]*>.*?</form>", self.text, re.S)
        assert form, f"no form at {self.place}: {self.text[:2000]}"
        action = re.search(r'action="([^"]*)"', form[0])
        hidden = {}
        for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', form[0]):
            value = re.search(r'value="([^"]*)"', tag)
            hidden[re.search(r'name="([^"]*)"', tag)[1]] = html.unescape(value[1]) if value else ""
        at = urllib.parse.urljoin(self.place, html.unescape(action[1]) if action else "")
        return self.go(at, hidden | fields)

    def sign_on(self, name):
        """Leaves for the provider, logs in there and agrees; ends at the desk."""
        self.go(f"{desk}/sign-in/provider")
        assert self.place.startswith(provider), self.place
        self.submit(login=name, password="any")
        # What the client may know.
        if self.place.startswith(provider):
            self.submit()
        assert self.place.startswith(f"{desk}/sign-in/return?"), self.place
        return self

    def is_in(self):
        self.go(f"{desk}/desk/sessions")
        return self.place == f"{desk}/desk/sessions" and self.status == 200


ana = Browser().sign_on("desk-ana")
assert ana.status == 200 and ana.headers["Refresh"].startswith("0; url="), (ana.status, ana.text[:2000])
assert ana.is_in(), ana.place
# The answer of the provider opens once, and in one browser.
answer = Browser().sign_on("desk-bo")
stolen = Browser().go(answer.place)
assert stolen.status == 401 and "did not begin" in stolen.text, stolen.status
again = answer.go(answer.place)
assert again.status == 401, again.status
# Whoever has no role here stays out, however well the provider knows them.
stranger = Browser().sign_on("kitchen-kim")
assert stranger.status == 401 and "has a role here" in stranger.text, (stranger.status, stranger.text[:2000])
assert not stranger.is_in()
# A logout at the provider ends the session at the desk.
ana.go(f"{provider}/session/end")
ana.submit(logout="yes")
for _ in range(100):
    if not ana.is_in():
        break
    time.sleep(0.1)
else:
    raise AssertionError("the provider's logout has not reached the desk within ten seconds")
print("done")
