# SPDX-License-Identifier: MIT
"""The part `libraries`: the clients on stand-ins for cuBLAS and cuDNN, the page cache, and the figures of a stage that
saves, on programs that print made-up times."""

import os
import tempfile
from unittest import mock

import client_run
import library_files
import optional
import page_cache
import part_libraries
from budget import Budget
from clients import Client
from support import KitCase, WrongCase

# Prints a first call of 900 s, or of 500 s where the stage is asked for, and others of 100 s; the real time that passes
# is nothing beside that.
SCRIPT = """
import os, sys, time
first = 500 if os.environ.get("GPUWARM_STAGES", "").endswith(",@stage@") else 900
start = time.monotonic_ns()
for seconds in (first, 100, 100):
    print("gpuclient call", start, start + seconds * 10**9)
    start += seconds * 10**9
print("gpuclient value doubled @doubled@")
"""


class LibrariesCase(KitCase):
    def entry(self, stage="libraries", caches=("warm",), doubled="yes", more=""):
        script = self.write("client.py", SCRIPT.replace("@stage@", stage).replace("@doubled@", doubled) + more)
        client = Client("c", "C", ("{python}", "-B", script), kind="library", doubles=True, seconds=30)
        trigger, field = ("load", "to_first") if len(caches) > 1 else ("serve", "first")
        return optional.Entry("e", "E", stage, client, trigger, field, "library", caches)

    def run_part(self, *entries):
        result = {}
        with mock.patch.object(part_libraries, "entries", lambda kit: entries):
            part_libraries.run(self.kit, result)
        return result


class Clients(LibrariesCase):
    def sample(self, name):
        entry = next(entry for entry in optional.entries(self.kit) if entry.name == name)
        return client_run.run_once(self.kit, entry.client, None)

    def test_a_client_on_the_stand_in_for_cublas(self):
        sample = self.sample("cublas")
        self.assertEqual(sample["values"], {"doubled": "yes"})
        self.assertGreater(sample["first"], 60)  # what the stand-in costs first, for its handle and its product
        self.assertIsNotNone(sample["setup"])

    def test_a_client_on_the_stand_in_for_cudnn(self):
        sample = self.sample("cudnn")
        self.assertEqual(sample["values"], {"doubled": "yes"})
        self.assertGreater(sample["first"], 60)

    def test_it_is_warmed_where_it_waits_for_connections(self):
        argv = [self.kit.program("clients/library"), "cublas", self.kit.path("gpu/standins/libcublas.so")]
        process = self.kit.run(argv, "serve")
        self.assertEqual(
            (process.status, process.report()["result"], process.report()["trigger"]), (0, "warm", "serve")
        )

    def test_a_library_that_cannot_be_opened_is_a_skip(self):
        argv = [self.kit.program("clients/library"), "cublas", self.write("libcublas.so.1", "nothing")]
        process = self.kit.run(argv)
        self.assertEqual(process.status, 77)
        self.assertIn("gpuclient skip", process.output[0])

    def test_a_library_without_the_function_is_told(self):
        process = self.kit.run(
            [self.kit.program("clients/library"), "cudnn", self.kit.path("gpu/standins/libcublas.so")]
        )
        self.assertEqual((process.status, process.complaint), (1, "library: no cudnnCreate"))

    def test_a_call_of_the_library_that_fails_is_told(self):
        self.kit.environment["SIMCUDA_FAULT"] = "cuMemcpyDtoH_v2=719"
        entry = optional.entries(self.kit)[0]
        self.assertRaisesRegex(client_run.Failed, "gave 719", client_run.run_once, self.kit, entry.client)

    def test_a_wrong_product_is_a_failure(self):
        result = self.run_part(self.entry(doubled="no"))
        self.assertIn("e, not warmed: its answer is wrong", result["failures"][0])

    def test_the_table_is_readable_with_a_gpu_too(self):
        for simulated in (True, False):
            self.kit.simulated = simulated
            found = optional.entries(self.kit)
            self.assertEqual(len({entry.name for entry in found}), len(found))
            for entry in found:
                self.assertIn(entry.count, self.kit.counts)
                for word in client_run.command(self.kit, entry.client):
                    self.assertTrue(not word.endswith((".py", "cublas.so", "library")) or os.path.exists(word), word)

    def test_on_a_gpu_the_real_library_is_needed(self):
        self.kit.simulated = False
        with mock.patch.object(library_files, "find", return_value=None):
            entry = optional.entries(self.kit)[0]
            self.assertEqual(client_run.lacking(self.kit, entry.client.needs), "no libcublas.so found")


class Find(LibrariesCase):
    def test_the_one_that_came_with_python_packages(self):
        folder = os.path.join(self.folder, "packages")
        for name in ("nvidia/cublas/lib/libcublas.so.12", "nvidia/cublas/lib/libcublas.so.12.1.3"):
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), "w", encoding="utf-8"):
                pass
        self.assertEqual(
            library_files.find("cublas", [folder]), os.path.join(folder, "nvidia/cublas/lib/libcublas.so.12")
        )
        with mock.patch.object(library_files, "SYSTEM", ()):
            self.assertIsNone(library_files.find("cudnn", [folder]))


class PageCache(LibrariesCase):
    def file(self):
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(self.kit.build), delete=False) as file:
            file.write(b"x" * 3000001)
        self.addCleanup(os.unlink, file.name)
        return file.name

    def keeps(self):
        """Does this file system keep what it is asked to drop?"""
        file = self.file()
        with open(file, "rb+") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return page_cache.resident_share([file]) > 0

    def test_what_is_dropped_is_no_longer_in_memory(self):
        file = self.file()
        self.assertEqual(page_cache.resident(file), (3000001, 3000001))
        self.assertEqual(page_cache.drop([file], everything=False), "the files that it maps, by posix_fadvise")
        if self.keeps():
            self.skipTest("this file system keeps what it is asked to drop")
        self.assertEqual(page_cache.resident(file), (0, 3000001))

    def test_an_empty_file(self):
        self.assertEqual(page_cache.resident(self.write("empty", "")), (0, 0))

    def test_everything_is_dropped_where_that_is_allowed(self):
        asked = self.write("drop_caches", "")
        with mock.patch.object(page_cache, "DROP", asked):
            self.assertEqual(page_cache.drop([]), "everything, by drop_caches")
        with open(asked, encoding="utf-8") as file:
            self.assertEqual(file.read(), "3\n")

    def test_and_the_files_alone_where_it_is_not(self):
        with mock.patch.object(page_cache, "DROP", os.path.join(self.folder, "no", "such")):
            self.assertEqual(page_cache.drop([]), "the files that it maps, by posix_fadvise")

    def test_the_files_of_a_program_are_found(self):
        files = page_cache.files_used(self.kit, [self.kit.program("clients/driver")])
        self.assertIn(os.path.realpath(self.kit.path("simcuda/libcuda.so.1")), map(os.path.realpath, files))
        self.assertEqual(set(files) & page_cache.files_of(), set())

    def test_a_page_cache_that_cannot_be_dropped_is_said_and_nothing_made_of_it(self):
        with mock.patch.object(page_cache, "drop", return_value="not at all"), mock.patch.object(
            page_cache, "resident_share", return_value=0.9
        ):
            entry = self.run_part(self.entry("prefetch", ("dropped", "warm")))["entries"]["e"]
        self.assertIn("90% of the files stayed in memory", entry["reading"]["text"])
        self.assertEqual((entry["reading"]["shown"], set(entry["caches"])), (None, {"warm"}))


class Known(LibrariesCase):
    def test_a_stage_that_there_is_and_one_that_there_is_not(self):
        self.assertIsNone(part_libraries.unknown(self.kit, "memory"))
        self.assertIn("has no stage `nonsense`", part_libraries.unknown(self.kit, "nonsense"))


class Unknown(LibrariesCase, WrongCase):
    wrong = "WARMS_NOTHING"

    def test_a_library_that_does_not_know_the_stage(self):
        self.assertIn("has no stage `libraries`", part_libraries.unknown(self.kit, "libraries"))

    def test_what_there_is_to_save_is_measured_all_the_same(self):
        with mock.patch.object(part_libraries, "unknown", return_value="this libgpuwarm has no stage"):
            state = part_libraries.State(self.entry(), 1, "this libgpuwarm has no stage")
        self.assertEqual(set(state.arms), {"cold", "without"})

    def test_an_arm_that_was_not_warmed_is_a_failure(self):
        self.assertIn("e: without: not warmed", self.run_part(self.entry())["failures"][0])


class Staged(LibrariesCase, WrongCase):
    wrong = "STAGED"

    def test_a_stage_that_saves(self):
        self.kit.counts["library"] = 5
        result = self.run_part(self.entry())
        self.assertEqual(result["failures"], [])
        entry = result["entries"]["e"]
        found = entry["caches"]["warm"]
        self.assertEqual((found["saved"]["median"], found["saved"]["n"], found["saved"]["simulated"]), (4e5, 5, True))
        self.assertEqual({name: cost["median"] for name, cost in found["cost"].items()}, COST)
        self.assertIs(entry["reading"]["shown"], True, entry["reading"])
        self.assertIn("libraries: cuBLAS 5.00 ms", entry["reading"]["text"])

    def test_few_pairs_show_nothing(self):
        reading = self.run_part(self.entry())["entries"]["e"]["reading"]
        self.assertIsNone(reading["shown"])
        self.assertIn("2 pairs, at least 5 are needed", reading["text"])

    def test_a_prefetch_in_both_states_of_the_page_cache(self):
        with mock.patch.object(page_cache, "resident_share", return_value=0):
            entry = self.run_part(self.entry("prefetch", ("dropped", "warm")))["entries"]["e"]
        self.assertEqual(set(entry["caches"]), {"dropped", "warm"})
        for found in entry["caches"].values():
            self.assertEqual((found["saved"]["n"], found["cost"]["prefetch"]["median"]), (2, 3.0))
        self.assertIn("posix_fadvise", entry["dropped"])

    def test_a_program_that_breaks_only_with_the_stage_is_a_failure(self):
        result = self.run_part(self.entry(more="first == 500 and sys.exit(3)\n"))
        self.assertIn("e: with: exit status 3", result["failures"][0])
        self.assertIsNone(result["entries"]["e"]["reading"]["shown"])

    def test_without_time_what_there_is_is_given(self):
        self.kit.budget = Budget(0)
        result = self.run_part(self.entry())
        self.assertEqual((result["cut"], result["entries"]), ("the time was up", {}))

    def test_each_arm_comes_first_as_often_as_the_others(self):
        asked = []

        def run_once(kit, client, trigger, settings):
            asked.append(settings.get("GPUWARM_STAGES"))

        state = part_libraries.State(self.entry(), 3, None)
        with mock.patch.object(client_run, "run_once", side_effect=run_once):
            for number in range(3):
                part_libraries.one_round(self.kit, state, number)
        self.assertEqual(asked[0::3], [None, optional.BASE, optional.BASE + ",libraries"])


COST = {"libraries": 9.0, "libraries: cuBLAS": 5.0}
