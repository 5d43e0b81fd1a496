#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random privileged programs: CSRs, page tables, delegation, fences, returns, traps, in every mode.

usage: privileged.py [--build=FOLDER] [--variant=NAME,...] [--seed=N] [--cases=N] [--length=N] [--rounds=N] [--keep=FOLDER]
                     [--timeout=SECONDS] [--show]
Nothing may crash or hang. Instructions are counted (icount), so that time is the same in all runs: each variant has to come
to the same state as the interpreter, timer interrupts included; `single-thread` does not count, and only has to come to its end. Where the architecture lets an implementation choose (page
tables and their control changed with no fence), the program has the fence. Left out is what could rightly lock the program
out: mtvec, mie, misa, locked PMP, triggers; and what is not reproducible: seed, event counters.
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
sys.path.insert(0, str(HERE.parents[2]))
import guest

BASE = 0x80000000
ARENA, CASES, IMAGES, DATA = BASE + 0x200000, BASE + 0x400000, BASE + 0x800000, BASE + 0x1000000
PAGES, PAGE = 6, 4096               # of the arena: tables of three levels, three of data
IMAGE_COUNT, RECORD_WORDS = 24, 64
LOW = 0x40000000                    # what the tables map
MASK = (1 << 64) - 1
LAYOUT = f'''
ENTRY(_start)
SECTIONS
{{
    .text {BASE:#x} : {{ *(.text) }}
    .arena {ARENA:#x} : {{ *(.arena) }}
    .cases {CASES:#x} : {{ *(.cases) }}
    .images {IMAGES:#x} : {{ *(.images) }}
    .data {DATA:#x} : {{ *(.data) }}
    .bss : {{ *(.bss) }}
}}
'''
BASES = (5, 6, 7, 8, 9)             # registers that hold addresses; nothing else is written to them
DESTINATIONS = (0, *range(10, 31))
SFENCE = 0x12000073
MRET, SRET, WFI, ECALL, EBREAK, FENCE_I = 0x30200073, 0x10200073, 0x10500073, 0x73, 0x100073, 0x100f
MEPC, SEPC, SATP, MENVCFG, SENVCFG, PMPADDR0 = 0x341, 0x141, 0x180, 0x30a, 0x10a, 0x3b0
NEEDS_FENCE = {SATP, MENVCFG, SENVCFG, PMPADDR0}
KNOWN_CSRS = (0x001, 0x002, 0x003, 0x100, 0x104, 0x105, 0x106, 0x10a, 0x10c, 0x140, 0x141, 0x142, 0x143, 0x144, 0x14d, 0x180, 0x300,
              0x302, 0x303, 0x306, 0x30a, 0x30c, 0x320, 0x342, 0x343, 0x344, 0x3b0, 0x3b2, 0x3b3, 0xb00, 0xb02, 0xc00, 0xc01, 0xc02,
              0xf11, 0xf12, 0xf13, 0xf14, 0xf15, 0xda0, 0x321, 0x322)


def is_left_out(csr):
    return (csr in (0x305, 0x301, 0x304, MEPC, 0x340, 0x747, 0x757, 0x3b1, 0x015, 0x5a8) or csr >> 4 in (0x3a, 0x7a)
            or 0x323 <= csr <= 0x33f or 0x723 <= csr <= 0x73f or 0xb03 <= csr <= 0xb1f)


class Maker:
    def __init__(self, rng):
        self.rng = rng

    def csr(self):
        rng = self.rng
        while True:
            number = rng.choice(KNOWN_CSRS) if rng.random() < 0.9 else rng.randrange(4096)
            if not is_left_out(number):
                break
        word = number << 20 | rng.randrange(31) << 15 | rng.choice((1, 2, 3, 5, 6, 7)) << 12 | rng.choice(DESTINATIONS) << 7 | 0x73
        return [word, SFENCE] if number in NEEDS_FENCE else [word]

    def memory(self):
        rng = self.rng
        base, offset = rng.choice(BASES), rng.choice((0, 0, 8, -8, -4, 2, rng.randrange(-2048, 2048)))
        kind = rng.randrange(5)
        if kind < 2:                                            # load
            return [(offset & 4095) << 20 | base << 15 | rng.randrange(7) << 12 | rng.choice(DESTINATIONS) << 7 | 0x03]
        if kind < 4:
            return [(offset >> 5 & 127) << 25 | rng.randrange(31) << 20 | base << 15 | rng.randrange(4) << 12 | (offset & 31) << 7
                    | 0x23, SFENCE]
        operation = rng.choice((0, 1, 2, 3, 4, 8, 12, 16, 20, 24, 28))    # atomic; lr has no rs2
        rs2 = 0 if operation == 2 else rng.randrange(31)
        return [operation << 27 | rs2 << 20 | base << 15 | rng.choice((2, 3)) << 12 | rng.choice(DESTINATIONS) << 7 | 0x2f, SFENCE]

    def back(self):
        """A return to a place ahead."""
        csr, insn = self.rng.choice(((MEPC, MRET), (SEPC, SRET)))
        reg = self.rng.choice(DESTINATIONS[1:])
        return [0x17 | reg << 7, 16 << 20 | reg << 15 | reg << 7 | 0x13, csr << 20 | reg << 15 | 1 << 12 | 0x73, insn]

    def arithmetic(self):
        rng = self.rng
        return [rng.choice((0x33, 0x3b)) | rng.choice((0, 0, 1 << 25)) | rng.randrange(31) << 20 | rng.randrange(31) << 15
                | rng.choice((0, 4, 6, 7)) << 12 | rng.choice(DESTINATIONS) << 7]

    def floating(self):
        rng = self.rng
        return [rng.choice((0x02000053, 0x1a000053, 0x12000053)) | 7 << 12 | rng.randrange(32) << 20 | rng.randrange(32) << 15
                | rng.randrange(32) << 7]

    def single(self):
        rng = self.rng
        return [rng.choice((ECALL, EBREAK, WFI, FENCE_I, SFENCE, SFENCE | rng.choice(BASES) << 15 | rng.randrange(31) << 20,
                            0x16000073 | rng.choice(BASES) << 15, 0x18000073, 0x18100073, 0x0ff0000f, 0x00000000, 0xffffffff,
                            0x04000000 << 3 | 0x73, 0x0042a00f, 0x0022a00f, 0x00d00073, rng.getrandbits(32) & ~0x7f | 0x73 | 4 << 12))]

    def case(self, length):
        kinds = (self.csr, self.csr, self.csr, self.csr, self.memory, self.memory, self.memory, self.back, self.arithmetic,
                 self.floating, self.single, self.single)
        words = []
        while len(words) < length:
            words += self.rng.choice(kinds)()
        return struct.pack(f'<{len(words) + 1}I', *words, ECALL)

    def entry(self, physical, flags):
        return physical >> 12 << 10 | flags

    def flags(self):
        """Of a leaf: mostly sensible."""
        rng = self.rng
        flags = rng.choice((0xc7, 0xd7, 0xcf, 0xdf, 0x0f, 0x1f, 0x4f, 0x5f, 0xc3, 0xd3, 0xc9, 0xd9, 0xcb))
        return flags ^ rng.choice((0, 0, 0, 1 << rng.randrange(8), 1 << rng.choice((8, 9, 54, 61, 62, 63))))

    def image(self):
        """Tables: 0x40000000 and so on through three levels, 0x80000000 in one piece; the rest is garbage."""
        rng = self.rng
        pages = [[0] * 512, [0] * 512, [0] * 512]
        for table in pages:
            for _ in range(40):
                table[rng.randrange(512)] = rng.choice((rng.getrandbits(64), self.entry(ARENA + PAGE * rng.randrange(PAGES),
                                                                                    self.flags())))
        pages[0][1] = self.entry(ARENA + PAGE, 1 if rng.random() < 0.95 else self.flags())
        pages[0][2] = self.entry(BASE, rng.choice((0xcf, 0xcf, 0xdf, 0xdf, self.flags())))
        pages[1][0] = self.entry(ARENA + 2 * PAGE, 1 if rng.random() < 0.95 else self.flags())
        pages[1][1] = self.entry(BASE + 0x200000, self.flags())
        for i in range(16):
            pages[2][i] = self.entry(ARENA + PAGE * rng.choice((3, 3, 4, 4, 5, 5, rng.randrange(PAGES))), self.flags())
        data = [rng.getrandbits(64) for _ in range(512 * (PAGES - 3))]
        return struct.pack(f'<{512 * PAGES}Q', *pages[0], *pages[1], *pages[2], *data)

    def address(self):
        rng = self.rng
        kind = rng.randrange(10)
        if kind < 5:
            return LOW + PAGE * rng.randrange(18) + rng.choice((0, 8, 16, PAGE - 4, PAGE - 1, rng.randrange(PAGE)))
        if kind < 8:
            return ARENA + rng.randrange(PAGE * PAGES - 4096) // 8 * 8 + 2048 + rng.choice((0, 0, 1, 4))
        return rng.choice((LOW + 0x200000 + PAGE * rng.randrange(PAGES), rng.getrandbits(64) & ~(0xff << 24) & MASK | 0x11 << 36, 0, MASK - 7))

    def value(self):
        rng = self.rng
        return rng.choice((rng.getrandbits(64), rng.getrandbits(13), 1 << rng.randrange(64), 0, MASK, self.satp(), CASES, LOW))

    def satp(self):
        rng = self.rng
        mode = rng.choice((8, 8, 8, 8, 0, 9, 10, rng.randrange(16)))
        return mode << 60 | rng.choice((0, 0, 1, 0xffff)) << 44 | (ARENA >> 12) + rng.choice((0, 0, 0, 0, 0, 1, rng.randrange(PAGES)))

    def record(self, image, code, end):
        rng = self.rng
        mstatus = (rng.getrandbits(64) & 0x007e1922 & ~(0x20000 if rng.random() < 0.7 else 0) | rng.choice((0, 0, 1, 3)) << 11
                   | rng.choice((0x6000, 0x6000, 0x2000, 0)))
        if rng.random() < 0.8:
            mstatus &= ~0x700000                                # TVM, TW, TSR
        x = [self.value() for _ in range(32)]
        for reg in BASES:
            x[reg] = self.address()
        deleg = rng.choice((0, 0, 0, rng.getrandbits(16), 0xb1ff))
        csrs = [rng.choice((self.satp(), self.satp(), 0)), deleg, rng.choice((0, 0x222, rng.getrandbits(14))),
                rng.choice((code, code + 4 * rng.randrange((end - code) // 4), LOW, rng.getrandbits(40))),
                rng.choice((0, 0x222, rng.getrandbits(14))), 0x1f00 | rng.choice((0, 0x18, 0x10, 0x08)) | rng.randrange(8),
                rng.choice((0, ARENA + 3 * PAGE + 0x7ff, ARENA + 0x1fff, rng.getrandbits(54) << 2)) >> 2,
                rng.choice((0, MASK, rng.getrandbits(64))), rng.choice((0, 7, MASK)), rng.choice((0, MASK, MASK, rng.getrandbits(64))),
                code, image, code, end]
        words = [mstatus, *x[1:], *csrs]
        return struct.pack(f'<{RECORD_WORDS}Q', *words, *[0] * (RECORD_WORDS - len(words)))


def build(rng, options, folder):
    make = Maker(rng)
    code, records = b'', []
    for _ in range(options.cases):
        case = make.case(options.length)
        image = IMAGES + PAGE * PAGES * rng.randrange(IMAGE_COUNT)
        records.append(make.record(image, CASES + len(code), CASES + len(code) + len(case)))
        code += case
    (folder / 'cases.bin').write_bytes(code)
    (folder / 'images.bin').write_bytes(b''.join(make.image() for _ in range(IMAGE_COUNT)))
    (folder / 'records.bin').write_bytes(b''.join(records))
    (folder / 'layout.ld').write_text(LAYOUT)
    subprocess.run([guest.CROSS, '-march=rv64g', '-mabi=lp64d', '-mcmodel=medany', '-nostdlib', '-static', '-no-pie',
                    '-Wl,--build-id=none', '-Wl,--no-warn-rwx-segments', f'-Wa,-I{folder}', f'-Wa,--defsym,ARENA={ARENA}',
                    f'-Wa,--defsym,RESULTS_BYTES={8 * options.cases}', '-T', folder / 'layout.ld', '-o', folder / 'bare.elf',
                    HERE / 'privileged.S'], check=True)


def run(binary, accel, options, folder):
    """Digests, or None after saying what went wrong."""
    output = folder / 'serial.bin'
    try:
        result = subprocess.run([binary, '-machine', 'virt', '-cpu', 'max', '-m', '64M', '-bios', 'none', '-display', 'none',
                                 '-nodefaults', '-serial', f'file:{output}', '-accel', f'tcg,{accel}', '-kernel', folder / 'bare.elf'],
                                capture_output=True, check=False, timeout=options.timeout, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        print(f'{accel}: no end')
        return None
    said = output.read_bytes()
    if result.returncode or len(said) != 8 * options.cases:
        print(f'{accel}: exit status {result.returncode}, {len(said)} bytes: {result.stderr.decode(errors="replace")[-3000:]}')
        return None
    return struct.unpack(f'<{options.cases}Q', said)


def play(binary, rng, options, folder):
    build(rng, options, folder)
    expected = run(binary, 'icount=0,interp=on', options, folder)
    if expected is None:
        return False
    if options.show:
        print(f'{sum(word & 1 for word in expected)} of {options.cases} ended by the timer')
    for variant in options.variant.split(','):
        properties = guest.VARIANTS[variant]
        counted = 'thread' not in properties
        got = run(binary, ','.join(filter(None, ('icount=0' if counted else '', properties))), options, folder)
        if got is None:
            return False
        wrong = [number for number, (a, b) in enumerate(zip(expected, got)) if a != b] if counted else []
        if wrong:
            print(f'{variant}: cases {wrong[:10]} differ ({len(wrong)} in all)')
            return False
    return True


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--binary')
    parser.add_argument('--build', default=str(guest.ROOT / 'build'))
    parser.add_argument('--variant', default='default')
    parser.add_argument('--seed', type=int, default=int.from_bytes(os.urandom(4), 'little'))
    parser.add_argument('--cases', type=int, default=500)
    parser.add_argument('--length', type=int, default=40)
    parser.add_argument('--rounds', type=int, default=1)
    parser.add_argument('--timeout', type=int, default=120)
    parser.add_argument('--show', action='store_true')
    parser.add_argument('--keep', type=Path)
    options = parser.parse_args()
    binary = guest.emulator(options.binary, options.build)
    if not binary:
        guest.skip('rhea-system-riscv64 is not built')
    if not shutil.which(guest.CROSS):
        guest.skip(f'{guest.CROSS} is not installed')
    for seed in range(options.seed, options.seed + options.rounds):
        print(f'--seed={seed} --cases={options.cases} --length={options.length}', flush=True)
        with tempfile.TemporaryDirectory() as temporary:
            folder = options.keep or Path(temporary)
            folder.mkdir(exist_ok=True)
            if not play(binary, random.Random(seed), options, folder):
                sys.exit(1)


if __name__ == '__main__':
    main()
