#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random user-mode instructions under Rhea and under a peer's user-mode emulator: all registers must agree.

usage: random_insns.py [--build=FOLDER] [--variant=NAME] [--xlen=32|64] [--seed=N] [--cases=N] [--rounds=N] [--only=REGEX] [--keep=FOLDER]
The encodings are those of target/riscv/*.decode, so what the two decode differently shows as well. A case is some tens of
instructions on fresh registers; afterwards x1 to x31, f0 to f31, fcsr and a digest of memory are compared. Both programs
are linked at the same address, so that values made from pc agree. The seed is printed: the same seed is the same program.
"""
import argparse
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
sys.path.insert(0, str(HERE.parents[2] / 'scripts'))
import decodetree
import guest

PEER_CPU = (','.join(f'{name}=true' for name in
                               'zba zbb zbc zbs zbkb zbkc zbkx zknd zkne zknh Zfh Zfhmin'.split()))
BASE = 0x80000000
CASE_INSNS = 40
WORDS = 66                  # of a result: x0..x31, f0..f31, fcsr, digest of memory
SCRATCH = 8192
POINTERS = (2, 3, 8)        # hold the middle of the scratch area; x4 is the program's own
RESERVED = {2, 3, 4, 8}
BRANCHES = {'branch', 'jal'}
MEMORY = {'load', 'store', 'fload', 'fstore'}
ATOMIC = {'lr', 'sc', 'amo'}
# privileged, or environments differ, or the peer (7.2) does not know them
LEFT_OUT = {'illegal', 'ecall', 'ebreak', 'mret', 'sret', 'wfi', 'sfence_vma', 'sfence_inval', 'csr', 'csr_imm', 'cbo', 'wrs',
            'fence_i', 'amocas', 'amocas_q', 'czero', 'fli', 'fround', 'fcvtmod', 'fminmax_zfa', 'jalr', 'fmvh_x_d',
            'fmvp_d_x'}
LEFT_OUT_ROWS = {'fleq', 'fltq', 'c_addi16sp',
                 'ctzw'}    # the peer (7.2) counts beyond bit 31
NEED_RM = {'farith', 'fma', 'fcvt_float', 'fcvt_to_int', 'fcvt_from_int'}

HEAD = '''
    .option norelax
    .text
    .globl _start
_start:
    li      t0, 0x6000
    .ifdef BARE
    csrs    mstatus, t0
    .else
    .word   0x00000013
    .endif
    lla     x4, inputs
'''
TAIL = '''
    lla     a0, results
    li      a1, {size}
    .ifdef BARE
    add     a1, a1, a0
    li      t0, 0x10000000
1:  lbu     t1, 0(a0)
2:  lbu     t2, 5(t0)
    andi    t2, t2, 0x20
    beqz    t2, 2b
    sb      t1, 0(t0)
    addi    a0, a0, 1
    bltu    a0, a1, 1b
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
3:  j       3b
    .else
4:  mv      a2, a1
    mv      a1, a0
    li      a0, 1
    li      a7, 64
    ecall
    add     a0, a0, zero
    li      a0, 0
    li      a7, 93
    ecall
    .endif
    .data
    .balign 4096
scratch:
    .incbin "{folder}/scratch.bin"
    .balign 8
inputs:
    .incbin "{folder}/inputs.bin"
    .bss
    .balign 8
results:
    .zero {size}
'''


LAYOUT = f'''
ENTRY(_start)
SECTIONS
{{
    . = {BASE:#x};
    .text : {{ *(.text) }}
    . = {BASE + 0x800000:#x};
    .data : {{ *(.data) }}
    .bss : {{ *(.bss) }}
}}
'''


def rows(xlen):
    """(bits, Row) of every encoding that can be tried."""
    other = 'rv32' if xlen == 64 else 'rv64'
    tables = decodetree.Tables()
    for name in ('insn32.decode', 'insn16.decode'):
        tables.read(name, (guest.ROOT / 'target/riscv' / name).read_text())
    for decoder in tables.decoders:
        for row in decodetree.rows_of(decoder):
            names = {name for names in row.condition for name in names}
            if row.handler not in LEFT_OUT and row.name not in LEFT_OUT_ROWS and other not in names:
                yield decoder.bits, row


def insert(insn, field, value):
    """@insn with @value in the bits of @field."""
    place = field.width()
    value -= field.add
    for shift, width in field.pieces:
        place -= width
        if shift is not None:
            mask = (1 << width) - 1
            insn = insn & ~(mask << shift) | (value >> place & mask) << shift
    return insn


class Maker:
    def __init__(self, rng, xlen, only):
        self.rng = rng
        self.xlen = xlen
        self.rows = [(bits, row) for bits, row in rows(xlen) if re.search(only, row.name)]
        handlers = {}
        for bits, row in self.rows:
            handlers.setdefault((row.handler, bits), []).append((bits, row))
        self.groups = list(handlers.values())

    def register(self, row, member, value):
        """A register number for the field: not a reserved destination, a pointer as base of an access."""
        field = row.format.items[member]
        lowest, count = field.add, 1 << field.width()
        floating = row.handler.startswith('f') and member != 'rs1' or row.handler == 'fma'
        if member == 'rs1' and row.handler in MEMORY | ATOMIC:
            return self.rng.choice([reg for reg in POINTERS if lowest <= reg < lowest + count])
        while member == 'rd' and not floating and value in RESERVED:
            value = lowest + self.rng.randrange(count)
        return value

    def fill(self, bits, row):
        rng = self.rng
        insn = row.value | rng.getrandbits(bits) & ~row.mask
        for name in ('rd', 'rs1', 'rs2', 'rs3'):
            field = row.format.items.get(name)
            if isinstance(field, decodetree.Field):
                value = field.add + rng.randrange(1 << field.width())
                insn = insert(insn, field, self.register(row, name, value))
        insn = insn & ~row.mask | row.value     # bits of a field may be fixed
        rd = row.format.items.get('rd')
        items = row.format.items
        if row.handler in NEED_RM:
            insn = insert(insn, items['rm'], rng.choice([0, 1, 2, 3, 4, 7, 7, 7, 7, 7, 7]))
        if 'fmt' in items:
            insn = insert(insn, items['fmt'], rng.choice([0, 0, 1, 1, 2]))
            if self.xlen == 32 and row.handler in ('fmv_x', 'fmv_f') and insn >> 25 & 3 == 1:
                return None
        if row.handler == 'fcvt_float' and (insn >> 25 & 3) == (insn >> 20 & 3):
            return None         # from a format to itself: reserved
        if row.handler in ('shift_imm', 'single_bit_imm') and self.immediate(items['imm'], insn) >= self.xlen:
            return None
        if row.handler == 'amo' and self.xlen == 32 and insn >> 12 & 1:
            return None
        if row.handler == 'aes64ks1i':
            insn = insert(insn, items['imm'], rng.randrange(11))
        if bits == 16 and (row.name in ('c_addi4spn', 'c_lui') and not self.immediate(items['imm'], insn)):
            return None         # reserved
        if bits == 16 and isinstance(rd, decodetree.Field) and row.name in ('c_addiw', 'c_lwsp', 'c_ldsp') and not insn >> 7 & 31:
            return None
        if row.name == 'c_mv' and not insn >> 2 & 31 or row.name == 'c_add' and not insn >> 2 & 31:
            return None         # c.jr, c.jalr, c.ebreak
        if row.name == 'c_lui' and insn >> 7 & 31 == 2:
            return None
        return insn

    @staticmethod
    def immediate(field, insn):
        value = 0
        for shift, width in field.pieces:
            value = value << width | (insn >> shift & ((1 << width) - 1) if shift is not None else 0)
        return value

    def destination_is_reserved(self, row, insn, bits):
        rd = row.format.items.get('rd')
        if rd is None or row.handler in ('store', 'fstore', 'branch'):
            return False
        if isinstance(rd, str):
            return int(rd) in RESERVED
        shift, width = rd.pieces[0]
        number = (insn >> shift & ((1 << width) - 1)) + rd.add
        to_float = row.handler in ('fload', 'farith', 'fma', 'fsgnj', 'fminmax', 'fcvt_float', 'fcvt_from_int', 'fmv_f')
        return number in RESERVED and not to_float

    def one(self):
        """(bits, row, insn), reserved encodings left out."""
        while True:
            bits, row = self.rng.choice(self.rng.choice(self.groups))
            insn = self.fill(bits, row)
            if insn is not None and not self.destination_is_reserved(row, insn, bits):
                return bits, row, insn

    def case(self):
        """Bytes of a case; branches go forward to an instruction's start."""
        items = [self.one() for _ in range(CASE_INSNS)]
        starts = [0]
        for bits, _, _ in items:
            starts.append(starts[-1] + bits // 8)
        code = b''
        for number, (bits, row, insn) in enumerate(items):
            if row.handler in BRANCHES:
                target = starts[self.rng.randint(number + 1, min(number + 6, CASE_INSNS))]
                insn = insert(insn, row.format.items['imm'], target - starts[number])
            code += insn.to_bytes(bits // 8, 'little')
        return code


def integer(rng):
    return rng.choice([lambda: rng.choice([0, 1, 2, -1, -2, 1 << 31, -(1 << 31), (1 << 31) - 1, 1 << 63, (1 << 63) - 1, 1 << 32,
                                           0xffffffff, 0x8080808080808080]),
                       lambda: rng.getrandbits(64), lambda: rng.getrandbits(32), lambda: rng.randrange(-100, 100),
                       lambda: 1 << rng.randrange(64)])() & (1 << 64) - 1


def half_bits(rng):
    return rng.choice([0, 0x8000, 0x3c00, 0x7c00, 0xfc00, 0x7e00, 0x7d01, 1, 0x3ff, 0x400, 0x7bff, rng.getrandbits(16)])


def single_bits(rng):
    return rng.choice([0, 1 << 31, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7fa00000, 1, 0x807fffff,
                       0x00800000, 0x7f7fffff, 0x4f000000, 0xcf000000, rng.getrandbits(32),
                       struct.unpack('<I', struct.pack('<f', rng.uniform(-1000, 1000)))[0]])


def double_bits(rng):
    return rng.choice([0, 1 << 63, 0x3ff << 52, 0xbff << 52, 0x7ff << 52, 0xfff << 52, 0x7ff8 << 48, 0x7ff4 << 48, 1,
                       (1 << 52) - 1, 1 << 52, (0x7ff << 52) - 1, 0x43e0 << 48, 0x36a0 << 48, 0x3810 << 48, rng.getrandbits(64),
                       struct.unpack('<Q', struct.pack('<d', rng.uniform(-1e6, 1e6)))[0]])


def floating(rng):
    return rng.choice([double_bits, double_bits, lambda r: 0xffffffff00000000 | single_bits(r),
                       lambda r: 0xffffffff00000000 | single_bits(r), lambda r: 0xffffffffffff0000 | half_bits(r)])(rng)


def inputs(rng):
    fcsr = rng.choice([0, 0, 0, 1, 2, 3, 4]) << 5 | rng.choice([0, 0, rng.randrange(32)])
    return [floating(rng) for _ in range(32)] + [fcsr] + [integer(rng) for _ in range(31)]


def case_text(number, code, xlen):
    load, store, digest_shift = ('ld', 'sd', 51) if xlen == 64 else ('lw', 'sw', 19)
    words = ', '.join(f'{byte}' for byte in code)
    loads = ''.join(f'    fld     f{i}, {8 * i}(x4)\n' for i in range(32))
    loads += '    lw      t0, 256(x4)\n    fscsr   t0\n'
    loads += ''.join(f'    {load}      x{i}, {264 + 8 * (i - 1)}(x4)\n' for i in range(1, 32) if i not in RESERVED)
    pointers = ''.join(f'    lla     x{i}, scratch + {SCRATCH // 2}\n' for i in POINTERS)
    saves = ''.join(f'    {store}      x{i}, {8 * i}(x4)\n' for i in range(1, 32) if i != 4)
    saves += ''.join(f'    fsd     f{i}, {256 + 8 * i}(x4)\n' for i in range(32))
    digest = f'''    lla     t0, scratch
    li      t1, {SCRATCH}
    li      t2, 0
1:  {load}      t3, 0(t0)
    xor     t2, t2, t3
    slli    t3, t2, 13
    srli    t2, t2, {digest_shift}
    add     t2, t2, t3
    addi    t0, t0, {xlen // 8}
    addi    t1, t1, {-(xlen // 8)}
    bnez    t1, 1b
    {store}      t2, 520(x4)
'''
    return (f'{pointers}{loads}    .balign 4\ncase{number}:\n    .byte {words}\n'
            f'    lla     x4, results + {number * WORDS * 8}\n{saves}    frcsr   t0\n    {store}      t0, 512(x4)\n{digest}'
            f'    lla     x4, inputs + {(number + 1) * 64 * 8}\n')


def build(seed, options, folder):
    rng = random.Random(seed)
    cases, xlen = options.cases, options.xlen
    maker = Maker(rng, xlen, options.only)
    (folder / 'scratch.bin').write_bytes(bytes(rng.getrandbits(8) for _ in range(SCRATCH)))
    data, text = b'', HEAD
    for number in range(cases):
        text += case_text(number, maker.case(), xlen)
        data += struct.pack('<64Q', *inputs(rng))
    (folder / 'inputs.bin').write_bytes(data)
    (folder / 'layout.ld').write_text(LAYOUT)
    (folder / 'program.S').write_text(text + TAIL.format(size=cases * WORDS * 8, folder=folder))
    command = [guest.CROSS, f'-march=rv{xlen}gc', '-mabi=lp64d' if xlen == 64 else '-mabi=ilp32d', '-mcmodel=medany', '-nostdlib', '-static', '-no-pie',
               '-Wl,--build-id=none', '-Wl,--no-warn-rwx-segments', '-T', folder / 'layout.ld', folder / 'program.S']
    subprocess.run([*command, '-o', folder / 'linux.elf'], check=True)
    subprocess.run([*command, '-Wa,--defsym,BARE=1', '-o', folder / 'bare.elf'], check=True)


def peer_of(xlen):
    return f'qemu-riscv{xlen}'


def run_peer(xlen, folder):
    peer = peer_of(xlen)
    result = subprocess.run([peer, '-cpu', f'rv{xlen},{PEER_CPU}', folder / 'linux.elf'], capture_output=True, check=False, timeout=120)
    if result.returncode:
        sys.exit(f'{peer} ended with {result.returncode}: {result.stderr.decode(errors="replace")}')
    return result.stdout


def run_rhea(binary, xlen, accel, folder):
    output = folder / 'serial.bin'
    subprocess.run([binary, '-machine', 'virt', '-cpu', 'max' if xlen == 64 else 'max32', '-m', '64M', '-bios', 'none', '-display', 'none', '-nodefaults',
                    '-serial', f'file:{output}', *accel, '-kernel', folder / 'bare.elf'], check=True, timeout=300,
                   stdin=subprocess.DEVNULL)
    return output.read_bytes()


def name_of(word):
    return f'x{word}' if word < 32 else f'f{word - 32}' if word < 64 else ('fcsr', 'memory')[word - 64]


def differences(peer, ours, cases):
    expected, got = struct.unpack(f'<{cases * WORDS}Q', peer), struct.unpack(f'<{cases * WORDS}Q', ours)
    for i, (a, b) in enumerate(zip(expected, got)):
        if a != b:
            yield i // WORDS, name_of(i % WORDS), a, b


def disassemble(folder, case):
    text = subprocess.run(['riscv64-linux-gnu-objdump', '-D', '-M', 'no-aliases', '-j', '.text', folder / 'bare.elf',
                           f'--disassemble=case{case}'], capture_output=True, text=True, check=False).stdout
    return '\n'.join(text.splitlines()[:CASE_INSNS + 8])


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--binary')
    parser.add_argument('--build', default=str(guest.ROOT / 'build'))
    parser.add_argument('--variant', default='default')
    parser.add_argument('--xlen', type=int, choices=(32, 64), default=64)
    parser.add_argument('--seed', type=int, default=int.from_bytes(os.urandom(4), 'little'))
    parser.add_argument('--cases', type=int, default=400)
    parser.add_argument('--rounds', type=int, default=1)
    parser.add_argument('--only', default='')
    parser.add_argument('--keep', type=Path)
    options = parser.parse_args()
    binary = guest.emulator(options.binary, options.build)
    if not binary:
        guest.skip('rhea-system-riscv64 is not built')
    for tool in (peer_of(options.xlen), guest.CROSS):
        if not shutil.which(tool):
            guest.skip(f'{tool} is not installed')
    accel = guest.accel_options(binary, options.variant)
    for seed in range(options.seed, options.seed + options.rounds):
        print(f'seed {seed}, {options.cases} cases of {CASE_INSNS} instructions', flush=True)
        with tempfile.TemporaryDirectory() as temporary:
            folder = options.keep or Path(temporary)
            folder.mkdir(exist_ok=True)
            build(seed, options, folder)
            found = list(differences(run_peer(options.xlen, folder), run_rhea(binary, options.xlen, accel, folder),
                                     options.cases))
            for case, name, expected, got in found[:12]:
                print(f'case {case}: {name} is {got:#018x}, the peer has {expected:#018x}')
            if found:
                print(disassemble(folder, found[0][0]))
                sys.exit(1)


if __name__ == '__main__':
    main()
