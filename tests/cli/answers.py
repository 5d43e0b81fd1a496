#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The exact words that wrong command lines get: answers.txt holds each line and, indented below it, its answer.

usage: answers.py [--binary=EMULATOR] [--build=FOLDER] [--update]        Speaks TAP.
"""
import argparse
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import guest

TABLE = Path(__file__).with_name('answers.txt')
SECONDS = 10


def answer(binary, line, folder):
    """What @line gets, the program's name left out; anything but one line on stderr and status 1 shows up too."""
    try:
        result = subprocess.run([binary, *shlex.split(line)], cwd=folder, stdin=subprocess.DEVNULL, text=True,
                                capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return 'it went on running'
    text = result.stderr.removeprefix('rhea-system-riscv64: ')
    if result.returncode != 1 or result.stdout or text.count('\n') != 1:
        return f'status {result.returncode}, stdout {result.stdout!r}, stderr {result.stderr!r}'
    return text.rstrip('\n')


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--binary')
    parser.add_argument('--build')
    parser.add_argument('--update', action='store_true')
    options = parser.parse_args()
    binary = guest.emulator(options.binary, options.build)
    binary = binary and Path(binary).absolute()
    text = TABLE.read_text().splitlines()
    comments = [line for line in text if line.startswith('#')]
    rows = [(line, text[number + 1].strip() if number + 1 < len(text) and text[number + 1].startswith('    ') else '')
            for number, line in enumerate(text) if line and line[0] not in ' #']
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / 'empty').touch()
        (folder / 'folder').mkdir()
        (folder / 'file').write_text('something\n')
        (folder / 'broken.ini').write_text('[machine]\ntype "none"\n')
        (folder / 'wrong.ini').write_text('# comment\n[smp]\n  cpus = "x"\n')
        before = set(folder.iterdir())
        if options.update:
            rows = [(line, answer(binary, line, folder)) for line, _ in rows]
            TABLE.write_text('\n'.join(comments + [f'{line}\n    {got}' for line, got in rows]) + '\n')
            return
        print(f'1..{len(rows)}')
        for number, (line, expected) in enumerate(rows, 1):
            if not binary:
                print(f'ok {number} {line} # SKIP rhea-system-riscv64 is not built')
                continue
            got = answer(binary, line, folder)
            left = set(folder.iterdir()) - before
            wrong = got != expected or left
            print(f'{"not ok" if wrong else "ok"} {number} {line}', flush=True)
            if wrong:
                print(f'# expected {expected}\n# but got  {got}\n# left behind: {[str(path) for path in left]}')
                failed = True
    sys.exit(failed)


if __name__ == '__main__':
    main()
