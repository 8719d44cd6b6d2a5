"""HTML reports of searches in a real browser."""

from reports import ReportTest, main

try:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.select import Select
except ImportError:
    pass  # main() says so


class Searches(ReportTest):
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


if __name__ == "__main__":
    main()
