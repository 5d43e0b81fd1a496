#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the file archives that a Linux guest unpacks as its first file system.

`base()` is a small system around a static busybox. An archive made by `overlay()` is appended to it
to bring further files; when one of them is /test/run, the guest runs it instead of a shell, prints
`guest-test: exit STATUS` and powers off.

usage: initramfs.py OUT PATH-IN-GUEST=FILE...      makes an overlay
Spec: Linux Documentation/driver-api/early-userspace/buffer-format.rst ("newc")
"""
import os
import stat
import sys

# Drivers that Debian's kernel does not have built in, in the order of loading.
MODULES = ('virtio_mmio', 'virtio-rng', 'virtio_blk')
MODULES_X86 = ('virtio_mmio', 'virtio-rng', 'virtio_blk')

RC = """#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
hostname guest
for module in /lib/modules/*.ko; do insmod "$module"; done
ip link set lo up 2>/dev/null
if [ -x /test/run ]; then
    /test/run
    echo "guest-test: exit $?"
    poweroff -f
fi
echo
echo "Linux $(uname -r) on $(uname -m), $(nproc) CPU, $(free -m | awk '/Mem/ {print $2}') MiB."
echo "Leave with 'poweroff', or at any time with Ctrl-A x."
"""

INITTAB = """::sysinit:/etc/rc
::respawn:/bin/cttyhack /bin/sh -l
::ctrlaltdel:/sbin/reboot
"""

PROFILE = """export PATH=/sbin:/bin PS1='guest:\\w# ' HOME=/root TERM=${TERM:-vt100}
cd
"""

APPLETS = """[ ash awk base64 cat chmod chown cmp cp cttyhack cut date dd devmem df diff dmesg du echo env
expr factor false find free grep gunzip gzip halt head hexdump hostname hwclock id ifconfig init insmod ip kill
killall less ln logger ls lsmod md5sum mkdir mkfifo mknod mktemp modprobe more mount mv nc nproc nslookup
od paste pidof ping poweroff printf ps pwd readlink realpath reboot reset rm rmdir route sed seq
setsid sh sha256sum sha512sum sleep sort stat strings stty su sync sysctl tail tar taskset tee test
time timeout top touch tr true tty udhcpc umount uname uniq unxz uptime usleep vi watch wc wget which
xargs xxd xz yes zcat""".split()


class Archive:
    """A cpio archive of the kind `newc`, built in memory."""

    def __init__(self):
        self.parts = []
        self.inode = 1
        self.folders = set()

    def _entry(self, path, mode, data=b'', device=(0, 0)):
        name = path.strip('/').encode() + b'\0'
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
        header = b'070701' + b''.join(b'%08X' % field for field in fields)
        for part in (header + name, data):
            self.parts.append(part + bytes(-len(part) % 4))
        self.inode += 1

    def folder(self, path):
        path = path.strip('/')
        if path and path not in self.folders:
            self.folder(os.path.dirname(path))
            self.folders.add(path)
            self._entry(path, stat.S_IFDIR | 0o755)

    def file(self, path, data, mode=0o755):
        self.folder(os.path.dirname(path))
        self._entry(path, stat.S_IFREG | mode, data if isinstance(data, bytes) else data.encode())

    def link(self, path, to):
        self.folder(os.path.dirname(path))
        self._entry(path, stat.S_IFLNK | 0o777, to.encode())

    def device(self, path, major, minor):
        self.folder(os.path.dirname(path))
        self._entry(path, stat.S_IFCHR | 0o600, device=(major, minor))

    def tree(self, root):
        """Everything below the folder @root of the host, owned by root."""
        for folder, folders, files in os.walk(root):
            folders.sort()
            for name in sorted(folders + files):
                source = os.path.join(folder, name)
                path, status = os.path.relpath(source, root), os.lstat(source)
                data, device = b'', (0, 0)
                if stat.S_ISLNK(status.st_mode):
                    data = os.fsencode(os.readlink(source))
                elif stat.S_ISREG(status.st_mode):
                    with open(source, 'rb') as stream:
                        data = stream.read()
                elif stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
                    device = os.major(status.st_rdev), os.minor(status.st_rdev)
                self._entry(path, status.st_mode, data, device)

    def bytes(self):
        end = Archive()
        end.inode = 0
        end._entry('TRAILER!!!', 0)
        body = b''.join(self.parts + end.parts)
        return body + bytes(-len(body) % 512)


def base(busybox, modules):
    """The system around @busybox (bytes of a static executable) and @modules (name -> bytes)."""
    archive = Archive()
    for path in ('proc', 'sys', 'tmp', 'root', 'run', 'mnt', 'dev', 'sbin', 'var'):
        archive.folder(path)
    archive.device('dev/console', 5, 1)
    archive.device('dev/null', 1, 3)
    archive.file('bin/busybox', busybox)
    for applet in APPLETS:
        archive.link('bin/' + applet, 'busybox')
    for applet in ('init', 'poweroff', 'reboot', 'halt'):
        archive.link('sbin/' + applet, '../bin/busybox')
    archive.link('init', 'bin/busybox')
    for number, name in enumerate(modules):
        archive.file(f'lib/modules/{number}-{name}.ko', modules[name], 0o644)
    archive.file('etc/rc', RC)
    archive.file('etc/inittab', INITTAB, 0o644)
    archive.file('etc/profile', PROFILE, 0o644)
    archive.file('etc/passwd', 'root::0:0:root:/root:/bin/sh\n', 0o644)
    archive.file('etc/group', 'root:x:0:\n', 0o644)
    return archive.bytes()


def overlay(files):
    """An archive of @files: path in the guest -> contents; every one is executable."""
    archive = Archive()
    for path, data in files.items():
        archive.file(path, data)
    return archive.bytes()


def main():
    if len(sys.argv) < 3 or not all('=' in word for word in sys.argv[2:]):
        sys.exit('usage: initramfs.py OUT PATH-IN-GUEST=FILE...')
    files = {}
    for word in sys.argv[2:]:
        path, _, source = word.partition('=')
        with open(source, 'rb') as stream:
            files[path] = stream.read()
    with open(sys.argv[1], 'wb') as stream:
        stream.write(overlay(files))


if __name__ == '__main__':
    main()
