# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmarks must know of each guest: its programs, how they are compiled, how machines are started."""
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import guest

COMMON_KERNELS = {
    'integer': ['alu', 'branch', 'crc', 'chase', 'copy', 'fib', 'ind', 'interp', 'byteadd'],
    'fp': ['fchain', 'matmul', 'saxpy'],
}
COMMON_PROGRAMS = {
    'integer': ['sha256', 'quicksort', 'bytecode', 'hash', 'lz', 'bignum', 'libc'],
    'fp': ['nbody', 'mandelbrot', 'gemm', 'fft'],
    'system': ['getpid', 'pipe', 'fork', 'fault'],
}
FIRST = ['first-pass', 'second-pass', 'third-pass']
GUEST_MIB = 256

FLAGS = ['-O2', '-std=gnu11', '-D_GNU_SOURCE', '-fno-tree-vectorize', '-iquote', 'work', '-iquote', 'bare']
# Kernels are small: inlined into their loop they would be something else.
KERNEL_FLAGS = [*FLAGS, '-fno-inline', '-ffp-contract=off']
BARE_FLAGS = [*KERNEL_FLAGS, '-ffreestanding', '-nostdlib', '-static', '-no-pie', '-fno-pic', '-fno-stack-protector',
              '-DBARE', '-Wl,--no-warn-rwx-segments', '-Wl,--build-id=none', '-Wl,-z,noexecstack']


@dataclass
class Source:
    """A piece of work that is not compiled as the common ones are: its file, and the options."""
    path: str
    flags: list


@dataclass
class Architecture:
    """A guest's kind. Commands take (program and first options, what to run)."""
    name: str
    compiler: str
    peer: str
    kernels: dict
    programs: dict
    events: list
    bare_flags: list
    bare_command: callable
    bare_status: int                # exit status of an emulator whose program passed
    linux_command: callable
    same_as_host: bool              # the host runs the guest's programs themselves
    sources: dict = field(default_factory=dict)     # name of a piece of work -> Source
    definitions: list = field(default_factory=list)
    starts: dict = field(default_factory=dict)      # name -> (title, command, console's words at the end, seconds)
    memory: dict = field(default_factory=dict)      # name of a start -> title of its memory
    not_on_peer: tuple = ()         # starts that no peer comes to the end of

    def groups(self):
        return list(self.programs)

    def rows(self):
        """Every row of programs: (key, group, events counted in it)."""
        for group, names in self.kernels.items():
            yield from ((f'bare/{name}', f'{group}, bare metal', None) for name in names)
        for group in self.programs:
            names = self.kernels.get(group, []) + self.programs[group]
            yield from ((f'linux/{name}', f'{group}, Linux', None) for name in names)
        yield from ((f'bare/{name}', 'events', 'digest') for name in self.events)
        yield from ((f'bare/{name}', 'first execution', 20000 * 8) for name in FIRST)

    def usable(self):
        """Why programs cannot be compiled; None when they can."""
        return None if shutil.which(self.compiler) else f'{self.compiler} is not installed'

    def guest_folder(self):
        return guest.guest_folder(self.name)


def is_rhea(emulator):
    return Path(emulator[0]).name.startswith('rhea')


# --- riscv64 ---

def riscv64_bare(emulator, program):
    return [*emulator, '-machine', 'virt', '-m', '128M', '-bios', 'none', '-nographic', '-nic', 'none',
            '-kernel', program]


def riscv64_linux(emulator, folder, **more):
    return guest.linux(emulator[0], folder, *emulator[1:], **more)


RISCV64 = Architecture(
    name='riscv64', compiler=guest.CROSS, peer='qemu-system-riscv64', kernels=COMMON_KERNELS, programs=COMMON_PROGRAMS,
    events=['call', 'ecall', 'csr', 'mmio', 'sfence', 'sfence-64-pages', 'modified-code', 'amo', 'cas'],
    bare_flags=['-march=rv64gc', '-mabi=lp64d', '-mcmodel=medany'],
    bare_command=riscv64_bare, bare_status=0, linux_command=riscv64_linux, same_as_host=False,
    starts={'start': ('start to shell prompt',
                      lambda emulator, folder: riscv64_linux(emulator, folder, memory=f'{GUEST_MIB}M'),
                      guest.PROMPT, 60)},
    memory={'start': 'memory beyond guest RAM (MiB)'},
)


# --- x86_64 ---

VECTOR_FLAGS = ['-O3', '-std=gnu11', '-D_GNU_SOURCE', '-ffast-math', '-iquote', 'work']
V3 = ['-march=x86-64-v3']
# The same C as beside it, long enough for vectors.
VECTOR_SCALES = {'saxpy': 3, 'gemm': 4, 'fft': 1}
VECTOR_OWN = ['blur', 'sad', 'search', 'blend', 'swizzle', 'fir']
CRYPTO_FLAGS = [*FLAGS, '-maes', '-mpclmul', '-msse4.1', '-msha']


def x86_64_sources():
    """Pieces of work of their own kind: by vectors of both sizes, cryptography, the x87."""
    sources = {}
    for name in [*VECTOR_SCALES, *VECTOR_OWN]:
        path = f'work/{name}.c' if name in VECTOR_SCALES else f'work/x86_64/{name}.c'
        for kind, flags in (('sse2', []), ('v3', V3)):
            sources[f'{name}_{kind}'] = Source(path, [
                *VECTOR_FLAGS, *flags, f'-DWORK_SCALE={VECTOR_SCALES.get(name, 1)}',
                f'-Dbench_{name}=bench_{name}_{kind}'])
    for name in ('aescbc', 'aesctr', 'ghash', 'sha256best'):
        sources[name] = Source(f'work/x86_64/{name}.c', CRYPTO_FLAGS)
    for name in ('nbody', 'mandelbrot'):
        sources[f'{name}_x87'] = Source(f'work/{name}.c', [*FLAGS, '-mfpmath=387', f'-Dbench_{name}=bench_{name}_x87'])
    sources['matmul_x87'] = Source('work/matmul.c', [*FLAGS, '-DWORK_REAL=long double',
                                                     '-Dbench_matmul=bench_matmul_x87'])
    sources['series'] = Source('work/x86_64/series.c', FLAGS)
    return sources


def x86_64_board(emulator, board, memory):
    """The words that start @board on Rhea without firmware, and on a peer with what it needs."""
    plain = ['-bios', 'none'] if is_rhea(emulator) else []
    return [*emulator, '-cpu', 'max', '-M', board, '-m', memory, '-nographic', '-nic', 'none', '-no-reboot', *plain]


def x86_64_bare(emulator, program):
    return [*x86_64_board(emulator, 'q35', '128M'), '-device', 'isa-debug-exit,iobase=0xf4,iosize=4',
            '-kernel', program]


def x86_64_linux(emulator, folder, board='q35', cpus=1, memory=f'{GUEST_MIB}M', initrd=None):
    return [*x86_64_board(emulator, board, memory), '-smp', cpus, '-kernel', folder / 'vmlinuz',
            '-initrd', initrd or folder / 'initramfs.cpio', '-append', 'console=ttyS0 quiet panic=-1']


def x86_64_seabios(board):
    return lambda emulator, folder: [*emulator, '-M', board, '-m', f'{GUEST_MIB}M', '-nographic', '-nic', 'none',
                                     '-bios', folder / 'bios-256k.bin']


def x86_64_starts():
    starts = {}
    for board in ('pc', 'q35', 'microvm'):
        starts[f'start-{board}'] = (f'start to shell prompt, {board}',
                                    lambda emulator, folder, board=board: x86_64_linux(emulator, folder, board),
                                    guest.PROMPT, 60)
    for board in ('pc', 'q35'):
        starts[f'seabios-{board}'] = (f'SeaBIOS to boot attempt, {board}', x86_64_seabios(board),
                                      r'Booting from|No bootable device', 60)
    return starts


X86_64 = Architecture(
    name='x86_64', compiler='gcc', peer='qemu-system-x86_64', kernels=COMMON_KERNELS,
    programs={**COMMON_PROGRAMS,
              'simd': [f'{name}_{kind}' for kind in ('sse2', 'v3') for name in [*VECTOR_SCALES, *VECTOR_OWN]],
              'crypto': ['aescbc', 'aesctr', 'ghash', 'sha256best'],
              'x87': ['matmul_x87', 'nbody_x87', 'mandelbrot_x87', 'series']},
    events=['call', 'int-iret', 'syscall', 'cpuid', 'rdtsc', 'port', 'mmio', 'apic', 'cr3', 'cr3-64-pages', 'invlpg',
            'modified-code', 'xadd', 'cas'],
    bare_flags=['-mno-red-zone', '-march=x86-64'],
    bare_command=x86_64_bare, bare_status=33, linux_command=x86_64_linux, same_as_host=True,
    sources=x86_64_sources(), definitions=['-DWORK_X86_64'],
    starts=x86_64_starts(),
    memory={f'start-{board}': f'memory beyond guest RAM, {board} (MiB)' for board in ('pc', 'microvm')},
    not_on_peer=('start-microvm',),     # the kernel cannot find out its TSC's rate there, and stands still
)
ARCHITECTURES = {architecture.name: architecture for architecture in (RISCV64, X86_64)}
