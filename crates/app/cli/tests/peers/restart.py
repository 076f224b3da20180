"""An open queue of alerts over a restart of the server, in a real Chromium: restart.py BINARY STORE PORT FIRST SECOND, files with one event each that raises an
alert. The second one is raised while no server runs; the page shows it without being loaded again."""
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

from playwright.sync_api import sync_playwright

binary, store, port, first, second = sys.argv[1:6]
url = f"http://127.0.0.1:{port}"


def until(holds, what):
    """Waits for something without evaluating text in the page, which its content security policy forbids."""
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(what)


def answers():
    try:
        with urllib.request.urlopen(f"{url}/desk/alerts", timeout=20) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def serve():
    server = subprocess.Popen([binary, "serve", "--open", "--store", store, "--listen", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL)
    until(answers, "the server answers")
    return server


def screen(events):
    subprocess.run([binary, "screen", events, "--store", store, "--no-ledger"], check=True, stdout=subprocess.DEVNULL)


screen(first)
server = serve()
try:
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        with page.expect_response(lambda r: "/api/v1/live" in r.url and "alerts" in r.url) as connected:
            page.goto(f"{url}/desk/alerts")
        assert connected.value.status == 200, connected.value.status
        rows = page.locator("tr[data-alert]")
        assert rows.count() == 1, rows.count()
        page.evaluate("() => { window.sameDocument = true; }")
        # A live connection does not keep the server from ending.
        server.terminate()
        server.wait(timeout=30)
        screen(second)
        server = serve()
        until(lambda: page.locator("tr.came[data-alert]").count() == 1, "what came while no server ran stands in the list")
        assert rows.count() == 2 and page.evaluate("() => window.sameDocument === true")
        browser.close()
finally:
    server.kill()
    server.wait()
print("ok")
