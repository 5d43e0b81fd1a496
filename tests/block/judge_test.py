#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Images of rhea-img judged by qemu-img, and the other way round.  usage: judge_test.py RHEA-IMG"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RHEA = sys.argv[1]
QEMU = '/usr/bin/qemu-img'
OPTIONS = ['', 'compat=0.10', 'cluster_size=512', 'cluster_size=2M', 'refcount_bits=1', 'refcount_bits=64,cluster_size=4k',
           'extended_l2=on', 'lazy_refcounts=on', 'compression_type=zstd', 'data_file=DATA,data_file_raw=on',
           'preallocation=metadata', 'preallocation=falloc', 'preallocation=full,cluster_size=4k']
FAST = '/dev/shm' if Path('/dev/shm').is_dir() else None      # flushes of real disks are slow
failures = []


def run(*words, status=0):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != status:
        failures.append(f'{" ".join(map(str, words))}: status {done.returncode}, not {status}: {done.stdout}{done.stderr}')
    return done


def expect(what, ok):
    if not ok:
        failures.append(what)


def sound(image, source):
    """Both programs find the image well made, and equal to @source."""
    for tool in (QEMU, RHEA):
        run(tool, 'check', '-f', 'qcow2', image)
        run(tool, 'compare', '-f', 'raw', '-F', 'qcow2', source, image)


def make_raw(path, size=3 << 20):
    rng = random.Random(5)
    with open(path, 'wb') as file:
        file.truncate(size)
        for _ in range(12):
            file.seek(rng.randrange(size // 512 - 300) * 512)
            file.write(rng.randbytes(rng.choice((512, 4096, 100000))) if rng.random() < .7 else b'text ' * 9000)


def copies(folder, raw):
    for number, options in enumerate(OPTIONS):
        for maker, other in ((RHEA, QEMU), (QEMU, RHEA)):
            image, back = folder / f'{number}.qcow2', folder / 'back.raw'
            words = ['-o', options.replace('DATA', str(folder / f'{number}.data'))] if options else []
            run(maker, 'convert', '-q', '-f', 'raw', '-O', 'qcow2', *words, raw, image)
            sound(image, raw)
            run(other, 'convert', '-q', '-f', 'qcow2', '-O', 'raw', image, back)
            expect(f'{options}: not the same after the way back', back.read_bytes() == raw.read_bytes())
            if 'data_file' not in options and 'prealloc' not in options:
                run(maker, 'convert', '-q', '-c', '-f', 'raw', '-O', 'qcow2', *words, raw, image)
                sound(image, raw)


def snapshots(folder, raw):
    for maker, other in ((RHEA, QEMU), (QEMU, RHEA)):
        for options in ('compat=1.1', 'compat=0.10,cluster_size=4k', 'extended_l2=on'):
            image = folder / 'snapshots.qcow2'
            run(maker, 'convert', '-q', '-f', 'raw', '-O', 'qcow2', '-o', options, raw, image)
            run(maker, 'snapshot', '-q', '-c', 'first', image)
            run('qemu-io', '-f', 'qcow2', '-c', 'write -P 7 100k 300k', image)
            run(other, 'snapshot', '-q', '-c', 'second', image)
            run(QEMU, 'check', image), run(RHEA, 'check', image)
            run(other, 'snapshot', '-q', '-a', 'first', image)
            sound(image, raw)
            run(maker, 'snapshot', '-q', '-d', 'first', image)
            run(other, 'snapshot', '-q', '-d', 'second', image)
            sound(image, raw)


def chains(folder, raw):
    for maker, other in ((RHEA, QEMU), (QEMU, RHEA)):
        base, top, new = folder / 'base.qcow2', folder / 'top.qcow2', folder / 'new.qcow2'
        run(maker, 'convert', '-q', '-O', 'qcow2', raw, base)
        run(other, 'convert', '-q', '-O', 'qcow2', raw, new)
        run(maker, 'create', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', top)
        run('qemu-io', '-f', 'qcow2', '-c', 'write -P 9 1M 64k', '-c', 'write -z 2M 64k', top)
        run('qemu-io', '-f', 'qcow2', '-c', 'write -P 3 1M 200k', new)
        run(QEMU, 'convert', '-q', '-O', 'raw', top, folder / 'want.raw')
        run(other, 'rebase', '-q', '-f', 'qcow2', '-b', 'new.qcow2', '-F', 'qcow2', top)
        sound(top, folder / 'want.raw')
        run(other, 'rebase', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', top)
        run(maker, 'commit', '-q', '-f', 'qcow2', top)
        sound(base, folder / 'want.raw')
        run(maker, 'resize', '-q', '-f', 'qcow2', base, '5M')
        run(other, 'resize', '-q', '-f', 'qcow2', '--shrink', base, '1M')
        run(maker, 'resize', '-q', '-f', 'qcow2', base, '3M')
        data = (folder / 'want.raw').read_bytes()
        (folder / 'want.raw').write_bytes(data[:1 << 20] + bytes(2 << 20))
        sound(base, folder / 'want.raw')


def answers(folder, raw):
    """The members of JSON are qemu-img's, and so are the numbers."""
    image = folder / 'answers.qcow2'
    run(QEMU, 'convert', '-q', '-O', 'qcow2', raw, image)
    run(QEMU, 'snapshot', '-q', '-c', 'one', image)
    run(QEMU, 'bitmap', '--add', image, 'kept')
    for words in (['info'], ['map'], ['check'], ['measure', '-O', 'qcow2'], ['measure', '-O', 'raw']):
        theirs, ours = (json.loads(run(tool, *words, '--output=json', image).stdout) for tool in (QEMU, RHEA))
        for answer in (theirs, ours):
            if isinstance(answer, dict):
                for name in ('actual-size', 'bitmaps', 'fragmented-clusters'):
                    answer.pop(name, None)
        if words == ['map']:
            theirs, ours = ([(part['start'], part['length'], part.get('offset')) for part in answer]
                            for answer in (theirs, ours))
        expect(f'{words}: {ours}\ninstead of {theirs}', theirs == ours)
    run(RHEA, 'snapshot', '-q', '-c', 'two', image)
    expect('a bitmap was lost', 'kept' in run(QEMU, 'info', image).stdout)
    run(QEMU, 'check', image)


def locks(folder):
    image = folder / 'locked.qcow2'
    run(RHEA, 'create', '-q', '-f', 'qcow2', image, '1M')
    with subprocess.Popen(['qemu-io', '-f', 'qcow2', image], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdin.write(b'read 0 512\n')
        holder.stdin.flush()
        holder.stdout.readline()
        time.sleep(.05)
        message = run(RHEA, 'resize', image, '2M', status=1).stderr
        expect(f'the holder is not named: {message}', f'process {holder.pid} (qemu-io)' in message)
        run(RHEA, 'info', image)
        holder.stdin.close()
        holder.wait()
    run(RHEA, 'resize', '-q', image, '2M')


def main():
    if not os.path.exists(QEMU) or not shutil.which('qemu-io'):
        print('skipped: qemu-utils is not installed')
        sys.exit(77)
    with tempfile.TemporaryDirectory(dir=FAST) as name:
        folder = Path(name)
        raw = folder / 'source.raw'
        make_raw(raw)
        copies(folder, raw)
        snapshots(folder, raw)
        chains(folder, raw)
        answers(folder, raw)
        locks(folder)
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == '__main__':
    main()
