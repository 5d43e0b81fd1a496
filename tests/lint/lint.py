# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lints share: the list of files, and how problems are reported."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def walk():
    """Paths of all files below the root but for what builds and tools leave there."""
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if not name.startswith(('build', '.git', '.cache', '__pycache__'))]
        yield from (os.path.relpath(os.path.join(folder, name), ROOT) for name in names)


def files(*endings):
    """Paths (from the root) of the project's files whose names end in one of @endings."""
    try:
        names = subprocess.run(['git', '-C', ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
                               capture_output=True, text=True, check=True).stdout.split('\0')
    except (OSError, subprocess.CalledProcessError):    # a release archive, or no git
        names = walk()
    return sorted({name for name in names if name.endswith(endings) and (ROOT / name).is_file()})


def read(path):
    return (ROOT / path).read_text(encoding='utf-8')


def finish(problems):
    """Prints @problems and ends the program with the status that meson expects."""
    for problem in problems:
        print(problem)
    print(f'{len(problems)} problems' if problems else 'no problem')
    sys.exit(1 if problems else 0)


def skip(reason):
    print(f'skipped: {reason}')
    sys.exit(77)
