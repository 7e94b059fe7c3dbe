"""Turns the results of the benchmarks into doc/benchmarks.md and its plots.

    benchmarks.py RESULTS COSTS NOTES MACHINE DOCUMENT PLOTS

RESULTS is the JSON array of `bench --save`; COSTS is markdown with kernel calls and instructions;
NOTES is handwritten markdown; MACHINE is a file of lines `name: value`. Writes DOCUMENT, and the
plots into the directory PLOTS beside it, by gnuplot.
"""

import json
import os
import subprocess
import sys

# Readable on white and on black: grey for axes and text, and colours of medium lightness.
GREY = "#808080"
COLOURS = ["#2f81f7", "#e3772e", "#3fa34d", "#c74ec7", "#b8860b", "#d64545"]


class Results:
    """The JSON array, by scenario and cell, in the order of the run."""

    def __init__(self, objects):
        self.scenarios = {}
        for entry in objects:
            cells = self.scenarios.setdefault(entry["scenario"], {})
            cell = cells.setdefault(
                entry["cell"], {"measurement": [], "comparison": [], "figure": [], "skip": []}
            )
            cell[entry["kind"]].append(entry)

    def cells(self, scenario):
        return self.scenarios.get(scenario, {})

    def measured(self, scenario, cell):
        return {m["name"]: m for m in self.cells(scenario).get(cell, {}).get("measurement", [])}

    def comparisons(self):
        for cells in self.scenarios.values():
            for cell in cells.values():
                yield from cell["comparison"]


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


def names_of(cells, kind):
    names = []
    for cell in cells.values():
        for entry in cell[kind]:
            if entry["name"] not in names:
                names.append(entry["name"])
    return names


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


# The plots
# --------------------------------------------------------------------------------------------------


class Plot:
    """A gnuplot script that draws one SVG file."""

    def __init__(self, path, width, height):
        self.path = path
        self.lines = [
            f"set terminal svg size {width},{height} dynamic font 'sans-serif,13'",
            f"set output '{os.path.basename(path)}'",
            f"set border 3 linecolor rgb '{GREY}'",
            f"set tics nomirror textcolor rgb '{GREY}'",
            f"set grid linecolor rgb '{GREY}' linewidth 0.3",
            f"set key textcolor rgb '{GREY}' noenhanced",
        ]

    def add(self, *lines):
        self.lines += lines

    def label(self, axis, text):
        self.add(f"set {axis}label '{text}' textcolor rgb '{GREY}'")

    def title(self, text):
        self.add(f"set title '{text}' textcolor rgb '{GREY}' noenhanced")

    def data(self, name, rows):
        self.add(f"${name} << END", *(" ".join(f"{v:g}" for v in row) for row in rows), "END")

    def draw(self):
        directory = os.path.dirname(self.path)
        os.makedirs(directory, exist_ok=True)
        subprocess.run(
            ["gnuplot"], input="\n".join(self.lines) + "\n", text=True, check=True, cwd=directory
        )


def style(index, kind="linespoints"):
    points = f" pointtype {index + 4} pointsize 0.7" if kind == "linespoints" else ""
    return f"with {kind} linewidth 2 linecolor rgb '{COLOURS[index % len(COLOURS)]}'{points}"


def values_of(cell):
    return {
        key: int(value) for key, _, value in (part.partition("=") for part in cell.split())
    }


def plot_readiness(results, path):
    scenario_name = "readiness staying"
    cells = results.cells(scenario_name)
    names = names_of(cells, "measurement")
    plot = Plot(path, 900, 420)
    plot.add("set multiplot layout 1,2", "set logscale xy", "set key top left")
    plot.label("x", "registered sockets")
    plot.label("y", "us an event")
    shapes = [
        ("one is active", lambda load: load["active"] == 1),
        ("all are active", lambda load: load["active"] == load["registered"]),
    ]
    for panel, (title, wanted) in enumerate(shapes):
        plot.title(title)
        drawn = []
        for index, name in enumerate(names):
            rows = []
            for cell in cells:
                measured = results.measured(scenario_name, cell)
                load = values_of(cell)
                if wanted(load) and name in measured:
                    rows.append((load["registered"], measured[name]["low"]))
            if rows:
                plot.data(f"data{panel}x{index}", rows)
                drawn.append(f"$data{panel}x{index} title '{name}' {style(index)}")
        plot.add("plot " + ", ".join(drawn))
    plot.add("unset multiplot")
    plot.draw()


def plot_latency(results, path):
    cells = [c for c in ("port", "wsapoll sockets=64") if c in results.cells("wake latency")]
    plot = Plot(path, 900, 380)
    plot.add(f"set multiplot layout 1,{len(cells)}", "set key bottom right", "set yrange [0:100]")
    plot.label("x", "us from the wake to the end of the wait")
    plot.label("y", "% of the wakes")
    for panel, cell in enumerate(cells):
        measured = results.measured("wake latency", cell)
        plot.title(f"parked: {cell}")
        last = max(m["quantiles"][190] for m in measured.values())
        plot.add(f"set xrange [0:{last * 1.3:g}]")
        drawn = []
        for index, (name, m) in enumerate(measured.items()):
            plot.data(f"data{panel}x{index}", [(v, i / 2) for i, v in enumerate(m["quantiles"])])
            drawn.append(f"$data{panel}x{index} title '{name}' {style(index, 'lines')}")
        plot.add("plot " + ", ".join(drawn))
    plot.add("unset multiplot")
    plot.draw()


def histogram(values, width, count):
    """The percentage of `count` values in each bin, with empty bins between them."""
    bins = {}
    for value in values:
        place = int(value // width)
        bins[place] = bins.get(place, 0) + 100 / count
    first, last = min(bins) - 1, max(bins) + 1
    return [((place + 0.5) * width, bins.get(place, 0)) for place in range(first, last + 1)]


def plot_timeouts(results, path):
    cells = results.cells("timeouts")
    plot = Plot(path, 900, 260 * len(cells))
    plot.add(f"set multiplot layout {len(cells)},1", "set key top right")
    plot.label("x", "us after the timeout (below 0: early)")
    plot.label("y", "% of the waits")
    # Scaled without the samples that other load has delayed: they would leave no room for the rest.
    highest = max(m["quantiles"][150] for cell in cells.values() for m in cell["measurement"])
    plot.add(
        f"set xrange [-200:{highest * 1.5:g}]",
        f"set arrow from 0, graph 0 to 0, graph 1 nohead linecolor rgb '{GREY}'",
    )
    for panel, (cell, found) in enumerate(cells.items()):
        plot.title(cell)
        drawn = []
        for index, m in enumerate(found["measurement"]):
            shown = [value for value in m["quantiles"] if value < highest * 1.5]
            plot.data(f"data{panel}x{index}", histogram(shown, 25, len(m["quantiles"])))
            drawn.append(f"$data{panel}x{index} title '{m['name']}' {style(index, 'histeps')}")
        plot.add("plot " + ", ".join(drawn))
    plot.add("unset multiplot")
    plot.draw()


PLOTS = {
    "readiness staying": (
        "cost-per-event.svg",
        plot_readiness,
        "cost of an event over the number of registered sockets, by backend and peer",
    ),
    "wake latency": ("wake-latency.svg", plot_latency, "distribution of the wake latency"),
    "timeouts": ("timeouts.svg", plot_timeouts, "histograms of the error of timeouts"),
}


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
