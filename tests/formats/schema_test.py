"""Every JSON document follows its published schema (docs/schema), and has no key that the schema does not know."""

import json
import pathlib
import unittest

import jsonschema

from support import SOURCE, campaign, command_line, folder

SCHEMAS = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in (SOURCE / "docs/schema").glob("*.json")}
STORE = {(SOURCE / "docs/schema" / name).as_uri(): schema for name, schema in SCHEMAS.items()}


def validator(name):
    schema = SCHEMAS[name]
    resolver = jsonschema.RefResolver((SOURCE / "docs/schema" / name).as_uri(), schema, store=STORE)
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


def complaints(document):
    name = document["schema"].removeprefix("ridgeline.").replace("/", "-") + ".json"
    checked = validator(name)
    found = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in checked.iter_errors(document)]
    return found + unknown_keys(document, checked.schema, checked.resolver, "")


def unknown_keys(value, schema, resolver, path):
    """Keys that no part of the schema names."""
    found = []
    if isinstance(value, list):
        items = [s["items"] for s in branches(schema, resolver) if "items" in s]
        for i, one in enumerate(value):
            found += unknown_keys(one, {"anyOf": items}, resolver, f"{path}/{i}")
    elif isinstance(value, dict):
        parts = list(branches(schema, resolver))
        for key, one in value.items():
            known = [s["properties"][key] for s in parts if key in s.get("properties", {})]
            known += [s["additionalProperties"] for s in parts if isinstance(s.get("additionalProperties"), dict)]
            if not known:
                found.append(f"{path}/{key}: not in the schema")
            found += unknown_keys(one, {"anyOf": known}, resolver, f"{path}/{key}")
    return found


def branches(schema, resolver):
    if schema is True:
        return
    if "$ref" in schema:
        yield from branches(resolver.resolve(schema["$ref"])[1], resolver)
        return
    yield schema
    for word in ("allOf", "anyOf", "oneOf"):
        for one in schema.get(word, []):
            yield from branches(one, resolver)
    for word in ("then", "else"):
        if word in schema:
            yield from branches(schema[word], resolver)


def relative(name):
    """References inside common-1.json are to itself, also where another schema refers to it."""
    return json.loads(json.dumps(SCHEMAS[name]).replace('"#/$defs/', f'"{name}#/$defs/'))


SCHEMAS["common-1.json"] = relative("common-1.json")
STORE[(SOURCE / "docs/schema/common-1.json").as_uri()] = SCHEMAS["common-1.json"]

COMMANDS = [
    "estimate bert-base --device raspberry-pi-4 --ops",
    "estimate bert-base --device raspberry-pi-4 --max-memory 4GB --set dram.bandwidth=x2",
    "estimate gpt2 --device t4 --task generate --new-tokens 4 --precision fp16",
    "estimate bert-tiny --device t4 --task train",
    "estimate bert-tiny --device iphone-13",
    "compare bert-tiny distilbert --device t4,raspberry-pi-4 --precision bf16",
    "compare bert-tiny --device t4,l4",
    "devices", "devices t4", "devices raspberry-pi-4", "runtimes", "runtimes pytorch-eager", "models",
    "models bert-base", "models bert-base --counting survey", "accuracy glue", "space", "space flexibert2", "space hat --samples 20",
    "search --space bert-grid --evaluations 200 --population 20 --objective accuracy --accuracy glue",
    "search --space flexibert2 --devices all --evaluations 300 --population 20 --constraint memory<=1GB",
    "search --space hat --evaluations 200 --population 20 --objective latency --devices t4 --robust",
]


def commands_with_json():
    """Commands whose help page lists --json."""
    listed = command_line("help").stdout.split("Commands:\n")[1].split("\n\n")[0]
    names = [line.split()[0] for line in listed.splitlines() if not line.startswith("   ")]
    return {name for name in names if name != "help" and " --json " in command_line("help", name).stdout}


class Schemas(unittest.TestCase):
    def check(self, words):
        done = command_line(*words, "--json")
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        document = json.loads(done.stdout)
        self.assertEqual(complaints(document), [], words)
        return document["schema"]

    def test_schemas_are_schemas(self):
        for name in SCHEMAS:
            jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])

    def test_commands_follow_them(self):
        seen = {self.check(command.split()) for command in COMMANDS}
        tried = {command.split()[0] for command in COMMANDS} | {"import", "explain", "calibrate", "validate", "replay"}
        self.assertEqual(tried, commands_with_json())
        with folder() as path:
            data = ["--device", "raspberry-pi-4", "--data", str(campaign(path))]
            seen.add(self.check(["import", data[-1]]))
            front = f"{path}/front.h5"
            self.assertEqual(command_line("search", "--space", "flexibert2", "--evaluations", "300", "--population", "20",
                                          "--out", front).returncode, 0)
            seen.add(self.check(["explain", front]))
            seen.add(self.check(["calibrate", *data, "--predictor", "analytic"]))
            seen.add(self.check(["validate", *data]))
            seen.add(self.check(["validate", *data, "--calibrate-on", "20", "--predictor", "analytic"]))
            seen.add(self.check(["replay", *data, "--rows", "3,6", "--seeds", "1"]))
            seen.add(self.check(["calibrate", "--ship", f"{path}/ship", "--data", data[-1], "--predictor", "analytic"]))
            trace = pathlib.Path(path) / "trace.json"
            self.assertEqual(command_line("estimate", "gpt2", "--device", "t4", "--task", "generate", "--new-tokens",
                                          "80", "--trace", str(trace)).returncode, 0)
            document = json.loads(trace.read_text(encoding="utf-8"))
            self.assertEqual(complaints(document), [])
            seen.add(document["schema"])
        published = {name.removesuffix(".json") for name in SCHEMAS} - {"common-1"}
        self.assertEqual({schema.removeprefix("ridgeline.").replace("/", "-") for schema in seen}, published)

    def test_the_checks_complain(self):
        document = json.loads(command_line("estimate", "bert-tiny", "--device", "t4", "--json").stdout)
        self.assertEqual(complaints(document), [])
        for damage in ({"fits": "yes"}, {"surplus": 1}, {"latency": {**document["latency"], "unit": 3}},
                       {"latency": {**document["latency"], "low": None}},
                       {"latency": {**document["latency"], "extra": None}},
                       {"bounds": [{**document["bounds"][0], "share": 1.5}]}):
            self.assertNotEqual(complaints({**document, **damage}), [], damage)
        without = dict(document)
        del without["peak_power"]
        self.assertNotEqual(complaints(without), [])


class Traces(unittest.TestCase):
    """The simulated schedule: what it shows is what the estimate says."""

    def trace(self, *words):
        with folder() as path:
            file = pathlib.Path(path) / "trace.json"
            done = command_line("estimate", *words, "--ops", "--json", "--trace", str(file))
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout), json.loads(file.read_text(encoding="utf-8"))["traceEvents"]

    def rows(self, events, thread):
        return [e for e in events if e["ph"] == "X" and e["tid"] == thread]

    def test_every_operator_that_runs_is_there_once(self):
        for words in (("bert-base", "--device", "raspberry-pi-4"), ("bert-base", "--device", "t4", "--batch", "8")):
            document, events = self.trace(*words)
            launched = [o for o in document["operators"] if o["duration"]["value"] > 0]
            device = self.rows(events, 2)
            self.assertEqual([e["name"] for e in device], [o["label"] for o in launched])
            for event, operator in zip(device, launched):
                self.assertAlmostEqual(event["ts"], 1e6 * operator["start"]["value"], 6)
                self.assertAlmostEqual(event["dur"], 1e6 * operator["duration"]["value"], 6)
            end = max(e["ts"] + e["dur"] for e in self.rows(events, 1) + device)
            self.assertAlmostEqual(end / (1e6 * document["latency"]["value"]), 1, 9)

    def test_nothing_overlaps_in_a_row_and_nothing_runs_before_its_dispatch(self):
        for words in (("bert-base", "--device", "raspberry-pi-4"), ("bert-base", "--device", "t4"),
                      ("gpt2", "--device", "t4", "--task", "generate", "--new-tokens", "100")):
            _, events = self.trace(*words)
            for thread in (1, 2):
                rows = self.rows(events, thread)
                for before, after in zip(rows, rows[1:]):
                    self.assertLessEqual(before["ts"] + before["dur"], after["ts"] * (1 + 1e-9) + 1e-6, (words, thread))
            dispatched = {}
            for event in events:
                if event["ph"] == "X" and event["tid"] == 1:
                    last = event
                elif event["ph"] == "X":
                    self.assertLessEqual(last["ts"] + last["dur"], event["ts"] * (1 + 1e-9) + 1e-6, words)
                    dispatched[last["name"]] = event["name"]
            self.assertTrue(all(name == run for name, run in dispatched.items()))

    def test_power_is_a_counter(self):
        for words in (("bert-base", "--device", "raspberry-pi-4"), ("bert-tiny", "--device", "jetson-nano-gpu"),
                      ("bert-tiny", "--device", "raspberry-pi-4")):
            document, events = self.trace(*words, "--calibration", "none")
            draws = [(e["ts"], e["args"]["W"]) for e in events if e["ph"] == "C"]
            self.assertGreaterEqual(max(w for _, w in draws) * (1 + 1e-9), document["peak_power"]["value"])
            microjoules = sum(w * (after - ts) for (ts, w), (after, _) in zip(draws, draws[1:]))
            self.assertAlmostEqual(microjoules / (1e6 * document["energy"]["value"]), 1, 9, words)
            self.assertAlmostEqual(draws[-1][0] / (1e6 * document["latency"]["value"]), 1, 9, words)
        _, events = self.trace("bert-base", "--device", "iphone-13")
        self.assertEqual([e for e in events if e["ph"] == "C"], [])


if __name__ == "__main__":
    unittest.main()
