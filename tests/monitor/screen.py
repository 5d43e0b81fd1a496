#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The human monitor on a terminal, as a person has it: tmux is the terminal, screens.txt holds what it must show.

usage: screen.py --build=FOLDER [--update]        Speaks TAP.
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import client

GOLDEN = Path(__file__).with_name('screens.txt')
ROWS, COLUMNS = 24, 80
MONITOR = '-machine none -accel qtest -display none -serial none -monitor stdio'


class Terminal:
    """A tmux server with one window, in which the emulator runs."""

    def __init__(self, binary, folder):
        self.socket = str(Path(folder) / 'tmux')
        self.tmux('-f', '/dev/null', 'new-session', '-d', '-x', str(COLUMNS), '-y', str(ROWS),
                  f'exec {binary} {MONITOR}', check=True)

    def tmux(self, *words, check=False):
        return subprocess.run(['tmux', '-S', self.socket, *words], capture_output=True, text=True, check=check).stdout

    def keys(self, *names):
        self.tmux('send-keys', *names)

    def text(self, text):
        self.tmux('send-keys', '-l', text)

    def screen(self):
        """Lines, without blanks at the end and empty lines below."""
        lines = self.tmux('capture-pane', '-p').split('\n')
        return re.sub(r'Rhea \S+ monitor', 'Rhea VERSION monitor', '\n'.join(line.rstrip() for line in lines).rstrip('\n'))

    def wait(self, until):
        """The screen, once until() likes it."""
        deadline = time.monotonic() + client.TIMEOUT_S
        while True:
            screen = self.screen()
            if until(screen) or time.monotonic() > deadline:
                return screen
            time.sleep(0.02)

    def wait_line(self, last):
        return self.wait(lambda screen: screen.split('\n')[-1] == last)

    def close(self):
        self.tmux('kill-server')


def edit(terminal):
    """A word is mended in the middle, at the start and at the end."""
    terminal.wait_line('(qemu)')
    terminal.text('nfo staXtus')
    terminal.keys('Left', 'Left', 'Left', 'BSpace', 'C-a')
    terminal.text('i')
    terminal.keys('C-e', 'Enter')
    yield terminal.wait(lambda screen: 'running' in screen and screen.endswith('\n(qemu)'))
    terminal.text('print 6*7 rubbish')
    terminal.keys('C-w', 'Enter')
    yield terminal.wait(lambda screen: '42\n(qemu)' in screen)


def search(terminal):
    """Reverse search finds the older lines, arrows walk through them."""
    terminal.wait_line('(qemu)')
    for line in ('print 1', 'info name', 'print 0x10', 'info uuid'):
        terminal.text(line)
        terminal.keys('Enter')
        terminal.wait(lambda screen, line=line: screen.endswith('\n(qemu)') and line in screen)
    terminal.keys('C-r')
    terminal.text('print')
    yield terminal.wait_line("(search 'print'): print 0x10")
    terminal.keys('C-r')
    yield terminal.wait_line("(search 'print'): print 1")
    terminal.keys('Enter')
    terminal.wait(lambda screen: screen.count('\n1\n') == 2 and screen.endswith('(qemu)'))
    terminal.keys('Up', 'Up')
    yield terminal.wait_line('(qemu) info uuid')


def complete(terminal):
    """Tab completes what is clear and lists what is not."""
    terminal.wait_line('(qemu)')
    terminal.text('screend')
    terminal.keys('Tab')
    yield terminal.wait_line('(qemu) screendump')
    terminal.keys('C-u')
    terminal.text('info me')
    terminal.keys('Tab')
    yield terminal.wait(lambda screen: 'memory_size' in screen)
    terminal.keys('C-u')
    terminal.text('qom-get /mach')
    terminal.keys('Tab')
    yield terminal.wait_line('(qemu) qom-get /machine/')


def page(terminal):
    """A long answer stops at the end of the screen; blank, Return and q go on as in any pager."""
    terminal.wait_line('(qemu)')
    terminal.text('help')
    terminal.keys('Enter')
    first = terminal.wait_line('-- more --').split('\n')
    assert len(first) == ROWS, first
    terminal.keys('Enter')
    second = terminal.wait(lambda screen: first[0] not in screen and screen.endswith('-- more --')).split('\n')
    assert second[:10] in (first[1:11], first[2:12]), (first, second)
    terminal.keys('Space')
    third = terminal.wait(lambda screen: first[-2] not in screen and screen.endswith('-- more --')).split('\n')
    assert len(third) == ROWS, third
    terminal.keys('q')
    fourth = terminal.wait_line('(qemu)').split('\n')
    assert '-- more --' not in fourth, fourth
    terminal.text('print 5')
    terminal.keys('Enter')
    assert terminal.wait(lambda screen: screen.endswith('5\n(qemu)')).endswith('(qemu) print 5\n5\n(qemu)')
    yield from ()


def mistakes(terminal):
    """Wrong commands get the nearest one."""
    terminal.wait_line('(qemu)')
    for line in ('sotp', 'info regsters', 'cpu', 'stop/x'):
        terminal.text(line)
        terminal.keys('Enter')
    yield terminal.wait(lambda screen: 'takes no format' in screen and screen.endswith('(qemu)'))


SCENES = [edit, search, complete, page, mistakes]


def read_golden():
    """{(scene, number): screen}."""
    screens = {}
    for block in GOLDEN.read_text(encoding='utf-8').split('=== ')[1:]:
        title, text = block.split('\n', 1)
        screens[title] = text.rstrip('\n')
    return screens


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--build', type=Path, required=True)
    parser.add_argument('--update', action='store_true', help='write down what the screens show now')
    options = parser.parse_args()
    binary = options.build.resolve() / 'rhea-system-riscv64'
    print(f'1..{len(SCENES)}')
    if not shutil.which('tmux'):
        for number, scene in enumerate(SCENES, 1):
            print(f'ok {number} {scene.__name__} # SKIP tmux is not installed')
        return 0
    golden = {} if options.update else read_golden()
    shown, failed = {}, False
    for number, scene in enumerate(SCENES, 1):
        wrong = []
        with tempfile.TemporaryDirectory(prefix='rhea-screen-') as folder:
            terminal = Terminal(binary, folder)
            try:
                for count, screen in enumerate(scene(terminal), 1):
                    title = f'{scene.__name__} {count}'
                    shown[title] = screen
                    if not options.update and golden.get(title) != screen:
                        wrong.append(f'{title}: expected {golden.get(title)!r}, shown is {screen!r}')
            except AssertionError as error:
                wrong.append(str(error))
            finally:
                terminal.close()
        print(f'{"not ok" if wrong else "ok"} {number} {scene.__name__}', flush=True)
        for text in wrong:
            print(f'# {text}')
        failed |= bool(wrong)
    if options.update:
        GOLDEN.write_text(''.join(f'=== {title}\n{screen}\n' for title, screen in shown.items()), encoding='utf-8')
    return int(failed)


if __name__ == '__main__':
    sys.exit(main())
