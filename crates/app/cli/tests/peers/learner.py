"""A course from its upload to a certificate, in a real Chromium: learner.py URL KEY FOLDER. The learner solves a lab on the lab's own pages."""
import shutil
import sys

from playwright.sync_api import sync_playwright

url, key, folder = sys.argv[1:4]

COURSE = b"""---
course: one-lab
lang: en
version: 1
title: One lab
summary: A course of one lab.
hours: 1
labs: [follow-a-ransom]
---
## Follow it

Read the note. <script>document.title = "broken into"</script>
"""


def texts(page, selector):
    return [t.strip() for t in page.locator(selector).all_inner_texts()]


with sync_playwright() as p:
    browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    trainer = browser.new_context()
    page = trainer.new_page()
    problems = []

    def watch(page):
        page.on("pageerror", lambda e: problems.append(str(e)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)

    watch(page)
    page.goto(f"{url}/desk/academy")
    page.fill("input[name=key]", key)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/desk/academy")
    page.set_input_files("input[type=file]", {"name": "one-lab.en.md", "mimeType": "text/markdown", "buffer": COURSE})
    page.click("button:has-text('Add')")
    page.wait_for_selector("option[value=one-lab]", state="attached")
    page.select_option("select[name=course]", "one-lab")
    for name, value in {"country": "ES", "place": "Madrid", "starts": "2026-09-21", "ends": "2026-09-22", "parts": "1", "trainer": "Mira Novak"}.items():
        page.fill(f"input[name={name}]", value)
    page.click("button:has-text('Plan')")
    page.wait_for_selector("h2:has-text('Roster')")
    session = page.url
    for name, value in {"name": "Ana Ruiz", "email": "ana.ruiz@policia.example", "agency": "Policia", "country": "ES"}.items():
        page.fill(f"form:has(input[value=enrol]) input[name={name}]", value)
    page.click("button:has-text('Enrol')")
    learner_key = page.inner_text("#key")
    assert learner_key.startswith("hl_"), learner_key

    learner = browser.new_context()
    page = learner.new_page()
    watch(page)
    # Who has no key comes to the entrance; a wrong one is refused.
    page.goto(f"{url}/academy/me")
    assert page.url == f"{url}/academy", page.url
    page.goto(f"{url}/academy/courses/one-lab")
    assert "broken into" not in page.title() and "Read the note." in page.content()
    page.goto(f"{url}/academy/courses/tracing-payments?lang=de")
    assert "Wechselgeld" in page.content()
    page.goto(f"{url}/academy")
    page.fill("input[name=key]", learner_key)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/academy/me")
    page.click("button:has-text('Start')")
    page.wait_for_selector("#payment")
    lab = page.url

    def answer(step, value, right=True):
        """Answers a step on the lab's page."""
        page.goto(lab)
        section = page.locator(f"section#{step}")
        if section.locator("input[type=radio]").count():
            section.locator(f"input[type=radio][value='{value}']").check()
        else:
            section.locator("input[name=answer]").fill(value)
        section.locator("button:has-text('Answer')").click()
        page.wait_for_load_state()
        found = page.locator(f"section#{step}").inner_text()
        assert ("Solved" in found) == right, found

    def sides(head):
        """Rows of the table after a heading of a transaction's page."""
        rows = page.locator(f"h2:has-text('{head}') + div tbody tr").all()
        return [[c.strip() for c in row.locator("td").all_inner_texts()] for row in rows]

    note = texts(page, "main p code")[0]
    # A wrong answer is told from a right one and may be mended; a hint helps.
    answer("victims", "99999", right=False)
    assert "too many" in page.locator("section#victims").inner_text()
    page.locator("section#payment button:has-text('Show a hint')").click()
    page.wait_for_selector("section#payment >> text=Hint: Open the address of the note")
    # On the lab's own chain: search the address of the note, follow what it received.
    page.click("a:has-text(\"The lab's chain\")")
    page.fill("input[name=q]", note)
    page.keyboard.press("Enter")
    page.wait_for_selector("h2:has-text('Receipts')")
    assert "/chain/address/" in page.url, page.url
    row = texts(page, "h2:has-text('Receipts') + div tbody tr td")
    payment, amount, gathering = row[2].split(":")[0], row[3], row[4]
    page.goto(f"{lab}/chain/tx/{gathering}")
    gathered, spends = sides("Inputs"), sides("Outputs")
    page.goto(f"{lab}/chain/tx/{spends[0][3]}")
    slice_ = min(sides("Outputs"), key=lambda r: float(r[2].split()[0]))
    page.goto(f"{lab}/chain/trace?subject={gathering}")
    assert "the amounts reconcile" in page.content() and "/chain/trace" in page.locator("form").nth(1).get_attribute("action"), page.url
    answer("payment", payment)
    answer("amount", amount.split()[0])
    answer("gathering", gathering)
    answer("victims", str(len(gathered)))
    answer("service", slice_[1].split()[-1])
    answer("account", slice_[0])
    score = page.inner_text("#score")
    assert "passed" in score and "96.0 %" in score, score
    # Every page of the task is the learner's alone.
    status = trainer.request.get(f"{lab}/chain", max_redirects=0).status
    assert status == 303, status
    with page.expect_download() as waiting:
        page.click("a:has-text('Download all files')")
    waiting.value.save_as(f"{folder}/lab.zip")
    page.goto(f"{url}/academy/me")
    page.click("h2 a:has-text('One lab')")
    page.wait_for_selector("h2:has-text('Scoreboard')")
    assert "Ana Ruiz" in page.inner_text("table")
    for name in ("content", "trainer", "labs"):
        page.fill(f"input[name={name}]", "5")
    page.click("button:has-text('Send')")

    # The trainer notes attendance, looks at the class and certifies.
    page = trainer.pages[0]
    page.goto(session)
    page.locator("form:has(input[value=attendance]) input[type=checkbox]").check()
    page.click("button:has-text('Save')")
    page.wait_for_selector("td:has-text('1 of 1')")
    assert "96.0 %" in page.content()
    page.click("button:has-text('Issue certificate')")
    page.wait_for_selector("td span.hash")
    page.goto(f"{url}/desk/academy")
    programme = texts(page, "h2:has-text('Programme') + div tbody td")
    assert programme[:5] == ["2026", "ES", "1", "1", "1"], programme

    page = learner.pages[0]
    page.goto(f"{url}/academy/me")
    with page.expect_download() as waiting:
        page.click("h2:has-text('Certificates') + ul a")
    waiting.value.save_as(f"{folder}/certificate.pdf")
    assert not problems, problems
    browser.close()
    print("key", learner_key)
