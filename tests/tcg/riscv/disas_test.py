#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions as the monitor shows them, where capstone does not know RISC-V.

usage: disas_test.py --build=FOLDER        Speaks TAP.
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import guest

EXPECTED = [
    ('addi a0, sp, 16', 'addi a0, sp, 16'), ('lui a1, 0x12345', 'lui a1, 0x12345'), ('ld a2, -8(s0)', 'ld a2, -8(s0)'),
    ('sd a2, 24(sp)', 'sd a2, 24(sp)'), ('beq a0, a1, _start', 'beq a0, a1, 0x80000000'), ('jal ra, _start', 'jal ra, 0x80000000'),
    ('fadd.d fa0, fa1, fa2', 'fadd.d fa0, fa1, fa2'), ('fld ft0, 8(a0)', 'fld ft0, 8(a0)'),
    ('fcvt.w.d a0, fa0, rtz', 'fcvt.w.d a0, fa0'), ('csrrw a0, mstatus, a1', 'csrrw a0, a1, 0x300'), ('lr.d a0, (a1)', 'lr.d a0, (a1)'),
    ('amoadd.w a0, a1, (a2)', 'amoadd.w a0, a1, (a2)'), ('fmadd.d fa0, fa1, fa2, fa3', 'fmadd.d fa0, fa1, fa2, fa3'),
    ('sfence.vma a0, a1', 'sfence.vma a0, a1'), ('ecall', 'ecall'), ('fence.i', 'fence.i'),
    ('.option rvc\nc.addi4spn a0, sp, 16', 'c.addi4spn a0, sp, 16'), ('c.ldsp a0, 8(sp)', 'c.ldsp a0, 8(sp)'), ('c.beqz a0, _start', 'c.beqz a0, zero, 0x80000000'),
    ('.2byte 0xffff', '(data)'),
]


def shown(binary, folder):
    """What the monitor shows for the expected instructions."""
    source, program = Path(folder, 'a.S'), Path(folder, 'a.elf')
    source.write_text('.option norvc\n_start:\n' + '\n'.join(line for line, _ in EXPECTED) + '\n')
    subprocess.run([guest.CROSS, '-march=rv64gc', '-nostdlib', '-static', '-Wl,-N,-Ttext=0x80000000,--build-id=none',
                    '-Wl,--no-warn-rwx-segments', '-Wl,-e0x80000000', '-o', program, source], check=True)
    result = subprocess.run([binary, '-M', 'virt', '-bios', 'none', '-kernel', program, '-S', '-display', 'none', '-serial', 'none',
                             '-monitor', 'stdio'], input=f'x/{len(EXPECTED)}i 0x80000000\nq\n', capture_output=True, text=True,
                            timeout=20, check=True)
    return [line[53:].strip() for line in result.stdout.splitlines() if re.match(r'0x[0-9a-f]{16}:', line)]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--build', required=True)
    binary = guest.emulator(None, parser.parse_args().build)
    if not shutil.which(guest.CROSS):
        guest.skip(f'{guest.CROSS} is not installed', tap=True)
    with tempfile.TemporaryDirectory() as folder:
        lines = shown(binary, folder)
    print(f'1..{len(EXPECTED)}')
    failed = False
    for number, (source, text) in enumerate(EXPECTED, 1):
        got = lines[number - 1] if number <= len(lines) else 'nothing'
        good = got.replace('\t', ' ') == text
        failed |= not good
        print(f'{"ok" if good else "not ok"} {number} {source.splitlines()[-1]}' + ('' if good else f'\n# shown: {got}'))
    sys.exit(failed)


if __name__ == '__main__':
    main()
