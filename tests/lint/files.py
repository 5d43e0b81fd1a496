#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every file: its licence line, its name, its white space."""
import re

import lint

LICENCE = 'SPDX-License-Identifier: GPL-2.0-or-later'
ENDINGS = ('.c', '.h', '.S', '.py', '.build', '.decode', '.def', '.ir', '.ld', 'Makefile', 'configure')
VAGUE = re.compile(r'(^|/)(utils?|common|misc|helpers?)\.[ch]$')


def problems_of(path, text):
    head = text.splitlines()[:2]
    script = bool(head) and head[0].startswith('#!')
    if path.endswith(ENDINGS) or script:
        if LICENCE not in ''.join(head[1 if script else 0:][:1]):
            yield f'{path}: the first line does not say "{LICENCE}"'
    if VAGUE.search(path):
        yield f'{path}: name the concept'
    if path.endswith(('.c', '.h')) and not re.fullmatch(r'[a-z0-9_./]+', path.replace('x86-64', '')):
        yield f'{path}: names are snake_case'
    if not path.endswith('Makefile') and path.endswith(ENDINGS) and '\t' in text and not path.endswith('.S'):
        yield f'{path}: has tabs'
    if re.search(r'[ \t]$', text, re.M):
        yield f'{path}: has white space at a line\'s end'
    if re.search(r'^(<{7}|>{7}) ', text, re.M):
        yield f'{path}: has the marks of a merge that was not finished'
    if text and not text.endswith('\n'):
        yield f'{path}: has no newline at its end'


def main():
    problems = []
    for path in lint.files(''):
        try:
            text = lint.read(path)
        except UnicodeDecodeError:
            continue    # an image, an archive
        if path != 'LICENSE':
            problems += problems_of(path, text)
    lint.finish(problems)


if __name__ == '__main__':
    main()
