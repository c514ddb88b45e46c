"""Drives the web pages in headless Chromium: sign in, upload, verdict, correction, timeline, and each role's pages.

Each page is looked at by axe-core (WCAG 2.2 A and AA) in light and dark, at 1280 x 900 and 390 x 844, and is walked
through by keyboard; a message on the browser's console, a page wider than the window and an unnamed control are
failures too. Screenshots go into the folder that is named.

    python -m pip install playwright axe-playwright-python
    python drive.py --server server.json --image lesion.jpg --shots shots/

`server.json` holds the `address` of a running `cutis serve` and a key for each of clinician, reviewer, engineer, auditor and
admin, from `cutis keys create`: clinician and reviewer with `--clinic default`, the others of the whole installation.
"""

import argparse
import json
import pathlib
import sys
import time

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
WINDOWS = {"desk": (1280, 900), "phone": (390, 844)}


class Driver:
    def __init__(self, browser, server, shots, image):
        self.browser, self.server, self.shots, self.image = browser, server, shots, image
        self.failures, self.checked = [], 0

    def fail(self, text):
        print("FAIL", text)
        self.failures.append(text)

    def context(self, window="desk", scheme="light", script=True):
        width, height = WINDOWS[window]
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce",
            has_touch=window == "phone", java_script_enabled=script, base_url=self.server["address"])
        context.on("console", self.heard)
        context.on("weberror", lambda error: self.fail(f"script: {error.error}"))
        return context

    def heard(self, message):
        if message.type in ("error", "warning"):
            # The answers of forms that are refused on purpose.
            if "status of 4" not in message.text:
                self.fail(f"console: {message.text}")

    def sign_in(self, context, user):
        page = context.new_page()
        page.goto("/")
        page.fill("#key", self.server[user])
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    def look(self, page, name):
        """What is checked of every page."""
        page.wait_for_load_state("networkidle")
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > page.viewport_size["width"]:
            self.fail(f"{name}: {width} px wide")
        result = Axe().run(page, options=AXE).response
        for violation in result["violations"]:
            nodes = [node["html"][:160] for node in violation["nodes"][:3]]
            self.fail(f"{name}: {violation['id']} ({violation['impact']}): {violation['help']} {nodes}")
        small = page.evaluate(
            """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')]
                .filter((e) => e.checkVisibility() && !e.closest('.visually-hidden, .skip') && !e.matches('.skip'))
                .filter((e) => e.tagName != 'A' || getComputedStyle(e).display != 'inline')
                .map((e) => [e.outerHTML.slice(0, 120), e.closest('label') ?? e])
                .map(([text, e]) => [text, e.getBoundingClientRect()])
                .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)""")
        for control in small:
            self.fail(f"{name}: smaller than 24 px: {control}")
        page.screenshot(path=self.shots / f"{name}.png", full_page=True)
        self.checked += 1

    def walk(self, page, name):
        """Tab reaches everything that can be used, and the focus is seen where it is."""
        page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
        wanted = page.evaluate(
            """() => { const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
                .filter((e) => e.checkVisibility({visibilityProperty: true}));
                const seen = new Set(); let n = 0;
                for (const e of all) { const key = e.type == 'radio' ? e.form?.action + e.name : e; if (!seen.has(key)) { seen.add(key); n++ } }
                return n }""")
        reached, first = set(), None
        for _ in range(wanted + 5):
            page.keyboard.press("Tab")
            where = page.evaluate(
                """() => { const e = document.activeElement; if (e === document.body) return null;
                    e.dataset.walk ??= String(Math.random()); const box = e.getBoundingClientRect();
                    const shown = e.matches('.attention-toggle') ? document.querySelector('.switch')
                      : e.closest('.picker') ?? e;
                    const style = getComputedStyle(shown);
                    const bar = document.querySelector('.use').getBoundingClientRect();
                    return [e.dataset.walk, style.outlineStyle, box.top < innerHeight && box.bottom > 0 && box.top < bar.top, e.outerHTML.slice(0, 100)] }""")
            if where is None or where[0] == first:
                break
            first = first or where[0]
            reached.add(where[0])
            if where[1] == "none":
                self.fail(f"{name}: the focus is not seen on {where[3]}")
            if not where[2]:
                self.fail(f"{name}: the focus is hidden on {where[3]}")
        if len(reached) < wanted:
            self.fail(f"{name}: Tab reaches {len(reached)} of {wanted}")

    def clinician(self):
        """The main way, with every step's outcome."""
        context = self.context()
        page = self.sign_in(context, "clinician")
        self.walk(page, "upload")
        page.set_input_files("input[type=file] >> nth=1", self.image)
        page.wait_for_selector(".quality.good, .quality.warning, .quality.refused")
        quality = page.inner_text(".quality")
        if not page.is_visible("[data-preview]"):
            self.fail("upload: no preview")
        self.look(page, "upload-good-desk-light")
        self.bad_photo(page)
        page.set_input_files("input[type=file] >> nth=1", self.image)
        page.wait_for_selector(".quality.good, .quality.warning")
        page.fill("#patient", "E2E-4711")
        page.select_option("#site", "back")
        page.click("[data-submit]")
        page.wait_for_url("**/analyses/*")
        analysis = page.url
        verdict = page.inner_text("#verdict-title")
        print("quality:", quality.splitlines()[0], "| verdict:", verdict, "|", page.inner_text(".band"))
        self.walk(page, "analysis")
        page.click("label[for=attention]")
        # Not wait_for_function: it evaluates text within the page, which the content security policy forbids.
        is_shown = "(map => map.complete && map.naturalWidth > 0)(document.querySelector('.attention-map'))"
        for _ in range(100):
            if page.evaluate(is_shown):
                break
            time.sleep(0.1)
        else:
            self.fail("analysis: the map of attention does not come")
        page.locator("#opacity").press("ArrowRight")
        opacity = page.evaluate("getComputedStyle(document.querySelector('.attention-map')).opacity")
        if opacity != "0.65":
            self.fail(f"analysis: the slider leaves the map at {opacity}")
        self.look(page, "analysis-attention-desk-light")
        page.check("#kind-correction")
        other = page.evaluate("[...document.querySelector('#label').options].find((o) => !o.selected && o.value != 'other').value")
        page.select_option("#label", other)
        page.fill("#note", "Blue-white veil <b>&</b>")
        page.click(".feedback button")
        page.wait_for_url("**done=assessed")
        if "Blue-white veil <b>&</b>" not in page.inner_text(".given"):
            self.fail("analysis: the note is not shown as it was written")
        page.click(".sign button")
        page.wait_for_url("**done=signed")
        if "Signed" not in page.inner_text(".page-head .state"):
            self.fail("analysis: it is not signed")
        page.click(".crumb a")
        page.wait_for_url("**/patients/*")
        timeline = page.url
        if page.locator(".case").count() < 1:
            self.fail("timeline: the case is not there")
        page.goto("/patients")
        page.fill("#patient", "E2E-4711")
        page.keyboard.press("Enter")
        page.wait_for_url(timeline)
        context.close()
        return analysis, timeline

    def bad_photo(self, page):
        """A file that is no photo is told at once."""
        page.set_input_files(
            "input[type=file] >> nth=1", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no image"})
        page.wait_for_selector(".quality.refused")
        self.look(page, "upload-refused-desk-light")

    def without_script(self):
        """The main way again, in a browser that runs no scripts."""
        context = self.context(script=False)
        page = self.sign_in(context, "clinician")
        page.set_input_files("input[type=file] >> nth=1", self.image)
        page.fill("#patient", "E2E-4711")
        page.click("[data-submit]")
        page.wait_for_url("**/analyses/*")
        page.click("label[for=attention]")
        if not page.is_visible(".attention-map"):
            self.fail("without scripts: no heat map")
        page.screenshot(path=self.shots / "analysis-noscript.png", full_page=True)
        context.close()

    def every_page(self, analysis, timeline):
        """Each page in both windows and both schemes."""
        pages = {
            "clinician": {
                "upload": "/upload", "patients": "/patients", "analysis": analysis, "timeline": timeline,
                "not-found": "/nothing"},
            "reviewer": {"review": "/review"}, "engineer": {"engineer": "/engineer"},
            "admin": {"admin": "/admin", "errors": "/errors"}, "auditor": {"audit": "/audit"},
        }
        for window in WINDOWS:
            for scheme in ("light", "dark"):
                context = self.context(window, scheme)
                page = context.new_page()
                page.goto("/sign-in")
                self.look(page, f"sign-in-{window}-{scheme}")
                context.close()
                for user, paths in pages.items():
                    context = self.context(window, scheme)
                    page = self.sign_in(context, user)
                    for name, path in paths.items():
                        page.goto(path)
                        self.look(page, f"{name}-{window}-{scheme}")
                        if window == "desk" and scheme == "light":
                            self.walk(page, name)
                    if user == "auditor":
                        page.goto("/audit")
                        page.click("text=Verify the chain")
                        page.wait_for_selector(".audit-result")
                        self.look(page, f"audit-verified-{window}-{scheme}")
                    context.close()

    def new_key(self):
        """An administrator adds a user and sees the key once."""
        context = self.context()
        page = self.sign_in(context, "admin")
        page.goto("/admin")
        page.fill("#user-name", "Dr E2E")
        page.select_option("#user-role", "clinician")
        page.select_option("#user-clinic", index=1)
        page.click(".row button >> nth=0")
        page.wait_for_url("**done=user_added")
        page.click("[aria-label='New key for Dr E2E']")
        page.wait_for_selector("#new-key")
        self.look(page, "admin-key-desk-light")
        key = page.input_value("#new-key")
        page.goto("/admin")
        if key in page.content():
            self.fail("admin: the key is shown again")
        page.click("text=Sign out")
        page.wait_for_url("**/sign-in")
        page.fill("#key", key)
        page.keyboard.press("Enter")
        page.wait_for_url("**/upload")
        context.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, type=pathlib.Path)
    parser.add_argument("--image", required=True, type=pathlib.Path)
    parser.add_argument("--shots", required=True, type=pathlib.Path)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    options.shots.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        driver = Driver(browser, json.loads(options.server.read_text()), options.shots, options.image)
        analysis, timeline = driver.clinician()
        driver.without_script()
        driver.every_page(analysis, timeline)
        driver.new_key()
        browser.close()
    print(f"{driver.checked} pages checked, {len(driver.failures)} failures, {time.monotonic() - started:.0f} s")
    sys.exit(1 if driver.failures else 0)


if __name__ == "__main__":
    main()
