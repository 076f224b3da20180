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
    browser.close()
    print("done", flush=True)
