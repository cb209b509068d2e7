"""A report as JUnit XML: a test case for each verdict, a failure for each that is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from checks.outputs.new import new_findings, told
from checks.traces import lines
from checks.verdict import Outcome, Report, Verdict, fails


def report_junit(report: Report) -> str:
    """*report* as JUnit XML."""
    failing = sum(fails(verdict) for verdict in report.verdicts)
    suite = Element(
        "testsuite",
        {
            "name": f"{report.lifecycle} {report.release}",
            "tests": str(len(report.verdicts)),
            "failures": str(failing),
            "errors": "0",
            "time": f"{report.seconds:.3f}",
        },
    )
    for verdict in report.verdicts:
        seconds = sum(engine.seconds for engine in verdict.engines)
        case = SubElement(
            suite, "testcase",
            {"classname": verdict.scenario, "name": verdict.property, "time": f"{seconds:.3f}"},
        )  # fmt: skip
        if fails(verdict):
            failure = SubElement(case, "failure", {"message": reason(verdict)})
            failure.text = "\n".join(_shown(verdict))
    indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suite, encoding="unicode") + "\n"


def _shown(verdict: Verdict) -> Iterator[str]:
    """What nobody expected, and the first trace of it; a trace of what is known where there is nothing new."""
    new = new_findings(verdict)
    for key, finding in new:
        yield from told(key, finding)
    for finding in ([one for _, one in new] or list(verdict.findings))[:1]:
        if finding.trace is not None:
            yield from lines(finding.trace)


def reason(verdict: Verdict) -> str:
    """Why *verdict* makes the run fail, in one line."""
    parts = []
    if verdict.disagreement:
        parts.append(f"the engines disagree: {verdict.disagreement}")
    if verdict.checked is False:
        parts.append("the evidence does not hold")
    if verdict.expected is not None and verdict.expected is not verdict.outcome:
        parts.append(f"{verdict.outcome.value}, expected {verdict.expected.value}")
    if verdict.outcome is Outcome.HOLDS and verdict.exercised == 0:
        parts.append("holds, but nothing exercised it")
    return "; ".join([*parts, *verdict.unexpected])
