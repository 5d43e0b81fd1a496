# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine with the debugging stub on a socket, a debugger that sends what it is told, and gdb itself."""
import argparse
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import guest

SECONDS = 20


class Machine:
    """The program on a bare machine of two CPUs, stopped, with the stub on a socket."""
    binary = accel = program = symbols = None
    words = ()      # of the command line: which machine

    def __init__(self, folder, *options):
        self.path = folder / 'gdb'
        command = [self.binary, *self.words, '-m', '64M', '-display', 'none', '-serial', 'none', '-kernel', self.program,
                   '-gdb', f'unix:{self.path}', '-S', *self.accel, *options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Client:
    """A debugger that sends what it is told."""

    def __init__(self, machine, connection=None):
        self.socket = connection or socket.socket(socket.AF_UNIX)
        self.socket.settimeout(SECONDS)
        end = time.monotonic() + SECONDS
        while not connection and self.socket.connect_ex(str(machine.path)):    # not made yet, or not listening yet
            assert time.monotonic() < end and machine.process.poll() is None, machine.process.stdout.read()
            time.sleep(0.01)
        self.buffer = b''
        self.names = []         # of registers, once describe() has run

    def frame(self, data):
        return b'$' + data + b'#%02x' % (sum(data) & 255)

    def byte(self):
        while not self.buffer:
            more = self.socket.recv(65536)
            assert more, 'the stub hung up'
            self.buffer += more
        first, self.buffer = self.buffer[:1], self.buffer[1:]
        return first

    def packet(self):
        """The next packet, unescaped; what comes before is acknowledgements."""
        while (first := self.byte()) != b'$':
            assert first in b'+-', first
        data = b''
        while (byte := self.byte()) != b'#':
            data += bytes([self.byte()[0] ^ 0x20]) if byte == b'}' else byte
        self.byte(), self.byte()
        self.socket.sendall(b'+')
        return data.decode('latin-1')

    def ask(self, text):
        self.socket.sendall(self.frame(text.encode('latin-1')))
        return self.packet()

    def describe(self, supported=''):
        """The target description; registers have names from here on."""
        self.ask('qSupported' + supported)
        text, more = '', 'm'
        while more == 'm':
            part = self.ask(f'qXfer:features:read:target.xml:{len(text):x},1000')
            more, text = part[0], text + part[1:]
        self.names = re.findall(r'<reg name="([^"]*)"', text)
        return text

    def get(self, name):
        return self.register(self.names.index(name))

    def set(self, name, value, count=8):
        return self.ask(f'P{self.names.index(name):x}={value.to_bytes(count, "little").hex()}')

    def word(self, address):
        return int.from_bytes(bytes.fromhex(self.ask(f'm{address:x},8')), 'little')

    def register(self, number):
        return int.from_bytes(bytes.fromhex(self.ask(f'p{number:x}')), 'little')


def gdb(machine, *commands):
    """What gdb prints for @commands."""
    words = ['gdb-multiarch', '-q', '-nx', '-batch']
    for command in ('set pagination off', 'set confirm off', f'file {machine.program}', f'target remote {machine.path}',
                    *commands):
        words += ['-ex', command]
    result = subprocess.run(words, capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL, check=False)
    return result.stdout + result.stderr


def assemble(compiler, nm, flags, source, folder):
    """(program, its symbols)"""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / (source.stem + '.elf')
    subprocess.run([compiler, *flags, '-nostdlib', '-static', '-g', '-Wl,--build-id=none', '-Wl,--no-warn-rwx-segments', '-o', output,
                    source], check=True)
    names = subprocess.run([nm, output], capture_output=True, text=True, check=True).stdout
    return output, {name: int(at, 16) for at, _, name in (line.split() for line in names.splitlines())}


def main(arch, compiler, make, tests, usage):
    """Runs the functions @tests called test_..., each with a folder of its own; @make(folder) -> (program, symbols)."""
    parser = argparse.ArgumentParser(usage=usage)
    parser.add_argument('--binary')
    parser.add_argument('--build', default=str(guest.ROOT / 'build'))
    parser.add_argument('--variant', choices=list(guest.VARIANTS), default='default')
    parser.add_argument('pattern', nargs='?', default='')
    options = parser.parse_args()
    if not shutil.which(compiler):
        guest.skip(f'{compiler} is not installed', tap=True)
    Machine.binary = guest.emulator(options.binary, options.build, arch)
    if not Machine.binary:
        guest.skip(f'rhea-system-{arch} is not built', tap=True)
    Machine.accel = guest.accel_options(Machine.binary, options.variant, tap=True)
    Machine.program, Machine.symbols = make(Path(options.build) / 'tests')
    chosen = [fn for name, fn in tests.items() if name.startswith('test_') and options.pattern in name]
    print(f'1..{len(chosen)}')
    failed = False
    for number, test in enumerate(chosen, 1):
        name = test.__name__.removeprefix('test_')
        with tempfile.TemporaryDirectory() as folder:
            try:
                skipped = test(Path(folder))
                print(f'ok {number} {name}' + (f' # SKIP {skipped}' if skipped else ''), flush=True)
            except Exception:    # any failure is the test's
                print(f'not ok {number} {name}')
                print('# ' + traceback.format_exc().replace('\n', '\n# '), flush=True)
                failed = True
    sys.exit(failed)
