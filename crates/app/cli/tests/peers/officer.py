"""An officer at the portal in a real Chromium: officer.py URL EMAIL. Says what it waits for; reads the mailed code and "approved" from the input."""
import base64
import hashlib
import hmac
import struct
import shutil
import sys
import time

from playwright.sync_api import sync_playwright

url, email = sys.argv[1:3]


def totp(secret):
    """RFC 6238 with the defaults of authenticator apps."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1000000:06}"


with sync_playwright() as p:
    browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page()
    page.goto(f"{url}/portal")
    assert page.url.endswith("/portal/sign-in"), page.url
    page.locator("input[name=email]:focus").wait_for()
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type("Kim Officer")
    page.keyboard.press("Enter")
    page.locator("input[name=code]:focus").wait_for()
    print("code?", flush=True)
    page.keyboard.type(input())
    page.keyboard.press("Enter")
    page.wait_for_url("**/portal/factor")
    secret = page.locator("code").text_content()
    page.locator("input[name=code]:focus").wait_for()
    page.keyboard.type(totp(secret))
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Waiting for approval')")
    print("approve!", flush=True)
    assert input() == "approved"
    # An officer sees no link to the desk, and one to a new request once approved.
    assert page.locator("a[href='/portal/new']").count() == 0
    page.goto(f"{url}/portal")
    assert page.locator("a[href='/portal/new']").count() > 0
    assert page.locator("a[href^='/desk'], a[href='/sign-in']").count() == 0

    def fill(reference):
        page.goto(f"{url}/portal/new")
        page.fill("input[name=reference]", reference)
        page.select_option("select[name=kind]", "information")
        page.select_option("select[name=process]", "us.2703d")
        page.locator("select[name=target]").first.select_option("email")
        page.locator("input[name=value]").first.fill("z@example.org")
        page.check("input[name=class][value=subscriber]")
        page.check("input[name=state][value=judge]")

    def sent_twice():
        """Sends the page's form two times and gives where each led."""
        send = """async () => {
            const form = document.querySelector("form[action='/portal/new']");
            const body = new URLSearchParams(new FormData(form)).toString();
            const headers = {'content-type': 'application/x-www-form-urlencoded'};
            const send = () => fetch('/portal/new', {method: 'POST', headers, body});
            return [(await send()).url, (await send()).url];
        }"""
        return page.evaluate(send)

    # A form that is sent twice is one request; the same text in a form that is opened later is another.
    fill("NCU 98/26")
    first = sent_twice()
    assert first[0] == first[1] and "/portal/requests/p-" in first[0], first
    fill("NCU 98/26")
    later = sent_twice()
    assert later[0] == later[1] != first[0], (first, later)
    # A wrong field is named by its label.
    fill("NCU 99/26")
    page.locator("input[name=gag]").evaluate("e => { e.type = 'text'; e.value = 'soon' }")
    page.focus("button:has-text('Send')")
    page.keyboard.press("Enter")
    page.wait_for_selector("p.error:has-text('Do not notify the user until:')")
    fill("NCU 99/26")
    page.focus("button:has-text('Send')")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('NCU 99/26')")
    page.focus("textarea")
    page.keyboard.type("The order follows.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("p:has-text('The order follows.')")
    page.set_input_files("input[type=file]", {"name": "order.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 order"})
    page.click("button:has-text('Attach')")
    page.wait_for_selector("li:has-text('order.pdf')")
    page.goto(f"{url}/portal")
    assert page.locator("td a").all_inner_texts() == ["NCU 99/26", "NCU 98/26", "NCU 98/26"]
    # A session of the portal opens nothing of the desk.
    page.goto(f"{url}/desk/requests")
    assert "/sign-in" in page.url, page.url

    # Passkeys, with Chromium's virtual authenticator. Browsers give them to host names only.
    site = url.replace("127.0.0.1", "localhost")

    def with_authenticator(context):
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                   "isUserVerified": True, "automaticPresenceSimulation": True}
        key = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
        return page, devtools, key

    def prove(page, email, name):
        page.goto(f"{site}/portal")
        page.fill("input[name=email]", email)
        page.fill("input[name=name]", name)
        page.click("button:has-text('Send a code')")
        page.locator("input[name=code]").wait_for()
        print("code?", flush=True)
        page.fill("input[name=code]", input())
        page.click("button:has-text('Continue')")
        page.wait_for_url("**/portal/factor")

    context = browser.new_context()
    page, devtools, key = with_authenticator(context)
    prove(page, "lee@fbi.gov", "Lee Officer")
    page.fill("#passkey-name", "blue key")
    page.focus("#passkey-add")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Waiting for approval')")
    page.goto(f"{site}/portal/me")
    assert "blue key, since" in page.inner_text("ul")
    page.click("button:has-text('Remove blue key')")
    assert "only second factor" in page.inner_text("main"), page.inner_text("body")
    # Another session: the mailed code alone opens nothing, the passkey does. What it sent is of no use a second time.
    context.clear_cookies()
    prove(page, "lee@fbi.gov", "")
    page.goto(f"{site}/portal/me")
    assert page.url.endswith("/portal/sign-in"), page.url
    page.goto(f"{site}/portal/factor")
    ask = "async ([method, path, body]) => { const a = await fetch(path, {method, headers: {'content-type': 'application/json'}, body}); return [a.status, await a.text()] }"
    status, said = page.evaluate(ask, ["POST", "/portal/passkeys", None])
    assert status == 409 and "give it first" in said, said
    sent = []
    page.on("request", lambda r: sent.append(r.post_data) if r.method == "PUT" else None)
    # A user whom the authenticator did not verify does not enter.
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.click("#passkey-enter")
    page.wait_for_selector("#passkey-status:has-text('Try again')")
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})
    page.click("#passkey-enter")
    page.wait_for_selector("h1:has-text('Waiting for approval')")
    assert len(sent) == 1, sent
    status, said = page.evaluate(ask, ["PUT", "/portal/passkeys/challenge", sent[0]])
    assert status == 409 and "begin again" in said, said
    # The old answer to a new challenge is none.
    assert page.evaluate(ask, ["POST", "/portal/passkeys/challenge", None])[0] == 200
    status, said = page.evaluate(ask, ["PUT", "/portal/passkeys/challenge", sent[0]])
    assert status == 409, said
    browser.close()
    print("done", flush=True)
