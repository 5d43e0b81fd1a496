# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lints share: the list of files, and how problems are reported."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def files(*endings):
    """Paths (from the root) of the project's files whose names end in one of @endings."""
    git = subprocess.run(['git', '-C', ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
                         capture_output=True, text=True, check=False)
    if git.returncode == 0:
        names = git.stdout.split('\0')
    else:   # a release archive
        names = [os.path.relpath(os.path.join(folder, name), ROOT)
                 for folder, _, some in os.walk(ROOT) for name in some if '/build' not in folder]
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
