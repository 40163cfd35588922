#!/usr/bin/env python3
"""Breaks our own rules one at a time, and sees whether a test notices. See Docs/decisions/0006-mutants-as-generated-switches.md."""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests" / "Mutants"))
import catalogue  # noqa: E402
import generated  # noqa: E402
import report  # noqa: E402
import trial  # noqa: E402

# Of a machine that others use as well only what they leave: a trial's seconds are the processor's, not the clock's.
NICE = 10
# What a killer may take without a mutant, on a machine however loaded.
SOUND_SECONDS = 600


def chosen(layers, arguments):
    """The mutants that are asked for, with their layers."""
    wanted = [(layer, mutant) for layer in layers for mutant in layer.mutants]
    if arguments.layer:
        wanted = [pair for pair in wanted if pair[0].name in arguments.layer]
    if arguments.ids:
        unknown = set(arguments.ids) - {mutant.id for _, mutant in wanted}
        if unknown:
            sys.exit(f"there is no mutant {', '.join(sorted(unknown))}; `Scripts/mutants.py list` names them")
        wanted = [pair for pair in wanted if pair[1].id in arguments.ids]
    if arguments.sample and arguments.sample < len(wanted):
        picked = set(random.Random(arguments.seed).sample(range(len(wanted)), arguments.sample))
        wanted = [pair for index, pair in enumerate(wanted) if index in picked]
    return wanted


def sound_times(binary, layers):
    """How long each killer takes with no mutant on. Ends the program when one fails: then its failures would say nothing."""
    times = {}
    for layer in layers:
        times[layer.name] = {}
        for killer in layer.killers:
            verdict = trial.run(binary, killer, "", SOUND_SECONDS, SOUND_SECONDS, goes_on=True)
            if verdict.killed:
                sys.exit(f"without a mutant {layer.title} fails: {verdict.kind}: {', '.join(verdict.tests) or verdict.test}\n{verdict.message}")
            times[layer.name][killer["name"]] = (verdict.seconds, verdict.core_seconds)
            print(f"sound: {layer.name}, {killer['name']}: {verdict.core_seconds:.1f} s of a core, {verdict.seconds:.1f} s", flush=True)
    return times


def build(layers, arguments):
    generated.write(layers)
    return generated.binary() if arguments.skip_build else generated.build()


def run(arguments):
    layers = catalogue.checked()
    wanted = chosen(layers, arguments)
    with tempfile.TemporaryDirectory(prefix="trueline-mutants-") as folder:
        # A copy of its own: a build that goes on beside a run does not change what is tried.
        binary = Path(shutil.copy2(build(layers, arguments), folder))
        if not (arguments.ids or arguments.sample):
            planted(binary)
        items = tried(binary, layers, wanted, arguments)
    print()
    for name, count, killed, most, seconds in report.summary(items):
        print(f"{name:<12} {killed} of {count} killed, {most:.1f} s at most, {seconds:.0f} s in all")
    finish(items, arguments, conditions())


def conditions():
    return f"debug build, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def tried(binary, layers, wanted, arguments):
    """What became of each mutant, told and written down as it becomes known."""
    sound = sound_times(binary, [layer for layer in layers if any(pair[0] is layer for pair in wanted)])
    items = []
    for layer, mutant in wanted:
        killers = [killer for killer in layer.killers if not arguments.killer or killer["name"] in arguments.killer]
        killers.sort(key=lambda killer: killer["name"] != mutant.killer)
        verdicts = trial.trial(binary, killers, mutant.id, sound[layer.name], arguments.all)
        items.append(report.line(mutant, verdicts, simulated(binary, layer, mutant, arguments.simulator)))
        print(report.text(items[-1]), flush=True)
        if arguments.json:
            report.write(Path(arguments.json), report.as_json(items, conditions()))
    return items


def simulated(binary, layer, mutant, schedules):
    """What the simulator alone notices of the mutant within so many schedules; nothing for a layer that it does not drive."""
    killer = next((killer for killer in layer.killers if killer["name"] == report.SIMULATOR), None)
    if not schedules or not killer:
        return None
    killer = dict(killer, environment={"TRUELINE_SCHEDULES": str(schedules)})
    # Ten times what it takes without a mutant: a world that does not end is noticed too.
    seconds = max(10, schedules / 10)
    return schedules, trial.run(binary, killer, mutant.id, seconds, SOUND_SECONDS)


def planted(binary):
    """Runs the tests that turn mutants on themselves. Ends the program when one fails."""
    verdict = trial.run(binary, {"name": "broken rules", "filter": r"\.BrokenRuleTests"}, "", SOUND_SECONDS, SOUND_SECONDS, goes_on=True)
    if verdict.killed:
        sys.exit(f"broken rules: {verdict.kind}: {', '.join(verdict.tests) or verdict.test}\n{verdict.message}")
    print(f"broken rules: each noticed as expected, {verdict.core_seconds:.1f} s of a core", flush=True)


def finish(items, arguments, circumstances):
    """Writes the results, and ends with an error when a survivor is not explained."""
    if arguments.json:
        report.write(Path(arguments.json), report.as_json(items, circumstances))
    if arguments.markdown:
        report.write(Path(arguments.markdown), report.markdown(items, circumstances))
    unexplained = [item["id"] for item in items if not item["killed"] and not item["survives"]]
    if unexplained:
        sys.exit(f"\n{len(unexplained)} survive: {', '.join(unexplained)}")


def simulate(arguments):
    """Builds the whole program with the mutants in it, and runs its simulator with one on."""
    layers = catalogue.checked()
    if arguments.id not in {mutant.id for layer in layers for mutant in layer.mutants}:
        sys.exit(f"there is no mutant {arguments.id}; `Scripts/mutants.py list` names them")
    generated.write(layers)
    program = generated.program()
    os.execv(program, [str(program), "simulate", "--mutant", arguments.id, *arguments.rest])


def merge(arguments):
    """Joins results, of each mutant the last ones, in the catalogue's order: a layer may be run by itself."""
    found = {}
    for path in arguments.results:
        for item in json.loads(Path(path).read_text())["mutants"]:
            found.setdefault(item["id"], {}).update(item)
    mutants = [mutant for layer in catalogue.checked() for mutant in layer.mutants]
    missing = [mutant.id for mutant in mutants if "killed" not in found.get(mutant.id, {})]
    if missing:
        sys.exit(f"nothing is known of {len(missing)}: {', '.join(missing[:20])}")
    items = [dict(found[mutant.id], rule=mutant.rule, breaks=mutant.breaks, survives=mutant.survives) for mutant in mutants]
    finish(items, arguments, arguments.conditions)


def check(_):
    layers = catalogue.checked()
    print(f"{sum(len(layer.mutants) for layer in layers)} mutants fit the sources")


def show(_):
    for layer in catalogue.checked():
        for mutant in layer.mutants:
            print(f"{mutant.id:<48} {mutant.rule:<8} {mutant.breaks}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    running = commands.add_parser("run", help="runs the tests with each mutant on, and reports which notices")
    running.add_argument("--ids", nargs="+", help="these mutants only")
    running.add_argument("--layer", nargs="+", help="the mutants of these layers only")
    running.add_argument("--sample", type=int, help="so many, drawn by the seed")
    running.add_argument("--seed", type=int, default=1)
    running.add_argument("--killer", nargs="+", help="these killers only, for example \"the simulator\"")
    running.add_argument("--simulator", type=int, metavar="N", help="tells besides what the simulator alone notices within N schedules")
    running.add_argument("--all", action="store_true", help="goes on after the first failure: all tests that notice")
    running.add_argument("--json", help="writes the results there")
    running.add_argument("--markdown", help="writes them as a document there")
    running.add_argument("--skip-build", action="store_true", help="takes what is built")
    running.set_defaults(action=run)
    building = commands.add_parser("build", help="writes the copy with all mutants in it, and builds it")
    building.set_defaults(action=lambda _: print(build(catalogue.checked(), argparse.Namespace(skip_build=False))))
    simulating = commands.add_parser("simulate", help="runs `trueline simulate` with a mutant on; what follows the id is passed on")
    simulating.add_argument("id")
    simulating.add_argument("rest", nargs=argparse.REMAINDER)
    simulating.set_defaults(action=simulate)
    merging = commands.add_parser("merge", help="joins the results of several runs")
    merging.add_argument("results", nargs="+")
    merging.add_argument("--json")
    merging.add_argument("--markdown")
    merging.add_argument("--conditions", default="layer by layer", help="what the runs had in common, in a few words")
    merging.set_defaults(action=merge)
    commands.add_parser("check", help="holds the catalogue against the sources").set_defaults(action=check)
    commands.add_parser("list", help="names the mutants").set_defaults(action=show)
    arguments = parser.parse_args()
    os.nice(NICE)
    arguments.action(arguments)


if __name__ == "__main__":
    main()
