#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Images that mean harm: one line and status 1, little memory, no hang.  usage: hostile_test.py RHEA-IMG [ROUNDS]"""
import random
import resource
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

RHEA = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 35
MEMORY = 1 << 30     # address space: the tool itself, its threads' stacks, and what it allocates
SECONDS = 5
FAST = '/dev/shm' if Path('/dev/shm').is_dir() else None      # flushes of real disks are slow
failures = []

FIELDS = {  # name -> offset, format
    'magic': (0, '>I'), 'version': (4, '>I'), 'backing_offset': (8, '>Q'), 'backing_size': (16, '>I'),
    'cluster_bits': (20, '>I'), 'size': (24, '>Q'), 'crypt': (32, '>I'), 'l1_entries': (36, '>I'),
    'l1_offset': (40, '>Q'), 'reftable_offset': (48, '>Q'), 'reftable_clusters': (56, '>I'),
    'snapshots': (60, '>I'), 'snapshots_offset': (64, '>Q'), 'incompatible': (72, '>Q'), 'autoclear': (88, '>Q'),
    'refcount_order': (96, '>I'), 'header_length': (100, '>I'), 'compression': (104, '>B'),
    'extension_type': (112, '>I'), 'extension_bytes': (116, '>I'),
}
REFUSED = [
    {'version': 4}, {'version': 1}, {'cluster_bits': 8}, {'cluster_bits': 22}, {'cluster_bits': 0xffffffff},
    {'size': 1 << 63}, {'size': 1 << 62}, {'crypt': 1}, {'crypt': 2}, {'l1_entries': 0}, {'l1_entries': 0xffffffff},
    {'l1_entries': 1 << 22}, {'l1_offset': 1}, {'l1_offset': 1 << 62}, {'l1_offset': (1 << 64) - 65536}, {'l1_offset': 0},
    {'reftable_offset': 3}, {'reftable_offset': 0}, {'reftable_offset': 1 << 50}, {'reftable_clusters': 0},
    {'reftable_clusters': 0xffffffff}, {'snapshots': 0xffffffff, 'snapshots_offset': 65536}, {'snapshots': 65537},
    {'snapshots': 1, 'snapshots_offset': 1 << 40}, {'snapshots': 1, 'snapshots_offset': 5}, {'incompatible': 1 << 40},
    {'incompatible': 8}, {'incompatible': 4}, {'refcount_order': 7}, {'refcount_order': 0xffffffff},
    {'header_length': 103}, {'header_length': 0xfffffff8}, {'compression': 9}, {'autoclear': 1}, {'autoclear': 2},
    {'backing_offset': 1 << 40, 'backing_size': 10}, {'backing_offset': 200, 'backing_size': 5000},
    {'extension_type': 0x12345678, 'extension_bytes': 0xffffffff}, {'extension_type': 0xe2792aca, 'extension_bytes': 16},
    {'extension_type': 0x23852875, 'extension_bytes': 25}, {'extension_type': 0x44415441, 'extension_bytes': 2000},
]


# The address sanitizer reserves terabytes of address space, so that this limit would measure the sanitizer.
SANITIZED = b'__asan_init' in Path(RHEA).read_bytes()


def limit():
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))


def run(*words):
    try:
        return subprocess.run([RHEA, *map(str, words)], capture_output=True, timeout=SECONDS, preexec_fn=limit, check=False)
    except subprocess.TimeoutExpired:
        failures.append(f'{words}: takes more than {SECONDS} s')
        return None


def refused(what, *words):
    done = run(*words)
    if done and (done.returncode != 1 or done.stderr.count(b'\n') != 1 or not done.stderr.startswith(b'rhea-img: ')):
        failures.append(f'{what}: status {done.returncode}, {done.stderr!r}')


def survives(what, *words):
    done = run(*words)
    if done and done.returncode not in (0, 1, 2, 3):
        failures.append(f'{what}: {words}: status {done.returncode}, {done.stderr[-300:]!r}')


def patched(image, values):
    data = bytearray(image)
    for name, value in values.items():
        offset, form = FIELDS[name]
        struct.pack_into(form, data, offset, value)
    return bytes(data)


def base_image(folder):
    """One with a snapshot, compressed clusters and data."""
    raw, path = folder / 'raw', folder / 'good.qcow2'
    rng = random.Random(1)
    raw.write_bytes(rng.randbytes(300000) + bytes(200000) + b'abc' * 100000 + bytes(1 << 20))
    subprocess.run([RHEA, 'convert', '-c', '-f', 'raw', '-O', 'qcow2', '-o', 'cluster_size=4k', raw, path], check=True)
    subprocess.run([RHEA, 'snapshot', '-c', 'one', path], check=True)
    return path.read_bytes()


def headers(folder, good):
    path = folder / 'bad.qcow2'
    for values in REFUSED:
        path.write_bytes(patched(good, values))
        for words in (('info', path), ('check', path), ('convert', '-f', 'qcow2', '-O', 'raw', path, folder / 'out')):
            if words[0] == 'info' and values == {'incompatible': 4}:
                continue    # what the header says can be shown without the data file
            refused(values, *words)
    for length in range(0, 600, 37):
        path.write_bytes(good[:length])
        survives(f'{length} bytes', 'info', path)
        refused(f'{length} bytes', 'check', '-f', 'qcow2', path)


def references(folder):
    """Backing and data files: loops, itself, and files that are none of the image's business."""
    a, b, outside = folder / 'in/a.qcow2', folder / 'in/b.qcow2', folder / 'secret.raw'
    a.parent.mkdir()
    outside.write_bytes(b'secret' * 1000)
    for target in (a, b):
        subprocess.run([RHEA, 'create', '-q', '-u', '-f', 'qcow2', '-b', a if target == b else b, '-F', 'qcow2', target, '1M'],
                       check=True)
    refused('loop', 'convert', '-O', 'raw', a, folder / 'out')
    refused('loop', 'info', '--backing-chain', a)
    subprocess.run([RHEA, 'create', '-q', '-u', '-f', 'qcow2', '-b', a, '-F', 'qcow2', a, '1M'], check=True)
    refused('itself', 'convert', '-O', 'raw', '-f', 'qcow2', a, folder / 'out')
    for name in (outside, '../secret.raw', '/etc/passwd'):
        subprocess.run([RHEA, 'create', '-q', '-u', '-f', 'qcow2', '-b', name, '-F', 'raw', a, '1M'], check=True)
        refused('outside', 'convert', '-O', 'raw', a, folder / 'out')
        survives('info needs no backing file', 'info', a)
    (folder / 'in/link').symlink_to(outside)
    subprocess.run([RHEA, 'create', '-q', '-u', '-f', 'qcow2', '-b', 'link', '-F', 'raw', a, '1M'], check=True)
    refused('outside by a link', 'convert', '-O', 'raw', a, folder / 'out')
    if subprocess.run([RHEA, 'convert', '-f', 'qcow2', '-O', 'raw', a, folder / 'out'], check=False).returncode:
        failures.append('giving the format does not allow a backing file elsewhere')
    subprocess.run([RHEA, 'create', '-q', '-f', 'qcow2', '-o', f'data_file={folder / "data"}', a, '1M'], check=True)
    refused('data file outside', 'convert', '-O', 'raw', a, folder / 'out')
    refused('no such protocol', 'info', 'nbd://localhost/x')
    refused('a folder', 'info', folder)
    refused('a device that never ends', 'info', '-f', 'raw', '/dev/zero')


def raw_stays_raw(folder, good):
    """A guest that writes a header to its disk does not get it opened as that format."""
    disk, source = folder / 'disk', folder / 'source'
    disk.write_bytes(bytes(len(good)))
    source.write_bytes(good)
    done = run('convert', '-n', '-f', 'raw', '-O', 'raw', source, disk)
    shown = run('info', disk)
    if done and done.returncode == 0 and shown and b'file format: raw' not in shown.stdout:
        if b'file format: qcow2' in shown.stdout and not supports_attributes(disk):
            return    # a file system without attributes, and the user gave the format
        failures.append(f'a raw image became {shown.stdout!r}')


def supports_attributes(path):
    import os
    try:
        os.setxattr(path, 'user.rhea.test', b'x')
        return True
    except OSError:
        return False


def random_damage(folder, good):
    rng = random.Random(7)
    path = folder / 'damaged.qcow2'
    for number in range(ROUNDS):
        data = bytearray(good)
        for _ in range(rng.choice((1, 3, 30))):
            at = rng.randrange(len(data)) if rng.random() < .3 else rng.randrange(512, 8 * 4096)
            at = at // 8 * 8 if rng.random() < .7 else at
            value = rng.choice((rng.getrandbits(64), 1 << rng.randrange(64), rng.randrange(64) * 4096 | 1 << 63,
                                rng.randrange(64) * 4096, 0))
            struct.pack_into('>Q', data, min(at, len(data) - 8), value)
        path.write_bytes(data)
        survives(number, 'check', '-f', 'qcow2', path)
        survives(number, 'convert', '-f', 'qcow2', '-O', 'raw', path, folder / 'out')
        survives(number, 'convert', '-n', '-f', 'raw', '-O', 'qcow2', folder / 'raw', path)
        survives(number, 'snapshot', '-f', 'qcow2', '-a', 'one', path)
        survives(number, 'snapshot', '-f', 'qcow2', '-d', 'one', path)
        survives(number, 'check', '-f', 'qcow2', '-r', 'all', path)


def main():
    with tempfile.TemporaryDirectory(dir=FAST) as name:
        folder = Path(name)
        good = base_image(folder)
        headers(folder, good)
        references(folder)
        raw_stays_raw(folder, good)
        random_damage(folder, good)
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == '__main__':
    main()
