"""The table of what became of each mutant."""

import json
import re

# The killer that drives all of it in one world.
SIMULATOR = "the simulator"


def line(mutant, verdicts, simulated=None):
    """One mutant's outcome as data; `simulated` is how many schedules the simulator had, and what it noticed."""
    killed = next((verdict for verdict in verdicts if verdict.killed), None)
    noticed = sorted({test for verdict in verdicts for test in verdict.tests})
    return {
        "id": mutant.id, "layer": mutant.layer, "rule": mutant.rule, "breaks": mutant.breaks, "killed": killed is not None,
        "by": killed.killer if killed else "", "how": killed.kind if killed else "", "test": killed.test if killed else "",
        "message": killed.message[:300] if killed else "", "schedules": killed.schedules if killed else 0,
        "seconds": round(sum(verdict.seconds for verdict in verdicts), 2),
        "coreSeconds": round(sum(verdict.core_seconds for verdict in verdicts), 2),
        "noticedBy": noticed, "survives": mutant.survives,
        **({"simulator": simulator(*simulated)} if simulated else {}),
    }


def simulator(schedules, verdict):
    """What the simulator alone came to: after how many schedules it noticed, 0 when it did not, and by what."""
    noticed = (verdict.schedules or schedules) if verdict.killed else 0
    told = re.search(r"seed \d+: (.*)", verdict.message, re.DOTALL)
    by = told.group(1)[:200] if told else verdict.message[:200] if verdict.kind == "issue" else verdict.kind
    return {"schedules": schedules, "after": noticed, "by": by, "coreSeconds": round(verdict.core_seconds, 2)}


def text(item):
    """One line for the terminal."""
    state = f"{item['test']} ({item['how']})" if item["killed"] else "SURVIVES"
    after = f" after {item['schedules']} schedules" if item["schedules"] else ""
    alone = item.get("simulator")
    simulated = f"; the simulator: {alone['after'] or 'nothing'}" if alone else ""
    return f"{item['id']:<48} {item['rule']:<8} {item['coreSeconds']:>6.1f} s  {state}{after}{simulated}"


def summary(items):
    """By layer: how many, how many killed, how long."""
    rows = []
    for layer in dict.fromkeys(item["layer"] for item in items):
        own = [item for item in items if item["layer"] == layer]
        killed = [item for item in own if item["killed"]]
        rows.append((layer, len(own), len(killed), max(item["coreSeconds"] for item in own), sum(item["coreSeconds"] for item in own)))
    killed = sum(row[2] for row in rows)
    rows.append(("all", len(items), killed, max((row[3] for row in rows), default=0), sum(row[4] for row in rows)))
    return rows


def markdown(items, conditions):
    """The results as a document."""
    lines = [
        "# Mutants: the tests, tested", "",
        "Each mutant is one of our own rules, broken in one way a person could break it, in a copy of the package that only this tool",
        f"builds ([decision 6](../decisions/0006-mutants-as-generated-switches.md)). Written by `make mutants`: {conditions}.", "",
        "| layer | mutants | killed | most seconds | seconds in all |", "|---|---|---|---|---|",
    ]
    for name, count, killed, most, seconds in summary(items):
        share = f" ({100 * killed / count:.1f} %)" if count else ""
        lines.append(f"| {name} | {count} | {killed}{share} | {most:.1f} | {seconds:.0f} |")
    lines += ["", "Seconds are of one core, from the start of the test process to the first failure, killers that notice nothing included."]
    lines += by_simulator(items)
    survivors = [item for item in items if not item["killed"]]
    lines += ["", "## Survivors", ""]
    lines += ["None."] if not survivors else [f"- `{item['id']}` ({item['rule']}): {item['breaks']}. {item['survives']}" for item in survivors]
    for layer in dict.fromkeys(item["layer"] for item in items):
        lines += [
            "", f"## {layer}", "", "| mutant | rule | what is broken | noticed by | schedules | s | by the simulator after |",
            "|---|---|---|---|---|---|---|"]
        for item in items:
            if item["layer"] == layer:
                how = {"trap": " (trap)", "does not end": " (does not end)"}.get(item["how"], "")
                by = f"{item['by']}: {cell(item['test'])}{how}" if item["killed"] else "**survives**"
                short = item["id"].split(".", 1)[1]
                lines.append(f"| {short} | {item['rule']} | {cell(item['breaks'])} | {by} | {item['schedules'] or ''} | {item['coreSeconds']:.1f} | {alone(item)} |")
    return "\n".join(lines) + "\n"


def alone(item):
    found = item.get("simulator")
    return "" if not found else f"{found['after']}" if found["after"] else "-"


def by_simulator(items):
    """How much of each layer the simulator notices by itself, without any test of the layer."""
    simulated = [item for item in items if "simulator" in item]
    if not simulated:
        return []
    lines = [
        "", "## What the simulator notices by itself", "",
        f"`trueline simulate` with nothing but its oracles, at most {simulated[0]['simulator']['schedules']:,} schedules from seed 1; in the tables below",
        "after how many it noticed, `-` where it did not.", "", "| layer | mutants | noticed | within 10 | within 100 |", "|---|---|---|---|---|",
    ]
    for layer in dict.fromkeys(item["layer"] for item in simulated):
        after = [item["simulator"]["after"] for item in simulated if item["layer"] == layer]
        within = [sum(0 < count <= most for count in after) for most in (float("inf"), 10, 100)]
        lines.append(f"| {layer} | {len(after)} | {within[0]} ({100 * within[0] / len(after):.0f} %) | {within[1]} | {within[2]} |")
    return lines


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def as_json(items, conditions):
    return json.dumps({"conditions": conditions, "mutants": items}, indent=1, ensure_ascii=False) + "\n"
