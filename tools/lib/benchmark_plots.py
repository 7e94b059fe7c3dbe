"""The plots of doc/benchmarks.md, by gnuplot. Used by benchmarks.py.

PLOTS has, for a scenario, the name of the file, the function that draws it from the results, and
the caption.
"""

import os
import subprocess

from benchmark_results import names_of

# Readable on white and on black: grey for axes and text, and colours of medium lightness.
GREY = "#808080"
COLOURS = ["#2f81f7", "#e3772e", "#3fa34d", "#c74ec7", "#b8860b", "#d64545"]


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
