#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs guest programs on the bare machine and compares registers with what their heads expect.

usage: run.py [--binary=EMULATOR] [--build=FOLDER] [--variant=NAME] [NAME...]     (tests/tcg/riscv/NAME.S; speaks TAP)
  --binary    another emulator with the same command line, to check the programs themselves
  --variant   how the program is run; see VARIANTS in tests/guest.py
In the comment at the head of a program, `expect a0 = 0x1234` names a register (x, f or ABI name, or fcsr) and
its value at the end, and `options: -smp 2` adds to the command line.
"""
import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import guest
from guest import Failure, Guest

ABI = ('zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6 '
       'ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 '
       'fs10 fs11 ft8 ft9 ft10 ft11 fcsr').split()
FLAGS = ['-O2', '-march=rv64gc', '-mabi=lp64d', '-mcmodel=medany', '-ffreestanding', '-nostdlib', '-static',
         '-no-pie', '-fno-pic', '-T', str(HERE.parent / 'bench/bare/riscv64/bare.ld'), '-Wl,--no-warn-rwx-segments',
         '-Wl,--build-id=none']
def head(text):
    return text[:text.find('*/', text.find('*/') + 2)]


def expectations(text):
    """(register number, value) of each `expect` line."""
    for name, value in re.findall(r'^ \* expect (\w+) = (-?\w+)', head(text), re.M):
        if re.fullmatch(r'[xf]\d+', name):
            number = int(name[1:]) + (32 if name[0] == 'f' else 0)
        else:
            number = ABI.index(name)
        yield number, int(value, 0) & (1 << 64) - 1


def options_of(text):
    match = re.search(r'^ \* options: (.*)$', head(text), re.M)
    return match.group(1).split() if match else []


def build(name, folder):
    """Compiles the program @name with its table of expectations."""
    source = HERE / 'riscv' / f'{name}.S'
    rows = ''.join(f'    .dword {number}, {value:#x}\n' for number, value in expectations(source.read_text()))
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / f'{name}-expected.S'
    table.write_text('    .section .rodata\n    .balign 8\n    .globl expected, expected_end\n'
                     f'expected:\n{rows}expected_end:\n')
    output = folder / f'{name}.elf'
    subprocess.run([guest.CROSS, *FLAGS, '-o', output, HERE / 'riscv/start.S', source, table, HERE / 'riscv/check.c'],
                   check=True)
    return output


def run(binary, name, accel, folder):
    program = build(name, folder)
    more = options_of((HERE / 'riscv' / f'{name}.S').read_text())
    command = [binary, '-machine', 'virt', '-m', '64M', '-bios', 'none', '-nographic', '-nic', 'none', *accel, *more,
               '-kernel', program]
    with Guest(command) as machine:
        status = machine.wait(60)
        if status:
            raise Failure(f'exit status {status}\n{machine.text}')


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--binary')
    parser.add_argument('--build', default=str(guest.ROOT / 'build'))
    parser.add_argument('--variant', choices=list(guest.VARIANTS), default='default')
    parser.add_argument('names', nargs='*', default=sorted(path.stem for path in (HERE / 'riscv').glob('*.S')
                                                           if path.stem != 'start'))
    options = parser.parse_args()
    binary = guest.emulator(options.binary, options.build)
    if not binary:
        guest.skip('rhea-system-riscv64 is not built', tap=True)
    if not shutil.which(guest.CROSS):
        guest.skip(f'{guest.CROSS} is not installed', tap=True)
    accel = guest.accel_options(binary, options.variant, tap=True)
    print(f'1..{len(options.names)}')
    failed = False
    for number, name in enumerate(options.names, 1):
        try:
            run(binary, name, accel, Path(options.build).resolve() / 'tests/tcg' / options.variant)
            print(f'ok {number} {name}', flush=True)
        except Failure as failure:
            print(f'not ok {number} {name}')
            print('\n'.join('# ' + line for line in str(failure).splitlines()), flush=True)
            failed = True
    sys.exit(failed)


if __name__ == '__main__':
    main()
