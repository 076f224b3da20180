"""Kinds of pages, of which the walks over all pages look at a few each."""
import re
from urllib.parse import parse_qsl, urlsplit


def kind(link):
    """A page's kind: its path with whatever names one thing taken out, and the names of its parameters."""
    parts = urlsplit(link)
    path = "/".join("*" if re.search(r"\d", s) or len(s) > 24 else s for s in parts.path.split("/"))
    return path + "?" + "&".join(sorted({k for k, _ in parse_qsl(parts.query)}))
