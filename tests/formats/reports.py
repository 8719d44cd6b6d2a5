"""What the tests of HTML reports share: a browser, and what is looked at in every report."""

import json
import pathlib
import shutil
import sys
import unittest

from support import command_line, folder

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
except ImportError:
    webdriver = None


def start_browser():
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                 "--window-size=1200,900", "--force-device-scale-factor=1"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.binary_location = shutil.which("chromium")
    return webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)


class ReportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = folder()
        cls.path = pathlib.Path(cls.folder.name)
        cls.browser = start_browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        cls.folder.cleanup()

    # --- helpers

    def report(self, *words):
        """Makes a report, opens it; the JSON of the same command. No console message, no request but the file's."""
        file = self.path / f"{self.id().rsplit('.', 1)[-1]}.html"
        done = command_line(*words, "--json", "--html", str(file))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.browser.get_log("browser"), self.browser.get_log("performance")
        self.browser.get(file.as_uri())
        self.assertTrue(self.browser.execute_script("return Boolean(window.ridgelineReport)"),
                        self.browser.get_log("browser"))
        self.file = file
        return json.loads(done.stdout)

    def tearDown(self):
        self.assertEqual(self.browser.get_log("browser"), [])
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                self.assertTrue(url.startswith(("file:", "data:", "chrome:", "devtools:")), url)

    def script(self, text, *arguments):
        return self.browser.execute_script(text, *arguments)

    def series(self, chart, kind=None):
        """The marks of every series of a chart by name."""
        found = self.script("return window.ridgelineReport.charts[arguments[0]].getOption().series"
                            ".map((s) => [s.name, s.type, s.data])", chart)
        return {name: data for name, type_, data in found if kind in (None, type_)}

    def point_at(self, chart, value):
        """Moves the mouse to a value of a chart."""
        host = self.browser.find_element(By.ID, f"chart-{chart}")
        self.script("arguments[0].scrollIntoView({block: 'center'})", host)
        x, y = self.script("return window.ridgelineReport.charts[arguments[0]].convertToPixel({gridIndex: 0}, "
                           "arguments[1])", chart, value)
        size = host.size
        return ActionChains(self.browser, duration=0).move_to_element_with_offset(
            host, round(x - size["width"] / 2), round(y - size["height"] / 2))

    def tooltip(self, chart):
        return self.script("return document.getElementById(arguments[0]).innerText", f"chart-{chart}")

    def figures_equal(self, document):
        cells = self.browser.find_elements(By.CSS_SELECTOR, "[data-figure]")
        self.assertGreater(len(cells), 0)
        for cell in cells:
            value = document[cell.get_attribute("data-figure")]["value"]
            self.assertEqual(cell.get_attribute("data-value"), "null" if value is None else self.script(
                "return String(arguments[0])", value))


def main():
    if webdriver is None or not shutil.which("chromium") or not shutil.which("chromedriver"):
        print("SKIPPED: chromium, chromium-driver or python3-selenium is not installed (scripts/packages.txt: browser)")
        sys.exit(0)
    unittest.main()
