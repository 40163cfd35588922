"""The generated copy of the package, in which every mutant is a switch. The product's own sources have none."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import catalogue

FOLDER = catalogue.ROOT / ".build-mutants" / "package"
SCRATCH = catalogue.ROOT / ".build-mutants" / "build"
COPIED = ["Sources", "Tests", "Fixtures", "Docs/specifications", "Package.swift"]
# The tests that may kill a mutant; the other tests of the package would only be compiled.
TESTS = [
    "OrderingTests", "GridImageTests", "GridStoreTests", "ChangePipelineTests", "EnrichmentTests", "SQLiteStoreTests", "ExplorationTests",
]

SWITCH = """\
import Glibc

/// Which mutant is on: the one that TRUELINE_MUTANT names, until something else is said.
package enum MutantSwitch {
    // Written by tests and by the program's first steps only, one thread at a time: this copy's tests run one after the other.
    nonisolated(unsafe) fileprivate static var active = getenv("TRUELINE_MUTANT").map { number(String(cString: $0)) } ?? 0

    private static func number(_ id: String) -> UInt32 {
        id.isEmpty ? 0 : id.utf8.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }

    package static func turnOn(_ id: String) { active = number(id) }

    package static func with<T>(_ id: String, _ body: () throws -> T) rethrows -> T {
        let before = active
        defer { active = before }
        turnOn(id)
        return try body()
    }
}

package func mutant(_ number: UInt32) -> Bool { MutantSwitch.active == number }
"""

IMPORT = re.compile(r"^(?:\w+ |@testable )?import Ordering$", re.MULTILINE)


def mutated(source, edits):
    """The source with all its edits in place: `edits` are (edit, number)."""
    spans = sorted(((*edit.span(source), edit.replacement, number) for edit, number in edits), reverse=True)
    for start, end, replacement, number in spans:
        source = source[:start] + replacement.replace("MUTANT", f"mutant(0x{number:08X})") + source[end:]
    return source


def with_import(file, source):
    if file.startswith("Sources/Ordering/") or IMPORT.search(source):
        return source
    return "import Ordering\n" + source


def reduced(manifest):
    """The manifest without the tests that no mutant needs, with the condition that lets tests and the simulator turn mutants on; a mutant's
    warnings are no errors."""
    manifest = manifest.replace("    .treatAllWarnings(as: .error),\n", "    .define(\"TRUELINE_MUTANTS\"),\n")
    names = ", ".join(f'"{name}"' for name in TESTS)
    cut = f"targets = targets.filter {{ $0.type != .test || [{names}].contains($0.name) }}\nproducts = []\n\nlet package = Package("
    return manifest.replace("let package = Package(", cut)


def write(layers):
    """Writes the copy; files that stay the same are left alone, so that only what changed is built."""
    by_file = {}
    for layer in layers:
        for mutant in layer.mutants:
            for edit in mutant.edits:
                by_file.setdefault(edit.file, []).append((edit, mutant.number))
    wanted = {"Sources/Ordering/MutantSwitch.swift": SWITCH.encode()}
    for top in COPIED:
        path = catalogue.ROOT / top
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                wanted[str(file.relative_to(catalogue.ROOT))] = file.read_bytes()
    for file, edits in by_file.items():
        wanted[file] = with_import(file, mutated(wanted[file].decode(), edits)).encode()
    wanted["Package.swift"] = reduced(wanted["Package.swift"].decode()).encode()
    for name, content in wanted.items():
        path = FOLDER / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for top in COPIED:
        for file in sorted((FOLDER / top).rglob("*")):
            if file.is_file() and str(file.relative_to(FOLDER)) not in wanted:
                file.unlink()


def build():
    """Builds the copy with its tests, and returns their binary."""
    environment = dict(os.environ, TRUELINE_CORE="store")
    swift = shutil.which("swift") or "swift"
    subprocess.run(
        [swift, "build", "--build-tests", "--package-path", str(FOLDER), "--scratch-path", str(SCRATCH)], env=environment, check=True)
    return binary()


def program():
    """Builds the whole program in the copy, heavy dependencies included, and returns it."""
    swift = shutil.which("swift") or "swift"
    scratch = SCRATCH.with_name("build-program")
    subprocess.run(
        [swift, "build", "--product", "trueline", "--package-path", str(FOLDER), "--scratch-path", str(scratch)], check=True)
    return scratch / "debug" / "trueline"


def binary():
    found = sorted(Path(SCRATCH / "debug").glob("*PackageTests.xctest"))
    if len(found) != 1:
        raise SystemExit(f"{SCRATCH}/debug holds {len(found)} test binaries, not one: run `Scripts/mutants.py build`")
    return found[0]
