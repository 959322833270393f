"""JUnit XML for CI: a test case a question, a failure where the answer is not right; what else is wrong with
one that is right stands in its output."""

import re
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from eval.report.build import Question, Report
from eval.report.reasons import KINDS, Reason
from eval.report.words import writing

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even as references."""


def junit(report: Report, remarks: Mapping[str, Sequence[Reason]]) -> str:
    """The report in the format that CI servers read (the one of Ant's junitreport): one suite, times
    in seconds. remarks: on right answers, by the question's id."""
    seconds = sum(q.seconds for q in report.questions)
    counts = {
        "tests": str(len(report.questions)),
        "failures": str(len(report.failed)),
        "errors": "0",
        "skipped": "0",
        "time": f"{seconds:.3f}",
    }
    name = clean(f"cited eval {report.title}")
    root = Element("testsuites", {"name": name, **counts})
    suite = SubElement(root, "testsuite", {"name": name, "timestamp": clean(report.date), **counts})
    if report.writer:
        properties = SubElement(suite, "properties")
        SubElement(properties, "property", {"name": "writing", "value": clean(writing(report.writer))})
    for question in report.questions:
        _case(suite, question, report.title, remarks.get(question.id, ()))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _case(suite: Element, question: Question, title: str, remarks: Sequence[Reason]) -> None:
    about = {
        "classname": clean(f"{title}.{question.type}"),
        "name": clean(f"{question.id}: {question.question}"),
        "time": f"{question.seconds:.3f}",
    }
    case = SubElement(suite, "testcase", about)
    if not question.right:
        _failure(case, question)
    told = [f"Notice: {question.written.notice}"] if question.written.notice else []
    told += [f"Left out: {one.text} ({one.reason})" for one in question.written.left_out]
    told += [f"Remark: {remark.text}" for remark in remarks]
    if told:
        SubElement(case, "system-out").text = clean("\n".join(told))


def _failure(case: Element, question: Question) -> None:
    message = "; ".join(KINDS[kind] for kind in dict.fromkeys(r.kind for r in question.reasons))
    failure = SubElement(case, "failure", {"type": question.reasons[0].kind, "message": message})
    failure.text = clean("\n".join([*(r.text for r in question.reasons), f"Answer: {question.answer}"]))


def clean(text: str) -> str:
    """Text that XML can hold; what it cannot becomes U+FFFD."""
    return NOT_XML.sub("\ufffd", text)
