# SPDX-License-Identifier: GPL-2.0-or-later
"""rhea doctor: what this host offers a machine, what is missing, and what to do about it.

usage: rhea doctor [--json]

Each line is ok, note (works, could be better) or missing, and ends with what to do. The exit status is 1 when
something is missing that machines need to run at all.
"""
import errno
import grp
import json
import os
import platform
import pwd
import resource
import shutil
import subprocess

from client import Problem

OK, NOTE, MISSING = 'ok', 'note', 'missing'
MIB = 1 << 20


def line(subject, state, text, advice=None):
    return {'subject': subject, 'state': state, 'text': text, **({'advice': advice} if advice else {})}


def read(path):
    try:
        with open(path, encoding='ascii', errors='replace') as file:
            return file.read()
    except OSError:
        return ''


def user():
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def in_container():
    return os.path.exists('/.dockerenv') or os.path.exists('/run/.containerenv') or 'container=' in read('/proc/1/environ')


def kvm():
    path = '/dev/kvm'
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
    except PermissionError:
        try:
            group = grp.getgrgid(os.stat(path).st_gid).gr_name
        except KeyError:
            group = str(os.stat(path).st_gid)
        return line('KVM', NOTE, f'{path} is there, but not for {user()}; machines are translated, which is slower',
                    f'sudo usermod -aG {group} {user()}, then log in again')
    except OSError as error:
        return no_kvm(path, error)
    return line('KVM', OK, f'{path} opens')


def no_kvm(path, error):
    if error.errno not in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return line('KVM', NOTE, f'{path}: {error.strerror}; machines are translated, which is slower')
    info = read('/proc/cpuinfo')
    words = set(info.split())
    x86 = platform.machine() in ('x86_64', 'i686')
    if in_container():
        return line('KVM', NOTE, f'{path} is not in this container; machines are translated, which is slower',
                    'start the container with --device /dev/kvm')
    if x86 and not words & {'vmx', 'svm'}:
        if 'hypervisor' in words:
            return line('KVM', NOTE, 'this host is a virtual machine without nested virtualisation; machines are translated, which is slower',
                        'switch nested virtualisation on where this host runs (kvm_intel.nested=1 or kvm_amd.nested=1, and CPU model host)')
        return line('KVM', NOTE, 'the processor offers no virtualisation; machines are translated, which is slower',
                    'switch VT-x or SVM on in the firmware set-up')
    module = ('kvm_intel' if 'vmx' in words else 'kvm_amd') if x86 else 'kvm'
    return line('KVM', NOTE, f'{path} is not there, though the processor could; machines are translated, which is slower',
                f'sudo modprobe {module}')


def tun():
    path = '/dev/net/tun'
    if not os.path.exists(path):
        return line('TAP networks', NOTE, f'{path} is not there', 'start the container with --device /dev/net/tun' if in_container() else 'sudo modprobe tun')
    if not os.access(path, os.R_OK | os.W_OK):
        return line('TAP networks', NOTE, f'{path} cannot be opened by {user()}', 'let root make the TAP device: ip tuntap add tap0 mode tap user ' + user())
    capable = int((read('/proc/self/status').partition('CapEff:')[2].split() or ['0'])[0], 16) >> 12 & 1
    if not capable:
        return line('TAP networks', OK, f'{path} opens; devices must be made by root beforehand: ip tuntap add tap0 mode tap user {user()}')
    return line('TAP networks', OK, f'{path} opens, and devices can be made')


def huge_pages():
    info = dict(row.split(':', 1) for row in read('/proc/meminfo').splitlines() if ':' in row)
    total = int(info.get('HugePages_Total', '0'))
    free = int(info.get('HugePages_Free', '0'))
    size = info.get('Hugepagesize', '').strip()
    transparent = read('/sys/kernel/mm/transparent_hugepage/enabled')
    used = transparent.partition('[')[2].partition(']')[0]
    text = f'{free} of {total} reserved pages of {size} are free; transparent ones: {used or "not known"}'
    if not total and used == 'never':
        return line('huge pages', NOTE, text, 'echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled')
    return line('huge pages', OK, text)


def memory():
    info = dict(row.split(':', 1) for row in read('/proc/meminfo').splitlines() if ':' in row)
    free = int((info.get('MemAvailable', '0 kB').split() or ['0'])[0]) * 1024
    text = f'{free // MIB} MiB can be used'
    if free < 512 * MIB:
        return line('memory', NOTE, text, 'keep -m below that, or end something')
    return line('memory', OK, text)


def limit_lines():
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    locked = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    space = resource.getrlimit(resource.RLIMIT_AS)[0]
    result = []
    if files[0] != resource.RLIM_INFINITY and files[0] < 1024:
        result.append(line('open files', NOTE, f'{files[0]} at most', f'ulimit -n {min(4096, files[1]) if files[1] > 0 else 4096}'))
    else:
        result.append(line('open files', OK, 'any number' if files[0] == resource.RLIM_INFINITY else f'{files[0]} at most'))
    if locked != resource.RLIM_INFINITY:
        result.append(line('locked memory', OK, f'{locked // 1024} KiB at most; only passing devices through and -overcommit mem-lock=on need more'))
    if space != resource.RLIM_INFINITY:
        result.append(line('address space', MISSING if space < 2048 * MIB else NOTE, f'{space // MIB} MiB at most', 'ulimit -v unlimited'))
    return result


FIRMWARE = (
    ('BIOS for PCs', 'seabios', ('/usr/share/seabios/bios-256k.bin', '/usr/share/qemu/bios-256k.bin', '/usr/share/rhea/bios-256k.bin')),
    ('UEFI for PCs', 'ovmf', ('/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/rhea/OVMF_CODE_4M.fd')),
    ('OpenSBI for RISC-V', 'opensbi', ('/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin', '/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin',
                                       '/usr/share/opensbi/lp64/generic/firmware/fw_dynamic.bin', '/usr/share/rhea/fw_dynamic.bin')),
    ('network boot', 'ipxe-qemu', ('/usr/lib/ipxe/qemu/efi-virtio.rom', '/usr/share/qemu/efi-virtio.rom', '/usr/share/rhea/efi-virtio.rom')),
)


def firmware():
    for what, package, places in FIRMWARE:
        found = next((place for place in places if os.path.exists(place)), None)
        if found:
            yield line(what, OK, found)
        else:
            yield line(what, NOTE, 'not found; -kernel works without, -bios FILE names another', f'sudo apt install {package}')


def programs():
    for name, package, use in (('gdb-multiarch', 'gdb-multiarch', 'debugging guests'), ('socat', 'socat', 'talking to consoles on sockets')):
        if shutil.which(name):
            yield line(name, OK, f'{use}: {shutil.which(name)}')
        else:
            yield line(name, NOTE, f'not found; it is for {use}', f'sudo apt install {package}')


def emulator(binary):
    """What the program itself says."""
    try:
        said = subprocess.run([binary, '--version'], capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL)
        text = (said.stdout or said.stderr).strip().splitlines()[0]
        return line('Rhea', OK if said.returncode == 0 else MISSING, f'{text} ({binary})')
    except (OSError, IndexError, subprocess.TimeoutExpired) as error:
        return line('Rhea', MISSING, f'{binary} does not run: {error}', 'install it again')


def libraries(binary):
    """Shared libraries that the program needs, or loads when it has use for them."""
    try:
        said = subprocess.run(['ldd', binary], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return
    absent = [row.split()[0] for row in said.splitlines() if 'not found' in row]
    if absent:
        yield line('libraries', MISSING, 'not found: ' + ', '.join(absent), 'apt-file search ' + absent[0])
    import ctypes.util
    if ctypes.util.find_library('capstone'):
        yield line('disassembly', OK, 'libcapstone is there')
    else:
        yield line('disassembly', NOTE, 'libcapstone is not there: code is shown as numbers', 'sudo apt install libcapstone4')


def io_uring():
    if read('/proc/sys/kernel/io_uring_disabled').strip() in ('1', '2'):
        return line('io_uring', NOTE, 'switched off on this host; disks use threads', 'sudo sysctl kernel.io_uring_disabled=0')
    major, minor = (int(''.join(filter(str.isdigit, part)) or 0) for part in platform.release().split('.')[:2])
    if (major, minor) < (5, 1):
        return line('io_uring', NOTE, f'Linux {platform.release()} has none; disks use threads')
    return line('io_uring', OK, f'Linux {platform.release()} has it')


def examine(binary):
    yield emulator(binary)
    yield kvm()
    yield line('processors', OK, f'{len(os.sched_getaffinity(0))} of {os.cpu_count()} may be used')
    yield memory()
    yield huge_pages()
    yield tun()
    yield io_uring()
    yield from limit_lines()
    yield from libraries(binary)
    yield from firmware()
    yield from programs()


def main(words):
    if any(word != '--json' for word in words):
        raise Problem(f"unknown option '{next(word for word in words if word != '--json')}'; there is --json")
    binary = os.environ.get('RHEA_BINARY') or shutil.which('rhea') or 'rhea'
    found = list(examine(binary))
    if words:
        print(json.dumps(found, indent=2))
    else:
        width = max(len(row['subject']) for row in found)
        for row in found:
            print(f'{row["state"]:8}{row["subject"]:{width}}  {row["text"]}')
            if 'advice' in row:
                print(f'{"":8}{"":{width}}  -> {row["advice"]}')
    return any(row['state'] == MISSING for row in found)
