#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes an instruction decoder in C out of tables of encodings.

usage: decodetree.py --header OUT.h --source OUT.c --include NAME.h [--names OUT.c] FILE.decode...
  --names   a disassembler's half: functions that name the word's row and take its fields apart (disas/named.h)

A line of a table is one of the following; "#" starts a comment, a final "\\" continues the line.

  context TYPE           what handlers get as their first argument (a pointer to it)
  handler PREFIX         handlers are called PREFIX + name
  struct PREFIX          argument structs are called PREFIX + name
  arguments NAME FIELD...   an argument struct: ints, shared by all files
  condition NAME = EXPRESSION   C over "t", the context; a name without this line stands for CONDITION-DEFAULT
  condition * = EXPRESSION      that default; %s is the name
  exclusive NAME NAME    these conditions never hold both

  decoder FUNCTION BITS  the rows below are of this decoder, whose words have that many bits
  field NAME = PIECE...  bits put one behind the other, the highest first: "11:7", "5", "s31:20" (the first piece
                         may be signed), "." is a 0 bit; "+N" adds a constant in the end
  format NAME ARGUMENTS ITEM...  how to fill an argument struct: FIELD, or MEMBER=FIELD, or MEMBER=CONSTANT
  NAME BITS... FORMAT [MEMBER=CONSTANT...] [-> HANDLER] [if CONDITION]
                         an encoding: 0, 1 and "." (any); CONDITION is names joined by & and |, & binding closer
  choose {  rows  }      rows that may overlap: the first that matches is taken

Rows that overlap outside such a group, and rows within one that can never be reached, are errors.
"""
import argparse
import re
import sys
from dataclasses import dataclass, field as member
from pathlib import Path

MAX_BITS = 64


class DecodeError(Exception):
    """A mistake in a table."""


@dataclass
class Field:
    pieces: list        # (shift, width) from the highest; shift None: zero bits
    signed: bool
    add: int

    def width(self):
        return sum(width for _, width in self.pieces)

    def expression(self):
        parts, place = [], self.width()
        for number, (shift, width) in enumerate(self.pieces):
            place -= width
            if shift is None:
                continue
            if number == 0 and self.signed:
                text = f'decode_signed(insn, {shift}, {width})'
                parts.append(f'{text} * (1 << {place})' if place else text)
            else:
                text = f'decode_bits(insn, {shift}, {width})'
                parts.append(f'({text} << {place})' if place else text)
        text = ' + '.join(parts)
        return f'{text} + {self.add}' if self.add else text


@dataclass
class Format:
    name: str
    arguments: str
    items: dict         # member -> Field or text of a constant


@dataclass
class Row:
    name: str
    mask: int
    value: int
    format: Format
    constants: dict
    handler: str
    condition: tuple    # alternatives, each a tuple of names; () is always
    where: str

    def overlaps(self, other):
        return not (self.value ^ other.value) & self.mask & other.mask

    def hides(self, other):
        """Whether no word of @other is left when @self is tried first."""
        return (not self.mask & ~other.mask and self.overlaps(other)
                and (not self.condition or set(self.condition) >= set(other.condition) != set()))


@dataclass
class Group:
    """Rows tried in order; as one member of the tree it has the bits that all of them fix alike."""
    rows: list

    @property
    def mask(self):
        mask = self.rows[0].mask
        for row in self.rows:
            mask &= row.mask & ~(row.value ^ self.rows[0].value)
        return mask

    @property
    def value(self):
        return self.rows[0].value & self.mask


@dataclass
class Decoder:
    function: str
    bits: int
    fields: dict = member(default_factory=dict)
    formats: dict = member(default_factory=dict)
    groups: list = member(default_factory=list)


class Tables:
    """Everything that the files say."""

    def __init__(self):
        self.settings = {'context': None, 'handler': 'trans_', 'struct': 'Arg'}
        self.arguments = {}
        self.conditions = {}
        self.exclusive = set()
        self.decoders = []
        self.group = None

    # reading

    def read(self, name, text):
        lines = re.sub(r'\\\n', ' ', text).split('\n')
        for number, line in enumerate(lines, 1):
            words = line.split('#')[0].split()
            if words:
                try:
                    self.line(words, f'{name}:{number}')
                except DecodeError as error:
                    raise DecodeError(f'{name}:{number}: {error}') from None
        if self.group is not None:
            raise DecodeError(f'{name}: "choose" is not closed')

    def line(self, words, where):
        keyword = words[0]
        known = {'arguments': self.read_arguments, 'condition': self.read_condition, 'decoder': self.read_decoder,
                 'field': self.read_field, 'format': self.read_format}
        if keyword in self.settings and len(words) == 2:
            self.settings[keyword] = words[1]
        elif keyword == 'exclusive':
            self.exclusive |= {(a, b) for a in words[1:] for b in words[1:] if a != b}
        elif keyword in known:
            known[keyword](words[1:])
        elif words == ['choose', '{']:
            if self.group is not None:
                raise DecodeError('"choose" within "choose"')
            self.group = []
        elif words == ['}']:
            if not self.group:
                raise DecodeError('"}" without rows before it')
            self.decoder().groups.append(Group(self.group))
            self.group = None
        else:
            row = self.read_row(words, where)
            if self.group is None:
                self.decoder().groups.append(Group([row]))
            else:
                self.group.append(row)

    def decoder(self):
        if not self.decoders:
            raise DecodeError('no "decoder" line yet')
        return self.decoders[-1]

    def read_arguments(self, words):
        name, *fields = words
        if name in self.arguments:
            raise DecodeError(f'arguments {name} are given twice')
        self.arguments[name] = fields

    def read_condition(self, words):
        if len(words) < 3 or words[1] != '=':
            raise DecodeError('condition NAME = EXPRESSION')
        self.conditions[words[0]] = ' '.join(words[2:])

    def read_decoder(self, words):
        if len(words) != 2 or not words[1].isdigit() or not 0 < int(words[1]) <= MAX_BITS:
            raise DecodeError('decoder FUNCTION BITS')
        self.decoders.append(Decoder(words[0], int(words[1])))

    def read_field(self, words):
        if len(words) < 3 or words[1] != '=':
            raise DecodeError('field NAME = PIECE...')
        self.decoder().fields[words[0]] = self.parse_field(words[2:])

    def parse_field(self, words):
        pieces, signed, add = [], False, 0
        for number, word in enumerate(words):
            match = re.fullmatch(r'(s?)(\d+)(?::(\d+))?', word)
            if word == '.':
                pieces.append((None, 1))
            elif word.startswith('+') and number == len(words) - 1:
                add = int(word[1:], 0)
            elif match:
                high, low = int(match.group(2)), int(match.group(3) or match.group(2))
                if match.group(1) and number:
                    raise DecodeError(f'only the first piece can be signed, not {word}')
                if not self.decoder().bits > high >= low:
                    raise DecodeError(f'bad range of bits {word}')
                signed = signed or bool(match.group(1))
                pieces.append((low, high - low + 1))
            else:
                raise DecodeError(f'bad piece {word}')
        result = Field(pieces, signed, add)
        if result.width() > 32:
            raise DecodeError('the field is wider than 32 bits')
        return result

    def read_format(self, words):
        if len(words) < 2:
            raise DecodeError('format NAME ARGUMENTS ITEM...')
        name, arguments, *items = words
        if arguments not in self.arguments:
            raise DecodeError(f'arguments {arguments} are not known')
        filled = {}
        for item in items:
            left, _, right = item.partition('=')
            filled[self.check_member(arguments, left)] = self.decoder().fields.get(right or left, right)
            if filled[left] == '':
                raise DecodeError(f'field {left} is not known')
        self.decoder().formats[name] = Format(name, arguments, filled)

    def check_member(self, arguments, name):
        if name not in self.arguments[arguments]:
            raise DecodeError(f'arguments {arguments} have no member {name}')
        return name

    def read_row(self, words, where):
        name, *rest = words
        bits = ''
        while rest and re.fullmatch(r'[01.]+', rest[0]):
            bits += rest.pop(0)
        decoder = self.decoder()
        if len(bits) != decoder.bits:
            raise DecodeError(f'{name} has {len(bits)} bits instead of {decoder.bits}')
        if not rest or rest[0] not in decoder.formats:
            raise DecodeError(f'{name}: format {rest[0] if rest else ""} is not known')
        form = decoder.formats[rest.pop(0)]
        constants, handler, condition = {}, name, ()
        while rest:
            word = rest.pop(0)
            if word in ('->', 'if') and not rest:
                raise DecodeError(f'{name}: nothing behind "{word}"')
            if word == '->':
                handler = rest.pop(0)
            elif word == 'if':
                condition = tuple(tuple(sorted(one.split('&'))) for one in rest.pop(0).split('|'))
            elif '=' in word:
                left, right = word.split('=')
                constants[self.check_member(form.arguments, left)] = right
            else:
                raise DecodeError(f'{name}: what is {word}?')
        mask = int(bits.replace('0', '1').replace('.', '0'), 2)
        value = int(bits.replace('.', '0'), 2)
        return Row(name, mask, value, form, constants, handler, condition, where)

    # checking

    def disjoint(self, one, two):
        """Whether the conditions of two rows never hold both."""
        if not one.condition or not two.condition:
            return False
        return all(any((a, b) in self.exclusive for a in first for b in second)
                   for first in one.condition for second in two.condition)

    def check(self):
        if not self.settings['context']:
            raise DecodeError('no "context" line')
        handlers = {}
        for decoder in self.decoders:
            self.check_overlaps(decoder)
            for row in rows_of(decoder):
                seen = handlers.setdefault(row.handler, row)
                if seen.format.arguments != row.format.arguments:
                    raise DecodeError(f'{row.where}: {row.handler} gets other arguments than at {seen.where}')

    def check_overlaps(self, decoder):
        earlier = []
        for group in decoder.groups:
            for number, row in enumerate(group.rows):
                for other in group.rows[:number]:
                    if other.hides(row):
                        raise DecodeError(f'{row.where}: {row.name} is never reached, {other.name} comes first')
                for other in earlier:
                    if row.overlaps(other) and not self.disjoint(row, other):
                        raise DecodeError(f'{row.where}: {row.name} overlaps with {other.name} ({other.where})')
            earlier += group.rows

    def condition_text(self, condition, alone):
        """C for @condition; not @alone: to stand beside `&&`. A comparison by itself takes no parentheses."""
        if alone and len(condition) == 1 and len(condition[0]) == 1 and condition[0][0] in self.conditions:
            return self.conditions[condition[0][0]]

        def one(name):
            if name in self.conditions:
                return f'({self.conditions[name]})'
            if '*' in self.conditions:
                return self.conditions['*'].replace('%s', name)
            raise DecodeError(f'condition {name} is not known')
        texts = [' && '.join(one(name) for name in names) for names in condition]
        if len(texts) == 1:
            return texts[0]
        text = ' || '.join(f'({text})' for text in texts)
        return text if alone else f'({text})'


def rows_of(decoder):
    return [row for group in decoder.groups for row in group.rows]


# writing

def make_header(tables, sources):
    context, struct, prefix = (tables.settings[name] for name in ('context', 'struct', 'handler'))
    out = ['/* SPDX-License-Identifier: GPL-2.0-or-later */',
           f'/* Made by scripts/decodetree.py from {", ".join(sources)}. */', '#pragma once', '',
           '#include <stdbool.h>', '#include <stdint.h>', '', f'typedef struct {context} {context};', '']
    for name, fields in tables.arguments.items():
        out += ['typedef struct {', *(f'    int32_t {field};' for field in fields)]
        out += [] if fields else ['    char none;']
        out += [f'}} {struct}{name};', '']
    out.append('/* Handlers return false for words that are not valid after all. */')
    handlers = {row.handler: row.format.arguments for decoder in tables.decoders for row in rows_of(decoder)}
    out += [f'bool {prefix}{name}({context} *t, const {struct}{arguments} *a);'
            for name, arguments in sorted(handlers.items())]
    out.append('')
    for decoder in tables.decoders:
        out += ['/* Calls the handler of the word; false: it is not valid. */',
                f'bool {decoder.function}({context} *t, {word_type(decoder)} insn);']
    return '\n'.join(out) + '\n'


EXTRACT = ['static inline int32_t decode_bits(uint32_t insn, unsigned shift, unsigned width)', '{',
           '    return (int32_t)((insn >> shift) & (((uint32_t)1 << width) - 1));', '}', '',
           'static inline int32_t decode_signed(uint32_t insn, unsigned shift, unsigned width)', '{',
           '    return (int32_t)((uint32_t)(insn >> shift) << (32 - width)) >> (32 - width);', '}']


def word_type(decoder):
    return 'uint64_t' if decoder.bits > 32 else 'uint32_t'


class Writer:
    """The body of one decoder."""

    def __init__(self, tables, decoder):
        self.tables, self.decoder = tables, decoder
        self.out = []

    def line(self, depth, text):
        self.out.append('    ' * depth + text)

    def constant(self, value):
        return f'0x{value:x}' + ('ull' if self.decoder.bits > 32 else 'u')

    def row(self, row, tested, depth):
        """Code for @row where the bits of @tested are known to match."""
        left = row.mask & ~tested
        tests = []
        if left:
            tests.append(f'(insn & {self.constant(left)}) == {self.constant(row.value & left)}')
        if row.condition:
            tests.append(self.tables.condition_text(row.condition, alone=not tests))
        self.line(depth, f'/* {row.name} */')
        self.line(depth, f'if ({" && ".join(tests)}) {{' if tests else '{')
        struct = self.tables.settings['struct'] + row.format.arguments
        items = {key: value.expression() if isinstance(value, Field) else value
                 for key, value in row.format.items.items()}
        items.update(row.constants)
        self.line(depth + 1, f'const {struct} a = {{')
        for key, value in items.items():
            self.line(depth + 2, f'.{key} = {value},')
        if not items:
            self.line(depth + 2, '0,')
        self.line(depth + 1, '};')
        self.line(depth + 1, f'return {self.tables.settings["handler"]}{row.handler}(t, &a);')
        self.line(depth, '}')
        return bool(tests)

    def groups(self, groups, tested, depth):
        """Returns whether the code may come to its end."""
        common = ~tested
        for group in groups:
            common &= group.mask
        common &= (1 << self.decoder.bits) - 1
        if common and len(groups) > 1:
            self.switch(groups, common, tested, depth)
            return True
        for group in groups:
            for row in group.rows:
                if not self.row(row, tested, depth):
                    return False
        return True

    def switch(self, groups, common, tested, depth):
        cases = {}
        for group in groups:
            cases.setdefault(group.value & common, []).append(group)
        self.line(depth, f'switch (insn & {self.constant(common)}) {{')
        for value, members in sorted(cases.items()):
            self.line(depth, f'case {self.constant(value)}:')
            if self.groups(members, tested | common, depth + 1):
                self.line(depth + 1, 'break;')
        self.line(depth, '}')

    def body(self):
        open_end = self.groups(self.decoder.groups, 0, 1)
        if open_end:
            self.line(1, 'return false;')
        return self.out


def make_source(tables, sources, include):
    out = ['/* SPDX-License-Identifier: GPL-2.0-or-later */',
           f'/* Made by scripts/decodetree.py from {", ".join(sources)}. */', f'#include "{include}"', '']
    bits = max(decoder.bits for decoder in tables.decoders)
    word = 'uint64_t' if bits > 32 else 'uint32_t'
    out += [line.replace('uint32_t insn, unsigned shift', f'{word} insn, unsigned shift').replace('(uint32_t)1', f'({word})1')
            for line in EXTRACT]
    for decoder in tables.decoders:
        out += ['', f'bool {decoder.function}({tables.settings["context"]} *t, {word_type(decoder)} insn)', '{',
                *Writer(tables, decoder).body(), '}']
    return '\n'.join(out) + '\n'


def name_row(row, conditions):
    """C that says what @row is and returns, if the word is of it. Conditions other than on XLEN are taken to hold."""
    tests = [f'(insn & {row.mask:#x}u) == {row.value:#x}u']
    tests += [conditions[one] for names in row.condition for one in names if one in conditions and len(row.condition) == 1]
    items = {**row.format.items, **row.constants}
    fields = [f'{{ "{member}", {item.expression() if isinstance(item, Field) else item} }}' for member, item in items.items()
              if isinstance(item, Field) or re.fullmatch(r'-?\d\w*', item)]
    return [f'    if ({" && ".join(tests)}) {{',
            f'        *named = (DisasNamed){{ "{row.name}", "{row.format.arguments}", {len(fields)}, {{ {", ".join(fields)} }} }};',
            '        return true;', '    }']


def make_names(tables, sources):
    out = ['/* SPDX-License-Identifier: GPL-2.0-or-later */',
           f'/* Made by scripts/decodetree.py from {", ".join(sources)}. */', '#include "disas/named.h"', '', *EXTRACT]
    xlen = {'rv32': 'xlen == 32', 'rv64': 'xlen == 64'}
    for decoder in tables.decoders:
        name = f'{decoder.function}_name'
        out += ['', f'bool {name}(uint32_t insn, unsigned xlen, DisasNamed *named)', '{',
                *(line for row in rows_of(decoder) for line in name_row(row, xlen)), '    return false;', '}']
    return '\n'.join(out) + '\n'


def generate(texts, include='decode.h'):
    """(header, source, names) for @texts, a list of (file name, contents)."""
    tables = Tables()
    for name, text in texts:
        tables.read(name, text)
    tables.check()
    names = [name for name, _ in texts]
    return make_header(tables, names), make_source(tables, names, include), make_names(tables, names)


def main():
    parser = argparse.ArgumentParser(description='make an instruction decoder')
    parser.add_argument('--header', required=True, type=Path)
    parser.add_argument('--source', required=True, type=Path)
    parser.add_argument('--include', required=True, help='how the source includes the header')
    parser.add_argument('--names', type=Path)
    parser.add_argument('tables', nargs='+', type=Path)
    options = parser.parse_args()
    try:
        texts = [(path.name, path.read_text(encoding='utf-8')) for path in options.tables]
        header, source, names = generate(texts, options.include)
    except (DecodeError, OSError) as error:
        sys.exit(f'decodetree: {error}')
    options.header.write_text(header, encoding='utf-8')
    options.source.write_text(source, encoding='utf-8')
    if options.names:
        options.names.write_text(names, encoding='utf-8')


if __name__ == '__main__':
    main()
