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
    page.goto(f"{url}/portal/new")
    page.fill("input[name=reference]", "NCU 99/26")
    page.select_option("select[name=kind]", "information")
    page.select_option("select[name=process]", "us.2703d")
    page.select_option("select[name='kind.1']", "email")
    page.fill("input[name='value.1']", "z@example.org")
    page.check("input[name='class.subscriber']")
    page.check("input[name='state.judge']")
    page.focus("button:has-text('Send')")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('NCU 99/26')")
    page.focus("textarea")
    page.keyboard.type("The order follows.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("p:has-text('The order follows.')")
    page.set_input_files("input[type=file]", {"name": "order.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 order"})
    page.click("button:has-text('Send the file')")
    page.wait_for_selector("li:has-text('order.pdf')")
    page.goto(f"{url}/portal")
    assert page.locator("td a").inner_text() == "NCU 99/26"
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
        page.click("button:has-text('Mail a code')")
        page.locator("input[name=code]").wait_for()
        print("code?", flush=True)
        page.fill("input[name=code]", input())
        page.click("button:has-text('Go on')")
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
    page.wait_for_selector("#passkey-said:has-text('Try again')")
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
