"""The files of a measurement: written, read, drawn and compared."""

import re

import pytest

from infra.bench.machine import Machine
from infra.bench.plots import draw
from infra.bench.result_file import Report, compare, read, write
from infra.bench.results import CaseResult, Figure, Measured
from infra.cli import main


def report(*runs: float, figure: str = "calm", cores: int = 2) -> Report:
    machine = Machine("a CPU", cores, 1 << 34, "Linux", "3.12.1", 25, start_up_cache=False)
    return Report(machine, [CaseResult("slice", "2026-11-22", 0.5, Measured([Figure(figure, "s", runs)], ["a note"]))])


def test_a_report_is_read_as_it_was_written(tmp_path):
    write(tmp_path / "a.json", report(9.0, 9.5))
    assert read(tmp_path / "a.json") == report(9.0, 9.5)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ((9.0, 9.5, 10.0), (7.0, 8.0, 8.9), "beyond the noise"),
        ((7.0, 8.0, 8.9), (9.0, 9.5, 10.0), "beyond the noise"),
        ((9.0, 9.5, 10.0), (7.0, 8.0, 9.0), "within the noise"),
        ((9.0, 9.5), (7.0, 8.0, 8.9), "too few runs"),
    ],
)
def test_a_difference_is_beyond_the_noise_if_no_runs_overlap(before, after, change):
    (compared,) = compare(report(*before), report(*after))
    assert compared.change == change


def test_only_figures_of_both_are_compared():
    assert list(compare(report(1.0), report(1.0, figure="busy"))) == []


def test_nothing_has_no_ratio():
    (compared,) = compare(report(0.0), report(1.0))
    assert compared.ratio is None


def test_two_files_are_compared_on_the_command_line(tmp_path, capsys):
    write(tmp_path / "a.json", report(9.0, 9.5, 10.0))
    write(tmp_path / "b.json", report(4.0, 4.75, 5.0, cores=4))
    with pytest.raises(SystemExit) as ended:
        main(["bench", "compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "0.50  beyond the noise" in said
    assert "not the same machine" in said


def test_the_page_of_plots_holds_every_run_and_needs_nothing_from_elsewhere(tmp_path):
    measured = [Figure("calm", "s", (9.25, 9.5, 10.125)), Figure("calm, Spark jobs", "jobs", (111.0, 112.0, 114.0))]
    case = CaseResult("slice", "2026-11-22T10:00:00+00:00", 0.5, Measured(measured))
    draw(tmp_path / "a.html", Report(report(1.0).machine, [case]))
    page = (tmp_path / "a.html").read_text()
    for figure in measured:
        for value in figure.runs:
            assert f'{{"figure": "{figure.name}", "value": {value}}}' in page
    assert re.search(r"<(script|link)[^>]+(src|href)=", page) is None


def test_runs_that_follow_each_other_are_drawn_in_their_order(tmp_path):
    """As those of a soak are, which says whether anything grows."""
    measured = Measured([Figure("p95", "s", (9.5, 9.25)), Figure("p50", "s", (5.0, 5.5))], in_order=True)
    draw(tmp_path / "a.html", Report(report(1.0).machine, [CaseResult("soak", "2026-11-22", 0.5, measured)]))
    page = (tmp_path / "a.html").read_text()
    for run, value in enumerate((9.5, 9.25), start=1):
        assert f'{{"figure": "p95", "run": {run}, "value": {value}}}' in page


@pytest.mark.parametrize("content", [None, "", "[]", '{"machine": {}, "cases": []}'])
def test_what_bench_has_not_written_is_refused(tmp_path, capsys, content):
    write(tmp_path / "a.json", report(1.0))
    if content is not None:
        (tmp_path / "b.json").write_text(content)
    with pytest.raises(SystemExit) as ended:
        main(["bench", "compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "must be a file that `sales bench --json b.json` has written" in said


def test_runs_that_follow_each_other_are_compared_as_one():
    def soak(*runs: float) -> Report:
        measured = Measured([Figure("p95", "s", runs)], in_order=True)
        return Report(report(1.0).machine, [CaseResult("soak", "2026-11-22", 0.5, measured)])

    (compared,) = compare(soak(9.0, 9.5, 10.0), soak(7.0, 8.0, 8.9))
    assert compared.change == "too few runs"
