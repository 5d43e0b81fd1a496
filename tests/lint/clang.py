#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that the other compiler has nothing to say: every source through clang, without making code.

usage: clang.py BUILD-FOLDER
"""
import json
import os
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lint

TOOL = 'clang-14'
LEFT_OUT = ('-o', '-MF', '-MQ')


def check(entry):
    words = shlex.split(entry['command'])
    words = words[2 if os.path.basename(words[0]) == 'ccache' else 1:]
    kept = [word for before, word in zip([''] + words, words)
            if before not in LEFT_OUT and word not in (*LEFT_OUT, '-c', '-MD') and not word.startswith('-fsanitize')]
    result = subprocess.run([TOOL, '-fsyntax-only', '-Werror', '-Wno-unknown-warning-option', *kept,
                             '-fno-color-diagnostics'],
                            cwd=entry['directory'], capture_output=True, text=True, check=False)
    return [line.replace('../', '', 1) for line in result.stderr.splitlines() if 'error:' in line]


def main():
    if not shutil.which(TOOL):
        lint.skip(f'{TOOL} is not installed')
    commands = json.loads((Path(sys.argv[1]) / 'compile_commands.json').read_text())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [line for lines in pool.map(check, commands) for line in lines]
    lint.finish(sorted(set(problems)))


if __name__ == '__main__':
    main()
