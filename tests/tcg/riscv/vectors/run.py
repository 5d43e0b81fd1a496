#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Floating-point instructions with exactly known results: value, boxing and flags, through translated code.

usage: run.py --generate=PROGRAM [--build=FOLDER] [--variant=NAME,...] [--seed=N] [--count=N] [--rounds=N] [--keep=FOLDER]
  --variant  how the guest is run; see VARIANTS in tests/guest.py
  --count    cases of each instruction, format and rounding mode
  --rounds   so many programs, each with the next seed
generate.c makes the cases, guest.S runs them. The seed is printed: the same seed is the same program.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2]))
import guest


def build(generate, seed, count, folder):
    vectors, program = folder / 'vectors.bin', folder / 'vectors.elf'
    subprocess.run([generate, f'--seed={seed}', f'--count={count}', vectors], check=True)
    subprocess.run([guest.CROSS, '-march=rv64gc', '-mabi=lp64d', '-mcmodel=medany', '-nostdlib', '-static', '-no-pie',
                    f'-DVECTORS="{vectors}"', '-T', guest.ROOT / 'tests/bench/bare/riscv64/bare.ld', '-Wl,--build-id=none',
                    '-Wl,--no-warn-rwx-segments', '-o', program, HERE / 'guest.S'], check=True)
    return program


def run(binary, accel, program):
    """What the guest said; empty when all cases came out right."""
    command = [binary, '-machine', 'virt', '-cpu', 'max', '-m', '512M', '-bios', 'none', '-nographic', '-nic', 'none', *accel,
               '-kernel', program]
    with guest.Guest(command) as machine:
        status = machine.wait(600)
        return machine.text or (f'exit status {status}' if status else '')


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--generate', required=True)
    parser.add_argument('--binary')
    parser.add_argument('--build', default=str(guest.ROOT / 'build'))
    parser.add_argument('--variant', default='default')
    parser.add_argument('--seed', type=int, default=int.from_bytes(os.urandom(4), 'little'))
    parser.add_argument('--count', type=int, default=16)
    parser.add_argument('--rounds', type=int, default=1)
    parser.add_argument('--keep', type=Path)
    options = parser.parse_args()
    binary = guest.emulator(options.binary, options.build)
    if not binary:
        guest.skip('rhea-system-riscv64 is not built')
    if not shutil.which(guest.CROSS):
        guest.skip(f'{guest.CROSS} is not installed')
    variants = {name: guest.accel_options(binary, name) for name in options.variant.split(',')}
    failed = False
    for seed in range(options.seed, options.seed + options.rounds):
        with tempfile.TemporaryDirectory() as temporary:
            folder = options.keep or Path(temporary)
            folder.mkdir(exist_ok=True)
            print(f'--seed={seed} --count={options.count}: ', end='', flush=True)
            program = build(options.generate, seed, options.count, folder)
            for name, accel in variants.items():
                said = run(binary, accel, program)
                if said:
                    print(f'{name}:\n{said}', flush=True)
                    failed = True
        if failed:
            sys.exit(1)


if __name__ == '__main__':
    main()
