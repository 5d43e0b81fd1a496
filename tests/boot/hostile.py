#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that do what they must not, for ever: the emulator still answers its user and leaves when told.

usage: hostile.py [--binary=EMULATOR] [--build=FOLDER] [NAME...]        Speaks TAP.
"""
import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import guest
from guest import Failure, Guest

SECONDS_TO_ANSWER = 10

# What a program does on each of two harts, in M-mode, with a0 = hart. RANDOM leaves a new number in s1.
RANDOM = 'slli t6, s1, 13; xor s1, s1, t6; srli t6, s1, 7; xor s1, s1, t6; slli t6, s1, 17; xor s1, s1, t6;'
PROGRAMS = {
    'jump to nowhere': 'li t0, 0x123456789abcdef0; jr t0',
    'jump to the end of memory': 'li t0, 0x84000000 - 2; jr t0',
    'run a device': 'li t0, 0x10000000; jr t0',
    'trap in the trap handler': 'la t0, 1f; csrw mtvec, t0; .balign 4; 1: .word 0',
    'vectors in a device': 'li t0, 0x10001000; csrw mtvec, t0; .word 0',
    'interrupts without end': """
        la t0, 2f; csrw mtvec, t0; slli t1, a0, 2; li t0, 0x02000000; add t0, t0, t1; li t1, 1; sw t1, (t0)
        li t1, 8; csrw mie, t1; csrs mstatus, t1; 1: j 1b; .balign 4; 2: mret""",
    'page tables in a device': """
        la t0, 1f; csrw mtvec, t0; li t0, 8 << 60 | 0x10001; csrw satp, t0; j 2f
        .balign 4; 1: csrr t0, mepc; 2: li t0, 0x21800; csrs mstatus, t0; li t0, 0x1000; csrc mstatus, t0
        la t0, 3f; csrw mepc, t0; mret; 3: lb t0, (t0); j 3b""",
    'random page tables': """
        la s2, table; li s3, 0; 1:""" + RANDOM + """
        andi t1, s1, 0x3ff; slli t1, t1, 3; add t1, t1, s2; srli t2, s1, 20; sd t2, 256(t1); addi s3, s3, 1
        li t3, 200; bltu s3, t3, 1b; li s3, 0
        la t0, 1b; csrw mtvec, t0; srli t0, s2, 12; li t1, 8 << 60; or t0, t0, t1; csrw satp, t0; sfence.vma
        li t0, 0x21800; csrs mstatus, t0; li t0, 0x1000; csrc mstatus, t0; csrw mepc, s1; mret
        .balign 4096; table: .skip 8192""",
    'random values in random registers': """
        la t0, 2f; csrw mtvec, t0; 1:""" + RANDOM + """
        li t1, 0x0fffffff; and t1, s1, t1; li t2, 0x02000000; add t1, t1, t2; srli t3, s1, 29
        andi t4, s1, 1; bnez t4, 3f; andi t1, t1, -4; sw t3, (t1); lw t3, (t1); j 1b; 3: sb t3, (t1); j 1b
        .balign 4; 2: la t0, 1b; csrw mepc, t0; mret""",
    'code that writes over itself': """
        la t0, 2f; csrw mtvec, t0; la t1, 3f; 1:""" + RANDOM + """
        sw s1, (t1); fence.i; j 3f; .balign 4; 2: la t0, 1b; csrw mepc, t0; li t2, 0x1800; csrs mstatus, t2
        la t1, 3f; la s4, 2b; csrw mtvec, s4; mret; .balign 64; 3: .word 0, 0, 0, 0""",
    'translations forgotten all the time': '1: sfence.vma; fence.i; j 1b',
    'a console written without end': """
        li t0, 0x10000000; li t1, 46; 1: li t2, 20000; 2: addi t2, t2, -1; bnez t2, 2b; sb t1, (t0); j 1b""",
}
START = '.globl _start; _start: csrr a0, mhartid; li s1, 88172645463325252; add s1, s1, a0; .option norvc; .option norelax\n'


def run(binary, text, folder):
    source, program = folder / 'program.S', folder / 'program.elf'
    source.write_text(START + text + '\n')
    subprocess.run([guest.CROSS, '-march=rv64gc', '-nostdlib', '-static', '-no-pie', '-Wl,-Ttext=0x80000000', '-Wl,-N',
                    '-Wl,--no-warn-rwx-segments', '-Wl,--no-relax', '-Wl,--build-id=none', '-o', program, source], check=True)
    with Guest([binary, '-machine', 'virt', '-smp', 2, '-m', '64M', '-nographic', '-bios', 'none',
                '-kernel', program]) as machine:
        time.sleep(1)       # let it do its worst
        machine.send('\x01h')
        machine.expect('leave the emulator', SECONDS_TO_ANSWER)
        machine.send('\x01x')
        status = machine.wait(SECONDS_TO_ANSWER)
        if status:
            raise Failure(f'exit status {status}; its last words:\n{machine.text[-500:]}')


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--binary')
    parser.add_argument('--build')
    parser.add_argument('names', nargs='*', default=list(PROGRAMS))
    options = parser.parse_args()
    binary = guest.emulator(options.binary, options.build)
    if not binary or not shutil.which(guest.CROSS):
        guest.skip(f'{guest.CROSS} is not installed' if binary else 'rhea-system-riscv64 is not built', tap=True)
    print(f'1..{len(options.names)}')
    failed = False
    for number, name in enumerate(options.names, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                run(binary, PROGRAMS[name], Path(folder))
                print(f'ok {number} {name}', flush=True)
            except Failure as failure:
                print(f'not ok {number} {name}')
                print('\n'.join('# ' + line for line in str(failure).splitlines()), flush=True)
                failed = True
    sys.exit(failed)


if __name__ == '__main__':
    main()
