#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The lints find what they are for."""
import unittest

import files
import format as form
import layers
import sizes


class Layers(unittest.TestCase):
    def test_downwards_is_allowed(self):
        for path, included in (('qom/object.c', 'util/error.h'), ('target/riscv/mmu.c', 'accel/tcg/tlb.h'),
                               ('hw/riscv/virt.c', 'target/riscv/cpu.h'), ('hw/char/uart.c', 'chardev/char.h'),
                               ('accel/tcg/loop.c', 'target/cpu.h'), ('tests/unit/a_test.c', 'system/main.h')):
            self.assertIsNone(layers.problem_of(path, included), path)

    def test_upwards_and_sideways_are_refused(self):
        for path, included in (('util/error.c', 'qom/object.h'), ('hw/core/device.c', 'target/cpu.h'),
                               ('tcg/ir.c', 'target/cpu.h'), ('accel/tcg/loop.c', 'target/riscv/cpu.h'),
                               ('target/riscv/cpu.c', 'target/x86/cpu.h'), ('hw/char/uart.c', 'hw/riscv/virt.h'),
                               ('hw/char/uart.c', 'target/riscv/cpu.h'), ('hw/riscv/virt.c', 'monitor/hmp.h'),
                               ('accel/kvm/kvm.c', 'accel/tcg/tlb.h'), ('memory/ram.c', 'accel/tcg/tlb_internal.h'),
                               ('util/a.c', 'util/b.c'), ('util/a.c', 'b.h'), ('nowhere/a.c', 'util/error.h')):
            self.assertIsNotNone(layers.problem_of(path, included), path)


class Sizes(unittest.TestCase):
    def test_long_function(self):
        text = 'int f(void)\n{\n' + '    g();\n' * 121 + '}\n'
        self.assertEqual(len(list(sizes.problems_of('a.c', text))), 1)
        self.assertEqual(list(sizes.problems_of('a.c', text.replace('    g();\n', '', 1))), [])

    def test_flat_switch_may_be_long(self):
        text = 'int f(int a)\n{\n    switch (a) {\n' + '    case 1: return 2;\n' * 130 + '    }\n}\n'
        self.assertEqual(list(sizes.problems_of('a.c', text)), [])

    def test_nesting(self):
        body = '    if (a) {\n        for (;;) {\n            if (b) {\n                %s\n            }\n        }\n    }\n'
        good = 'int f(void)\n{\n' + body % 'x = (T){ { 1 } };' + '}\n'
        bad = 'int f(void)\n{\n' + body % 'if (c) { d(); }' + '}\n'
        self.assertEqual(list(sizes.problems_of('a.c', good)), [])
        self.assertEqual(len(list(sizes.problems_of('a.c', bad))), 1)

    def test_parameters(self):
        self.assertEqual(sizes.count_parameters('int a, void (*f)(int, int), int b'), 3)
        self.assertEqual(sizes.count_parameters('void'), 0)


class Format(unittest.TestCase):
    def test_braces_missing(self):
        good = 'if (a) {\n    b();\n} else if (c ||\n           d) {\n    e();\n} else {\n}\ndo {\n} while (f);\n' \
            'for (a; b &&\n     c;\n     d) {\n}\n'
        self.assertEqual(list(form.without_braces(good)), [])
        for bad in ('if (a)\n    b();\n', 'if (a) {\n} else\n    b();\n', 'for (a; b; c)\n    d();\n',
                    'while (a)\n    b();\n'):
            self.assertEqual(len(list(form.without_braces(bad))), 1, bad)


class Files(unittest.TestCase):
    def test_licence(self):
        self.assertEqual(list(files.problems_of('a.c', f'/* {files.LICENCE} */\n')), [])
        self.assertEqual(len(list(files.problems_of('a.c', 'int a;\n'))), 1)
        self.assertEqual(list(files.problems_of('b', f'#!/bin/sh\n# {files.LICENCE}\n')), [])

    def test_vague_names(self):
        self.assertEqual(len(list(files.problems_of('util/utils.c', f'/* {files.LICENCE} */\n'))), 1)


if __name__ == '__main__':
    unittest.main(argv=["selftest"])
