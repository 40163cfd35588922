"""The catalogue of mutants: reading it, and holding it against the sources.

A mutant is one rule of ours broken in one way a person could break it. It names the text it touches, with the touched part between « and »
(or the whole text when there are none), and what takes its place, in which MUTANT stands for "this mutant is on". A mutant may have several `edits`.
"""

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent / "catalogue"
RULE = re.compile(r"^([SCE]\d+|A\d+)(, ([SCE]\d+|A\d+))*$")


class Stale(Exception):
    """What of the catalogue does not fit the sources, a line each."""


@dataclass
class Edit:
    """One place of a file and what is put there."""

    file: str
    text: str
    replacement: str

    def span(self, source):
        """Where in the source the touched part is. Raises `Stale` unless the text occurs exactly once."""
        before, touched, _ = self.parts()
        whole = self.text.replace("«", "").replace("»", "")
        count = source.count(whole)
        if count != 1:
            raise Stale(f"its text occurs {count} times in {self.file}, not once: {whole.strip().splitlines()[0][:80]}")
        start = source.index(whole) + len(before)
        return start, start + len(touched)

    def parts(self):
        if "«" not in self.text:
            return "", self.text, ""
        before, rest = self.text.split("«")
        touched, after = rest.split("»")
        return before, touched, after


@dataclass
class Mutant:
    id: str
    layer: str
    rule: str
    breaks: str
    edits: list
    """The killer that is tried first, where the layer's first ones cannot notice."""
    killer: str = ""
    """Why no test notices, when that has to stay so."""
    survives: str = ""

    @property
    def number(self):
        """FNV-1a of the id: what the switch compares, so that adding a mutant rebuilds only the file it is in."""
        value = 0x811C9DC5
        for byte in self.id.encode():
            value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
        return value


@dataclass
class Layer:
    name: str
    """What is broken, in a word or two for the table."""
    title: str
    """Tests that may kill, cheapest first: a name and a filter each."""
    killers: list
    mutants: list = field(default_factory=list)


def read():
    """All layers, from the bottom up."""
    layers = []
    for file in sorted(FOLDER.glob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        layer = Layer(content["layer"], content["title"], content["killers"])
        for item in content["mutants"]:
            edits = [Edit(e["file"], e["text"], e["with"]) for e in item.get("edits", [item])]
            layer.mutants.append(
                Mutant(item["id"], layer.name, item["rule"], item["breaks"], edits, item.get("killer", ""), item.get("survives", "")))
        layers.append(layer)
    return layers


def faults(layers, root=ROOT):
    """What is wrong with the catalogue, a line each: nothing when it is fresh."""
    found, ids, numbers, spans, sources = [], set(), {}, {}, {}
    for layer in layers:
        for mutant in layer.mutants:
            if mutant.id in ids:
                found.append(f"{mutant.id}: there are two of this name")
            ids.add(mutant.id)
            if numbers.setdefault(mutant.number, mutant.id) != mutant.id:
                found.append(f"{mutant.id}: its number is that of {numbers[mutant.number]}; rename one")
            if not mutant.id.startswith(layer.name + "."):
                found.append(f"{mutant.id}: its name does not begin with its layer, {layer.name}")
            if not RULE.match(mutant.rule):
                found.append(f"{mutant.id}: {mutant.rule!r} is no invariant")
            for edit in mutant.edits:
                if "MUTANT" not in edit.replacement:
                    found.append(f"{mutant.id}: its replacement in {edit.file} does not say MUTANT")
                path = root / edit.file
                if edit.file not in sources:
                    sources[edit.file] = path.read_text(encoding="utf-8") if path.is_file() else ""
                try:
                    start, end = edit.span(sources[edit.file])
                except Stale as stale:
                    found.append(f"{mutant.id}: {stale}")
                    continue
                for other_start, other_end, other in spans.setdefault(edit.file, []):
                    if start < other_end and other_start < end or start == other_start:
                        found.append(f"{mutant.id}: touches the same text as {other}; mark a smaller part with « and »")
                spans[edit.file].append((start, end, mutant.id))
    return found


def checked():
    """The catalogue, or an exit with what is stale."""
    layers = read()
    found = faults(layers)
    if found:
        sys.exit("the catalogue of mutants does not fit the sources:\n  " + "\n  ".join(found))
    return layers
