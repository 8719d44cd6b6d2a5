"""HTML reports in a real browser: no error, no request, every mark, hover and click, figures equal to the JSON."""

import math
import pathlib
import unittest

from reports import ReportTest, main
from support import SOURCE, command_json, command_line, folder

try:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.select import Select
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    pass  # main() says so


class Estimates(ReportTest):
    def test_estimate(self):
        document = self.report("estimate", "bert-base", "--device", "raspberry-pi-4", "--calibration", "none")
        self.figures_equal(document)
        operators = command_json("estimate", "bert-base", "--device", "raspberry-pi-4", "--calibration", "none",
                                 "--ops")["operators"]
        launched = [o for o in operators if o["duration"]["value"] > 0]
        marks = [mark for data in self.series("roofline", "scatter").values() for mark in data]
        self.assertEqual(len(marks), len(launched))
        self.assertEqual(sorted(mark["value"][2] for mark in marks),
                         [i for i, o in enumerate(operators) if o["duration"]["value"] > 0])

        longest = max(marks, key=lambda mark: operators[mark["value"][2]]["duration"]["value"])
        operator = operators[longest["value"][2]]
        expected = operator["work"]["flops"]["value"] / operator["duration"]["value"]
        self.assertAlmostEqual(longest["value"][1] / expected, 1, 4)
        self.point_at("roofline", longest["value"][:2]).perform()
        shown = self.tooltip("roofline")
        self.assertRegex(shown, r"\d+ × \d+ · \d+ × \d+")
        self.assertIn("limited by " + operator["bound"], shown)
        self.assertRegex(shown, r"\d % of all operators")
        self.point_at("roofline", longest["value"][:2]).click().perform()
        self.assertIn("limited by " + operator["bound"], self.browser.find_element(By.ID, "operator").text)

        time = sum(sum(data) for data in self.series("layers").values())
        self.assertAlmostEqual(time / sum(o["duration"]["value"] for o in operators), 1, 4)
        Select(self.browser.find_element(By.CSS_SELECTOR, "select[aria-label=Show]")).select_by_value("energy")
        energy = sum(sum(data) for data in self.series("layers").values())
        self.assertAlmostEqual(energy / sum(o["dynamic_energy"]["value"] for o in operators), 1, 4)

        window = self.script("return window.ridgelineReport.peakWindow")
        self.assertAlmostEqual(window["power"] / document["peak_power"]["value"], 1, 4)
        live = max(self.script("return window.ridgelineReport.details.operators.live_B"))
        self.assertAlmostEqual(live / document["memory"]["parts"]["activations"]["value"], 1, 4)
        named = {e["parameter"]: e for e in self.script("return window.ridgelineReport.details.elasticities")}
        for change in document["changes"]:
            self.assertAlmostEqual(named[change["parameter"]]["latency"], change["latency_elasticity"], 4)

    def test_bytes_can_be_those_of_the_outermost_memory(self):
        self.report("estimate", "bert-base", "--device", "t4", "--batch", "8")
        before = self.series("roofline", "scatter")
        Select(self.browser.find_element(By.CSS_SELECTOR, "select[aria-label=Bytes]")).select_by_value("operational")
        after = self.series("roofline", "scatter")
        self.assertNotEqual(before, after)
        self.assertEqual(sum(map(len, before.values())), sum(map(len, after.values())))

    def test_no_power_data_is_said(self):
        document = self.report("estimate", "bert-tiny", "--device", "iphone-13")
        self.figures_equal(document)
        self.assertIn(document["energy"]["reason"], self.browser.find_element(By.TAG_NAME, "main").text)

    def test_a_calibrated_estimate_names_its_rows(self):
        document = self.report("estimate", str(SOURCE / "tests/data/made/table/tiny.yaml"), "--device", "t4",
                               "--length", "16")
        self.figures_equal(document)

    def test_ten_thousand_points_stay_small_and_quick_to_find(self):
        words = ("estimate", "gpt2", "--device", "t4", "--task", "generate", "--new-tokens", "36")
        self.report(*words)
        marks = [mark for data in self.series("roofline", "scatter").values() for mark in data]
        self.assertGreater(len(marks), 10_000)
        self.assertLess(self.file.stat().st_size, 3_000_000)
        self.point_at("roofline", marks[len(marks) // 2]["value"][:2]).perform()
        self.assertIn("limited by", self.tooltip("roofline"))

    def test_the_peak_window_is_the_highest_of_all(self):
        self.report("estimate", "bert-tiny", "--device", "t4")
        durations, watts = [1.0, 2.0, 0.5, 3.0], [5.0, 1.0, 9.0, 2.0]
        for window in (0.0, 0.25, 1.0, 2.5, 6.5, 9.0):
            found = self.script("return window.ridgelineReport.peakWindowOf(...arguments)", durations, watts, window)
            self.assertAlmostEqual(found["power"], brute_force(durations, watts, window), 3, window)

    def test_dark_narrow_and_on_paper(self):
        self.report("estimate", "bert-base", "--device", "raspberry-pi-4")
        background = "return getComputedStyle(document.body).backgroundColor"
        self.assertEqual(self.script(background), "rgb(255, 255, 255)")
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.assertEqual(self.script(background), "rgb(20, 25, 31)")
        ink = "return window.ridgelineReport.charts.roofline.getOption().textStyle.color"
        # Charts are drawn anew when the browser has told the page of the change, some time after the change itself.
        WebDriverWait(self.browser, 60).until(lambda _: self.script(ink) == "#e4e9ee")
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True})
        self.assertLessEqual(self.script("return document.documentElement.scrollWidth"), 390)
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        pdf = self.browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
        self.assertGreater(len(pdf), 50_000)

    def test_compare(self):
        document = self.report("compare", "bert-tiny", "bert-base", "--device", "t4,raspberry-pi-4,ncs2",
                               "--precision", "fp16")
        possible = [e for e in document["estimates"] if e["problem"] is None]
        self.assertEqual(len(self.series("compare", "scatter")["latency"]), len(possible))
        with_interval = [e for e in possible if e["latency"]["low"] is not None]
        self.assertEqual(len(self.series("compare", "line")["interval"]), 3 * len(with_interval))
        Select(self.browser.find_element(By.CSS_SELECTOR, "select[aria-label=Figure]")).select_by_value("memory")
        shown = self.series("compare", "scatter")["memory"]
        self.assertEqual(sorted(x for x, _ in shown), sorted(e["memory"]["value"] for e in possible))
        self.point_at("compare", shown[0]).perform()
        self.assertIn(shown[0][1], self.tooltip("compare"))
        rows = self.browser.find_elements(By.CSS_SELECTOR, "tbody tr")
        self.assertEqual(len(rows), len(document["estimates"]))


class Files(unittest.TestCase):
    """What needs no browser."""

    def test_a_failed_command_makes_no_report(self):
        with folder() as path:
            done = command_line("estimate", "bert-bse", "--device", "t4", "--html", f"{path}/x.html")
            self.assertEqual(done.returncode, 2)
            self.assertEqual(list(pathlib.Path(path).iterdir()), [])

    def test_names_cannot_end_the_script(self):
        with folder() as path:
            model = pathlib.Path(path) / "model.yaml"
            yaml = command_line("models", "bert-tiny", "--yaml").stdout.splitlines()
            named = [line if not line.startswith("name:") else 'name: "</script><b>&"' for line in yaml]
            model.write_text("\n".join(named) + "\n", encoding="utf-8")
            done = command_line("estimate", str(model), "--device", "t4", "--html", f"{path}/x.html")
            self.assertEqual(done.returncode, 0, done.stderr)
            text = (pathlib.Path(path) / "x.html").read_text(encoding="utf-8")
            self.assertEqual(text.count("</script>"), 3)


def brute_force(durations, watts, window):
    """Highest mean over many windows; of the trace itself for a window of no length."""
    if window == 0:
        return max(watts)
    length, step = sum(durations), 0.25
    samples = []
    for duration, power in zip(durations, watts):
        samples += [power] * round(duration / step)
    count = round(window / step)
    assert math.isclose(len(samples) * step, length)
    return max(sum(samples[(i + j) % len(samples)] for j in range(count)) / count for i in range(len(samples)))


if __name__ == "__main__":
    main()
