# SPDX-License-Identifier: MIT
"""The report and the pages: every part that is there is shown, every figure labelled, nothing simulated published."""

import contextlib
import io
import json
import os
import re
import tempfile
import unittest

import page
import report as reports
from support import client_summary, entry_summary, sample_report, service_summary, split_variant

FIGURE = re.compile(r"\d ?(?:ms|MiB)\b")


class Report(unittest.TestCase):
    def setUp(self):
        self.report = sample_report()

    def rendered(self):
        reports.conclude(self.report)
        return reports.render(self.report)

    def test_every_section_is_there(self):
        text = self.rendered()
        for words in (
            "# libgpuwarm on NVIDIA H100 80GB HBM3",
            "## Goals",
            "## Where the first use's time goes",
            "## Programs, cold and warmed",
            "## Services, cold and warmed",
            "on uvicorn 0.30.1;",
            "| a service | cold (`GPUWARM_TRIGGER=off`) | 400.0 ms",
            "|  | `serve`, `GPUWARM_STAGES=all` | 1.40 ms",
            "## What the stages `libraries` and `prefetch` save",
            "The page cache was dropped so: everything, by drop_caches.",
            "| `libraries` | cuBLAS, C | shown to save | as it is |",
            "| service: PyTorch resnet18 | no torch in python3 |",
            "## The law on this driver",
            "| JAX matmul | no jax in python3 |",
            "| driver | 580.1 |",
            "| PyTorch | 2.9 |",
            "`make gpu-test`",
            "0.1.0 (abc)",
            "seed 7",
        ):
            self.assertIn(words, text)

    def test_tables_have_as_many_cells_in_every_row(self):
        table = []
        for line in self.rendered().splitlines() + [""]:
            if line.startswith("|"):
                table.append(line.count("|"))
            elif table:
                self.assertEqual(len(set(table)), 1, line)
                table = []

    def test_a_cell_cannot_break_its_row(self):
        self.report["parts"]["clients"]["skipped"][0]["why"] = "a|b\nc"
        self.assertIn("| a/b c |", self.rendered())

    def test_a_figure_of_few_processes_says_so(self):
        self.assertNotIn("fewer than", self.rendered())
        self.report["parts"]["split"]["variants"]["cold"] = split_variant(processes=6)
        self.assertIn("fewer than the 7", self.rendered())

    def test_services_of_few_rounds_say_so(self):
        self.assertIn("Fewer than the 3 rounds", self.rendered())
        self.report["parts"]["services"]["services"] = {"s": service_summary(rounds=3)}
        self.assertNotIn("Fewer than the 3 rounds", self.rendered())

    def test_versions_come_from_services_too(self):
        services = {"s": service_summary(versions={"cuDNN": "91002"})}
        self.report["parts"]["services"]["services"] = services
        self.assertIn("| cuDNN | 91002 |", self.rendered())

    def test_a_service_without_uvicorn_says_so(self):
        self.assertNotIn("uvicorn is not installed", self.rendered())
        services = {"s": service_summary(server="Python's http.server 3.11.2")}
        self.report["parts"]["services"]["services"] = services
        self.assertIn("on Python's http.server 3.11.2 (uvicorn is not installed)", self.rendered())

    def test_a_service_that_answers_differently_is_seen(self):
        self.report["parts"]["services"]["services"]["matmul"]["answers"] = "DIFFERENT"
        self.assertIn("| DIFFERENT |", self.rendered())

    def test_what_was_not_shown_to_save_is_seen(self):
        entries = self.report["parts"]["libraries"]["entries"]
        for shown, words in ((False, "| NOT shown to save |"), (None, "| not measured |")):
            entries["cublas"] = entry_summary(shown=shown)
            self.assertIn(f"| `libraries` | cuBLAS, C {words}", self.rendered())

    def test_a_real_report_has_no_label(self):
        self.assertNotIn("SIMULATED", self.rendered())

    def test_every_simulated_figure_is_labelled(self):
        self.report = sample_report(simulated=True)
        self.report["parts"]["clients"]["clients"]["slow"] = client_summary(True, title="slow")
        text = self.rendered()
        self.assertIn("**SIMULATED: every figure here", text)
        seen = 0
        for cell in (cell for line in text.splitlines() for cell in line.split("|")):
            if FIGURE.search(cell) and "plus 1 ms" not in cell:
                seen += 1
                self.assertIn("SIMULATED", cell)
        self.assertGreater(seen, 30)

    def test_a_part_alone(self):
        self.report["parts"] = {"split": self.report["parts"]["split"]}
        text = self.rendered()
        self.assertIn("## Where the first use's time goes", text)
        for words in ("## Programs", "## Services", "## What the stages"):
            self.assertNotIn(words, text)

    def test_a_part_that_broke_is_said(self):
        self.report["parts"]["split"] = {"result": "failed", "error": "BadRun: it", "seconds": 1.0}
        self.report["parts"]["clients"].update(
            cut="the time was up", fewer="torch 2 of 7", failures=["driver: crashed"]
        )
        text = self.rendered()
        for words in (
            "broke: BadRun: it",
            "cut: the time was up",
            "fewer runs: torch 2 of 7",
            "FAILED: driver: crashed",
        ):
            self.assertIn(words, text)

    def test_no_gpu(self):
        self.report["no_gpu"] = "no libcuda.so.1"
        self.assertIn("no GPU here: no libcuda.so.1", self.rendered())

    def test_written_also_when_it_cannot_be_rendered(self):
        with tempfile.TemporaryDirectory() as folder:
            self.report["parts"]["split"]["variants"] = {"cold": {}}
            reports.write(self.report, folder)
            with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
                self.assertIn("report.md", json.load(file)["failures"][0])
            with open(os.path.join(folder, "report.md"), encoding="utf-8") as file:
                self.assertIn("could not be made", file.read())


class Page(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.report = sample_report()
        reports.conclude(self.report)

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def test_page_and_list(self):
        path = page.write(self.report, self.folder)
        self.assertEqual(os.path.basename(path), "nvidia-h100-80gb-hbm3.md")
        text = self.read("nvidia-h100-80gb-hbm3.md")
        for words in (
            "# NVIDIA H100 80GB HBM3\n",
            "2030-01-31",
            "driver 580.1",
            "CUDA 13.0",
            "`make gpu-test`",
            "2.9",
            "## Goals",
            "## Where the first use's time goes",
            "## Programs, cold and warmed",
            "## Services, cold and warmed",
            "| `libraries` | cuBLAS, C | shown to save |",
        ):
            self.assertIn(words, text)
        self.assertIn(
            "- [NVIDIA H100 80GB HBM3](nvidia-h100-80gb-hbm3.md): Measured on 2030-01-31", self.read("README.md")
        )

    def test_two_gpus_are_both_listed(self):
        page.write(self.report, self.folder)
        self.report["machine"]["gpu"] = "NVIDIA L4"
        page.write(self.report, self.folder)
        self.assertEqual(self.read("README.md").count("\n- ["), 2)

    def refused(self, **changes):
        self.report.update(changes)
        self.assertRaises(page.Refused, page.write, self.report, self.folder)
        self.assertEqual(os.listdir(self.folder), [])

    def test_simulated_figures_are_refused(self):
        self.refused(simulated=True)

    def test_a_simulated_gpu_is_refused_whatever_the_report_says(self):
        self.refused(machine=dict(self.report["machine"], gpu="Simulated GPU 0"))

    def test_a_report_without_a_gpu_is_refused(self):
        self.refused(no_gpu="none", machine={})

    def test_a_report_without_results_is_refused(self):
        self.refused(parts={"split": {"result": "failed", "error": "x", "seconds": 1}})

    def test_a_report_of_services_or_libraries_alone_makes_a_page(self):
        parts = self.report["parts"]
        for name in ("services", "libraries"):
            self.report["parts"] = {name: parts[name]}
            page.write(self.report, self.folder)

    def test_without_pages_the_list_says_that_nothing_was_measured(self):
        self.assertEqual(page.index(self.folder), "# Measurements\n\nNot yet measured on a GPU.\n")

    def test_the_committed_list_is_as_it_is_made(self):
        folder = os.path.join(reports.HERE, "..", "..", "docs", "measurements")
        with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
            self.assertEqual(file.read(), page.index(folder))

    def test_bad_arguments(self):
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(page.main([]), 2)
