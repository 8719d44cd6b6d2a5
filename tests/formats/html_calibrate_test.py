"""HTML reports of calibrate and validate in a real browser."""

from reports import ReportTest, main
from support import campaign

try:
    from selenium.webdriver.common.by import By
except ImportError:
    pass  # main() says so


class Calibrations(ReportTest):
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
        learning = self.script("return window.ridgelineReport.details.learning")
        self.assertEqual(self.series("learning")["error"][0],
                         float(f"{100 * learning[0]['mape']:.4g}"))
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


def slow_campaign(path, rows):
    """A campaign in whose second third the board is 40 % slower."""
    file = campaign(path, rows)
    heading, *lines = file.read_text(encoding="utf-8").splitlines()
    changed = [line.split(",") for line in lines]
    for row in changed[rows // 3:2 * rows // 3]:
        row[4] = f"{1.4 * float(row[4]):.5f}"
    file.write_text("\n".join([heading, *(",".join(row) for row in changed)]) + "\n", encoding="utf-8")
    return file


if __name__ == "__main__":
    main()
