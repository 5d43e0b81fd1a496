#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random instruction sequences under Rhea and under a peer's user-mode emulator: registers and memory must agree.

usage: run.py [--build=FOLDER] [--variant=NAME,...] [--reference=peer|interp] [--xlen=64|32] [--paged] [--seed=N] [--cases=N]
              [--length=N] [--rounds=N] [--only=REGEX] [--keep=FOLDER]
  --variant    how Rhea runs the guest; see VARIANTS in tests/guest.py
  --reference  interp: Rhea's interpreter, which knows more instructions than the peer does
  --paged      Rhea's guest runs in U-mode under Sv39
  --cases      sequences in a program; each runs on two sets of registers
  --length     instructions of a sequence
  --only       only instructions whose name in target/riscv/*.decode matches
A sequence that differs is made smaller before it is shown. The seed is printed: the same seed is the same program.
"""
import argparse
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parents[2]))
import guest
import maker

BASE = 0x80000000           # of the program; the other addresses keep clear of what can become large
SCRATCH, CASES, INPUTS, DATA = BASE + 0x200000, BASE + 0x400000, BASE + 0x1800000, BASE + 0x2000000
MIDDLE = SCRATCH + 4096
REACH = maker.SCRATCH_REACH
INPUT_SETS, INPUT_BYTES, RUNS_OF_CASE = 512, 64 * 8, 2
DUMP_WORDS = 66
PEER_EXTENSIONS = 'zba zbb zbc zbs zbkb zbkc zbkx zknd zkne zknh Zfh Zfhmin'
LAYOUT = f'''
ENTRY(_start)
SECTIONS
{{
    .text {BASE:#x} : {{ *(.text) }}
    .scratch {SCRATCH:#x} : {{ *(.scratch) }}
    .cases {CASES:#x} : {{ *(.cases) }}
    .inputs {INPUTS:#x} : {{ *(.inputs) }}
    .data {DATA:#x} : {{ *(.data) }}
    .bss : {{ *(.bss) }}
}}
'''


class Trouble(Exception):
    """A program did not come to its end."""


class Bench:
    """Builds programs in a folder and runs them."""

    def __init__(self, options, folder, binary):
        self.options, self.folder, self.binary = options, folder, binary
        self.peer = f'qemu-riscv{options.xlen}'

    def write_inputs(self, rng):
        sets = b''.join(struct.pack('<64Q', *maker.inputs(rng, MIDDLE)) for _ in range(INPUT_SETS))
        (self.folder / 'inputs.bin').write_bytes(sets)
        (self.folder / 'scratch.bin').write_bytes(rng.randbytes(2 * REACH))
        (self.folder / 'layout.ld').write_text(LAYOUT)

    def link(self, name, result_bytes, *defines):
        options = self.options
        symbols = {'XLEN': options.xlen, 'RESULTS_BYTES': result_bytes, 'SCRATCH_FIRST': MIDDLE - REACH,
                   'SCRATCH_BYTES': 2 * REACH, **{define: 1 for define in defines}}
        command = [guest.CROSS, f'-march=rv{options.xlen}gc', '-mabi=lp64d' if options.xlen == 64 else '-mabi=ilp32d',
                   '-mcmodel=medany', '-nostdlib', '-static', '-no-pie', '-Wl,--build-id=none', '-Wl,--no-warn-rwx-segments',
                   f'-Wa,-I{self.folder}', *(f'-Wa,--defsym,{key}={value}' for key, value in symbols.items()),
                   '-T', self.folder / 'layout.ld', '-o', self.folder / name, HERE / 'guest.S']
        subprocess.run(command, check=True)

    def build(self, runs, full=False):
        """@runs: (case, number of the input set)."""
        code, places, table = [], {}, []
        size = 0
        for case, which in runs:
            if id(case) not in places:
                places[id(case)] = CASES + size
                code.append(case.code())
                size += len(code[-1])
            table.append(struct.pack('<QQ', places[id(case)], INPUTS + which * INPUT_BYTES))
        (self.folder / 'cases.bin').write_bytes(b''.join(code))
        (self.folder / 'runs.bin').write_bytes(b''.join(table))
        more = ('FULL',) if full else ()
        size = len(runs) * (DUMP_WORDS if full else 1) * 8
        self.link('bare.elf', size, 'BARE', *more, *(('PAGED',) if self.options.paged else ()))
        if self.options.reference == 'peer':
            self.link('linux.elf', size, *more)
        return size

    def run_peer(self, size):
        extensions = ','.join(f'{name}=true' for name in PEER_EXTENSIONS.split())
        result = subprocess.run([self.peer, '-cpu', f'rv{self.options.xlen},{extensions}', self.folder / 'linux.elf'],
                                capture_output=True, check=False, timeout=300)
        if len(result.stdout) != size:
            raise Trouble(f'{self.peer}: exit status {result.returncode}: {result.stderr.decode(errors="replace")}')
        return result.stdout

    def run_rhea(self, variant, size):
        output = self.folder / 'serial.bin'
        result = subprocess.run([self.binary, '-machine', 'virt', '-cpu', 'max' if self.options.xlen == 64 else 'max32', '-m',
                                 '256M', '-bios', 'none', '-display', 'none', '-nodefaults', '-serial', f'file:{output}',
                                 *guest.accel_options(self.binary, variant), '-kernel', self.folder / 'bare.elf'],
                                capture_output=True, check=False, timeout=300, stdin=subprocess.DEVNULL)
        said = output.read_bytes()
        if result.returncode or result.stderr:
            raise Trouble(f'{variant}: exit status {result.returncode}: {result.stderr.decode(errors="replace")[-4000:]}')
        if said.startswith(b'trapped!') and len(said) == 24:
            raise Trouble(f'{variant}: trap, mcause {said[8]}, mepc {int.from_bytes(said[16:], "little"):#x}')
        if len(said) != size:
            raise Trouble(f'{variant}: {len(said)} bytes of results, expected {size}')
        return said

    def reference(self, size):
        return self.run_peer(size) if self.options.reference == 'peer' else self.run_rhea('interp', size)

    def differing(self, runs, variant):
        """Numbers of the runs whose digests differ."""
        size = self.build(runs)
        expected, got = self.reference(size), self.run_rhea(variant, size)
        return different_words(expected, got)


def different_words(expected, got):
    if expected == got:
        return []
    count = len(expected) // 8
    pairs = zip(struct.unpack(f'<{count}Q', expected), struct.unpack(f'<{count}Q', got))
    return [number for number, (a, b) in enumerate(pairs) if a != b]


def shrink(bench, case, which, variant):
    """@case with as many no-operations as leave a difference."""
    kept = list(range(len(case.insns)))
    while kept:
        tries = [[number for number in kept if number not in part] for part in parts_of(kept)]
        cases = [case.without(set(range(len(case.insns))) - set(left)) for left in tries]
        failing = bench.differing([(one, which) for one in cases], variant)
        if not failing:
            break
        kept = min((tries[number] for number in failing), key=len)
    return case.without(set(range(len(case.insns))) - set(kept))


def parts_of(numbers):
    """Parts to leave out: halves, quarters, and so on to single ones."""
    size = len(numbers)
    while size >= 1:
        yield from (numbers[at:at + size] for at in range(0, len(numbers), size))
        size //= 2


def name_of(word):
    return f'x{word}' if word < 32 else f'f{word - 32}' if word < 64 else ('fcsr', 'memory')[word - 64]


def disassemble(bench, code):
    path = bench.folder / 'case.bin'
    path.write_bytes(code)
    text = subprocess.run(['riscv64-linux-gnu-objdump', '-D', '-M', 'no-aliases', '-b', 'binary', '-m',
                           f'riscv:rv{bench.options.xlen}', path], capture_output=True, text=True, check=False).stdout
    # without the no-operations
    return '\n'.join(line for line in text.splitlines() if '\t' in line and not line.endswith('zero,0'))


def report(bench, case, which, variant):
    """Shows the registers that differ, and the smallest sequence found."""
    case = shrink(bench, case, which, variant)
    size = bench.build([(case, which)], full=True)
    expected, got = bench.reference(size), bench.run_rhea(variant, size)
    sets = struct.unpack_from('<64Q', (bench.folder / 'inputs.bin').read_bytes(), which * INPUT_BYTES)
    values = {**{f'f{i}': sets[i] for i in range(32)}, 'fcsr': sets[32], **{f'x{i}': sets[32 + i] for i in range(1, 32)}}
    for word in different_words(expected, got):
        a, b = (struct.unpack_from('<Q', data, word * 8)[0] for data in (expected, got))
        print(f'{name_of(word)} is {b:#018x}, the reference has {a:#018x}')
    print(disassemble(bench, case.code()))
    print('registers before: ' + ', '.join(f'{name} {value:#x}' for name, value in values.items()))


def play(bench, rng, variants):
    """One program; returns whether all variants agree."""
    options = bench.options
    bench.write_inputs(rng)
    make = maker.Maker(rng, options.xlen, options.reference != 'peer', options.only)
    cases = [make.case(options.length) for _ in range(options.cases)]
    runs = [(case, rng.randrange(INPUT_SETS)) for case in cases for _ in range(RUNS_OF_CASE)]
    size = bench.build(runs)
    expected = bench.reference(size)
    for variant in variants:
        wrong = different_words(expected, bench.run_rhea(variant, size))
        if wrong:
            print(f'{variant}: {len(wrong)} of {len(runs)} runs differ')
            report(bench, *runs[wrong[0]], variant)
            return False
    return True


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--binary')
    parser.add_argument('--build', default=str(guest.ROOT / 'build'))
    parser.add_argument('--variant', default='default')
    parser.add_argument('--reference', choices=('peer', 'interp'), default='peer')
    parser.add_argument('--xlen', type=int, choices=(32, 64), default=64)
    parser.add_argument('--paged', action='store_true')
    parser.add_argument('--seed', type=int, default=int.from_bytes(os.urandom(4), 'little'))
    parser.add_argument('--cases', type=int, default=1000)
    parser.add_argument('--length', type=int, default=24)
    parser.add_argument('--rounds', type=int, default=1)
    parser.add_argument('--only', default='')
    parser.add_argument('--keep', type=Path)
    options = parser.parse_args()
    binary = guest.emulator(options.binary, options.build)
    if not binary:
        guest.skip('rhea-system-riscv64 is not built')
    for tool in ([f'qemu-riscv{options.xlen}'] if options.reference == 'peer' else []) + [guest.CROSS]:
        if not shutil.which(tool):
            guest.skip(f'{tool} is not installed')
    variants = options.variant.split(',')
    for variant in variants:
        guest.accel_options(binary, variant)
    for seed in range(options.seed, options.seed + options.rounds):
        print(f'--seed={seed} --cases={options.cases} --length={options.length} --xlen={options.xlen}', flush=True)
        with tempfile.TemporaryDirectory() as temporary:
            folder = options.keep or Path(temporary)
            folder.mkdir(exist_ok=True)
            try:
                fine = play(Bench(options, folder, binary), random.Random(seed), variants)
            except Trouble as trouble:
                print(trouble)
                fine = False
        if not fine:
            sys.exit(1)


if __name__ == '__main__':
    main()
