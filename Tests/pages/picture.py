"""Makes docs/images/analysis-page.png: the page of one analysis, of the synthetic golden picture of the shipped model.

    python -m pip install playwright
    cutis serve --data demo-data          prints the address and the administrator's key
    python picture.py --address http://127.0.0.1:8080 --key cutis_… --image Models/cutis-dermoscopy/golden/synthetic-0.png
    pngquant --strip --force --output docs/images/analysis-page.png 256 docs/images/analysis-page.png

Never make it of a photograph of a person or of a data set.
"""

import argparse
import pathlib

from playwright.sync_api import sync_playwright

TARGET = pathlib.Path(__file__).parents[2] / "docs/images/analysis-page.png"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", required=True)
    parser.add_argument("--key", required=True, help="of a user who may analyse: an administrator or a clinician")
    parser.add_argument("--image", required=True, type=pathlib.Path)
    parser.add_argument("--output", default=TARGET, type=pathlib.Path)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        context = browser.new_context(
            # High enough for the whole page: what sticks to the window's edge would stand in the middle of a longer one.
            viewport={"width": 1280, "height": 1600}, color_scheme="light", reduced_motion="reduce",
            base_url=options.address)
        page = context.new_page()
        page.goto("/")
        page.fill("#key", options.key)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        page.goto("/upload")
        page.set_input_files("input[type=file] >> nth=1", options.image)
        page.wait_for_selector(".quality.good, .quality.warning")
        page.fill("#patient", "EXAMPLE-1")
        page.click("[data-submit]")
        page.wait_for_url("**/analyses/*")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=options.output)
        browser.close()
    print(f"{options.output}: {options.output.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
