"""Walks the desk's pages in a real Chromium by keyboard, light and dark: browse.py URL KEY SUBJECT. Prints the slowest page."""
import shutil
import sys
import time

from playwright.sync_api import sync_playwright

url, key, subject = sys.argv[1:4]


def until(holds):
    """Waits for something without evaluating text in the page, which its content security policy forbids."""
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come")


def add(page, what):
    """Opens a form of a case's menu by keyboard."""
    page.locator(".add-menu > summary").press("Enter")
    page.locator(f".add-menu details > summary:has-text('{what}')").press("Enter")


with sync_playwright() as p:
    browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    slowest = ("", 0.0)
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        problems = []
        page.on("pageerror", lambda e: problems.append(str(e)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        # Who is not signed in is sent to do so, and comes back.
        page.goto(f"{url}/desk/cases")
        assert "/sign-in" in page.url, page.url
        page.locator("input[name=key]:focus").wait_for()
        page.keyboard.type(key)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda u: "/sign-in" not in u)
        ink = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ink == "rgb(16, 22, 29)") == (scheme == "dark"), (scheme, ink)
        # A case is opened, and a note added, by keyboard alone.
        page.focus("input[name=title]")
        page.keyboard.type(f"Case in the {scheme}")
        page.keyboard.press("Tab")
        page.keyboard.type("ransomware")
        page.keyboard.press("Enter")
        page.wait_for_selector("nav.tabs")
        case = page.url.rsplit("/", 1)[1]
        add(page, "Address, transaction")
        page.focus("form:has(input[value=add]) select")
        page.keyboard.type("address")
        page.keyboard.press("Tab")
        page.keyboard.type(subject)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"td a.hash:has-text('{subject}')")
        add(page, "Add exhibit")
        page.set_input_files("form[action$='/exhibits'] input[type=file]", {"name": "plate.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n plate"})
        page.fill("form:has(input[type=file]) input[name=place]", "safe 3")
        page.click("button:has-text('Add exhibit')")
        page.wait_for_selector("#evidence td:has-text('received by')")
        # A seized file is scanned: its phrase is found and not shown.
        note = b"1. legal 2. winner 3. thank 4. year 5. wave 6. sausage 7. worth 8. useful 9. legal 10. winner 11. thank 12. yellow"
        add(page, "Scan")
        form = page.locator("form[action$='/evidence']")
        form.locator("input[type=file]").set_input_files({"name": "note.txt", "mimeType": "text/plain", "buffer": note})
        form.locator("input[name=exhibit]").fill("E-1")
        form.locator("button").press("Enter")
        page.wait_for_selector("td:has-text('BIP39 phrase, 12 words, English')")
        assert "sausage" not in page.content()
        page.goto(f"{url}/desk/cases/{case}")
        assert "-sealed.jsonl" in page.content() and "sausage" not in page.content()
        # The explorer: the subject is expanded, annotated, a node taken away and back, saved, opened again.
        idle = lambda: until(lambda: page.locator(".x-status:not(.busy)").count() and page.locator(".x-stage[data-redraw]").count())
        items = lambda: page.locator("[role=treeitem]").count()
        page.goto(f"{url}/desk/graph?subject={subject}")
        idle()
        page.get_by_role("tab", name="Tree").click()
        until(lambda: items() > 1)
        page.locator(".x-stage").focus()
        page.keyboard.press("n")
        page.keyboard.type("paid here")
        page.keyboard.press("Enter")
        idle()
        many = items()
        page.locator(".x-stage").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Delete")
        until(lambda: items() == many - 1)
        page.keyboard.press("u")
        until(lambda: items() == many)
        page.keyboard.press("s")
        page.get_by_label("Case", exact=True).fill(case)
        page.get_by_label("Title").fill("as I see it")
        page.keyboard.press("Enter")
        until(lambda: page.locator(".x-status").text_content().startswith("Saved in case"))
        page.goto(f"{url}/desk/cases/{case}#graphs")
        page.click("a:has-text('open the graph')")
        idle()
        page.get_by_role("tab", name="Tree").click()
        until(lambda: items() == many)
        page.locator(".x-stage").focus()
        page.keyboard.press("f")
        page.locator("input[aria-label='Find in graph']").fill("paid here")
        until(lambda: page.locator(".x-found li").count() == 1)
        page.keyboard.press("Escape")
        # The queue: an alert is closed with a reason in 3 keys, undone in one; a case is made from the next one in 2.
        page.goto(f"{url}/desk/alerts")
        until(lambda: page.locator("[data-script]").count())
        here = lambda: page.locator("tr[data-alert][aria-current]").get_attribute("data-alert")
        first = here()
        for pressed in "c", "1", "Enter":
            page.keyboard.press(pressed)
        until(lambda: here() != first)
        page.keyboard.press("u")
        until(lambda: page.locator(f"tr[data-alert='{first}'].gone").count() == 0)
        page.keyboard.press("e")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda u: "/desk/cases/" in u)
        for kind in "alert", "event", "subject":
            page.wait_for_selector(f"#overview tr:has-text('{kind}')")
        # A flag is raised and withdrawn by keyboard.
        page.goto(f"{url}/desk/sharing")
        page.focus("form[action='/desk/sharing/flags'] input[name=asset]")
        for text in ["BTC", subject, f"stolen in the {scheme}"]:
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        row = page.locator(f"tr:has-text('stolen in the {scheme}')")
        row.wait_for()
        assert "open" in row.inner_text() and ("23 h" in row.inner_text() or "24 h" in row.inner_text()), row.inner_text()
        row.locator("select").focus()
        page.keyboard.type("withdrawn")
        page.keyboard.press("Tab")
        page.keyboard.type("our mistake")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"tr:has-text('stolen in the {scheme}'):has-text('withdrawn')")
        # A campaign is drafted by keyboard; who drafted it does not start it.
        page.goto(f"{url}/desk/campaigns")
        page.focus("form[action='/desk/campaigns'] input[name=title]")
        page.keyboard.type(f"Stop in the {scheme}")
        page.fill("input[name=partner]", "Police of Example")
        page.focus("input[name=partner]")
        page.keyboard.press("Enter")
        page.wait_for_selector("h2:has-text('Recipients')")
        campaign = page.url.removeprefix(url)
        assert "Police of Example" in page.content() and "{partner}" in page.content()
        expected = len(problems)
        page.click("button:has-text('Start')")
        page.wait_for_selector("p.error:has-text('another person starts it')")
        # The browser notes the refusal's status, as it should.
        del problems[expected:]
        # The demo's customer was warned and gave a payment up.
        page.goto(f"{url}/desk/warnings")
        assert "demo-ponzi" in page.inner_text("table") and "stopped" in page.inner_text("table")
        # Every page, with nothing wrong and soon.
        links = ["/desk", "/desk/requests", "/desk/cases", f"/desk/cases/{case}", "/desk/alerts", "/desk/holds", "/desk/events", "/desk/customers", "/desk/rules", "/desk/webhooks", "/desk/outbox", "/desk/tags", "/desk/tags/own", "/desk/tags/conflicts", "/desk/packs", "/desk/prices", "/desk/retention", "/desk/providers", "/desk/jobs", "/desk/officers", "/desk/seizures"]
        links += ["/desk/recommendations", "/desk/sharing", "/desk/warnings", "/desk/campaigns", campaign, "/desk/academy", "/academy", "/field-guide", "/transparency", "/desk/search?q=case", "/", f"/address/{subject}"]
        page.goto(f"{url}/desk/alerts")
        links += [a.get_attribute("href") for a in page.locator("td a").all()[:2]]
        page.goto(f"{url}/desk/events")
        links += [a.get_attribute("href") for a in page.locator("td a").all()[:3]]
        page.goto(f"{url}/desk/holds")
        links += [a.get_attribute("href") for a in page.locator("td a").all()[:2]]
        page.goto(f"{url}/desk/requests")
        links += [a.get_attribute("href") for a in page.locator("td a").all()[:2]]
        for link in links:
            start = time.monotonic()
            answer = page.goto(url + link)
            took = time.monotonic() - start
            assert answer.status == 200, (link, answer.status)
            assert page.locator("h1").count() == 1, link
            unnamed = page.evaluate(
                "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')].filter(e => !e.labels.length && !e.ariaLabel).length"
            )
            assert unnamed == 0, (link, "fields without a name")
            slowest = max(slowest, (link, took), key=lambda s: s[1])
        assert not problems, problems
        context.close()
    browser.close()
    print(f"slowest {slowest[0]} {slowest[1] * 1000:.0f} ms")
