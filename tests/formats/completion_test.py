"""Shell completion, asked for as the shells ask."""

import os
import pathlib
import shutil
import subprocess
import unittest

from support import PROGRAM, command_line, folder


def options_in_help(command):
    """Long options on the help page of a command."""
    words = command_line("help", command).stdout.replace(",", " ").split()
    return {word for word in words if word.startswith("--") and len(word) > 3 and word[2].isalpha()}


class Bash(unittest.TestCase):
    def complete(self, *words):
        """What bash offers after these words, the last of them begun."""
        script = """
source <("$1" completion bash)
shift
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_ridgeline
printf '%s\\n' "${COMPREPLY[@]}"
"""
        done = subprocess.run(["bash", "-c", script, "bash", PROGRAM, PROGRAM, *words], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_commands(self):
        self.assertEqual(self.complete("est"), ["estimate"])
        self.assertEqual(self.complete("val"), ["validate"])
        pages = [line.split()[0] for line in command_line("help").stdout.split("Commands")[-1].splitlines()
                 if line.startswith("  ") and line.split()]
        self.assertLessEqual({"estimate", "compare", "devices"}, set(pages))
        self.assertEqual(set(self.complete("help", "")), set(self.complete("")))

    def test_every_option_of_every_command(self):
        for command in self.complete(""):
            if command == "help":
                continue
            self.assertLessEqual(set(self.complete(command, "--")), options_in_help(command), command)
        self.assertIn("--new-tokens", self.complete("estimate", "bert-base", "--new"))
        self.assertIn("--calibrate-on", self.complete("validate", "--cal"))

    def test_names_and_files(self):
        self.assertEqual(self.complete("estimate", "bert-base", "--device", "raspberry"), ["raspberry-pi-4"])
        self.assertEqual(self.complete("estimate", "mobileb"), ["mobilebert"])
        self.assertIn("tensorrt", self.complete("estimate", "bert-base", "--runtime", ""))
        self.assertEqual(self.complete("devices", "a100-sxm"), ["a100-sxm-40gb"])
        self.assertEqual(self.complete("search", "--space", "flexibert2"), ["flexibert2"])
        self.assertEqual(self.complete("search", "--devices", "raspberry"), ["raspberry-pi-4"])
        self.assertEqual(self.complete("space", "flexi"), ["flexibert2"])
        with folder() as path:
            (pathlib.Path(path) / "measurements.csv").touch()
            self.assertEqual(self.complete("calibrate", "--data", f"{path}/m"), [f"{path}/measurements.csv"])
            (pathlib.Path(path) / "front.h5").touch()
            self.assertEqual(self.complete("explain", f"{path}/f"), [f"{path}/front.h5"])
        self.assertEqual(self.complete("estimate", "bert-base", "--batch", ""), [])


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class Zsh(unittest.TestCase):
    def test_it_is_read_and_offers_what_bash_does(self):
        with folder() as path:
            script = """
fpath=() ; autoload -Uz compinit 2>/dev/null
compdef() { print "defined $*" }
source <("$1" completion zsh)
_arguments() { print -l -- "$@" }
_describe() { print -l -- $commands }
words=("$1") CURRENT=2
_ridgeline
words=("$1" estimate "") CURRENT=3
_ridgeline
"""
            done = subprocess.run(["zsh", "-f", "-c", script, "zsh", PROGRAM], capture_output=True, text=True,
                                  check=False, env={**os.environ, "ZDOTDIR": path})
        self.assertEqual(done.stderr, "")
        self.assertIn("defined _ridgeline ridgeline", done.stdout)
        self.assertIn("estimate:what a model would take on a device", done.stdout)
        self.assertRegex(done.stdout, r"--device\[[^]]+\]:NAME:_ridgeline_names devices")
        self.assertRegex(done.stdout, r"\*--set\[")
        self.assertIn("MODEL:_ridgeline_names models", done.stdout)

    def test_specifications_have_balanced_brackets(self):
        text = command_line("completion", "zsh").stdout
        with folder() as path:
            file = pathlib.Path(path) / "_ridgeline"
            file.write_text(text, encoding="utf-8")
            self.assertEqual(subprocess.run(["zsh", "-n", file], capture_output=True, text=True,
                                            check=False).stderr, "")


class Words(unittest.TestCase):
    def test_another_shell_is_refused(self):
        done = command_line("completion", "bsh")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean 'bash'?", done.stderr)


if __name__ == "__main__":
    unittest.main()
