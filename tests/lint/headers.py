#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiles each header alone, and checks that each source includes its own header first.

usage: headers.py BUILD-FOLDER
"""
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lint
from layers import includes


def compiler(build):
    """The compiler and the flags that the library is built with."""
    commands = json.loads((build / 'compile_commands.json').read_text())
    words = shlex.split(next(entry['command'] for entry in commands if 'rhea-core' in entry['output']))
    if os.path.basename(words[0]) == 'ccache':
        words = words[1:]
    kept = [words[0]]
    flag = ''
    for word in words[1:]:
        if flag in ('-iquote', '-isystem', '-include'):
            kept += [flag, word]
        elif flag not in ('-o', '-MF', '-MQ') and re.match(r'-(I|D|W|f|std|m|pthread)', word):
            kept.append(word)
        flag = word
    return [word for word in kept if not word.startswith('-fsanitize')]


def compiled_alone(header, command, build):
    result = subprocess.run([*command, '-fdiagnostics-color=never', '-Werror', '-fsyntax-only', '-x', 'c', '-'], cwd=build, text=True,
                            input=f'#include "{header}"\n', capture_output=True, check=False)
    if result.returncode:
        lines = [line for line in result.stderr.splitlines() if 'error:' in line]
        return f'{header}: does not compile alone: {lines[0] if lines else result.stderr}'
    return None


def own_header_not_first(source):
    own = source[:-2] + '.h'
    if not (lint.ROOT / own).is_file():
        return None
    text = lint.read(source)
    first = re.search(r'^\s*#\s*include\s+(["<][^">]+[">])', text, re.M)
    if first and first.group(1) != f'"{own}"':
        return f'{source}: includes {first.group(1)} before its own header'
    if own not in (name for _, name in includes(text)):
        return f'{source}: does not include its own header'
    return None


def main():
    build = Path(sys.argv[1])
    command = compiler(build)
    headers = [path for path in lint.files('.h') if not path.startswith(('tests/bench/', 'tests/tcg/'))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = list(pool.map(lambda header: compiled_alone(header, command, build), headers))
    problems += [f'{header}: no #pragma once' for header in headers
                 if not re.search(r'^#pragma once$', lint.read(header), re.M)]
    problems += [own_header_not_first(source) for source in lint.files('.c') if not source.startswith('tests/')]
    lint.finish([problem for problem in problems if problem])


if __name__ == '__main__':
    main()
