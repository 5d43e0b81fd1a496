#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every path that the documentation names exists; every top-level folder is in the architecture page."""
import re

import lint

PATH = re.compile(r'``([A-Za-z_.][\w.-]*/[\w./-]*)``')


def folders():
    return {path.split('/')[0] for path in lint.files('') if '/' in path and not path.startswith('.')}


def problems_of(path, text, tops):
    for number, line in enumerate(text.splitlines(), 1):
        for name in PATH.findall(line):
            if name.split('/')[0] in tops and not (lint.ROOT / name).exists():
                yield f'{path}:{number}: {name} does not exist'


def main():
    tops = folders()
    problems = [problem for path in lint.files('.rst') for problem in problems_of(path, lint.read(path), tops)]
    page = lint.ROOT / 'docs/architecture.rst'
    if page.exists():
        text = page.read_text()
        problems += [f'docs/architecture.rst: says nothing of {top}/' for top in sorted(tops) if f'{top}/' not in text]
    lint.finish(problems)


if __name__ == '__main__':
    main()
