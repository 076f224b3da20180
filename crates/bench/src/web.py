"""How soon pages are there in Chromium: web.py URL JSON, with {"pages": {name: path}, "find": [[typed, expected]]}. Prints a line of JSON a measure: name and milliseconds,
medians of five. A page counts as interactive when its content has loaded and its deferred scripts have run."""
import json
import shutil
import statistics
import sys

from playwright.sync_api import sync_playwright

url, asked = sys.argv[1], json.loads(sys.argv[2])
LONG = "new PerformanceObserver(l => (window.longest = Math.max(window.longest ?? 0, ...l.getEntries().map(e => e.duration)))).observe({type: 'longtask', buffered: true})"
TIMES = """() => { const [n] = performance.getEntriesByType('navigation'); const paint = performance.getEntriesByName('first-contentful-paint')[0];
  return { server: n.responseStart - n.requestStart, paint: paint ? paint.startTime : NaN, interactive: n.domContentLoadedEventEnd, longest: window.longest ?? 0, bytes: n.encodedBodySize }; }"""


def say(what, value, unit):
    print(json.dumps({"what": what, "value": value, "unit": unit}), flush=True)


with sync_playwright() as p:
    browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(LONG)
    for name, path in asked["pages"].items():
        runs = []
        for _ in range(6):
            answer = page.goto(url + path, wait_until="load")
            # Not the sign-in that a page may lead to instead.
            assert answer.status == 200 and page.url == url + path, (path, answer.status, page.url)
            page.wait_for_timeout(50)
            runs.append(page.evaluate(TIMES))
        # The first one fills the browser's caches.
        for part, unit in (("server", "ms"), ("paint", "ms"), ("interactive", "ms"), ("longest", "ms"), ("bytes", "bytes")):
            say(f"{name}: {part}", statistics.median(r[part] for r in runs[1:]), unit)
    for typed, expected in asked["find"]:
        runs = []
        for _ in range(6):
            page.goto(f"{url}/desk")
            page.keyboard.press("Control+k")
            page.locator("dialog.palette[open] input").wait_for()
            # From the last key to the first result, as a person sees it.
            begun = page.evaluate("performance.now()")
            page.keyboard.insert_text(typed)
            page.locator("#palette-results [role=option]").filter(has_text=expected).first.wait_for()
            runs.append(page.evaluate("performance.now()") - begun)
        say(f"'{typed}' typed in the palette: first result", statistics.median(runs[1:]), "ms")
    browser.close()
