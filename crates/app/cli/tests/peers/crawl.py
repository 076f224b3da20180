"""Walks all pages as people see them, in a real Chromium: crawl.py URL KEY [--full]. From the start page and the desk it follows the links that it finds, two of each kind of
page, and asserts of each: answered with 200, one h1, nothing wider than the window at 390, 768 and 1280 pixels, no message in the console (policy violations among
them), nothing asked of another host, and no violation of any of axe-core's rules; without scripts that it has content and forms that can be sent, by keyboard that Tab leads through it, on paper no menu. One theme a size; with --full both themes at both
sizes, in English and one page of each kind in German and Arabic. Prints what it walked."""
import collections
import json
import pathlib
import re
import shutil
import sys
from urllib.parse import urldefrag, urljoin, urlsplit

from kinds import kind, sign_in

from playwright.sync_api import sync_playwright

url, key = sys.argv[1:3]
full = "--full" in sys.argv
axe = (pathlib.Path(sys.prefix).parent / "node_modules/axe-core/axe.min.js").read_text()
# Two pages of a kind, so many pages in all; other themes, sizes and languages one page of a kind.
OF_A_KIND, MOST = 2, 400
# So many presses of Tab on a page: long lists are like their beginning.
MOST_TABS = 150
# What is no page: files, streams, the way out.
NO_PAGE = re.compile(r"(^/(api|assets|style\.css|openapi\.json|sign-out|v1|v2)\b)|\.(csv|json|xml|pdf|zip|txt|xlsx|svg|png|yaml|ics)$|/(download|export|picture|csv)\b")
STORY = ["/", "/desk", "/investigate"]


def links_of(page):
    found = page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)")
    for link in found:
        link = urldefrag(urljoin(page.url, link)).url
        if link.startswith(url + "/") and not NO_PAGE.search(urlsplit(link).path):
            yield link.removeprefix(url)


def check(page, link, theme, width, faults):
    """What is wrong with the page as it stands in the window."""
    where = f"{link} ({width}, {theme})"
    if page.locator("h1").count() != 1:
        faults.append(f"{where}: {page.locator('h1').count()} h1")
    for size in ([width] if width == 390 else [1280, 768, width]):
        page.set_viewport_size({"width": size, "height": 844 if size == 390 else 900})
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            faults.append(f"{link}: {over} pixels wider than {size}")
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map(v => [v.id, v.impact, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))])")
    faults.extend(f"{where}: axe {rule} ({impact}): {nodes}" for rule, impact, nodes in found)
    if re.search(r"\bbase units\b", page.inner_text("body")):
        faults.append(f"{where}: an amount in base units")


def walk(browser, theme, width, links, faults, language="en"):
    """Walks the links given, or those that are found from the first pages on; returns them."""
    context = browser.new_context(color_scheme=theme, locale=language, viewport={"width": width, "height": 844 if width == 390 else 900})
    context.add_init_script(axe)
    page = context.new_page()
    said = []
    page.on("pageerror", lambda e: said.append(str(e)))
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    page.on("request", lambda r: said.append(f"asks {r.url}") if not r.url.startswith((url, "data:", "blob:")) else None)
    # An open desk has no key.
    if key != "-":
        sign_in(page, url, key)
    finds, queue, walked, kinds, said[:] = links is None, collections.deque(links or STORY), [], collections.Counter(), []
    seen = set(queue)
    while queue and len(walked) < MOST:
        link = queue.popleft()
        answer = page.goto(url + link)
        status = answer.status if answer else 0
        if status != 200:
            faults.append(f"{link}: answered with {status}")
            said.clear()
            continue
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        walked.append(link)
        check(page, link, theme, width, faults)
        faults.extend(f"{link} ({width}, {theme}): console: {text}" for text in said)
        said.clear()
        for next in links_of(page) if finds else []:
            if next not in seen and kinds[kind(next)] < OF_A_KIND:
                seen.add(next)
                kinds[kind(next)] += 1
                queue.append(next)
    context.close()
    assert not queue, f"more than {MOST} pages: {list(queue)[:5]}"
    return walked


def without_script(browser, links, faults):
    """A page of each kind without scripts: answered, with its heading, content, and no form without a way to send it; the explorer as tables or with a form to begin."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    if key != "-":
        sign_in(page, url, key)
    for link in links:
        answer = page.goto(url + link)
        where = f"{link} (without script)"
        if answer.status != 200 or page.locator("h1").count() != 1:
            faults.append(f"{where}: answered with {answer.status}, {page.locator('h1').count()} h1")
            continue
        main = page.locator("main")
        if main.inner_text().strip() == page.locator("h1").inner_text().strip():
            faults.append(f"{where}: nothing but its heading")
        # Enter in a field of one line sends a form without a button.
        mute = main.locator("form:not([hidden]):not(:has(button:not([type=button]), input:not([type=hidden], [type=checkbox], [type=radio])))").count()
        if mute:
            faults.append(f"{where}: {mute} forms that only a script sends")
        if link.startswith(("/desk/graph", "/investigate")) and main.locator("table, form, noscript").count() == 0:
            faults.append(f"{where}: neither a table nor a way to begin")
        # The first Tab leads past the menu.
        page.keyboard.press("Tab")
        if page.locator("a.skip:focus").count() != 1:
            faults.append(f"{where}: the first Tab is not 'skip to the content'")
    context.close()


def by_keyboard(browser, links, faults):
    """Tab leads through a page of each kind, from the way past the menu on: nothing keeps the focus, and nothing has it twice before the page ends (or so many were passed)."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    if key != "-":
        sign_in(page, url, key)
    for link in links:
        page.goto(url + link)
        # A field that has the focus from the start is left; the first Tab from the page's beginning leads past the menu.
        page.evaluate("() => { document.activeElement?.blur?.(); window.passed = new Map(); scrollTo(0, 0); document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex'); }")
        for step in range(MOST_TABS):
            page.keyboard.press("Tab")
            at = page.evaluate("""() => { const e = document.activeElement; if (!e || e === document.body || e === document.documentElement) return {end: true};
              const known = window.passed.get(e); if (known === undefined) window.passed.set(e, window.passed.size);
              return {known, skip: e.matches('a.skip'), multi: e.matches('input[type=date], input[type=time], input[type=datetime-local], audio, video'), html: e.outerHTML.slice(0, 120)}; }""")
            if step == 0 and not at.get("skip"):
                faults.append(f"{link} (by keyboard): the first Tab is not 'skip to the content' but {at.get('html')}")
            if at.get("end"):
                break
            # Fields of a date have several places within.
            if at.get("known") is not None and not at["multi"]:
                # After the last one Chromium begins anew where it has no bar of its own.
                if not (at["known"] == 0 and at["skip"]):
                    faults.append(f"{link} (by keyboard): Tab comes back to {at['html']}")
                break
    context.close()


def printed(browser, links, faults):
    """One page of each kind on paper: its heading and no menu, but the list of a case's parts with what is in each."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    if key != "-":
        sign_in(page, url, key)
    page.emulate_media(media="print")
    for link in links:
        page.goto(url + link)
        menus, parts = page.locator("nav:not(.tabs):visible").count(), page.locator("nav.tabs")
        if not page.locator("h1").is_visible() or menus > 0 or (parts.count() > 0 and not parts.is_visible()):
            faults.append(f"{link} (printed): heading {page.locator('h1').is_visible()}, {menus} menus, parts {parts.all_inner_texts()}")
    context.close()


with sync_playwright() as p:
    browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    faults = []
    walked = walk(browser, "light", 1440, None, faults)
    one_of_each = list({kind(link): link for link in walked}.values())
    shapes = [("dark", 390), ("dark", 1440), ("light", 390)]
    for theme, width in shapes if full else shapes[:1]:
        walk(browser, theme, width, one_of_each, faults)
    without_script(browser, one_of_each, faults)
    by_keyboard(browser, one_of_each, faults)
    printed(browser, one_of_each, faults)
    # A long language, and one that is written from right to left.
    for language in ["de", "ar"] if full else []:
        for theme, width in [("light", 1440), *shapes]:
            walk(browser, theme, width, one_of_each, faults, language)
    browser.close()
print(json.dumps({"pages": len(walked), "kinds": len({kind(w) for w in walked}), "faults": len(faults)}))
if faults:
    print("\n".join(faults), file=sys.stderr)
    sys.exit(1)
