"""The parts that need no peer. From Benchmarks/: python -m unittest discover tests"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import compare  # noqa: E402
import contest  # noqa: E402
import figures  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
from contest import Plan, Stopped  # noqa: E402
from figures import Row, Turn  # noqa: E402
from peers import models  # noqa: E402
from peers.job import Job  # noqa: E402

LSCPU = """Architecture:          x86_64
CPU(s):                2
Model name:            Intel(R) Xeon(R) Platinum 8488C CPU @ 2.40GHz
  CPU family:          6
  Model:               143
  Stepping:            8
Flags:                 sse fma avx512f avx2 amx_int8
"""
REPORT = ('{"median_ms": 2, "min_ms": 1, "p95_ms": 3, "load_ms": 4, "peak_rss_mb": 5, "images_per_s": 500, '
          '"cpu": "x"}')


def row(name: str, *medians: float, precision: str = "fp32", not_run: str | None = None) -> Row:
    """A row whose turns have these medians, minima one below and percentiles one above."""
    turns = [Turn(median, median - 1, median + 1) for median in medians]
    return Row(f"m {precision}", "m", precision, name, name == "Cutis", 2, turns, not_run)


class Scripted:
    """A contestant that takes the turns it is given, and fails at an exception."""

    def __init__(self, name: str, log: list[str], turns: list[float | Exception]) -> None:
        self.row, self.log, self.turns = row(name), log, iter(turns)
        self.stopped = False

    def start(self) -> None:
        """Always ready."""

    def take_turn(self, runs: int, warmup: int) -> Turn:
        """The next scripted turn."""
        self.log.append(self.row.contestant)
        turn = next(self.turns)
        if isinstance(turn, Exception):
            raise turn
        return Turn(turn, turn, turn)

    def pids(self) -> list[int]:
        """No process."""
        return []

    def stop(self) -> None:
        """Remembers it."""
        self.stopped = True


class FigureTests(unittest.TestCase):
    def test_turn(self) -> None:
        self.assertEqual(figures.turn([float(n) for n in range(20, 0, -1)]), Turn(10.5, 1, 19))
        self.assertEqual(figures.turn([7.0]), Turn(7, 7, 7))

    def test_rounds_are_combined(self) -> None:
        combined = row("Cutis", 10, 30, 12)
        self.assertEqual((combined.median_ms, combined.min_ms, combined.p95_ms), (12, 9, 13))
        self.assertAlmostEqual(combined.images_per_s, 2 / 0.012)

    def test_ratio_is_above_one_where_cutis_is_faster(self) -> None:
        cutis, peer, absent = row("Cutis", 11), row("OpenVINO", 22), row("ONNX Runtime", not_run="why")
        self.assertEqual(figures.ratio(peer, cutis), figures.Ratio(2.0, 2.1))
        self.assertIsNone(figures.ratio(cutis, cutis))
        self.assertIsNone(figures.ratio(absent, cutis))
        self.assertIsNone(figures.ratio(peer, None))

    def test_best_and_reference(self) -> None:
        rows = [row("Cutis", 11), row("Cutis", 9), row("a", 5, not_run=None), row("b", 4), row("c", not_run="why")]
        self.assertEqual(figures.best_peer(rows).contestant, "b")
        self.assertEqual(figures.reference(rows).median_ms, 9)
        self.assertIsNone(figures.best_peer([row("c", not_run="why")]))


class ContestTests(unittest.TestCase):
    def test_turns_alternate_from_another_first_one(self) -> None:
        log: list[str] = []
        contestants = [Scripted(name, log, [1.0, 2.0, 3.0]) for name in "abc"]
        contest.run(contestants, Plan(3, 5, 1), lambda text: None)
        self.assertEqual("".join(log), "abcbcacab")
        self.assertEqual([turn.median_ms for turn in contestants[0].row.turns], [1, 2, 3])
        self.assertTrue(all(contestant.stopped for contestant in contestants))

    def test_failure_is_said_and_the_others_go_on(self) -> None:
        log: list[str] = []
        failing, other = Scripted("a", log, [1.0, Stopped("no bf16")]), Scripted("b", log, [1.0, 2.0])
        contest.run([failing, other], Plan(2, 5, 1), lambda text: None)
        self.assertEqual((failing.row.not_run, failing.row.turns), ("no bf16", []))
        self.assertEqual(len(other.row.turns), 2)

    def test_report_of_cutis(self) -> None:
        self.assertEqual(contest.bench_report(0, REPORT, "")["median_ms"], 2)
        for code, output, complaint, message in (
                (1, "", "error: no bf16\n  here", "error: no bf16 here"), (3, "", "", "ended with code 3"),
                (0, "hello", "", "one JSON object"), (0, "[1]", "", "lacks|one JSON object"),
                (0, '{"median_ms": 1}', "", "lacks images_per_s, load_ms")):
            with self.assertRaisesRegex(Stopped, message):
                contest.bench_report(code, output, complaint)

    def test_command_of_cutis(self) -> None:
        job = Job("cutis", models.parse("vit-l-14@448"), "bf16", "", 1, 2)
        self.assertEqual(
            " ".join(contest.bench_command(Path("cutis"), job, 5, 1)),
            "cutis bench --architecture vit-l-14 --image-size 448 --precision bf16 --batch 1 --threads 2 --runs 5 "
            "--warmup 1 --format json")


class ReportTests(unittest.TestCase):
    def test_absent_contestant_says_why(self) -> None:
        rows = [row("Cutis", 11), row("OpenVINO", 22), row("ONNX Runtime", not_run="no kernels")]
        text = report.screen(rows, ["noisy"])
        self.assertIn("not run: no kernels", text)
        self.assertRegex(text, r"OpenVINO +22\.0 +21\.0 +23\.0 +90\.91 +2\.00 +2\.10")
        self.assertTrue(text.endswith("note: noisy"))
        self.assertEqual(report.summary(rows), [("m", "fp32", "11.0", "OpenVINO", "22.0", "2.00", "2.10")])

    def test_markdown_pads_and_escapes(self) -> None:
        self.assertEqual(
            report.markdown_table(("a", "b"), [("x|y",)]), "| a | b |\n| --- | --- |\n| x\\|y |  |")

    def test_doubts(self) -> None:
        spinning = row("OpenVINO", 22)
        spinning.idle_cpu = 0.5
        found = report.warnings([spinning, row("Cutis", 1)], {"quiet": 0.01, "loud": 0.5})
        self.assertEqual(len(found), 2)
        self.assertIn("loud", found[0])
        self.assertIn("50%", found[1])

    def test_results_are_never_overwritten(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for expected in ("day", "day-2", "day-3"):
                stem = report.free_stem(Path(folder), "day")
                self.assertEqual(stem.name, expected)
                report.write(stem, {}, "")


class MachineTests(unittest.TestCase):
    def test_lscpu(self) -> None:
        facts = machine.parse_lscpu(LSCPU)
        self.assertEqual(facts["family_model_stepping"], "6/143/8")
        self.assertEqual(facts["flags"], ["avx2", "fma", "avx512f", "amx_int8"])
        self.assertEqual(machine.slug(str(facts["cpu"]), facts["cpus"]), "intel-xeon-platinum-8488c-2-cpus")

    def test_own_time_is_counted(self) -> None:
        before = machine.own_seconds([])
        while machine.own_seconds([]) - before < 0.05:
            sum(range(1000))
        self.assertGreater(machine.busy_seconds(), 0)


class OptionTests(unittest.TestCase):
    def test_models(self) -> None:
        self.assertEqual(models.parse(" vit-l-14@448").name, "vit-l-14@448")
        for text, message in (("vit-x@224", "no architecture"), ("vit-b-16", "needs an image size"),
                              ("vit-b-16@0", "needs an image size"), ("vit-b-16@225", "no multiple of 16")):
            with self.assertRaisesRegex(ValueError, message):
                models.parse(text)

    def test_job_survives_the_command_line(self) -> None:
        job = Job("openvino", models.parse("vit-b-16@224"), "int8", "f32 rest", 1, 2)
        self.assertEqual(Job.from_json(job.to_json()), job)

    def test_wrong_options_are_refused(self) -> None:
        for words in (["--rounds", "0"], ["--runs", "x"], ["--peers", "tvm"], ["--precisions", "fp8"],
                      ["--models", "vit-b-16"], ["--warmup", "-1"]):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                compare.arguments(words)

    def test_defaults_are_parsed(self) -> None:
        options = compare.arguments([])
        self.assertEqual(len(options.models), 5)
        self.assertEqual(options.peers, ["pytorch", "onnxruntime", "openvino"])


if __name__ == "__main__":
    unittest.main()
