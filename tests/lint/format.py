#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the format of C sources with clang-format; .clang-format decides. Braces are never left out.

The version is fixed, since versions disagree. To mend: clang-format-14 -i FILE
"""
import re
import shutil
import subprocess

import lint

TOOL = 'clang-format-14'


def without_braces(text):
    """Line numbers of the conditions and loops in formatted @text whose body has no braces."""
    lines = re.sub(r'/\*.*?\*/', lambda match: re.sub(r'[^\n]', ' ', match.group()), text, flags=re.S).splitlines()
    lines = [re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])*\'', '""', line).rstrip(' \\') for line in lines]
    for number, line in enumerate(lines):
        start = re.match(r'\s*(} )?(else if|if|for|while|else)\b', line)
        if not start or (start.group(2) == 'while' and start.group(1)):
            continue
        end = number
        statement = line
        while end + 1 < len(lines) and (statement.count('(') > statement.count(')')
                                        or not statement.endswith(('{', ';'))):
            end += 1
            statement += lines[end]
        if not statement.endswith('{'):
            yield number + 1


def main():
    if not shutil.which(TOOL):
        lint.skip(f'{TOOL} is not installed')
    paths = lint.files('.c', '.h')
    result = subprocess.run([TOOL, '--dry-run', '--ferror-limit=1', '-Werror', *paths], cwd=lint.ROOT,
                            capture_output=True, text=True, check=False)
    problems = [line for line in result.stderr.splitlines() if 'error:' in line]
    problems += [f'{path}:{number}: braces are missing' for path in paths
                 for number in without_braces(lint.read(path))]
    lint.finish(problems)


if __name__ == '__main__':
    main()
