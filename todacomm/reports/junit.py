"""A gate as JUnit XML: a test case a layer and metric, for the pages of a continuous integration."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from todacomm.core.equivalence import SAME, UNDECIDED
from todacomm.gates.result import Gate, metric_label
from todacomm.reports.gate import verdict_line
from todacomm.reports.gate_cells import cell_text
from todacomm.reports.render import one_line
from todacomm.results.table import records


def junit_xml(result: Gate) -> bytes:
    """The file's content: one suite an aspect, a case ``layer`` and ``metric`` each.

    A case fails on a verdict that the settings fail on; any other that is not ``same`` is skipped, with its reason.
    One that is undefined fails where it leaves the run open, so that a run that fails has a case that does.
    """
    root = Element("testsuites", name=one_line(f"todacomm gate {' and '.join(result.names)}"))
    is_open = result.open_cells
    for aspect, rows in result.table.groupby("aspect", sort=False):
        suite = SubElement(root, "testsuite", name=str(aspect))
        counts = {"tests": 0, "failures": 0, "skipped": 0, "errors": 0}
        for row, leaves_open in zip(records(rows), is_open[rows.index], strict=True):
            case = SubElement(
                suite, "testcase", classname=one_line(row["layer"]), name=metric_label(row["metric"]), time="0"
            )
            counts["tests"] += 1
            if row["verdict"] == SAME:
                continue
            verdict = UNDECIDED if leaves_open else row["verdict"]
            outcome = "failure" if verdict in result.config.fail_on else "skipped"
            counts["failures" if outcome == "failure" else outcome] += 1
            child = SubElement(case, outcome, message=one_line(cell_text(row)))
            child.text = one_line(verdict_line(result))
        suite.attrib |= {name: str(number) for name, number in counts.items()} | {"time": "0"}
    indent(root)
    return tostring(root, encoding="utf-8", xml_declaration=True)
