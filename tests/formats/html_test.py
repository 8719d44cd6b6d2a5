"""HTML reports in a real browser: no error, no request, every mark, hover and click, figures equal to the JSON."""

import json
import math
import pathlib
import shutil
import sys
import unittest

from support import SOURCE, campaign, command_json, command_line, folder

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.select import Select
    from selenium.webdriver.support.ui import WebDriverWait
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


class Reports(unittest.TestCase):
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

    # --- an estimate

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

    # --- how it looks

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

    # --- the others

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

    # --- a search

    def drag(self, chart, begin, end):
        """A rectangle from one value of a chart to another."""
        host = self.browser.find_element(By.ID, f"chart-{chart}")
        self.script("arguments[0].scrollIntoView({block: 'center'})", host)
        size, chain = host.size, ActionChains(self.browser, duration=0)
        places = [self.script("return window.ridgelineReport.charts[arguments[0]].convertToPixel('grid', arguments[1])",
                              chart, value) for value in (begin, end)]
        offsets = [(round(x - size["width"] / 2), round(y - size["height"] / 2)) for x, y in places]
        chain.move_to_element_with_offset(host, *offsets[0]).click_and_hold()
        chain.move_to_element_with_offset(host, *offsets[1]).release().perform()

    def test_search(self):
        document = self.report("search", "--space", "flexibert2", "--devices", "raspberry-pi-4,jetson-nano-gpu",
                               "--objective", "latency,energy,capacity", "--evaluations", "1200", "--threads", "1")
        designs = document["designs"]
        axes = {axis["name"]: axis["values"] for axis in self.script("return window.ridgelineReport.axes")}
        keys = {"latency": "latency", "energy": "energy", "average power": "average_power",
                "peak power": "peak_power", "energy-delay product": "energy_delay_product", "memory": "memory"}
        for name, key in keys.items():
            for shown, design in zip(axes[name], designs, strict=True):
                self.assertAlmostEqual(shown / design[key]["value"], 1, 4, name)
        self.assertEqual(axes["parameters"], [float(f"{d['parameters']:.6g}") for d in designs])

        marks = self.series("front", "scatter")
        self.assertEqual(len(marks.pop("knee")), 1)
        for device, data in marks.items():
            self.assertEqual(len(data), sum(1 for d in designs if d["device"] == device), device)
        self.assertEqual(sum(map(len, marks.values())), len(designs))

        # What a click shows is that design, with its interval and every choice that it makes.
        mark = max((m for data in marks.values() for m in data), key=lambda m: m["value"][0])
        design = designs[mark["value"][2]]
        self.point_at("front", mark["value"][:2]).perform()
        self.assertIn(f"design {design['number']}: {design['device']}", self.tooltip("front"))
        self.point_at("front", mark["value"][:2]).click().perform()
        detail = self.browser.find_element(By.ID, "design")
        self.assertIn(f"Design {design['number']}", detail.text)
        for cell in detail.find_elements(By.CSS_SELECTOR, "[data-figure]"):
            name = cell.get_attribute("data-figure")
            value = design[keys[name]]["value"] if name in keys else design["parameters"]
            self.assertAlmostEqual(float(cell.get_attribute("data-value")) / value, 1, 4)
        for i in range(len(designs)):
            shown = {c["name"] if c["group"] is None else f"{c['group']}[{c['layer']}].{c['name']}": c["text"]
                     for c in self.script("return window.ridgelineReport.choicesOf(arguments[0])", i)}
            self.assertEqual(shown, designs[i]["choices"], i)
        for text in design["choices"].values():
            self.assertIn(text, detail.text)

        # A rectangle keeps what lies inside, also when the axes change; its button takes it away.
        ordered = sorted(range(len(designs)), key=lambda i: axes["latency"][i])
        middle = [axes["latency"][ordered[len(ordered) // 2]], axes["energy"][ordered[len(ordered) // 2]]]
        low = [min(axes["latency"]), min(axes["energy"])]
        self.drag("front", [v * 0.99 for v in low], [v * 1.01 for v in middle])
        limits = self.browser.find_elements(By.CSS_SELECTOR, "[data-constraint]")
        self.assertEqual([b.get_attribute("data-constraint") for b in limits], ["latency", "energy"])
        kept = self.script("return window.ridgelineReport.kept")
        self.assertTrue(0 < len(kept) < len(designs))
        worst = [max(axes[name][i] for i in kept) for name in ("latency", "energy")]
        self.assertTrue(worst[0] <= 1.1 * middle[0] and worst[1] <= 1.1 * middle[1])
        inside = [m for name, data in self.series("front", "scatter").items()
                  if name not in ("knee", "chosen", "outside") for m in data]
        self.assertEqual(sorted(m["value"][2] for m in inside), kept)
        Select(self.browser.find_element(By.CSS_SELECTOR, "select[aria-label=Across]")).select_by_value("memory")
        self.assertEqual(self.script("return window.ridgelineReport.kept"), kept)
        for _ in limits:
            self.browser.find_element(By.CSS_SELECTOR, "[data-constraint]").click()
        self.assertEqual(len(self.script("return window.ridgelineReport.kept")), len(designs))
        self.assertEqual(self.browser.find_element(By.ID, "kept").text, "")

        curve = self.series("convergence")["hypervolume"]
        self.assertEqual(curve[-1][0], document["evaluations"])
        self.assertAlmostEqual(curve[-1][1] / document["hypervolume"], 1, 4)
        self.assertEqual(curve, sorted(curve))
        Select(self.browser.find_element(By.CSS_SELECTOR, "select[aria-label=Curve]")).select_by_value("best latency")
        self.assertAlmostEqual(self.series("convergence")["best latency"][-1][1] / min(axes["latency"]), 1, 4)

    def test_a_front_of_ten_thousand_designs_stays_small(self):
        document = self.report("search", "--space", "flexibert2", "--objective", "latency,energy,peak_power,capacity",
                               "--optimiser", "random", "--designs", "12000", "--evaluations", "300000")
        self.assertGreater(len(document["designs"]), 10_000)
        self.assertLess(self.file.stat().st_size, 3_000_000)
        marks = [mark for name, data in self.series("front", "scatter").items() if name != "knee" for mark in data]
        self.assertEqual(len(marks), len(document["designs"]))
        self.point_at("front", marks[len(marks) // 2]["value"][:2]).perform()
        self.assertIn("latency", self.tooltip("front"))

    def test_a_search_without_power_data_has_no_axis_of_it(self):
        self.report("search", "--space", "bert-grid", "--devices", "iphone-13", "--objective", "latency,capacity",
                    "--evaluations", "300")
        names = [axis["name"] for axis in self.script("return window.ridgelineReport.axes")]
        self.assertEqual(names, ["latency", "memory", "parameters"])

    def test_calibrate(self):
        data = slow_campaign(self.path, 120)
        document = self.report("calibrate", "--device", "raspberry-pi-4", "--data", str(data), "--predictor",
                               "analytic", "--rows", "0.5")
        for chart in ("parity", "residuals"):
            marks = self.series(chart, "scatter")
            self.assertEqual((len(marks["fitted"]), len(marks["not fitted"])), (60, 60), chart)
        point = self.series("parity", "scatter")["fitted"][3]
        self.assertAlmostEqual(point["value"][0], point["row"]["measured"])
        self.point_at("parity", point["value"]).perform()
        self.assertIn("measured", self.tooltip("parity"))
        self.point_at("parity", point["value"]).click().perform()
        self.assertIn("predicted", self.browser.find_element(By.ID, "row").text)
        self.assertEqual(self.series("learning")["error"][0],
                         float(f"{100 * document_error(self.script('return window.ridgelineReport.details.learning'))[0]:.4g}"))
        self.assertEqual(len(self.series("parameters", "scatter")["parameters"]),
                         sum(1 for p in document["parameters"] if p["data_sheet"] > 0 and p["value"] > 0))
        for cell in self.browser.find_elements(By.CSS_SELECTOR, "[data-error]"):
            figure, level = cell.get_attribute("data-error").split(".")
            value = document["held_out_mape"][figure][level]
            self.assertEqual(cell.get_attribute("data-value"), "null" if value is None else self.script(
                "return String(arguments[0])", value))

    def test_stretches_of_a_campaign_are_bands(self):
        data = slow_campaign(self.path, 150)
        document = self.report("calibrate", "--device", "raspberry-pi-4", "--data", str(data), "--predictor",
                               "analytic")
        self.assertTrue(document["stretches"])
        bands = self.script("return window.ridgelineReport.charts.residuals.getOption().series[0].markArea.data")
        self.assertEqual([[a["xAxis"], b["xAxis"]] for a, b in bands],
                         [[s["first"], s["last"]] for s in document["stretches"]])

    def test_validate(self):
        data = campaign(self.path, 60)
        document = self.report("validate", "--device", "raspberry-pi-4", "--data", str(data), "--calibrate-on", "20",
                               "--predictor", "analytic")
        marks = self.series("parity", "scatter")["not fitted"]
        self.assertEqual(len(marks), document["rows"])
        error = sum(abs(m["row"]["predicted"] / m["row"]["measured"] - 1) for m in marks) / len(marks)
        self.assertAlmostEqual(error, document["latency"]["mape"], 5)
        self.assertEqual(len(self.series("parity", "line")["interval"]), 3 * document["rows"])
        for cell in self.browser.find_elements(By.CSS_SELECTOR, "[data-score]"):
            figure, score = cell.get_attribute("data-score").split(".")
            value = document[figure][score]
            self.assertEqual(cell.get_attribute("data-value"), "null" if value is None else self.script(
                "return String(arguments[0])", value))


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


def slow_campaign(path, rows):
    """A campaign in whose second third the board is 40 % slower."""
    file = campaign(path, rows)
    heading, *lines = file.read_text(encoding="utf-8").splitlines()
    changed = [line.split(",") for line in lines]
    for row in changed[rows // 3:2 * rows // 3]:
        row[4] = f"{1.4 * float(row[4]):.5f}"
    file.write_text("\n".join([heading, *(",".join(row) for row in changed)]) + "\n", encoding="utf-8")
    return file


def document_error(learning):
    return [point["mape"] for point in learning]


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
    if webdriver is None or not shutil.which("chromium") or not shutil.which("chromedriver"):
        print("SKIPPED: chromium, chromium-driver or python3-selenium is not installed (scripts/packages.txt: browser)")
        sys.exit(0)
    unittest.main()
