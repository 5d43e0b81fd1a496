# SPDX-License-Identifier: GPL-2.0-or-later
"""Random instruction sequences for user mode that always come to their end, and values to run them on.

The encodings are those of target/riscv/*.decode. Branches go forward, around the whole case goes a loop with a counter, and
memory is touched around three pointers only. Half of the register fields name a few registers of the case, so that
instructions depend on each other.
"""
import re
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / 'scripts'))
import decodetree

POINTERS = (2, 3, 8)        # near the middle of the scratch area
ALIGNED = (2, 8)            # to 16 bytes
RETURN, COUNTER = 4, 31     # where a case goes at its end; how often it still runs
RESERVED = {*POINTERS, RETURN, COUNTER}
SCRATCH_REACH = 2304        # bytes on either side of the middle that a case can touch

BRANCHES = {'branch', 'jal'}
MEMORY = {'load', 'store', 'fload', 'fstore'}
ATOMIC = {'lr', 'sc', 'amo', 'amocas', 'amocas_q', 'cbo'}
# Privileged, or ends the case; jalr and csr come as pairs and rows of their own.
NEVER = {'illegal', 'ecall', 'ebreak', 'mret', 'sret', 'wfi', 'sfence_vma', 'sfence_inval', 'csr', 'csr_imm', 'wrs', 'jalr'}
NEVER_ROWS = {'c_addi16sp', 'cbo_inval'}
# What the peer, version 7.2, does not know or does wrong (ctzw counts beyond bit 31).
PEER_LACKS = {'amocas', 'amocas_q', 'czero', 'fli', 'fround', 'fcvtmod', 'fminmax_zfa', 'fmvh_x_d', 'fmvp_d_x', 'cbo'}
PEER_LACKS_ROWS = {'fleq', 'fltq', 'ctzw'}
NEED_RM = {'farith', 'fma', 'fcvt_float', 'fcvt_to_int', 'fcvt_from_int', 'fround'}
TO_FLOAT = {'fload', 'farith', 'fma', 'fsgnj', 'fminmax', 'fminmax_zfa', 'fround', 'fcvt_float', 'fcvt_from_int', 'fmv_f', 'fli',
            'fmvp_d_x'}
FROM_INT = {'fcvt_from_int', 'fmv_f', 'fmvp_d_x', 'fload', 'fstore'}
NO_RD = {'store', 'fstore', 'branch'}
NOP = {16: 0x0001, 32: 0x00000013}
FFLAGS, FRM, FCSR = 1, 2, 3


def csr_word(csr, funct3, rs1, rd):
    return csr << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x73


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


def extract(insn, field):
    value = 0
    for shift, width in field.pieces:
        value = value << width | (insn >> shift & ((1 << width) - 1) if shift is not None else 0)
    return value + field.add


class Plan:
    """What there is to know about a row before its bits are drawn."""

    def __init__(self, bits, row):
        self.bits, self.row = bits, row
        self.free = ((1 << bits) - 1) & ~row.mask
        items = row.format.items
        fields = {name: item for name, item in items.items() if isinstance(item, decodetree.Field)}
        handler = row.handler
        self.rd = items.get('rd') if handler not in NO_RD and handler not in TO_FLOAT else None
        self.base = fields.get('rs1') if handler in MEMORY | ATOMIC else None
        names = [name for name in ('rd', 'rs1', 'rs2', 'rs3') if name in fields
                 and not (name == 'rs1' and (self.base or handler == 'fli'))]
        self.integer_fields = [fields[name] for name in names if not handler.startswith('f') or name == 'rd' and self.rd
                               or name == 'rs1' and handler in FROM_INT or handler == 'fmvp_d_x' and name != 'rd']
        self.float_fields = [fields[name] for name in names if fields[name] not in self.integer_fields]
        self.rm = fields.get('rm') if handler in NEED_RM else None
        self.fmt = fields.get('fmt') if 'fmt' in fields and not row.mask >> 25 & 3 else None
        self.imm = fields.get('imm')
        self.small = self.imm if handler in MEMORY | {'alu_imm', 'alu_imm_w', 'set_imm'} and bits == 32 else None


def plans(xlen, with_all, only):
    tables = decodetree.Tables()
    for name in ('insn32.decode', 'insn16.decode'):
        tables.read(name, (ROOT / 'target/riscv' / name).read_text())
    other = 'rv32' if xlen == 64 else 'rv64'
    for decoder in tables.decoders:
        for row in decodetree.rows_of(decoder):
            names = {name for names in row.condition for name in names}
            if (other in names or row.handler in NEVER or row.name in NEVER_ROWS or not re.search(only, row.name)
                    or not with_all and (row.handler in PEER_LACKS or row.name in PEER_LACKS_ROWS)):
                continue
            yield Plan(decoder.bits, row)


def is_jalr(bits, word):
    """Whether it is the second of a pair: its distance counts from the auipc before it."""
    return bits == 32 and word & 0x7f == 0x67


class Case:
    """Instructions as [bits, word, field of the distance or None, target], and how often they run."""

    def __init__(self, insns, loops):
        self.insns, self.loops = insns, loops

    def code(self):
        starts = [4]
        for bits, *_ in self.insns:
            starts.append(starts[-1] + bits // 8)
        out = [(self.loops << 20 | COUNTER << 7 | 0x13).to_bytes(4, 'little')]      # li COUNTER, loops
        for number, (bits, word, field, target) in enumerate(self.insns):
            if field:
                word = insert(word, field, starts[target] - starts[number] + 4 * is_jalr(bits, word))
            out.append(word.to_bytes(bits // 8, 'little'))
        back = 4 - (starts[-1] + 4)
        again = ((back >> 12 & 1) << 31 | (back >> 5 & 63) << 25 | COUNTER << 15 | 1 << 12 | (back >> 1 & 15) << 8
                 | (back >> 11 & 1) << 7 | 0x63)
        for word in (0xfff00013 | COUNTER << 15 | COUNTER << 7, again, RETURN << 15 | 0x67):
            out.append(word.to_bytes(4, 'little'))
        code = b''.join(out)
        return code + b'\1\0' * (-len(code) % 4 // 2)

    def without(self, numbers):
        """The same with no-operations in place of the instructions @numbers."""
        numbers = numbers | {i + step for i, insn in enumerate(self.insns) if is_jalr(*insn[:2])
                             for step in (0, -1) if {i, i - 1} & numbers}
        insns = [(bits, NOP[bits], None, 0) if number in numbers else (bits, word, field, target)
                 for number, (bits, word, field, target) in enumerate(self.insns)]
        return Case(insns, self.loops)


class Maker:
    def __init__(self, rng, xlen, with_all, only):
        self.rng, self.xlen = rng, xlen
        handlers = {}
        for plan in plans(xlen, with_all, only):
            handlers.setdefault((plan.row.handler, plan.bits), []).append(plan)
        self.groups = list(handlers.values())
        self.jalr = decodetree.Field([(20, 12)], True, 0)
        self.few = self.few_float = (0,)

    def fill(self, plan):
        """A word, or None where the draw is a reserved encoding or would spoil a reserved register."""
        rng, row = self.rng, plan.row
        handler = row.handler
        insn = row.value | rng.getrandbits(plan.bits) & plan.free
        for fields, few in ((plan.integer_fields, self.few), (plan.float_fields, self.few_float)):
            for field in fields:
                if rng.random() < 0.5:
                    number = rng.choice(few)
                    if field.add <= number < field.add + (1 << field.width()):
                        insn = insert(insn, field, number)
        if plan.base:
            choices = ALIGNED if handler in ATOMIC else POINTERS
            low, count = plan.base.add, 1 << plan.base.width()
            insn = insert(insn, plan.base, rng.choice([reg for reg in choices if low <= reg < low + count]))
        if plan.small and rng.random() < 0.4:
            insn = insert(insn, plan.small, rng.randrange(-9, 9))
        if plan.rm:
            insn = insert(insn, plan.rm, rng.choice((0, 1, 2, 3, 4, 7, 7, 7, 7, 7, 7)))
        if plan.fmt:
            insn = insert(insn, plan.fmt, rng.choice((0, 0, 1, 1, 2)))
        insn = insn & ~row.mask | row.value     # bits of a field may be fixed
        return insn if self.is_legal(plan, insn) and not self.spoils(plan, insn) else None

    def is_legal(self, plan, insn):
        row, bits, handler = plan.row, plan.bits, plan.row.handler
        if bits == 32:
            if handler in ('shift_imm', 'single_bit_imm', 'slli_uw'):
                return extract(insn, plan.imm) < self.xlen
            if handler == 'aes64ks1i':
                return insn >> 20 & 15 < 11
            if handler == 'fcvt_float':
                return insn >> 25 & 3 != insn >> 20 & 3
            if self.xlen == 32 and handler in ('fmv_x', 'fmv_f'):
                return insn >> 25 & 3 != 1
            if self.xlen == 32 and handler == 'amo':
                return not insn >> 12 & 1
            if row.name == 'amocas_q' or row.name == 'amocas_d' and self.xlen == 32:   # register pairs
                return not insn >> 7 & 1 and not insn >> 20 & 1
            return True
        if row.name in ('c_addi4spn', 'c_lui') and not extract(insn, plan.imm):
            return False
        if handler == 'shift_imm':
            return extract(insn, plan.imm) < self.xlen
        if row.name in ('c_addiw', 'c_lwsp', 'c_ldsp'):
            return insn >> 7 & 31
        if row.name in ('c_mv', 'c_add'):
            return insn >> 2 & 31       # c.jr, c.jalr, c.ebreak
        return True

    def spoils(self, plan, insn):
        if plan.rd is None:
            return False
        if isinstance(plan.rd, str):
            return int(plan.rd) in RESERVED
        number = extract(insn, plan.rd)
        pair = plan.row.name == 'amocas_q' or plan.row.name == 'amocas_d' and self.xlen == 32
        return number in RESERVED or pair and number + 1 in RESERVED

    def destination(self):
        while True:
            number = self.rng.randrange(32)
            if number not in RESERVED:
                return number

    def csr(self):
        """An access to fcsr or a part of it that leaves a rounding mode that is not reserved."""
        rng, rd = self.rng, self.destination()
        return rng.choice((csr_word(FRM, 5, rng.randrange(5), rd), csr_word(FRM, 5, rng.randrange(5), 0),
                           csr_word(FFLAGS, 5, rng.randrange(32), rd), csr_word(FFLAGS, 1, rng.randrange(32), rd),
                           csr_word(FFLAGS, 2, rng.randrange(32), rd), csr_word(FFLAGS, 7, rng.randrange(32), rd),
                           csr_word(FCSR, 2, 0, rd), csr_word(FRM, 2, 0, rd), csr_word(FCSR, 5, rng.randrange(32), rd)))

    def one(self):
        while True:
            plan = self.rng.choice(self.rng.choice(self.groups))
            insn = self.fill(plan)
            if insn is not None:
                return plan, insn

    def case(self, length):
        rng = self.rng
        self.few = rng.sample([reg for reg in range(1, 31) if reg not in RESERVED], rng.choice((2, 4, 6)))
        self.few_float = rng.sample(range(32), rng.choice((2, 4)))
        insns = []
        while len(insns) < length:
            number, special = len(insns), rng.randrange(50)
            target = min(rng.randint(number + 1, number + 6), length)
            if special == 0:
                insns.append((32, self.csr(), None, 0))
            elif special == 1 and number + 2 <= length:     # auipc, jalr
                reg = self.destination() or 1
                insns.append((32, 0x17 | reg << 7, None, 0))
                insns.append((32, 0x67 | reg << 15 | self.destination() << 7, self.jalr, max(target, number + 2)))
            else:
                plan, insn = self.one()
                insns.append((plan.bits, insn, plan.imm if plan.row.handler in BRANCHES else None, target))
        return Case(self.mend(insns[:length], length), rng.choice((1, 1, 1, 2, 3, 20)))

    @staticmethod
    def mend(insns, length):
        """A jump through a register counts from its auipc; nothing may jump between the two."""
        pairs = {number for number in range(length) if is_jalr(*insns[number][:2])}
        out = []
        for number, (bits, word, field, target) in enumerate(insns):
            if field and target in pairs:
                target += 1
            out.append((bits, word, field, target))
        return out


def half_bits(rng):
    return rng.choice((0, 0x8000, 0x3c00, 0x7c00, 0xfc00, 0x7e00, 0x7d01, 1, 0x3ff, 0x400, 0x7bff, rng.getrandbits(16)))


def single_bits(rng):
    return rng.choice((0, 1 << 31, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7fa00000, 1, 0x807fffff,
                       0x00800000, 0x7f7fffff, 0x4f000000, 0xcf000000, rng.getrandbits(32),
                       struct.unpack('<I', struct.pack('<f', rng.uniform(-1000, 1000)))[0]))


def double_bits(rng):
    return rng.choice((0, 1 << 63, 0x3ff << 52, 0xbff << 52, 0x7ff << 52, 0xfff << 52, 0x7ff8 << 48, 0x7ff4 << 48, 1,
                       (1 << 52) - 1, 1 << 52, (0x7ff << 52) - 1, 0x43e0 << 48, 0x36a0 << 48, 0x3810 << 48, rng.getrandbits(64),
                       struct.unpack('<Q', struct.pack('<d', rng.uniform(-1e6, 1e6)))[0]))


def floating(rng):
    kind = rng.randrange(5)
    if kind < 2:
        return double_bits(rng)
    return 0xffffffff00000000 | single_bits(rng) if kind < 4 else 0xffffffffffff0000 | half_bits(rng)


def integer(rng):
    kind = rng.randrange(5)
    value = (rng.choice((0, 1, 2, -1, -2, 1 << 31, -(1 << 31), (1 << 31) - 1, 1 << 63, (1 << 63) - 1, 1 << 32, 0xffffffff,
                         0x8080808080808080)) if kind == 0 else rng.getrandbits(64) if kind == 1 else rng.getrandbits(32)
             if kind == 2 else rng.randrange(-100, 100) if kind == 3 else 1 << rng.randrange(64))
    return value & (1 << 64) - 1


def inputs(rng, middle):
    """f0 to f31, fcsr, x1 to x31, as 64 words."""
    fcsr = rng.choice((0, 0, 0, 1, 2, 3, 4)) << 5 | rng.choice((0, 0, rng.randrange(32)))
    x = [integer(rng) for _ in range(32)]
    x[2], x[3], x[8] = middle, middle + rng.randrange(-24, 25), middle + 16 * rng.randrange(-8, 9)
    return [floating(rng) for _ in range(32)] + [fcsr] + x[1:]
