#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the tests of a build folder and adds up what they say.

usage: test_report.py BUILD [--long] [--no-suite=SUITE,...] [TEST...]
With --no-suite, all other suites run, and the named tests after them. With --long, only the suite of that name runs. Ends with the line
"N passed, N failed, N skipped" and the status 1 when anything failed.
"""
import json
import re
import subprocess
import sys
from pathlib import Path


def count(entry):
    """(passed, failed, skipped) of one row of meson's log; a TAP program counts each of its tests."""
    tap = re.findall(r'^(not ok|ok)\b(?!.*# (SKIP|TODO))(.*)$', entry.get('stdout', ''), re.M)
    skipped = len(re.findall(r'^(?:not )?ok\b.*# SKIP', entry.get('stdout', ''), re.M))
    passed = sum(status == 'ok' for status, *_ in tap)
    failed = sum(status == 'not ok' for status, *_ in tap)
    if not tap and not skipped:
        return {'OK': (1, 0, 0), 'SKIP': (0, 0, 1), 'EXPECTEDFAIL': (1, 0, 0)}.get(entry['result'], (0, 1, 0))
    if entry['result'] not in ('OK', 'SKIP') and not failed:
        failed = 1      # it crashed or ended early
    return passed, failed, skipped


def last_words(entry):
    """The lines of a failed row that say why: of a TAP program, what it failed and its comments."""
    lines = (entry.get('stdout') or '').splitlines()
    if any(line.startswith('1..') for line in lines):
        lines = [line for line in lines if line.startswith(('not ok', '#', 'Bail out!'))]
    return (lines + (entry.get('stderr') or '').splitlines())[-40:]


def run(build, words):
    """Runs meson with @words; returns the rows of its log."""
    setup = ''.join('-' + word.partition('=')[2] for word in words if word.startswith('--setup='))
    log = Path(build) / 'meson-logs' / f'testlog{setup}.json'
    log.unlink(missing_ok=True)
    status = subprocess.run(['meson', 'test', '-C', build, '--no-rebuild', *words], check=False,
                            stdout=subprocess.DEVNULL).returncode
    if not log.exists():
        return [{'name': 'meson test ' + ' '.join(words), 'result': 'FAIL', 'stdout': f'exit status {status}'}]
    return [json.loads(line) for line in log.read_text().splitlines()]


def main():
    build, *words = sys.argv[1:]
    left_out = [word for word in words if word.startswith('--no-suite=')]
    names = [word for word in words if not word.startswith('-')]
    rows = []
    if left_out:
        suites = left_out[0].partition('=')[2].split(',')
        rows += run(build, [f'--no-suite={suite}' for suite in suites])
    if '--long' in words:
        rows += run(build, ['--setup=long', *(names or ['--suite=long'])])
    elif names or not left_out:
        rows += run(build, names)
    total = [0, 0, 0]
    for entry in rows:
        counts = count(entry)
        total = [one + other for one, other in zip(total, counts)]
        said = (entry.get('stdout') or '') + (entry.get('stderr') or '')
        if counts[1]:
            print(f'FAILED {entry["name"]} ({entry["result"].lower()})')
            print('\n'.join('    ' + line for line in last_words(entry)))
        elif counts[2]:
            reasons = re.findall(r'^skipped: (.*)$|# SKIP (.*)$', said, re.M)
            print(f'skipped {entry["name"]}: {"; ".join(one or other for one, other in reasons) or "gave no reason"}')
    print('%d passed, %d failed, %d skipped' % tuple(total))
    sys.exit(1 if total[1] or not total[0] else 0)


if __name__ == '__main__':
    main()
