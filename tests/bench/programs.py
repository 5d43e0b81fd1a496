# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiles the benchmarks' programs into a folder of the build."""
import subprocess
from pathlib import Path

from architecture import BARE_FLAGS, FLAGS, KERNEL_FLAGS

HERE = Path(__file__).resolve().parent


class Programs:
    """The programs of one architecture."""

    def __init__(self, architecture, folder):
        self.architecture, self.folder = architecture, folder / architecture.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.newest = max(path.stat().st_mtime for path in [*HERE.glob('*/**/*.*'), *HERE.glob('*.py')])

    def compile(self, name, command, sources):
        output = self.folder / name
        if not output.exists() or output.stat().st_mtime < self.newest:
            subprocess.run([*command, '-o', output, *sources, *([] if '-nostdlib' in command else ['-lm'])],
                           cwd=HERE, check=True)
        return output

    def pieces(self, prefix, contract):
        """(name of an object, its source, its options): kernels without inlining, larger programs as a user would
        compile them; @contract: what is said about fusing multiplications and additions."""
        kernels = {name for names in self.architecture.kernels.values() for name in names}
        for source in sorted((HERE / 'work').glob('*.c')):
            flags = KERNEL_FLAGS if source.stem in kernels else [*FLAGS, *contract]
            yield f'{prefix}-{source.stem}.o', source, [*flags, *self.architecture.definitions]
        for name, source in self.architecture.sources.items():
            yield f'{prefix}-{name}.o', source.path, source.flags

    def work(self, prefix, compiler, contract=(), link=()):
        objects = [self.compile(name, [compiler, *flags, '-c', '-nostdlib'], [source])
                   for name, source, flags in self.pieces(prefix, contract)]
        return self.compile(f'work-{prefix}', [compiler, *link], objects)

    def linux(self):
        return self.work('guest', self.architecture.compiler, link=['-static'])

    def host(self):
        if self.architecture.same_as_host:
            return self.linux()
        return self.work('host', 'gcc', contract=['-ffp-contract=off'])

    def bare(self, name):
        """@name: a kernel, or events, first, or (where there is such a source) another program on its own."""
        machine = f'bare/{self.architecture.name}'
        command = [self.architecture.compiler, *BARE_FLAGS, *self.architecture.bare_flags, '-iquote', machine,
                   '-T', f'{machine}/bare.ld']
        common = [f'{machine}/start.S', 'bare/bare.c']
        if name == 'events':
            return self.compile('events.elf', command, [*common, f'{machine}/events.c', f'{machine}/events.S'])
        if name == 'first':
            return self.compile('first.elf', command, [*common, 'bare/first.c', f'{machine}/first.S'])
        if name == 'hello':
            return self.compile('hello.elf', command, [f'{machine}/hello.S'])
        return self.compile(f'{name}.elf', [*command, f'-DKERNEL={name}'], [*common, 'bare/kernel.c', f'work/{name}.c'])
