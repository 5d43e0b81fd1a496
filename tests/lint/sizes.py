#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Bounds of files and functions: beyond them, look for the seam."""
import re

import lint

SOURCE_LINES = 1200
HEADER_LINES = 150
FUNCTION_LINES = 120
NESTING = 3
PARAMETERS = 6

# path, or path:function -> why the bound does not hold there
EXEMPT = {
    'memory/region.c:memory_region_init_rom_device': 'what memory_region_init_io() takes, and an error',
}


def functions(text):
    """Yields (line number, name, parameters, body lines) of each function defined in @text.

    It leans on the format that clang-format enforces: a definition starts in the first column, and
    its braces stand alone in the first column.
    """
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        if lines[number] != '{':
            number += 1
            continue
        start = number - 1
        while start > 0 and lines[start] and lines[start][0] in ' \t':
            start -= 1
        head = ' '.join(line.strip() for line in lines[start:number])
        match = re.match(r'[\w\s\*]*?\b(\w+)\((.*)\)$', head)
        end = number
        while end < len(lines) and lines[end] != '}':
            end += 1
        if match:
            yield start + 1, match.group(1), match.group(2), lines[number + 1:end]
        number = end + 1


def count_parameters(parameters):
    """How many parameters there are; those of a function pointer count as one."""
    depth = count = 0
    for char in parameters:
        depth += (char == '(') - (char == ')')
        count += char == ',' and depth == 0
    return count + 1 if parameters.strip() not in ('', 'void') else 0


def is_flat_switch(body):
    """Whether nearly every line is a case of a switch, with its statement on the line or the next."""
    cases = sum(bool(re.match(r'\s*(case\b|default:|return\b|break;)', line)) for line in body)
    return cases * 10 >= len(body) * 8


def nesting(body):
    """The deepest nesting of blocks that a statement (not an initialiser) opens."""
    deepest = 0
    stack = []
    for line in body:
        code = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])*\'|//.*|/\*.*?\*/', '', line)
        for match in re.finditer(r'[{}]', code):
            if match.group() == '{':
                before = code[:match.start()].rstrip()
                literal = re.search(r'(=|[(,&?:]|return)\s*\([^()]*\)$', before)
                stack.append(before.endswith((')', 'else', 'do')) and not literal)
                deepest = max(deepest, sum(stack))
            elif stack:
                stack.pop()
    return deepest


def problems_of(path, text):
    lines = text.count('\n')
    bound = HEADER_LINES if path.endswith('.h') else SOURCE_LINES
    if lines > bound and path not in EXEMPT:
        yield f'{path}: {lines} lines, more than {bound}'
    for number, name, parameters, body in functions(text):
        if f'{path}:{name}' in EXEMPT:
            continue
        where = f'{path}:{number}: {name}()'
        if len(body) > FUNCTION_LINES and not is_flat_switch(body):
            yield f'{where} has {len(body)} lines, more than {FUNCTION_LINES}'
        if nesting(body) > NESTING:
            yield f'{where} is nested {nesting(body)} deep, more than {NESTING}'
        if count_parameters(parameters) > PARAMETERS:
            yield f'{where} has {count_parameters(parameters)} parameters, more than {PARAMETERS}'


if __name__ == '__main__':
    lint.finish([problem for path in lint.files('.c', '.h') if not path.startswith('tests/bench/')
                 for problem in problems_of(path, lint.read(path))])
