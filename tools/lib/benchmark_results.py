"""What the benchmarks have found. Used by benchmarks.py."""


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


def names_of(cells, kind):
    names = []
    for cell in cells.values():
        for entry in cell[kind]:
            if entry["name"] not in names:
                names.append(entry["name"])
    return names
