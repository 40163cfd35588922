"""Runs the commands of the guides, as a reader would, and compares what they print with what the guides show.

    python Tests/Guides/guides.py --trueline .build/debug/trueline [GUIDE...]

A fenced block marked `console` is run. A line that begins with `$ ` is a command, typed into one shell a guide, in a directory that looks like the
checkout; the lines behind it that begin with `> ` go on with it, the others are its output on both channels. In them `…` stands for anything within a line, and a line of its own for any lines.
A last line `[exit 1]` is the exit code; without one it must be 0. A command that goes on in the background must say so with `&`.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
END = "--- the end of a command, with "


def commands(path):
    """The commands of a guide: (line, command, expected lines, exit code)."""
    found, inside = [], False
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if line.startswith("```"):
                inside = not inside and line == "```console"
            elif inside and line.startswith("$ "):
                found.append([number, line[2:], [], 0])
            elif inside and line.startswith("> ") and found and not found[-1][2]:
                found[-1][1] += "\n" + line[2:]
            elif inside and re.fullmatch(r"\[exit \d+\]", line):
                found[-1][3] = int(line[6:-1])
            elif inside:
                found[-1][2].append(line)
    return found


def pattern(expected):
    """A regular expression for the lines that a guide shows."""
    lines = []
    for line in expected:
        lines.append(r"(?:.*\n)*?" if line.strip() == "…" else "[^\n]*".join(re.escape(part) for part in line.split("…")) + "\n")
    return "".join(lines)


class Shell:
    """One shell for a guide, so that what a command sets or starts is there for the next one."""

    def __init__(self, trueline):
        self.directory = tempfile.mkdtemp(prefix="guide-")
        for name in os.listdir(ROOT):
            if not name.startswith(".build") and name != ".git":
                os.symlink(os.path.join(ROOT, name), os.path.join(self.directory, name))
        tools = os.path.join(self.directory, ".guide-path")
        os.mkdir(tools)
        os.symlink(os.path.abspath(trueline), os.path.join(tools, "trueline"))
        environment = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}", HOME=self.directory, TERM="dumb")
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=self.directory, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, encoding="utf-8", start_new_session=True)

    def run(self, command):
        """What the command printed, and its exit code."""
        self.process.stdin.write(f"{command}\nstatus=$?; echo; echo '{END}'$status\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.startswith(END):
                text = "".join(lines)
                # One line's end is ours, unless the output had none.
                return text[:-1] if text.endswith("\n\n") or text == "\n" else text, int(line[len(END):])
            lines.append(line)
        return "".join(lines), -1

    def close(self):
        # What the guide left running is of this session, which nobody else's process is.
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def check(path, trueline, is_verbose):
    failed, shell = 0, Shell(trueline)
    try:
        found = commands(path)
        for line, command, expected, code in found:
            printed, status = shell.run(command)
            if is_verbose:
                print(f"$ {command}\n{printed}[exit {status}]")
            if status == code and re.fullmatch(pattern(expected), printed):
                continue
            failed += 1
            print(f"FAIL {os.path.relpath(path, ROOT)}:{line}: $ {command}\n     exit {status}, the guide says {code}; it printed:\n{printed}")
        print(f"{'ok  ' if not failed else 'FAIL'} {os.path.relpath(path, ROOT)}: {len(found)} commands")
    finally:
        shell.close()
    return failed


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--trueline", default=os.path.join(ROOT, ".build/debug/trueline"))
    arguments.add_argument("--verbose", action="store_true", help="print what every command printed")
    arguments.add_argument("guides", nargs="*")
    options = arguments.parse_args()
    folder, museum = os.path.join(ROOT, "Docs/guides"), os.path.join(ROOT, "Docs/museum.md")
    guides = options.guides or [path for path in [*(os.path.join(folder, name) for name in sorted(os.listdir(folder))), museum] if commands(path)]
    return 1 if sum(check(path, options.trueline, options.verbose) for path in guides) else 0


if __name__ == "__main__":
    sys.exit(main())
