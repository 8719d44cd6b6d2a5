"""Docstrings, stubs and docs/python.md say what is there."""

import ast
import contextlib
import inspect
import io
import os
import re
import unittest

import ridgeline
from ridgeline import _ridgeline
from support import SOURCE, campaign, folder


def public(names):
    return sorted(name for name in names if not name.startswith("_"))


class Documentation(unittest.TestCase):
    def test_everything_public_has_a_docstring(self):
        for name in ridgeline.__all__:
            thing = getattr(ridgeline, name)
            if not callable(thing):
                continue
            self.assertTrue(inspect.getdoc(thing), name)
            if isinstance(thing, type) and thing.__module__.startswith("ridgeline"):
                for member in public(vars(thing)):
                    if inspect.isfunction(vars(thing)[member]) or isinstance(vars(thing)[member], property):
                        self.assertTrue(inspect.getdoc(getattr(thing, member)), f"{name}.{member}")

    def test_public_functions_say_what_they_take(self):
        for name in ridgeline.__all__:
            thing = getattr(ridgeline, name)
            if inspect.isfunction(thing):
                self.assertIsNot(inspect.signature(thing).return_annotation, inspect.Signature.empty, name)

    def test_the_stub_has_what_the_extension_has(self):
        stub = ast.parse((SOURCE / "python" / "ridgeline" / "_ridgeline.pyi").read_text(encoding="utf-8"))
        classes = {node.name: node for node in stub.body if isinstance(node, ast.ClassDef)}
        functions = {node.name: node for node in stub.body if isinstance(node, ast.FunctionDef)}
        self.assertEqual(sorted([*classes, *functions]), public(dir(_ridgeline)))
        for name, node in classes.items():
            if issubclass(getattr(_ridgeline, name), Exception):
                continue
            said = [m.name for m in node.body if isinstance(m, ast.FunctionDef)]
            said += [m.target.id for m in node.body if isinstance(m, ast.AnnAssign)]
            self.assertEqual(public(set(said)), public(vars(getattr(_ridgeline, name))), name)
        for name, node in functions.items():
            said = [argument.arg for argument in node.args.args]
            first_line = getattr(_ridgeline, name).__doc__.splitlines()[0]
            self.assertEqual(said, re.findall(r"(\w+): ", first_line), name)

    def test_the_code_in_the_guide_runs(self):
        blocks = re.findall(r"```python\n(.*?)```", (SOURCE / "docs" / "python.md").read_text(encoding="utf-8"), re.S)
        self.assertGreater(len(blocks), 4)
        names = {}
        before = os.getcwd()
        with folder() as path:
            os.chdir(path)
            try:
                os.rename(campaign(path), "measurements.csv")
                for block in blocks:
                    with contextlib.redirect_stdout(io.StringIO()):
                        exec(compile(block, "docs/python.md", "exec"), names)
            finally:
                os.chdir(before)


if __name__ == "__main__":
    unittest.main()
