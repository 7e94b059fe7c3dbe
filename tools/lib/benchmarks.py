"""Turns the results of the benchmarks into doc/benchmarks.md and its plots.

    benchmarks.py RESULTS COSTS NOTES MACHINE DOCUMENT PLOTS

RESULTS is the JSON array of `bench --save`; COSTS is markdown with kernel calls and instructions;
NOTES is handwritten markdown; MACHINE is a file of lines `name: value`. Writes DOCUMENT, and the
plots into the directory PLOTS beside it, by gnuplot.
"""

import json
import os
import sys

from benchmark_plots import PLOTS
from benchmark_results import Results, names_of


def number(value):
    magnitude = abs(value)
    if magnitude >= 100:
        return f"{value:.0f}"
    if magnitude >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}"


def table(heading, rows):
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


# Requirements
# --------------------------------------------------------------------------------------------------


def requirements(results):
    """A row for each requirement, over all cells that it applies to."""
    groups = {}
    for comparison in results.comparisons():
        if comparison["limit"] is not None:
            key = (
                comparison["scenario"],
                comparison["own"],
                comparison["peer"],
                comparison["as"],
                comparison["limit"],
            )
            groups.setdefault(key, []).append(comparison)
    rows = []
    for (scenario, own, peer, kind, limit), found in groups.items():
        worst = max(found, key=lambda comparison: comparison["low"])
        met = sum(comparison["met"] for comparison in found)
        unit = " us more" if kind == "difference" else ""
        rows.append(
            [
                scenario,
                f"{own}, to {peer}",
                f"at most {limit:g}{unit}",
                f"{number(worst['low'])} ({worst['cell']})",
                number(worst["median"]),
                "yes" if met == len(found) else f"**in {met} of {len(found)}**",
            ]
        )
    return table(["scenario", "what", "asked for", "found, at worst", "of medians", "met"], rows)


# The scenarios
# --------------------------------------------------------------------------------------------------


def pivot(cells):
    """Cells down, contestants across: the low figures, and how they compare."""
    names = names_of(cells, "measurement")
    pairs = []
    for cell in cells.values():
        for comparison in cell["comparison"]:
            pair = (comparison["own"], comparison["peer"], comparison["as"])
            if pair not in pairs:
                pairs.append(pair)
    heading = ["us a unit"] + names
    heading += [f"{own} {'/' if kind == 'ratio' else '-'} {peer}" for own, peer, kind in pairs]
    rows = []
    for name, cell in cells.items():
        measured = {m["name"]: m for m in cell["measurement"]}
        if not measured:
            continue
        unit = next(iter(measured.values()))["unit"].partition("/")[2]
        row = [f"{name} ({unit})"]
        row += [number(measured[n]["low"]) if n in measured else "" for n in names]
        compared = {(c["own"], c["peer"], c["as"]): c for c in cell["comparison"]}
        for pair in pairs:
            found = compared.get(pair)
            text = number(found["low"]) if found else ""
            row.append(text if not found or found["met"] else f"**{text}**")
        rows.append(row)
    return table(heading, rows)


def details(cells):
    rows = []
    for name, cell in cells.items():
        for m in cell["measurement"]:
            rows.append(
                [name, m["name"]]
                + [number(m[part]) for part in ("low", "median", "p99")]
                + [f"{m['spread'] * 100:.0f} %", str(m["rounds"])]
            )
    heading = ["cell", "", "low", "median", "p99", "between quartiles", "rounds"]
    return (
        "<details><summary>Low figure, median, p99 and spread</summary>\n\n"
        + table(heading, rows)
        + "\n</details>\n"
    )


def figures(cells):
    """The figures that are not times, with a column for each kind."""
    names = []
    for cell in cells.values():
        for entry in cell["figure"]:
            column = entry["figure"] + (f", {entry['unit']}" if entry["unit"] else "")
            if column not in names:
                names.append(column)
    rows = []
    for name, cell in cells.items():
        subjects = {}
        for entry in cell["figure"]:
            column = entry["figure"] + (f", {entry['unit']}" if entry["unit"] else "")
            subjects.setdefault(entry["name"], {})[column] = entry["value"]
        for subject, values in subjects.items():
            rows.append(
                [name, subject] + [f"{values[n]:.6g}" if n in values else "" for n in names]
            )
    return table(["cell", ""] + names, rows)


def scenario(name, cells, about, plots):
    parts = [f"## {name.capitalize()}\n"]
    if about:
        parts.append(about + "\n")
    if any(cell["measurement"] for cell in cells.values()):
        parts.append(pivot(cells))
        parts.append(details(cells))
    if any(cell["figure"] for cell in cells.values()):
        parts.append(figures(cells))
    for cell_name, cell in cells.items():
        for skipped in cell["skip"]:
            parts.append(f"Not measured: {skipped['name']} ({cell_name}): {skipped['reason']}\n")
    for file, caption in plots:
        parts.append(f"![{caption}]({file})\n")
    return "\n".join(parts)


# The document
# --------------------------------------------------------------------------------------------------


def sections_of(text):
    """The parts of the notes by heading; the text before the first heading is ''."""
    sections = {"": []}
    current = sections[""]
    for line in text.splitlines():
        if line.startswith("## "):
            current = sections.setdefault(line[3:].strip(), [])
        else:
            current.append(line)
    return {name: "\n".join(lines).strip() for name, lines in sections.items()}


def main(results_file, costs_file, notes_file, machine_file, document, plots):
    with open(results_file, encoding="utf-8") as file:
        results = Results(json.load(file))
    with open(costs_file, encoding="utf-8") as file:
        costs = file.read().strip()
    with open(notes_file, encoding="utf-8") as file:
        notes = sections_of(file.read())
    with open(machine_file, encoding="utf-8") as file:
        machine = [line.strip().partition(": ") for line in file if line.strip()]

    parts = [
        "# Benchmarks\n",
        notes[""] + "\n",
        table(["where this was measured", ""], [[name, value] for name, _, value in machine]),
        "## What is asked for, and what was found\n",
        requirements(results),
        "## Missed\n\n" + notes["Missed"] + "\n" if "Missed" in notes else "",
        "## Costs that no machine changes\n",
        notes.get("costs", "") + "\n",
        costs + "\n",
    ]
    directory = os.path.dirname(os.path.abspath(document))
    for name, cells in results.scenarios.items():
        drawn = []
        if name in PLOTS:
            file, draw, caption = PLOTS[name]
            path = os.path.join(plots, file)
            draw(results, path)
            drawn.append((os.path.relpath(path, directory), caption))
        parts.append(scenario(name, cells, notes.get(name, ""), drawn))
    with open(document, "w", encoding="utf-8") as file:
        file.write("\n".join(part for part in parts if part.strip()).rstrip() + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    main(*sys.argv[1:])
