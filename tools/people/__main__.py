# SPDX-License-Identifier: GPL-2.0-or-later
"""What `rhea doctor`, `rhea qmp` and `rhea top` run."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import doctor
import shell
import top
from client import Problem

TOOLS = {'doctor': doctor, 'qmp': shell, 'top': top}


def manual(name):
    """The manual page of a tool, out of what --help prints."""
    head, _, rest = TOOLS[name].__doc__.strip().partition('\n\n')
    usage, _, text = rest.partition('\n\n')
    summary = head.partition(': ')[2].rstrip('.')
    calls = [call.removeprefix('usage:').strip() for call in usage.splitlines()]
    lines = [f'.TH RHEA-{name.upper()} 1', '.SH NAME', f'rhea-{name} \\- {summary}', '.SH SYNOPSIS']
    for call in calls:
        lines += ['.nf', call.replace('-', '\\-'), '.fi']
    lines.append('.SH DESCRIPTION')
    for paragraph in text.split('\n\n'):
        lines += [row.replace('-', '\\-') for row in paragraph.splitlines()] + ['.PP']
    lines += ['.SH SEE ALSO', '.BR rhea (1)']
    return '\n'.join(lines)


def main():
    if sys.argv[1:2] == ['--manual'] and sys.argv[2:] and sys.argv[2] in TOOLS:
        print(manual(sys.argv[2]))
        return 0
    name, words = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ('', [])
    if name not in TOOLS:
        print(f'rhea: there is no tool {name!r}; there are {", ".join(TOOLS)}', file=sys.stderr)
        return 1
    if any(word in ('-h', '--help') for word in words[:1]):
        print(TOOLS[name].__doc__.strip())
        return 0
    try:
        return int(TOOLS[name].main(words))
    except Problem as problem:
        print(f'rhea {name}: {problem}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == '__main__':
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
