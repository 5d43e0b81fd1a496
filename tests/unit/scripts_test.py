#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of scripts/ that compute something."""
import gzip
import importlib.machinery
import importlib.util
import struct
import subprocess
import sys
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / 'scripts'
sys.path.insert(0, str(SCRIPTS))
import initramfs
import test_report


def load(name):
    loader = importlib.machinery.SourceFileLoader(name.replace('-', '_'), str(SCRIPTS / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def entries(archive):
    """(name, mode, device, data) of each entry of a newc archive."""
    at = 0
    while True:
        assert archive[at:at + 6] == b'070701' and at % 4 == 0
        fields = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        name = archive[at + 110:at + 110 + fields[11] - 1].decode()
        at += 110 + fields[11]
        at += -at % 4
        if name == 'TRAILER!!!':
            return
        yield name, fields[1], (fields[9], fields[10]), archive[at:at + fields[6]]
        at += fields[6]
        at += -at % 4


class Initramfs(unittest.TestCase):
    def test_overlay_holds_files_and_their_folders_once(self):
        found = list(entries(initramfs.overlay({'a/b/one': b'12345', '/a/b/two': 'text'})))
        self.assertEqual([name for name, *_ in found], ['a', 'a/b', 'a/b/one', 'a/b/two'])
        self.assertEqual(found[2], ('a/b/one', 0o100755, (0, 0), b'12345'))

    def test_base_has_console_and_init(self):
        base = initramfs.base(b'program', dict.fromkeys(initramfs.MODULES, b'module'))
        found = {name: (mode, device, data) for name, mode, device, data in entries(base)}
        self.assertEqual(found['dev/console'][:2], (0o020600, (5, 1)))
        self.assertEqual(found['init'][2], b'bin/busybox')
        self.assertEqual(found['bin/busybox'][2], b'program')
        self.assertEqual(found['lib/modules/0-virtio_mmio.ko'], (0o100644, (0, 0), b'module'))


class FetchGuest(unittest.TestCase):
    image = bytes(0x38) + b'RSC\x05' + bytes(100)

    def test_plain_and_compressed_kernels_are_unpacked(self):
        fetch = load('fetch-guest')
        packed = gzip.compress(self.image)
        zboot = b'MZ\0\0zimg' + struct.pack('<II', 64, len(packed)) + bytes(8) + b'gzip'.ljust(40, b'\0') + packed
        for data in (self.image, packed, zboot):
            self.assertEqual(fetch.boot_image(data), self.image)

    def test_another_kernel_is_refused(self):
        fetch = load('fetch-guest')
        with self.assertRaises(fetch.Failure):
            fetch.boot_image(bytes(1000))


class TestReport(unittest.TestCase):
    def test_tap_counts_each_test(self):
        text = '1..4\nok 1 /a\nok 2 /b # SKIP no such thing\nnot ok 3 /c\nok 4 /d\n'
        self.assertEqual(test_report.count({'result': 'FAIL', 'stdout': text}), (2, 1, 1))

    def test_program_that_dies_counts_as_failed(self):
        self.assertEqual(test_report.count({'result': 'ERROR', 'stdout': 'ok 1 /a\n'}), (1, 1, 0))
        self.assertEqual(test_report.count({'result': 'TIMEOUT', 'stdout': ''}), (0, 1, 0))

    def test_other_programs_count_once(self):
        self.assertEqual(test_report.count({'result': 'OK', 'stdout': 'fine'}), (1, 0, 0))
        self.assertEqual(test_report.count({'result': 'SKIP', 'stdout': 'skipped: x'}), (0, 0, 1))


class Deps(unittest.TestCase):
    def deps(self, *words):
        return subprocess.run([SCRIPTS / 'deps', *words], capture_output=True, text=True, check=False)

    def test_lists_by_purpose(self):
        self.assertIn('meson', self.deps('list', 'build').stdout.split())
        self.assertNotIn('meson', self.deps('list', 'docs').stdout.split())
        self.assertLess(set(self.deps('list', 'build').stdout.split()), set(self.deps('list').stdout.split()))

    def test_unknown_words_are_refused(self):
        for words in (('list', 'nothing'), ('show',), ()):
            self.assertEqual(self.deps(*words).returncode, 1, words)


if __name__ == '__main__':
    unittest.main(argv=['scripts'])
