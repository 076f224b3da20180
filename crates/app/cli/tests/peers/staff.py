"""A person of the desk with passkeys in a real Chromium: staff.py URL KEY. Browsers give passkeys to host names only."""
import shutil
import sys

from playwright.sync_api import sync_playwright

url, key = sys.argv[1:3]
site = url.replace("127.0.0.1", "localhost")


def sign_in(page):
    page.goto(f"{site}/sign-in")
    page.fill("input[name=key]", key)
    page.keyboard.press("Enter")


with sync_playwright() as p:
    browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    context = browser.new_context()
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")

    def authenticator():
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                   "isUserVerified": True, "automaticPresenceSimulation": True}
        return devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    laptop = authenticator()
    sign_in(page)
    page.wait_for_url("**/desk")
    page.goto(f"{site}/desk/second-factor")
    page.fill("form[data-passkey] input[name=name]", "blue key")
    page.keyboard.press("Enter")
    page.wait_for_selector("ul.codes")
    codes = page.locator("ul.codes code").all_inner_texts()
    assert len(codes) == 10, codes

    # The key alone opens nothing and sets nothing up; the passkey opens.
    context.clear_cookies()
    sign_in(page)
    page.wait_for_url("**/sign-in/code")
    page.goto(f"{site}/desk/second-factor")
    assert "/sign-in" in page.url, page.url
    page.goto(f"{site}/sign-in/code")
    post = "async (path) => (await fetch(path, {method: 'POST', headers: {'content-type': 'application/json'}})).status"
    assert page.evaluate(post, "/sign-in/second-factor/passkeys/options") in (401, 409)
    page.locator("form[data-passkey=get] button:focus").wait_for()
    # A user whom the authenticator did not verify does not enter.
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": laptop, "isUserVerified": False})
    page.keyboard.press("Enter")
    page.wait_for_selector("#passkey-status:has-text('Try again')")
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": laptop, "isUserVerified": True})
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk")

    # A name, a second device, and the last factor, which stays.
    page.goto(f"{site}/desk/second-factor")
    page.fill("li input[name=name]", "old key")
    page.keyboard.press("Enter")
    page.wait_for_selector("li input[value='old key']")
    page.click("button:has-text('Remove')")
    page.wait_for_selector("p.error:has-text('only second factor')")
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": laptop})
    authenticator()
    page.goto(f"{site}/desk/second-factor")
    page.fill("form[data-passkey] input[name=name]", "new key")
    page.keyboard.press("Enter")
    page.wait_for_selector("li input[value='new key']")
    page.click("button:has-text('Remove old key')")
    page.wait_for_selector("li input[value='old key']", state="detached")
    page.wait_for_selector("li input[value='new key']")

    # The new device signs in, and a recovery code where it is lost.
    context.clear_cookies()
    sign_in(page)
    page.locator("form[data-passkey=get] button:focus").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk")
    context.clear_cookies()
    sign_in(page)
    page.fill("input[name=code]", codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk")
    browser.close()
    print("done")
