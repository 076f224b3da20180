"""What walks over pages have in common: kinds of pages, of which they look at a few each; signing in, waiting, and a hand that counts."""
import re
import time
from urllib.parse import parse_qsl, urlsplit


def kind(link):
    """A page's kind: its path with whatever names one thing taken out, and the names of its parameters."""
    parts = urlsplit(link)
    path = "/".join("*" if re.search(r"\d", s) or len(s) > 24 else s for s in parts.path.split("/"))
    return path + "?" + "&".join(sorted({k for k, _ in parse_qsl(parts.query)}))


def sign_in(page, url, key):
    """Signs in with a key."""
    page.goto(f"{url}/sign-in")
    page.fill("input[name=key]", key)
    page.locator("input[name=key]").press("Enter")
    page.wait_for_url(lambda u: "/sign-in" not in u)


def until(holds, what):
    """Waits for something without evaluating text in the page, which its content security policy forbids; gives what was found."""
    for _ in range(600):
        if found := holds():
            return found
        time.sleep(0.05)
    raise AssertionError(f"it did not come: {what}")


class Hand:
    """A person at a page: keys, clicks and texts typed are counted until they are taken."""

    def __init__(self, page):
        self.page, self.keys, self.clicks, self.texts = page, 0, 0, 0

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    def type(self, text):
        self.page.keyboard.type(text)
        self.texts += 1

    def fill(self, selector, text):
        self.page.locator(selector).fill(text)
        self.texts += 1

    def click(self, selector):
        self.page.locator(selector).first.click()
        self.clicks += 1

    def taken(self):
        """The counts since they were taken last."""
        counts = {"keys": self.keys, "clicks": self.clicks, "texts": self.texts}
        self.keys = self.clicks = self.texts = 0
        return {name: n for name, n in counts.items() if n}
