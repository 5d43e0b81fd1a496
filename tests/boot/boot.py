#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots real guests and types at them.

usage: boot.py [--binary=EMULATOR] [--build=FOLDER] [--echo] [--times=N] CASE...
  --binary   another emulator with the same command line, to check the tests themselves
  --times    how often the case `again` boots (default 3)
  `boot.py list` names the cases.
"""
import argparse
import hashlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import guest
from guest import Failure, Guest, linux

HERE = Path(__file__).resolve().parent
PROMPT = r'guest:~# '
CASES = {}


def case(function):
    """Enters a case: its name is the function's, its description the doc string."""
    CASES[function.__name__.replace('_', '-')] = function
    return function


def check(condition, what):
    if not condition:
        raise Failure(what)


class Setting:
    """What every case needs: the emulator, the guest's files, options."""

    def __init__(self, binary, folder, echo, times):
        self.binary, self.folder, self.echo, self.times = binary, folder, echo, times

    def start(self, *more, **options):
        return Guest(linux(self.binary, self.folder, *more, **options), self.echo)


def to_prompt(machine, timeout=90):
    machine.expect(PROMPT, timeout)


def leave(machine):
    """Powers the guest off; the emulator must end with status 0."""
    machine.send('poweroff -f\n')
    status = machine.wait(60)
    check(status == 0, f'exit status {status} after poweroff')


@case
def prompt(setting):
    """A shell, typed commands, job control, an orderly poweroff."""
    with setting.start() as machine:
        to_prompt(machine)
        check('riscv64' in machine.command_output('uname -m'), 'uname -m is not riscv64')
        cpuinfo = machine.command_output('cat /proc/cpuinfo')
        check(re.search(r'isa\s*: rv64imafdc', cpuinfo), f'/proc/cpuinfo is wrong:\n{cpuinfo}')
        check(re.search(r'mmu\s*: sv(39|48|57)', cpuinfo), f'/proc/cpuinfo is wrong:\n{cpuinfo}')
        check('Running' in machine.command_output('sleep 100 & jobs; kill %1'), 'no job control')
        check('/dev/ttyS0' in machine.command_output('tty'), 'the console is no terminal')
        check('500500' in machine.command_output('seq 1000 | awk "{s += \\$1} END {print s}"'), 'awk cannot add')
        machine.send('poweroff\n')
        check(machine.wait(60) == 0, 'poweroff did not end with status 0')
        check('Power down' in machine.text, 'the kernel did not say that it powers down')


@case
def clock(setting):
    """Guest time passes as host time does, and the date is the host's."""
    with setting.start() as machine:
        to_prompt(machine)
        before = machine.command_output('cat /proc/uptime')
        time.sleep(3)
        after = machine.command_output('cat /proc/uptime')
        passed = float(after.split()[0]) - float(before.split()[0])
        check(2.5 < passed < 6, f'{passed} s passed in the guest, 3 on the host')
        date = int(machine.command_output('date +%s'))
        check(abs(date - time.time()) < 30, f'the date is {date}, not {int(time.time())}')
        leave(machine)


@case
def icount_pace(setting):
    """Counted time keeps to the host's while the guest is busy: with shift=auto, and with align=on where it would run ahead."""
    for pace in 'shift=auto', 'shift=3,align=on':
        with setting.start('-icount', pace) as machine:
            to_prompt(machine)
            machine.send('while :; do :; done &\n')
            time.sleep(5)
            uptime = float(machine.command_output('cat /proc/uptime').split()[0])
            host = time.monotonic() - machine.started
            check(abs(uptime - host) < 2, f'{pace}: {uptime} s passed in the guest, {host} on the host')
            leave(machine)


def count_cpus(setting, cpus):
    with setting.start(cpus=cpus, memory='512M') as machine:
        to_prompt(machine)
        online = machine.command_output('nproc').split()[0]
        listed = len(re.findall(r'^processor\s*:', machine.command_output('cat /proc/cpuinfo'), re.M))
        check(online == str(cpus) and listed == cpus, f'{online} CPUs are online and {listed} listed, not {cpus}')
        bound = machine.command_output(f'for i in $(seq 0 {cpus - 1}); do taskset -c $i true && echo on-$i; done')
        check(bound.count('on-') == cpus, f'some CPU runs nothing:\n{bound}')
        leave(machine)


@case
def smp1(setting):
    """One CPU."""
    count_cpus(setting, 1)


@case
def smp2(setting):
    """Two CPUs, each runs a process."""
    count_cpus(setting, 2)


@case
def smp4(setting):
    """Four CPUs, each runs a process."""
    count_cpus(setting, 4)


def count_memory(setting, size, low_mib, high_mib):
    with setting.start(memory=size) as machine:
        to_prompt(machine)
        total = int(re.search(r'MemTotal:\s*(\d+)', machine.command_output('cat /proc/meminfo')).group(1)) // 1024
        check(low_mib < total < high_mib, f'{total} MiB of {size}')
        leave(machine)


@case
def memory_256m(setting):
    """256 MiB of memory."""
    count_memory(setting, '256M', 150, 256)


@case
def memory_4g(setting):
    """4 GiB of memory."""
    count_memory(setting, '4G', 3700, 4096)


@case
def fp_smp(setting):
    """Processes of differing rounding mode share 2 and 4 CPUs; every bit is as on the host."""
    if not shutil.which(guest.CROSS):
        guest.skip(f'{guest.CROSS} is not installed')
    flags = ['-O2', '-std=gnu11', '-ffp-contract=off', '-frounding-math', str(HERE / 'fp_work.c'), '-lm']
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(['gcc', '-o', f'{folder}/host', *flags], check=True)
        subprocess.run([guest.CROSS, '-static', '-o', f'{folder}/guest', *flags], check=True)
        program = Path(f'{folder}/guest').read_bytes()
        work = ['8', '200000']
        expected = sorted(subprocess.run([f'{folder}/host', *work], capture_output=True, text=True,
                                         check=True).stdout.split('\n'))
    run = f'#!/bin/sh\n/test/fp_work {" ".join(work)}\n'
    for cpus in (2, 4):
        with guest.with_files(setting.folder, {'test/run': run, 'test/fp_work': program}) as initrd:
            with setting.start(cpus=cpus, initrd=initrd.name) as machine:
                machine.expect(r'guest-test: exit 0', 120)
                check(machine.wait() == 0, 'the emulator failed')
                said = sorted(line for line in machine.text.split('\n') if line.startswith('fp '))
                check(said == [line for line in expected if line], f'{said} instead of {expected}')


@case
def reboot(setting):
    """A reboot starts again from the firmware; with -no-reboot it ends the emulator."""
    with setting.start() as machine:
        to_prompt(machine)
        machine.send('reboot -f\n')
        machine.expect('OpenSBI', 30)
        to_prompt(machine)
        leave(machine)
    with setting.start('-no-reboot') as machine:
        to_prompt(machine)
        machine.send('reboot -f\n')
        check(machine.wait() == 0, '-no-reboot did not end with status 0')


@case
def virtio(setting):
    """Entropy and a second console through virtio, with the registers of either version."""
    for legacy in 'on', 'off':
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as line:
            Path(f'{folder}/entropy').write_bytes(b'R' * (1 << 20))
            devices = ['-object', f'rng-random,id=bytes,filename={folder}/entropy',
                       '-device', 'virtio-rng-device,rng=bytes', '-device', 'virtio-serial-device',
                       '-device', 'virtconsole,chardev=hvc',
                       '-chardev', f'socket,id=hvc,path={folder}/hvc,server=on,wait=off']
            with setting.start('-machine', f'virt,virtio-mmio-legacy={legacy}', *devices) as machine:
                to_prompt(machine)
                check('virtio_rng' in machine.command_output('cat /sys/class/misc/hw_random/rng_current'), 'no virtio-rng')
                check('R' * 64 in machine.command_output('head -c 64 /dev/hwrng'), '/dev/hwrng does not give the bytes of rng=')
                line.connect(f'{folder}/hvc')
                line.settimeout(20)
                machine.send('exec 3<>/dev/hvc0; stty raw -echo <&3; echo ready >&3; read word <&3; echo "<$word>"\n')
                check(line.recv(5) == b'ready', 'the second console is silent')
                line.sendall(b'from-outside\n')
                machine.expect('<from-outside>', 20)
                leave(machine)


@case
def disk(setting):
    """What the guest reads and writes on disks is what their images hold, raw and qcow2."""
    image = Path(setting.binary).resolve().with_name('tools') / 'rhea-img'
    if not image.exists():
        guest.skip('rhea-img is not built')
    content = bytes(range(256)) * (16 << 12)
    with tempfile.TemporaryDirectory() as folder:
        Path(f'{folder}/raw').write_bytes(content)
        subprocess.run([image, 'create', '-q', '-f', 'qcow2', f'{folder}/qcow2', '24M'], check=True)
        drives = ['-drive', f'file={folder}/qcow2,format=qcow2,discard=unmap,if=none,id=second', '-device',
                  'virtio-blk-device,drive=second,num-queues=2,serial=S42', '-drive', f'file={folder}/raw,format=raw,cache=none']
        with setting.start(*drives, cpus=2) as machine:
            to_prompt(machine)
            check('S42' in machine.command_output('cat /sys/block/vd*/serial'), 'no serial number')
            machine.command_output('cd /sys/block; for d in vda vdb; do case $(cat $d/size) in 32768) raw=$d;; *) other=$d;; esac; done')
            said = machine.command_output('sha256sum < /dev/$raw')
            check(hashlib.sha256(content).hexdigest() in said, f'the guest read something else: {said}')
            machine.command_output('dd if=/dev/$raw of=/dev/$other bs=64k conv=fsync; dd if=/dev/zero of=/dev/$raw bs=4k count=1 conv=fsync')
            leave(machine)
        subprocess.run([image, 'check', '-q', f'{folder}/qcow2'], check=True)
        subprocess.run([image, 'convert', '-f', 'qcow2', '-O', 'raw', f'{folder}/qcow2', f'{folder}/copy'], check=True)
        check(Path(f'{folder}/copy').read_bytes() == content + bytes(8 << 20), 'the qcow2 image holds something else')
        check(Path(f'{folder}/raw').read_bytes() == bytes(4096) + content[4096:], 'the raw image holds something else')


@case
def ctrl_a_x(setting):
    """Ctrl-A x leaves at once, with status 0."""
    with setting.start() as machine:
        to_prompt(machine)
        machine.send('\x01x')
        check(machine.wait(10) == 0, 'Ctrl-A x did not end with status 0')


@case
def default_firmware(setting):
    """Without -bios, the OpenSBI that Debian installs is found."""
    command = linux(setting.binary, setting.folder)
    at = command.index('-bios')
    with Guest(command[:at] + command[at + 2:], setting.echo) as machine:
        machine.expect('OpenSBI v', 30)
        to_prompt(machine)
        leave(machine)


@case
def u_boot(setting):
    """U-Boot reaches its prompt: in M-mode as firmware, in S-mode as the payload of OpenSBI."""
    common = [setting.binary, '-machine', 'virt', '-m', '256M', '-nographic', '-nic', 'none']
    for more in (['-bios', setting.folder / 'u-boot.bin'],
                 ['-bios', setting.folder / 'fw_dynamic.bin', '-kernel', setting.folder / 'u-boot-smode.bin']):
        with Guest([*common, *more], setting.echo) as machine:
            machine.expect(r'U-Boot 20\d\d', 30)
            machine.expect(r'Hit any key', 30)
            machine.send('\n')
            machine.expect(r'=> ', 30)
            machine.send('version\n')
            machine.expect(r'U-Boot 20\d\d', 30)


@case
def riscv32(setting):
    """A 32-bit program on the bare board; 64-bit ones are refused there."""
    if not shutil.which(guest.CROSS):
        guest.skip(f'{guest.CROSS} is not installed')
    binary = str(setting.binary).replace('riscv64', 'riscv32')
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([guest.CROSS, '-march=rv32imac_zicsr', '-mabi=ilp32', '-nostdlib', '-static',
                        '-Wl,-N,-Ttext=0x80000000,--build-id=none,--no-warn-rwx-segments', '-o', f'{folder}/hello',
                        HERE / 'hello32.S'], check=True)
        command = [binary, '-machine', 'virt', '-smp', '2', '-nographic', '-bios', 'none', '-kernel']
        with Guest([*command, f'{folder}/hello'], setting.echo) as machine:
            machine.expect('Hello, RV32', 20)
            check(machine.wait(20) == 3, 'misa does not say RV32')
        with Guest([*command, setting.folder / 'fw_jump.elf'], setting.echo) as machine:
            machine.expect('64-bit program', 20)
            check(machine.wait(20) == 1, 'a 64-bit program was not refused')


@case
def device_tree(setting):
    """A device tree that was dumped and changed is the one that the kernel sees, with this run's command line."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(f'{folder}/tree')
        dump = [setting.binary, '-machine', f'virt,dumpdtb={tree}', '-smp', '2', '-m', '256M', '-bios', setting.folder / 'fw_dynamic.bin']
        subprocess.run(dump, check=True, timeout=20)
        before, after = b'riscv-virtio,qemu\0', b'changed-by,tester\0'
        check(tree.read_bytes().count(before) == 1, 'the dumped tree has no model')
        tree.write_bytes(tree.read_bytes().replace(before, after))
        with setting.start('-dtb', tree, cpus=2, append='quiet tested=yes') as machine:
            to_prompt(machine)
            check('changed-by,tester' in machine.command_output('cat /proc/device-tree/model'), 'the kernel has another tree')
            check('tested=yes' in machine.command_output('cat /proc/cmdline'), '-append did not get into the tree')
            check(machine.command_output('nproc').strip() == '2', 'not both CPUs are there')
            leave(machine)


@case
def again(setting):
    """Boots in a row, each to a finished task and a poweroff."""
    with guest.with_files(setting.folder, {'test/run': '#!/bin/sh\nuname -m\n'}) as initrd:
        for number in range(1, setting.times + 1):
            try:
                with setting.start(cpus=1 + number % 4, initrd=initrd.name) as machine:
                    machine.expect(r'riscv64\nguest-test: exit 0', 120)
                    check(machine.wait() == 0, 'the emulator failed')
            except Failure as failure:
                raise Failure(f'boot {number} of {setting.times}: {failure}') from None


def variant_case(name):
    """Enters the case `variant-NAME`: a small task in one variant of the translator."""
    def boot(setting):
        accel = guest.accel_options(setting.binary, name)
        with guest.with_files(setting.folder, {'test/run': '#!/bin/sh\nseq 100 | sha256sum\n'}) as initrd:
            with setting.start(*accel, cpus=2, initrd=initrd.name) as machine:
                machine.expect(r'^93d4e5c77838e0aa5cb6647c385c810a7c2782bf769029e6c420052048ab22bb', 500)
                machine.expect(r'guest-test: exit 0', 60)
                check(machine.wait() == 0, 'the emulator failed')

    boot.__doc__ = f'A small task with -accel tcg,{guest.VARIANTS[name]}.'
    CASES[f'variant-{name}'] = boot


for variant in guest.VARIANTS:
    if variant not in ('default', 'lockstep'):
        variant_case(variant)


@case
def lockstep(setting):
    """The start of the kernel, each block compared with the interpreter; the power is cut at its first words."""
    accel = guest.accel_options(setting.binary, 'lockstep')
    with setting.start(*accel, append='earlycon=sbi') as machine:
        machine.expect(r'Linux version', 500)
        machine.send('\x01x')
        check(machine.wait(30) == 0, 'Ctrl-A x did not end with status 0')


@case
def state_hash(setting):
    """Two runs that count instructions are in the same state after 0.2 s of guest time."""
    hashes = []
    for _ in range(2):
        with setting.start('-seed', '1', '-accel', 'tcg,icount=2,icount-sleep=off,state-hash-at=200000000') as machine:
            hashes.append(machine.expect(r'state at 200000000 ns, after \d+ instructions: [0-9a-f]{64}', 200)[0])
            machine.send('\x01x')
            check(machine.wait(30) == 0, 'Ctrl-A x did not end with status 0')
    check(hashes[0] == hashes[1], f'states differ: {hashes}')


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--binary')
    parser.add_argument('--build')
    parser.add_argument('--echo', action='store_true')
    parser.add_argument('--times', type=int, default=3)
    parser.add_argument('cases', nargs='+')
    options = parser.parse_args()
    if options.cases == ['list']:
        for name, function in CASES.items():
            print(f'{name:24}{function.__doc__}')
        return
    wrong = [name for name in options.cases if name not in CASES]
    if wrong:
        sys.exit(f'boot.py: no case is called {wrong[0]}; boot.py list names them')
    binary = guest.emulator(options.binary, options.build)
    if not binary:
        guest.skip('rhea-system-riscv64 is not built')
    folder = guest.guest_folder()
    if not folder:
        guest.skip('the guest is not there; scripts/fetch-guest gets it')
    for name in options.cases:
        try:
            CASES[name](Setting(binary, folder, options.echo, options.times))
        except Failure as failure:
            sys.exit(f'{name}: failed: {failure}')
        print(f'{name}: passed', flush=True)


if __name__ == '__main__':
    main()
