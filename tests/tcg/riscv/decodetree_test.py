#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The decoder generator: what it makes decodes, what is wrong in a table is refused."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / 'scripts'))
import decodetree

HEAD = '''
context Ctx
handler on_
struct Arg
condition * = t->has_%s
exclusive narrow wide
arguments None
arguments R rd rs1 op
arguments I rd imm
decoder decode 16
field rd = 3:0
field rs1 = 7:4 +8
field imm = s15 7:4 .
format None None
format R R rd rs1
format I I rd imm
'''

# What the generated decoder prints for each word: a program around it.
PROGRAM = '''
#include <stdio.h>
#include <stdlib.h>
struct Ctx { int has_a, has_narrow, has_wide; };
#include "decode.c"
bool on_add(Ctx *t, const ArgR *a) { printf("add %d %d %d\\n", a->rd, a->rs1, a->op); return true; }
bool on_imm(Ctx *t, const ArgI *a) { printf("imm %d %d\\n", a->rd, a->imm); return true; }
bool on_nop(Ctx *t, const ArgNone *a) { printf("nop\\n"); return true; }
bool on_fail(Ctx *t, const ArgNone *a) { return false; }
int main(int argc, char **argv)
{
    Ctx t = { atoi(argv[1]), 1, 0 };
    for (int i = 2; i < argc; i++) {
        if (!decode(&t, strtoul(argv[i], NULL, 0))) {
            printf("illegal\\n");
        }
    }
}
'''
ROWS = '''
add   0000 0000 .... ....  R op=1
sub   0000 0001 .... ....  R op=2 -> add
wadd  0000 0010 .... ....  R op=3 -> add if a
narrow 0000 0011 .... ....  R op=4 -> add if narrow
wide  0000 0011 .... ....  R op=5 -> add if wide
imm   .111 0000 .... ....  I
choose {
fail  0100 0000 0000 1111  None
nop   0100 0000 0000 ....  None
}
'''


class Generated(unittest.TestCase):
    def decode(self, words, has_a=1, rows=ROWS):
        with tempfile.TemporaryDirectory() as folder:
            header, source, _ = decodetree.generate([('test.decode', HEAD + rows)])
            (Path(folder) / 'decode.h').write_text(header)
            (Path(folder) / 'decode.c').write_text(source)
            (Path(folder) / 'main.c').write_text(PROGRAM)
            subprocess.run(['cc', '-Wall', '-Werror', '-Wno-unused-function', 'main.c', '-o', 'main'], cwd=folder, check=True)
            return subprocess.run([f'{folder}/main', str(has_a), *(hex(word) for word in words)], capture_output=True,
                                  text=True, check=True).stdout.split('\n')[:-1]

    def test_fields_constants_and_shared_handlers(self):
        self.assertEqual(self.decode([0x0012, 0x0112]), ['add 2 9 1', 'add 2 9 2'])

    def test_signed_field_in_pieces(self):
        self.assertEqual(self.decode([0x7035, 0xf035]), ['imm 5 6', 'imm 5 -26'])

    def test_conditions(self):
        self.assertEqual(self.decode([0x0212]), ['add 2 9 3'])
        self.assertEqual(self.decode([0x0212], has_a=0), ['illegal'])
        self.assertEqual(self.decode([0x0312]), ['add 2 9 4'])

    def test_first_of_a_choice_wins(self):
        self.assertEqual(self.decode([0x400f, 0x4003]), ['illegal', 'nop'])

    def test_nothing_matches(self):
        self.assertEqual(self.decode([0x0400, 0xffff]), ['illegal', 'illegal'])


class Refused(unittest.TestCase):
    def refuse(self, rows, message):
        with self.assertRaisesRegex(decodetree.DecodeError, message):
            decodetree.generate([('test.decode', HEAD + rows)])

    def test_overlap(self):
        self.refuse('add 0000 .... .... .... R op=1\nsub 0... 0000 .... .... R op=2 -> add\n', 'sub overlaps with add')

    def test_overlap_under_conditions_that_may_both_hold(self):
        self.refuse('add 0000 0000 .... .... R op=1 if a\nsub 0000 0000 .... .... R op=2 -> add if wide\n', 'overlaps')

    def test_unreachable(self):
        self.refuse('choose {\nnop 0000 .... .... .... None\nfail 0000 0000 .... .... None\n}\n', 'never reached')

    def test_wrong_number_of_bits(self):
        self.refuse('add 0000 0000 .... R op=1\n', '12 bits instead of 16')

    def test_unknown_names(self):
        self.refuse('add 0000 0000 .... .... X op=1\n', 'format X is not known')
        self.refuse('add 0000 0000 .... .... R size=1\n', 'no member size')

    def test_handler_with_two_kinds_of_arguments(self):
        self.refuse('add 0000 0000 .... .... R op=1\nnop 0000 0001 .... .... None -> add\n', 'gets other arguments')

    def test_open_choice(self):
        self.refuse('choose {\nnop 0000 0000 0000 0000 None\n', 'not closed')


class Tables(unittest.TestCase):
    def test_riscv_tables_are_sound(self):
        folder = ROOT / 'target/riscv'
        decodetree.generate([(name, (folder / name).read_text()) for name in ('insn32.decode', 'insn16.decode')])


if __name__ == '__main__':
    unittest.main()
