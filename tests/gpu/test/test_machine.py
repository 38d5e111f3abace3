# SPDX-License-Identifier: MIT
"""What nvidia-smi says, whatever it is in the mood to say."""

from unittest import mock

import machine
from support import KitCase

DEVICE = {"name": "NVIDIA H100 80GB HBM3", "uuid": "GPU-1", "capability": "9.0", "bytes": 1 << 36}


class Smi(KitCase):
    def smi(self, script, fields):
        program = self.write("nvidia-smi", "#!/bin/sh\n" + script)
        self.kit.simulated, self.kit.probe = False, {"devices": [DEVICE]}
        with mock.patch.object(machine, "tool", return_value=program):
            return machine.smi(self.kit, "gpu", fields)

    def test_all_fields_at_once(self):
        self.assertEqual(
            self.smi("echo 'Enabled, Default'", ["persistence_mode", "compute_mode"]),
            {"persistence_mode": "Enabled", "compute_mode": "Default"},
        )

    def test_a_field_that_it_does_not_know_is_left_out(self):
        script = (
            'case "$*" in *new*) echo "Field \\"new\\" is not a valid field to query."; exit 2;; esac; echo Default'
        )
        self.assertEqual(self.smi(script, ["compute_mode", "new"]), {"compute_mode": "Default"})

    def test_one_that_fails_tells_nothing(self):
        self.assertEqual(self.smi("echo 'Failed to initialize NVML: Driver Error' >&2; exit 9", ["a", "b"]), {})

    def test_never_on_the_simulated_driver(self):
        self.assertEqual(machine.smi(self.kit, "gpu", ["memory.used"]), {})
