# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that a test talks to over its serial console; what boot tests and benchmarks share."""
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'scripts'))
import initramfs

CROSS = 'riscv64-linux-gnu-gcc'
PROMPT = r'guest:~# '


# Ways to run the same guest: name -> properties of the translator.
VARIANTS = {
    'default': '',
    'interp': 'interp=on',
    'lockstep': 'lockstep=on',
    'one-insn': 'one-insn=on',
    'one-entry-tlb': 'one-entry-tlb=on',
    'slow-memory': 'slow-memory=on',
    'group-fail': 'group-fail=on',
    'no-groups': 'no-groups=on',
    'predictor-miss': 'predictor-miss=on',
    'no-predictor': 'no-predictor=on',
    'no-chain': 'no-chain=on',
    'random-kicks': 'random-kicks=on',
    'flush': 'flush-every=500',
    'flush-seldom': 'flush-every=10000',    # a slow host gets no further than the next tick of a kernel otherwise
    'small-cache': 'tb-size=1,chunk-size=64',
    'no-pins': 'pinned-int=0,pinned-fp=0',
    'few-pins': 'pinned-int=5,pinned-fp=4',
    'no-fma': 'without=fma',
    'no-avx': 'without=avx',
    'old-host': 'without=all',
    'single-thread': 'thread=single',
    'icount': 'icount=3',
}


class Failure(Exception):
    """A guest did not do what was expected."""


def skip(reason, tap=False):
    """Ends the test as meson's protocol for a skipped one says; @tap: the program speaks TAP."""
    print(f'1..0 # SKIP {reason}' if tap else f'skipped: {reason}')
    sys.exit(0 if tap else 77)


def emulator(given=None, build=None, arch='riscv64'):
    """Path of the emulator under test; None when it is not built yet."""
    if given or os.environ.get('RHEA_BINARY'):
        return given or os.environ['RHEA_BINARY']
    build = Path(build or ROOT / 'build')
    name = f'rhea-system-{arch}'
    return next((str(path) for path in (build / name, build / 'system' / name) if path.exists()), None)


def accel_options(binary, variant, tap=False):
    """The command-line words of @variant; skips the test when this emulator does not know its properties."""
    options = VARIANTS[variant]
    if not options:
        return []
    text = subprocess.run([binary, '-accel', 'tcg,help'], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=20).stdout
    for option in options.split(','):
        if not re.search(rf'(?<![\w-]){option.split("=")[0]}(?![\w-])', text):
            skip(f'{Path(binary).name} has no -accel tcg,{option}', tap)
    return ['-accel', f'tcg,{options}']


def guest_folder(arch='riscv64'):
    """Folder of what scripts/fetch-guest keeps for @arch; None when it has not run."""
    result = subprocess.run([ROOT / 'scripts/fetch-guest', '--offline', arch], capture_output=True, text=True, check=False)
    return Path(result.stdout.strip()) if result.returncode == 0 else None


def with_files(folder, files):
    """A temporary initramfs: the base system and @files (path in the guest -> contents)."""
    archive = tempfile.NamedTemporaryFile(prefix='guest-', suffix='.cpio')
    archive.write((folder / 'initramfs.cpio').read_bytes() + initramfs.overlay(files))
    archive.flush()
    return archive


class Guest:
    """A running emulator, its console on pipes. Use it in a `with`: leaving kills what still runs."""

    def __init__(self, command, echo=False):
        self.command = [str(word) for word in command]
        self.text = ''          # everything the console has said
        self.seen = 0           # how much of it expect() has passed
        self.echo = echo
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, bufsize=0, start_new_session=True)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.closed = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.process.stdin.close()
        self.selector.close()

    def _read(self, until):
        """Waits for output; returns False at the end of the output, raises Failure at time @until."""
        if self.closed:
            return False
        if not self.selector.select(max(0, until - time.monotonic())):
            raise Failure('timed out')
        data = os.read(self.process.stdout.fileno(), 65536)
        if not data:
            self.closed = True
            self.selector.unregister(self.process.stdout)
            return False
        text = data.decode(errors='replace').replace('\r', '')
        self.text += text
        if self.echo:
            sys.stdout.write(text)
            sys.stdout.flush()
        return True

    def expect(self, pattern, timeout=60):
        """Waits until @pattern (a regular expression) appears after the last match; returns the match."""
        until = time.monotonic() + timeout
        while True:
            match = re.search(pattern, self.text[self.seen:], re.M)
            if match:
                self.seen += match.end()
                return match
            try:
                if not self._read(until):
                    raise Failure('ended')
            except Failure as failure:
                raise Failure(f'the guest {failure} before it said {pattern!r}; its last words:\n'
                              + self.text[-1500:]) from None

    def send(self, text):
        self.process.stdin.write(text.encode())

    def command_output(self, line, timeout=60):
        """Types @line at the guest's prompt; returns what it printed."""
        # Sums, since the shell echoes what is typed, in its own way.
        self.send(f'echo "<$((40+1))>"; {line}; echo "<$((40+2))>"\n')
        return self.expect(r'(?s)<41>\n(.*?)<42>', timeout).group(1)

    def wait(self, timeout=60):
        """Waits for the emulator to end; returns its exit status."""
        until = time.monotonic() + timeout
        try:
            while self._read(until):
                pass
            return self.process.wait(max(0.1, until - time.monotonic()))
        except (Failure, subprocess.TimeoutExpired):
            raise Failure('the emulator did not end; its last words:\n' + self.text[-1500:]) from None



def linux(binary, folder, *more, cpus=1, memory='256M', initrd=None, append='quiet'):
    """The command line that boots the Debian kernel."""
    return [binary, '-machine', 'virt', '-smp', cpus, '-m', memory, '-nographic', '-nic', 'none',
            '-bios', folder / 'fw_dynamic.bin', '-kernel', folder / 'Image',
            '-initrd', initrd or folder / 'initramfs.cpio', '-append', append, *more]
